// SPDX-License-Identifier: Apache-2.0
/* The names of a process, of its program and of its parent. */
#include "fuzz.h"

#include "base/text.h"
#include "sources/transcode/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transcoder t = { 0 };
	char *comm = terminated(data, size), again[sizeof(t.application)];

	transcode_match_names_valid(comm);
	if (transcode_match(comm, comm, &t) || transcode_match("ffmpeg", comm, &t)) {
		transcode_match_refine(&t, comm, comm);
		size = strnlen(t.application, sizeof(t.application));
		CHECK(size > 0 && size < sizeof(t.application));
		CHECK(text_clean(t.application, size, again, sizeof(again)) == size);
	}
	free(comm);
	return 0;
}
