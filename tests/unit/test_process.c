// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/proc/process.h"

#include <errno.h>
#include <string.h>

#define TAIL " 12 12 0 -1 4194560 300 0 2 0 700 50 9 9 20 0 8 0 123456 1000000 500 184467"

static void good(void **state)
{
	static const char *const texts[] = {
		"4100 (ffmpeg) S 77" TAIL " 1 2 3\n", "4100 (Plex Transcoder) R 77" TAIL "\n",
		"4100 (a) R 5 (b) S 77" TAIL " 1\n",  "4100 () S 77" TAIL,
		"4100 (\xff\n)) ) D 77" TAIL "\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct process_stat stat = { 0 };

		assert_row(process_stat_parse(texts[i], strlen(texts[i]), &stat) == 0, texts[i]);
		assert_row(stat.parent == 77 && stat.cpu_ticks == 750 && stat.start_ticks == 123456,
			   texts[i]);
		assert_row(!stat.ended, texts[i]);
	}
}

static void ended(void **state)
{
	struct process_stat stat;

	(void)state;
	assert_int_equal(process_stat_parse(BYTES("1 (R) Z 77" TAIL), &stat), 0);
	assert_true(stat.ended && stat.cpu_ticks == 750);
	assert_int_equal(process_stat_parse(BYTES("1 (Z) X 77" TAIL), &stat), 0);
	assert_true(stat.ended);
	assert_int_equal(process_stat_parse(BYTES("1 (Z) ZZ 77" TAIL), &stat), 0);
	assert_false(stat.ended);
}

static void bad(void **state)
{
	static const char *const texts[] = {
		"",
		"4100",
		"4100 (ffmpeg)",
		"4100 (ffmpeg) ",
		"4100 (ffmpeg)S 77" TAIL,
		"4100 (ffmpeg) S 77 12 12 0 -1 4194560 300 0 2 0 700 50 9 9 20 0 8 0",
		"4100 (ffmpeg) S x" TAIL,
		"4100 (ffmpeg) S  77" TAIL,
		"4100 (ffmpeg) S 4294967296" TAIL,
		"4100 (ffmpeg) S 77 1 1 0 -1 1 1 0 2 0 18446744073709551615 1 9 9 20 0 8 0 1 1 1 1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct process_stat stat = { .parent = -7 };

		assert_row(process_stat_parse(texts[i], strlen(texts[i]), &stat) == -EINVAL,
			   texts[i]);
		assert_row(stat.parent == -7, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),
		cmocka_unit_test(ended),
		cmocka_unit_test(bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
