// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/gpu/gpu.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size);
	bool suspended = false, other = true;
	int r = gpu_runtime_status_parse(text, size, &suspended);

	CHECK(gpu_runtime_status_parse(text, size, &other) == r);
	if (r < 0) {
		CHECK(r == -EINVAL || r == -ENODATA);
		CHECK(!suspended && other);
	} else {
		CHECK(suspended == other);
		/* Whoever is said to sleep was said to sleep: nothing else spares it the reads. */
		CHECK(suspended == (size >= 9 && memcmp(text, "suspended", 9) == 0));
	}
	free(text);
	return 0;
}
