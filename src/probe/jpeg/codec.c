// SPDX-License-Identifier: Apache-2.0
/* JPEG: one baseline picture, 4:2:0. */
#include "jpeg.h"

#include <stdio.h>

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	struct jpeg jpeg;

	if (!jpeg_parse(&jpeg, coded->data, coded->len, why, size))
		return false;
	if (jpeg.width != test->width || jpeg.height != test->height) {
		snprintf(why, size, "the stream says %ux%u", jpeg.width, jpeg.height);
		return false;
	}
	return true;
}

const struct codec jpeg_codec = {
	.name = "jpeg",
	.packed = VA_ENC_PACKED_HEADER_RAW_DATA,
	.encode = jpeg_encode,
	.check = check_stream,
	.decode = jpeg_decode,
};
