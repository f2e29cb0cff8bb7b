// SPDX-License-Identifier: Apache-2.0
/* AV1 profile 0: one key frame at a constant quantizer. */
#include "av1.h"

#include <stdio.h>

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	struct av1_stream s;
	const char *wrong = av1_parse(coded->data, coded->len, &s);

	if (wrong) {
		snprintf(why, size, "%s", wrong);
		return false;
	}
	if (s.sequence.width != test->width || s.sequence.height != test->height) {
		snprintf(why, size, "the AV1 sequence has %ux%u pixels", s.sequence.width,
			 s.sequence.height);
		return false;
	}
	if (s.frame.width != test->width || s.frame.height != test->height) {
		snprintf(why, size, "the AV1 frame has %ux%u pixels", s.frame.width,
			 s.frame.height);
		return false;
	}
	return true;
}

const struct codec av1_codec = {
	.name = "av1",
	.packed = VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |
		  VA_ENC_PACKED_HEADER_RAW_DATA,
	.quantizer = AV1_QUANTIZER,
	.encode = av1_encode,
	.check = check_stream,
	.decode = av1_decode,
};
