// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/proc/fdinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Behind the text is what a parser might take for more of it. */
static int parse(const char *text, size_t len, struct fdinfo *ret)
{
	char padded[4096];

	assert_compare(len, <=, sizeof(padded) - FDINFO_SLACK);
	memset(padded, '7', sizeof(padded));
	memcpy(padded, text, len);
	padded[len] = '\0';
	return fdinfo_parse(padded, len, ret);
}

static void i915(void **state)
{
	static const char text[] =
		"pos:\t0\nflags:\t02100002\ndrm-driver:\ti915\ndrm-client-id:\t17\n"
		"drm-pdev:\t0000:00:02.0\ndrm-engine-render:\t346249 ns\n"
		"drm-engine-video:\t12000000000 ns\n"
		"drm-engine-capacity-video:\t2\ndrm-engine-video-enhance:\t7 ns\n"
		"drm-total-system0:\t6044 KiB\ndrm-shared-stolen-system0:\t0\n";
	struct fdinfo info;

	(void)state;
	assert_int_equal(parse(BYTES(text), &info), 0);
	assert_string_equal(info.pdev, "0000:00:02.0");
	assert_true(info.has_client_id && info.client_id == 17);
	assert_int_equal(info.engines[FDINFO_RENDER].ns, 346249);
	/* A capacity is no time, and video is not video-enhance. */
	assert_int_equal(info.engines[FDINFO_VIDEO].ns, 12000000000);
	assert_int_equal(info.engines[FDINFO_VIDEO].capacity, 2);
	assert_int_equal(info.engines[FDINFO_VIDEO_ENHANCE].ns, 7);
	assert_int_equal(info.engines[FDINFO_RENDER].capacity, 1);
	assert_false(info.engines[FDINFO_COMPUTE].has_ns);
	assert_false(info.engines[FDINFO_VIDEO].has_cycles);
	assert_int_equal(info.n_regions, 0);
}

static void memory(void **state)
{
	static const char text[] =
		"drm-total-system0:\t6044 KiB\ndrm-resident-system0:\t2 KiB\n"
		"drm-resident-stolen-system0:\t0\ndrm-purgeable-system0:\t2 MiB\n"
		"drm-memory-vram0:\t3 MiB\ndrm-resident-vram0: 1 GiB\ndrm-resident-gtt:\t4097\n";
	static const struct {
		const char *name;
		uint64_t bytes;
	} expected[] = {
		{ "system0", 2048 }, { "stolen-system0", 0 }, { "vram0", 1 << 30 }, { "gtt", 4097 }
	};
	struct fdinfo info;
	char many[2000] = "";

	(void)state;
	assert_int_equal(parse(BYTES(text), &info), 0);
	assert_int_equal(info.n_regions, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(info.regions[i].name, expected[i].name);
		assert_int_equal(info.regions[i].bytes, expected[i].bytes);
	}
	for (int i = 0; i < 20; i++)
		sprintf(many + strlen(many), "drm-resident-region%d:\t1 KiB\n", i);
	assert_int_equal(parse(many, strlen(many), &info), 0);
	assert_int_equal(info.n_regions, FDINFO_MAX_REGIONS);
}

static void xe(void **state)
{
	static const char text[] =
		"drm-pdev: 0000:03:00.0\ndrm-client-id: 3\ndrm-driver: xe\n"
		"drm-cycles-vcs:\t1202534501\ndrm-total-cycles-vcs:\t9999999999\n";
	struct fdinfo info;

	(void)state;
	assert_int_equal(parse(BYTES(text), &info), 0);
	assert_true(info.engines[FDINFO_VIDEO].has_cycles);
	assert_int_equal(info.engines[FDINFO_VIDEO].cycles, 1202534501);
	assert_int_equal(info.engines[FDINFO_VIDEO].total_cycles, 9999999999);
	assert_false(info.engines[FDINFO_VIDEO].has_ns);
}

