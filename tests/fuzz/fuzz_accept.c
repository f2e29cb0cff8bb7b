// SPDX-License-Identifier: Apache-2.0
/* The input is the header Accept and, behind a NUL, Accept-Encoding. */
#include "fuzz.h"

#include "accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = terminated(data, size);
	size_t first = strlen(text);
	struct accept accept;

	accept_parse(text, first < size ? text + first + 1 : NULL, &accept);
	CHECK(strncmp(accept.content_type, accept.format == TEXT_OPENMETRICS ? "application/" : "text/",
		      5) == 0);
	CHECK(strlen(accept.content_type) < sizeof(accept.content_type) - 1);
	for (const char *s = accept.content_type; *s; s++)
		CHECK(*s >= ' ' && *s <= '~');
	free(text);
	return 0;
}
