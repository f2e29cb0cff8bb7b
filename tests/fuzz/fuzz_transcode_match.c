// SPDX-License-Identifier: Apache-2.0
/* The first byte is the kind; the rest a command line, and the names of a process and its kin. */
#include "fuzz.h"

#include "base/text.h"
#include "sources/transcode/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transcoder t = { 0 };
	char *line, *comm, again[sizeof(t.application)];

	if (size == 0)
		return 0;
	line = exact(data + 1, size - 1);
	comm = terminated(data + 1, size - 1);
	/* What is cut off never copies. */
	if (size > 1 && line[size - 2] != '\0')
		CHECK(!transcode_match_copies(data[0] % 3, line, size - 1));
	transcode_match_copies(data[0] % 3, line, size - 1);
	transcode_match_names_valid(comm);
	if (transcode_match(comm, comm, &t) || transcode_match("ffmpeg", comm, &t)) {
		transcode_match_refine(&t, comm, comm);
		size = strnlen(t.application, sizeof(t.application));
		CHECK(size > 0 && size < sizeof(t.application));
		CHECK(text_clean(t.application, size, again, sizeof(again)) == size);
	}
	free(line);
	free(comm);
	return 0;
}
