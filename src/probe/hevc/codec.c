// SPDX-License-Identifier: Apache-2.0
/* HEVC Main and Main 10: is a stream one picture of the size and depth that was asked for? */
#include "hevc.h"

#include <stdio.h>

/*
 * A driver that writes its own headers knows nothing of the window, and may show all of its
 * last coding tree blocks.
 */
static bool is_size(unsigned shown, unsigned wanted)
{
	return shown >= wanted && shown < wanted + 64;
}

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	unsigned depth = test->profile->profile == VAProfileHEVCMain10 ? 10 : 8;
	struct hevc_headers h = { .sps = { .width = 0 } };
	unsigned width, height;

	if (!hevc_parse(coded, &h, why, size))
		return false;
	width = h.sps.width - h.sps.left - h.sps.right;
	height = h.sps.height - h.sps.top - h.sps.bottom;
	if (!is_size(width, test->width) || !is_size(height, test->height))
		snprintf(why, size, "the coded picture is %ux%u", width, height);
	else if (h.sps.luma_depth != depth || h.sps.chroma_depth != depth)
		snprintf(why, size, "the coded picture has %u and %u bits", h.sps.luma_depth,
			 h.sps.chroma_depth);
	else if (h.sps.profile_idc != (depth == 10 ? 2 : 1))
		snprintf(why, size, "the coded profile is %u", h.sps.profile_idc);
	else
		return true;
	return false;
}

const struct codec hevc_codec = {
	.name = "hevc",
	.packed = VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |
		  VA_ENC_PACKED_HEADER_SLICE,
	.quantizer = HEVC_QUANTIZER,
	.encode = hevc_encode,
	.check = check_stream,
	.decode = hevc_decode,
};
