// SPDX-License-Identifier: Apache-2.0
/* VP9 profile 0: one key frame at a constant quantizer. */
#include "vp9.h"

#include <stdio.h>

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	struct vp9_header h;

	if (!vp9_parse(coded->data, coded->len, &h, why, size))
		return false;
	if (h.width == test->width && h.height == test->height)
		return true;
	snprintf(why, size, "the VP9 frame has %ux%u pixels", h.width, h.height);
	return false;
}

const struct codec vp9_codec = {
	.name = "vp9",
	.packed = VA_ENC_PACKED_HEADER_RAW_DATA,
	.quantizer = VP9_QUANTIZER,
	.encode = vp9_encode,
	.check = check_stream,
	.decode = vp9_decode,
};
