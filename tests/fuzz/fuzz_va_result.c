// SPDX-License-Identifier: Apache-2.0
/* Whatever a VA driver writes into the probe's lines. */
#include "fuzz.h"

#include "sources/vaapi/va_result.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct va_capabilities capabilities;
	struct va_outcome outcome;

	if (va_capabilities_parse((const char *)data, size, &capabilities, &outcome) == 0 &&
	    (size < 4 || memcmp(data + size - 4, "end\n", 4) != 0))
		abort();
	for (size_t i = 0; i < capabilities.n; i++)
		if (!memchr(capabilities.entries[i].codec, 0, VA_NAME_MAX))
			abort();
	va_outcome_parse((const char *)data, size, &outcome);
	return 0;
}
