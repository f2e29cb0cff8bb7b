// SPDX-License-Identifier: Apache-2.0
/* The judgement on a clock of its own: whatever the rate of looks, it is over 10 s at least. */
#include "test.h"

#include "sources/transcode/acceleration.h"

#include <string.h>

#define S 1000000000ull

static void limits(void **state)
{
	static const struct {
		double cpu, video, other;
		enum coding coding;
		bool known_then, known_now;
		enum acceleration verdict;
	} rows[] = {
		{ 0.1, 0.3, 0, CODING_UNKNOWN, true, true, ACCELERATION_HARDWARE },
		{ 0.5, 0.3, 0, CODING_VIDEO, true, true, ACCELERATION_HARDWARE },
		{ 0.51, 0.3, 0, CODING_HARDWARE, true, true, ACCELERATION_MIXED },
		{ 4, 0.001, 0, CODING_UNKNOWN, true, true, ACCELERATION_MIXED },
		{ 0, 0.001, 0.5, CODING_UNKNOWN, true, true, ACCELERATION_HARDWARE },
		{ 0.1, 0.3, 0, CODING_NONE, true, true, ACCELERATION_HARDWARE },
		/* The GPU decodes, the CPU encodes. */
		{ 0.05, 0.3, 0, CODING_SOFTWARE, true, true, ACCELERATION_MIXED },
		{ 3, 0, 0.2, CODING_SOFTWARE, true, true, ACCELERATION_MIXED },
		{ 0.1, 0, 0.2, CODING_HARDWARE, true, true, ACCELERATION_MIXED },
		{ 3, 0, 0.2, CODING_UNKNOWN, true, true, ACCELERATION_UNKNOWN },
		{ 3, 0, 0.2, CODING_NONE, true, true, ACCELERATION_UNKNOWN },
		/* CPU time alone is no evidence. */
		{ 3, 0, 0, CODING_SOFTWARE, true, true, ACCELERATION_SOFTWARE },
		{ 0.03, 0, 0, CODING_VIDEO, true, true, ACCELERATION_SOFTWARE },
		{ 3, 0, 0, CODING_UNKNOWN, true, true, ACCELERATION_UNKNOWN },
		{ 3, 0, 0, CODING_HARDWARE, true, true, ACCELERATION_UNKNOWN },
		{ 3, 0, 0, CODING_NONE, true, true, ACCELERATION_IDLE },
		{ 3, 0.0009, 0, CODING_SOFTWARE, true, true, ACCELERATION_UNKNOWN },
		{ 3, 0, 0.0009, CODING_SOFTWARE, true, true, ACCELERATION_UNKNOWN },
		{ 0.02, 0, 0, CODING_SOFTWARE, true, true, ACCELERATION_IDLE },
		{ 0, 0, 0, CODING_UNKNOWN, true, true, ACCELERATION_IDLE },
		{ 3, 0, 0, CODING_SOFTWARE, true, false, ACCELERATION_UNKNOWN },
		{ 3, 0, 0, CODING_SOFTWARE, false, true, ACCELERATION_UNKNOWN },
		{ 0, 0, 0, CODING_UNKNOWN, false, false, ACCELERATION_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct acceleration_history h = { 0 };
		struct acceleration_sample a = { .at = 100 * S, .gpu_known = rows[i].known_then };
		struct acceleration_sample b = { .at = 110 * S,
						 .cpu_ns = (uint64_t)(rows[i].cpu * 10e9),
						 .video_ns = (uint64_t)(rows[i].video * 10e9),
						 .other_ns = (uint64_t)(rows[i].other * 10e9),
						 .gpu_known = rows[i].known_now };
		enum acceleration verdict = ACCELERATIONS;

		acceleration_add(&h, &a);
		b.at -= 1;
		assert_false(acceleration_judge(&h, &b, rows[i].coding, &verdict));
		b.at += 1;
		assert_true(acceleration_judge(&h, &b, rows[i].coding, &verdict));
		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, acceleration_name(verdict));
	}
}