static void others(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "", -ENODATA },
		{ "pos:\t0\nflags:\t02\n", -ENODATA },
		{ "drm-client-id:\t-1\n", -EINVAL },
		{ "drm-engine-video:\t12 s\n", -EINVAL },
		{ "drm-engine-video:\t99999999999999999999999 ns\n", -EINVAL },
		{ "drm-pdev:\tan address that is longer than any\n", -EINVAL },
		{ "drm-driver\n", -ENODATA },
		{ "drm-:\tx\n", -ENODATA },
		{ "drm-driver\ndrm-client-id:\t1\n", 0 },
		{ "drm-client-id:\t\n1\n", -EINVAL },
		{ "drm-engine-video:\t5 ns \n", -EINVAL },
		{ "drm-resident-system0:\t1 TiB\n", -EINVAL },
		{ "drm-resident-system0:\tmuch\n", -EINVAL },
		{ "drm-resident-system0:\t-1\n", -EINVAL },
		{ "drm-resident-system0:\t\n", -EINVAL },
		{ "drm-resident-system0:\t18446744073709551615 KiB\n", -EINVAL },
		{ "drm-resident-:\t1\n", -EINVAL },
		{ "drm-resident-a-region-with-a-long-name:\t1\n", -EINVAL },
		{ "drm-total-system0:\tanything\n", 0 },
		{ "drm-future-key:\tanything\n", 0 },
		{ "drm-engine-quantum:\tanything\n", 0 }, /* a class of a later kernel */
		{ "drm-engine-video:\t5 ns", 0 },
	};
	struct fdinfo info;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(parse(rows[i].text, strlen(rows[i].text), &info) == rows[i].r,
			   rows[i].text);
}

#define BIT32 (1ull << 32)
#define BIT36 (1ull << 36)
#define TEN_S 10000000000ull
#define CLOCK 192000000ull /* 19.2 MHz for 10 s */

static void cycles_grown(void **state)
{
	static const struct {
		const char *what;
		uint64_t last, last_total, now, now_total, elapsed, capacity;
		bool told;
		uint64_t cycles, total;
	} rows[] = {
		{ "half busy", 5, 1000, 96000005, CLOCK + 1000, TEN_S, 1, true, 96000000, CLOCK },
		{ "nothing", 7, CLOCK, 7, 2 * CLOCK, TEN_S, 1, true, 0, CLOCK },
		{ "read at one instant", 7, CLOCK, 7, CLOCK, 0, 1, true, 0, 0 },
		{ "a clock that stands", 7, CLOCK, 8, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "the clock goes round", 0, BIT36 - CLOCK / 2, 96000000, CLOCK / 2, TEN_S, 1, true,
		  96000000, CLOCK },
		{ "idle meanwhile", 9, BIT36 - 1, 9, CLOCK - 1, TEN_S, 1, true, 0, CLOCK },
		{ "a clock of 64 bits was reset", 0, BIT36 + 1, 5, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "a clock was reset early", 0, BIT36 / 2, 5, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "it went round in an hour", 0, 2 * CLOCK, 5, CLOCK, 358 * TEN_S, 1, true, 5,
		  BIT36 - CLOCK },
		{ "or twice", 0, 2 * CLOCK, 5, CLOCK, 716 * TEN_S, 1, false, 0, 0 },
		{ "cycles fall by 2^32", BIT32 + 7, CLOCK, 96000007, 2 * CLOCK, TEN_S, 1, true,
		  96000000, CLOCK },
		{ "both at once", BIT32 + 7, BIT36 - 1, 96000007, CLOCK - 1, TEN_S, 1, true,
		  96000000, CLOCK },
		{ "of two engines", BIT32, 0, 2 * CLOCK, CLOCK, TEN_S, 2, true, 2 * CLOCK, CLOCK },
		{ "more than one can do", BIT32, 0, 2 * CLOCK, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "a dip", 1000, 0, 900, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "a restart", 3 * BIT32, 0, 0, CLOCK, TEN_S, 1, false, 0, 0 },
		{ "no capacity", BIT32, 0, 2 * CLOCK, CLOCK, TEN_S, UINT64_MAX, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct fdinfo_engine last = { .has_cycles = true,
						    .cycles = rows[i].last,
						    .total_cycles = rows[i].last_total };
		const struct fdinfo_engine now = { .has_cycles = true,
						   .cycles = rows[i].now,
						   .total_cycles = rows[i].now_total,
						   .capacity = rows[i].capacity };
		uint64_t cycles = 0, total = 0;
		bool told = fdinfo_cycles_grown(&last, &now, rows[i].elapsed, &cycles, &total);

		assert_row(told == rows[i].told && cycles == rows[i].cycles &&
				   total == rows[i].total,
			   rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i915),	  cmocka_unit_test(memory),	  cmocka_unit_test(xe),
		cmocka_unit_test(others), cmocka_unit_test(cycles_grown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
