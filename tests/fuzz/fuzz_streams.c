// SPDX-License-Identifier: Apache-2.0
/* Headers of streams as a VA driver may write them. */
#include "fuzz.h"

#include "probe/av1/av1.h"
#include "probe/h264/h264.h"
#include "probe/hevc/hevc.h"
#include "probe/vp9/vp9.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *stream = (uint8_t *)exact(data, size);
	const struct coded coded = { .data = stream, .len = size };
	union {
		struct h264_headers h264;
		struct hevc_headers hevc;
		struct vp9_header vp9;
		struct av1_stream av1;
	} u;
	char why[128] = "";

	memset(&u, 0, sizeof(u));
	h264_parse(&coded, &u.h264);
	memset(&u, 0, sizeof(u));
	hevc_parse(&coded, &u.hevc, why, sizeof(why));
	CHECK(memchr(why, '\0', sizeof(why)));
	memset(&u, 0, sizeof(u));
	vp9_parse(stream, size, &u.vp9, why, sizeof(why));
	CHECK(memchr(why, '\0', sizeof(why)));
	memset(&u, 0, sizeof(u));
	av1_parse(stream, size, &u.av1);
	free(stream);
	return 0;
}
