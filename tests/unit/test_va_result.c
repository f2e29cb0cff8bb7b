// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/vaapi/va_result.h"

#include <errno.h>
#include <string.h>

static void whole_outcome(void **state)
{
	struct va_outcome o;

	(void)state;
	assert_int_equal(va_outcome_parse(BYTES("result=corrupt\ndetail=5.2 dB\npsnr=5.2\nfps=60\n"
						"engine_seconds=0.007\nend\n"),
					  &o),
			 0);
	assert_int_equal(o.result, VA_CORRUPT);
	assert_true(o.has_psnr && o.has_frame_rate && o.has_engine_seconds);
	assert_true(o.psnr_db > 5.1 && o.psnr_db < 5.3);
	assert_string_equal(o.detail, "5.2 dB");
}

static void list(void **state)
{
	static const char text[] = "vendor=A driver\nva_version=1.17\n"
				   "entry=H264Main EncSliceLP 16 h264\nentry=H264Main VLD 0 -\n"
				   /* Listed twice. */
				   "entry=H264Main EncSliceLP 2 -\n"
				   "result=ok\nend\n";
	struct va_capabilities c;
	struct va_outcome o;

	(void)state;
	assert_int_equal(va_capabilities_parse(BYTES(text), &c, &o), 0);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.vendor, "A driver");
	assert_string_equal(c.entries[0].entrypoint, "EncSliceLP");
	assert_int_equal(c.entries[0].rate_control, 16);
	assert_string_equal(c.entries[0].codec, "h264");
	assert_string_equal(c.entries[1].codec, "");
}

/* A child that died, or whose driver wrote into its lines, has said nothing. */
static void void_output(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "", -EPIPE },
		{ "end\n", -EPIPE },
		{ "result=ok\n", -EPIPE },
		{ "result=ok\nend", -EINVAL },
		{ "result=ok\nend\nmore=1\n", -EINVAL },
		{ "result=great\nend\n", -EINVAL },
		{ "noise\nresult=ok\nend\n", -EINVAL },
		{ "psnr=-3\nresult=ok\nend\n", -EINVAL },
		{ "psnr=nan\nresult=ok\nend\n", -EINVAL },
		{ "psnr=1e9\nresult=ok\nend\n", -EINVAL },
		{ "later=thing\nresult=ok\nend\n", 0 },
	};
	struct va_outcome o;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(va_outcome_parse(rows[i].text, strlen(rows[i].text), &o) == rows[i].r,
			   rows[i].text);
}

static void names(void **state)
{
	enum va_result back;

	(void)state;
	for (int i = 0; i < VA_RESULTS; i++) {
		assert_int_equal(va_result_find(va_result_name((enum va_result)i), &back), 0);
		assert_int_equal(back, i);
	}
	assert_int_equal(va_result_find("", &back), -EINVAL);
	assert_string_equal(va_rate_control_name(4), "CQP");
	assert_null(va_rate_control_name(31));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_outcome),
		cmocka_unit_test(list),
		cmocka_unit_test(void_output),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
