// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"
#include "sources/guest.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size), value[GUEST_NAME_BYTES], again[GUEST_NAME_BYTES];
	int r;

	memset(value, 0x55, sizeof(value));
	r = guest_conf_find(text, size, "name", value, sizeof(value));
	CHECK(r == 0 || r == -ENOENT);
	if (r == 0) {
		size_t n = strnlen(value, sizeof(value));

		CHECK(n > 0 && n < sizeof(value));
		CHECK(text_clean(value, n, again, sizeof(again)) == n);
	}
	free(text);
	return 0;
}
