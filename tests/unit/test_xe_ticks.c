// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/gpu/xe_ticks.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)
#define HZ     UINT64_C(19200000)
#define MHZ(n) (UINT64_C(n) * 1000000)
#define WRAP   (UINT64_C(1) << 32)

static void clocks_are_snapped(void **state)
{
	static const struct {
		uint64_t hz, clock;
	} rows[] = {
		{ 19200000, HZ },
		{ 19199000, HZ },
		{ 19392000, HZ },
		{ 19392001, 0 },
		{ 19008000, HZ },
		{ 19007999, 0 },
		{ 12000001, MHZ(12) },
		{ 24100000, MHZ(24) },
		{ 24900000, MHZ(25) },
		{ 24500000, 0 },
		{ 38400000, 2 * HZ },
		{ 9600000, 0 },
		{ 0, 0 },
		{ UINT64_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(xe_clock_snap(rows[i].hz), rows[i].clock);
}

/* Each row: what functions were granted in 10 s. */
static void clock_of_grants(void **state)
{
	static const struct {
		const char *what;
		uint64_t ticks[4];
		size_t n;
		uint64_t clock;
	} rows[] = {
		{ "no virtual function", { 192000000 }, 1, HZ },
		{ "a little late", { 191500000 }, 1, HZ },
		{ "64, 32 and 32 ms", { 96000000, 48000000, 48000000 }, 3, HZ },
		{ "60, 20 and 20 ms", { 115200000, 38400000, 38400000 }, 3, HZ },
		{ "thirds", { 64000000, 64000000, 64000000 }, 3, HZ },
		{ "halves", { 96000000, 96000000 }, 2, HZ },
		{ "no quota at all", { 192000000, 192000000, 192000000 }, 3, HZ },
		{ "no quota, and twice the clock is one, too", { 192000000, 192000000 }, 2, HZ },
		{ "halves of 24 MHz are no clock of 12",
		  { 120000000, 60000000, 60000000 },
		  3,
		  MHZ(24) },
		{ "no quota, 24 MHz", { 240000000, 240000000, 240000000 }, 3, MHZ(24) },
		{ "the sum is a clock by chance", { 192000000, 30000000, 30000000 }, 3, HZ },
		{ "the largest one is a clock by chance",
		  { 120000000, 36000000, 36000000 },
		  3,
		  HZ },
		{ "no quota for the physical one", { 192000000, 40000000, 40000000 }, 3, HZ },
		{ "quotas that leave time over", { 50000000, 30000000 }, 2, 0 },
		{ "a rate of its own, alone", { 270000000 }, 1, MHZ(27) },
		{ "a rate that is none", { 1000000 }, 1, 0 },
		{ "restarted", { UINT64_MAX - 5 }, 1, 0 },
		{ "one restarted", { 96000000, UINT64_MAX - 5 }, 2, 0 },
		{ "nothing", { 0 }, 1, 0 },
		{ "no function", { 192000000 }, 0, 0 },
	};
	static const uint64_t unknown[] = { 27000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(xe_clock_of(rows[i].ticks, rows[i].n, 10 * SECOND) == rows[i].clock,
			   rows[i].what);
	/* A second is too short for a rate that nobody knows. */
	assert_int_equal(xe_clock_of(unknown, 1, SECOND), 0);
	assert_int_equal(xe_clock_of(unknown, 1, 0), 0);
}

/* Values at times in s, and what has been counted by then, in ms. */
struct value {
	uint64_t at, raw, ms;
};

static void run(const char *what, const struct value *values, size_t n)
{
	struct xe_active active = { 0 };

	for (size_t i = 0; i < n; i++) {
		xe_active_add(&active, 1, &values[i].raw, values[i].at * SECOND, HZ);
		if (xe_ticks_ns(active.ticks, HZ) / 1000000 != values[i].ms)
			print_error("%s: value %zu gives %llu ms\n", what, i,
				    (unsigned long long)xe_ticks_ns(active.ticks, HZ) / 1000000);
		assert_row(xe_ticks_ns(active.ticks, HZ) / 1000000 == values[i].ms, what);
	}
}

#define RUN(what, ...)                                                                             \
	run(what, (const struct value[]){ __VA_ARGS__ },                                           \
	    sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))

static void times(void **state)
{
	(void)state;
	RUN("a quarter", { 0, 0, 0 }, { 10, 48000000, 2500 }, { 20, 96000000, 5000 });
	RUN("reset", { 10, 96000000, 5000 }, { 20, 1000, 5000 }, { 30, 1000, 5000 },
	    { 40, 19201000, 6000 });
	RUN("a dip for one value", { 10, 96000000, 5000 }, { 20, 95000000, 5000 },
	    { 30, 134400000, 7000 });
	/* What was counted before the open is taken back, too. */
	RUN("reset below the open", { 10, 96000000, 5000 }, { 20, (uint64_t)-960000000, 5000 },
	    { 30, (uint64_t)-960000000, 5000 }, { 40, (uint64_t)-940800000, 6000 },
	    { 50, (uint64_t)-921600000, 7000 });
	RUN("through the value of the open", { 10, (uint64_t)-192000, 0 },
	    { 20, (uint64_t)-192000, 0 }, { 30, 0, 10 }, { 40, 192000, 20 });
	RUN("a jump", { 10, 96000000, 5000 }, { 20, 960000000000, 15000 },
	    { 30, 960019200000, 16000 });
	RUN("a twentieth more is no jump", { 10, 201600000, 10500 });
	RUN("a little more than that is", { 10, 201600001, 10000 });
	RUN("32 bits of a running context", { 200, 200 * HZ, 200000 }, { 215, 215 * HZ, 215000 },
	    { 230, 230 * HZ - WRAP, 230000 }, { 245, 245 * HZ - WRAP, 245000 });
	RUN("a wrap, and the engine was half idle since", { 215, 215 * HZ, 215000 },
	    { 230, 225 * HZ - WRAP, 225000 });
	RUN("the context ends, and its wraps are booked", { 215, 215 * HZ, 215000 },
	    { 230, 230 * HZ - WRAP, 230000 }, { 245, 244 * HZ, 245000 }, { 260, 245 * HZ, 246000 });
	/* In five minutes 32 bits wrap by themselves. */
	RUN("too rare values", { 300, 100 * HZ, 100000 }, { 600, 50 * HZ, 100000 },
	    { 900, 50 * HZ, 100000 });
	RUN("the clock stands", { 10, 96000000, 5000 }, { 10, 96000500, 5000 });
}

static void wide_values(void **state)
{
	struct xe_active active = { 0 };
	uint64_t raw = UINT64_MAX >> 1;

	(void)state;
	/* 10000 years, all of them busy. */
	xe_active_add(&active, 1, &raw, UINT64_MAX, HZ);
	assert_int_equal(xe_ticks_ns(active.ticks, HZ) / SECOND, UINT64_MAX / SECOND);
}

/* 10 s at 64, 32 and 32 ms: virtual function 1 works alone, four times what it is granted. */
static void active_exceeds_the_quota(void **state)
{
	struct xe_active f[3] = { 0 };
	const uint64_t raw[] = { 0, 192000000, 0 };

	(void)state;
	xe_active_add(f, 3, raw, 10 * SECOND, HZ);
	assert_int_equal(f[0].ticks, 0);
	assert_int_equal(xe_ticks_ns(f[1].ticks, HZ), 10 * SECOND);
	assert_int_equal(f[2].ticks, 0);
}

/* All functions together have no more than the time, and each has its share of the cut. */
static void functions_share_the_time(void **state)
{
	struct xe_active f[3] = { 0 };
	const uint64_t full[] = { 5 * HZ, 3 * HZ, 2 * HZ };
	const uint64_t more[] = { 5 * HZ + 10 * HZ, 3 * HZ + 8 * HZ, 2 * HZ + 2 * HZ };

	(void)state;
	xe_active_add(f, 3, full, 10 * SECOND, HZ);
	assert_int_equal(f[0].ticks + f[1].ticks + f[2].ticks, 10 * HZ);
	xe_active_add(f, 3, more, 20 * SECOND, HZ);
	assert_int_equal(f[0].ticks, 5 * HZ + 5 * HZ);
	assert_int_equal(f[1].ticks, 3 * HZ + 4 * HZ);
	assert_int_equal(f[2].ticks, 2 * HZ + 1 * HZ);
}

/* What is more than the time is cut before it is shared out: it takes little from the others. */
static void one_function_jumps(void **state)
{
	struct xe_active f[2] = { 0 };
	const uint64_t raw[] = { 1000000 * HZ, 2 * HZ };

	(void)state;
	xe_active_add(f, 2, raw, 10 * SECOND, HZ);
	assert_int_equal(f[0].ticks, 10 * HZ * 10 / 12);
	assert_int_equal(f[1].ticks, 10 * HZ * 2 / 12);
}

/* One was held, and comes with two intervals' time: that is not more than there was. */
static void held_function_catches_up(void **state)
{
	struct xe_active f[2] = { 0 };
	const uint64_t values[][2] = { { 5 * HZ, 5 * HZ },
				       { 4 * HZ, 9 * HZ },
				       { 16 * HZ, 14 * HZ } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		xe_active_add(f, 2, values[i], (i + 1) * 10 * SECOND, HZ);
	assert_int_equal(f[0].ticks, 16 * HZ);
	assert_int_equal(f[1].ticks, 14 * HZ);
}

static void functions_of_one_count(void **state)
{
	static const struct {
		const char *what;
		uint64_t grown[3];
		enum xe_sharing sharing;
	} rows[] = {
		{ "idle", { 0, 0, 0 }, XE_NOTHING_SAID },
		{ "one works", { 0, 1000000, 0 }, XE_APART },
		{ "one works a little", { 0, 15000, 0 }, XE_NOTHING_SAID },
		{ "each a third", { 3 * HZ, 3 * HZ + 100000, 3 * HZ - 60000 }, XE_APART },
		{ "each a third, by chance nearly",
		  { 3 * HZ, 3 * HZ + 5, 3 * HZ - 5 },
		  XE_NOTHING_SAID },
		{ "the same", { 2345678, 2345678, 2345678 }, XE_ALIKE },
		{ "the same, but little", { 1234567, 1234567, 1234567 }, XE_NOTHING_SAID },
		{ "the same, read while a context runs",
		  { 8 * HZ, 8 * HZ + 900, 8 * HZ + 1800 },
		  XE_ALIKE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct xe_active f[3] = { 0 };

		for (size_t j = 0; j < 3; j++)
			f[j].grown = rows[i].grown[j];
		assert_row(xe_sharing_of(f, 3, 10 * SECOND, HZ) == rows[i].sharing, rows[i].what);
		assert_int_equal(xe_sharing_of(f, 1, 10 * SECOND, HZ), XE_NOTHING_SAID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_are_snapped),
		cmocka_unit_test(clock_of_grants),
		cmocka_unit_test(times),
		cmocka_unit_test(wide_values),
		cmocka_unit_test(active_exceeds_the_quota),
		cmocka_unit_test(functions_share_the_time),
		cmocka_unit_test(one_function_jumps),
		cmocka_unit_test(held_function_catches_up),
		cmocka_unit_test(functions_of_one_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
