// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/proc/openers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size);
	struct opener found[8];
	size_t n = openers_parse(text, size, found, 8);

	CHECK(n <= 8);
	for (size_t i = 0; i < n; i++) {
		CHECK(found[i].pid > 0);
		CHECK(found[i].has_id == found[0].has_id);
		CHECK(found[i].has_id || found[i].id == 0);
		CHECK(openers_find(found, 1, found[0].id, &found[0].pid, 1) == found[0].pid);
	}
	free(text);
	return 0;
}