/* Looks every so often, by one or more scrapers: 30 s of software, then 30 s of hardware. */
static void rates(void **state)
{
	static const double steps[][3] = {
		{ 15, 15, 15 }, { 1, 1, 1 },	   { 0.01, 0.01, 0.01 }, { 0.999, 0.999, 0.999 },
		{ 60, 60, 60 }, { 14.9, 0.1, 15 }, { 0.3, 0.7, 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct acceleration_history h = { 0 };
		double t = 0, first = -1, hard = -1, last = 0;

		for (size_t n = 0; t < 240; t += steps[i][n++ % 3]) {
			double soft_s = t < 30 ? t : 30, hard_s = t < 30 ? 0 : t - 30;
			struct acceleration_sample now = {
				.at = 50 * S + (uint64_t)(t * 1e9),
				.cpu_ns = (uint64_t)((soft_s + hard_s * 0.1) * 1e9),
				.video_ns = (uint64_t)(hard_s * 0.5e9),
				.gpu_known = true,
			};
			enum acceleration verdict;

			if (acceleration_judge(&h, &now, CODING_VIDEO, &verdict)) {
				if (first < 0) {
					first = t;
					assert_compare(t, >=, 9.99);
					assert_true(t <= 10.1 + 2 * steps[i][0] ||
						    t <= 20 + steps[i][2]);
				}
				if (t <= 30)
					assert_int_equal(verdict, ACCELERATION_SOFTWARE);
				if (hard < 0 && verdict == ACCELERATION_HARDWARE)
					hard = t;
			}
			acceleration_add(&h, &now);
			assert_compare(h.n, <=, ACCELERATION_SAMPLES);
			last = t;
		}
		assert_true(first >= 0 && last > 150);
		/* What it judges is no longer than two looks and the window. */
		assert_true(hard > 30 && hard <= 30 + 12 + 2 * 60);
		if (steps[i][0] <= 1)
			assert_compare(hard, <=, 30 + 20);
	}
}

/* A camera's small picture takes hardly any of the GPU's time, and some between any two looks. */
static void steady(void **state)
{
	static const struct {
		double step;
		unsigned grows; /* the looks after which its time has grown, as bits */
		enum acceleration verdict;
	} rows[] = {
		{ 15, 0x7, ACCELERATION_HARDWARE },   { 15, 0x3, ACCELERATION_SOFTWARE },
		{ 15, 0x4, ACCELERATION_UNKNOWN },    { 15, 0x0, ACCELERATION_SOFTWARE },
		{ 1, 0xffff, ACCELERATION_HARDWARE }, { 1, 0xfdff, ACCELERATION_UNKNOWN },
		{ 1, 0x003f, ACCELERATION_SOFTWARE }, { 1, 0x8000, ACCELERATION_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t looks = rows[i].step > 1 ? 3 : 16;
		struct acceleration_history h = { 0 };
		struct acceleration_sample s = { .at = 100 * S, .gpu_known = true };
		enum acceleration verdict = ACCELERATIONS;

		acceleration_add(&h, &s);
		for (size_t look = 0; look < looks; look++) {
			s.at += (uint64_t)(rows[i].step * 1e9);
			s.cpu_ns += (uint64_t)(rows[i].step * 1e8);
			s.video_ns += rows[i].grows >> look & 1 ? S / 10000 : 0;
			acceleration_judge(&h, &s, CODING_VIDEO, &verdict);
			acceleration_add(&h, &s);
		}
		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %s", i, acceleration_name(verdict));
	}
}

static void never_without_time(void **state)
{
	struct acceleration_history h = { 0 };
	struct acceleration_sample s = { .at = 5, .gpu_known = true };
	enum acceleration verdict;

	(void)state;
	assert_false(acceleration_judge(&h, &s, CODING_VIDEO, &verdict));
	acceleration_add(&h, &s);
	assert_false(acceleration_judge(&h, &s, CODING_VIDEO, &verdict));
	/* Totals that fell are no use. */
	h.samples[0].cpu_ns = h.samples[0].video_ns = 100 * S;
	s.at += 10 * S;
	assert_true(acceleration_judge(&h, &s, CODING_VIDEO, &verdict));
	assert_int_equal(verdict, ACCELERATION_IDLE);
	for (int i = 0; i < ACCELERATIONS; i++)
		assert_compare(strlen(acceleration_name((enum acceleration)i)), >, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits),
		cmocka_unit_test(rates),
		cmocka_unit_test(steady),
		cmocka_unit_test(never_without_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
