// SPDX-License-Identifier: Apache-2.0
/* The first byte is whose command line the rest is. */
#include "fuzz.h"

#include "sources/transcode/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static enum coding (*const of[])(const char *, size_t) = { ffmpeg_coding, gstreamer_coding,
								   handbrake_coding };
	enum coding coding;
	char *line;

	if (size == 0)
		return 0;
	line = exact(data + 1, size - 1);
	coding = of[data[0] % 3](line, size - 1);
	CHECK(coding <= CODING_SOFTWARE);
	/* What is cut off never says that nothing is coded. */
	if (size == 1 || line[size - 2] != '\0')
		CHECK(coding != CODING_NONE);
	free(line);
	return 0;
}
