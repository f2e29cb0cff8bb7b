// SPDX-License-Identifier: Apache-2.0
/* H.264: one IDR picture of one I slice, CAVLC, with our own parameter sets. */
#include "h264.h"

#include <stdio.h>

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	static const struct {
		unsigned type;
		const char *name;
	} wanted[] = { { H264_SPS, "sequence parameter set" },
		       { H264_PPS, "picture parameter set" },
		       { H264_IDR, "IDR slice" } };
	struct nal nal;

	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!h264_find_nal(coded, wanted[i].type, &nal)) {
			snprintf(why, size, "no %s in %zu coded bytes", wanted[i].name, coded->len);
			return false;
		}
	}
	return true;
}

const struct codec h264_codec = {
	.name = "h264",
	.packed = VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |
		  VA_ENC_PACKED_HEADER_SLICE,
	.quantizer = H264_QUANTIZER,
	.encode = h264_encode,
	.check = check_stream,
	.decode = h264_decode,
};
