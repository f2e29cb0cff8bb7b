// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/proc/fdinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
	assert_int_equal(fdinfo_parse(BYTES(text), &info), 0);
	assert_string_equal(info.driver, "i915");
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
	assert_int_equal(fdinfo_parse(BYTES(text), &info), 0);
	assert_int_equal(info.n_regions, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(info.regions[i].name, expected[i].name);
		assert_int_equal(info.regions[i].bytes, expected[i].bytes);
	}
	for (int i = 0; i < 20; i++)
		sprintf(many + strlen(many), "drm-resident-region%d:\t1 KiB\n", i);
	assert_int_equal(fdinfo_parse(many, strlen(many), &info), 0);
	assert_int_equal(info.n_regions, FDINFO_MAX_REGIONS);
}

static void xe(void **state)
{
	static const char text[] =
		"drm-pdev: 0000:03:00.0\ndrm-client-id: 3\ndrm-driver: xe\n"
		"drm-cycles-vcs:\t1202534501\ndrm-total-cycles-vcs:\t9999999999\n";
	struct fdinfo info;

	(void)state;
	assert_int_equal(fdinfo_parse(BYTES(text), &info), 0);
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
		{ "drm-driver:\ta driver with a name that is too long\n", -EINVAL },
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
		assert_row(fdinfo_parse(rows[i].text, strlen(rows[i].text), &info) == rows[i].r,
			   rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i915),
		cmocka_unit_test(memory),
		cmocka_unit_test(xe),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
