// SPDX-License-Identifier: Apache-2.0
/* Whatever a VA driver writes into the probe's lines. */
#include "fuzz.h"

#include "sources/vaapi/va_result.h"

#include <stdlib.h>
#include <string.h>

/* Each is a series by its profile and entry point. */
static void check_entry(const struct va_capabilities *capabilities, size_t i)
{
	const struct va_entry *e = &capabilities->entries[i];

	CHECK(memchr(e->codec, 0, VA_NAME_MAX));
	for (size_t j = 0; j < i; j++)
		CHECK(strcmp(e->profile, capabilities->entries[j].profile) != 0 ||
		      strcmp(e->entrypoint, capabilities->entries[j].entrypoint) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct va_capabilities capabilities;
	struct va_outcome outcome;

	if (va_capabilities_parse((const char *)data, size, &capabilities, &outcome) == 0 &&
	    (size < 4 || memcmp(data + size - 4, "end\n", 4) != 0))
		abort();
	for (size_t i = 0; i < capabilities.n; i++)
		check_entry(&capabilities, i);
	va_outcome_parse((const char *)data, size, &outcome);
	return 0;
}
