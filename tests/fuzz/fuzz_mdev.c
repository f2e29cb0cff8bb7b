// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/gpu/mdev.h"

#include <ctype.h>
#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size), *string = terminated(data, size);
	struct mdev_description d;
	int r;

	memset(&d, 0x55, sizeof(d));
	r = mdev_description_parse(text, size, &d);
	if (r < 0) {
		CHECK(r == -EINVAL);
		CHECK(d.weight == UINT64_C(0x5555555555555555));
	} else {
		CHECK(memchr(d.resolution, '\0', sizeof(d.resolution)));
		for (const char *c = d.resolution; *c; c++)
			CHECK(isalnum((unsigned char)*c));
		/* What was not said is 0 and marked as such. */
		CHECK(d.has_weight || d.weight == 0);
		CHECK(d.has_fences || d.fences == 0);
		CHECK(d.has_low_gm || d.low_gm_mib == 0);
		CHECK(d.has_high_gm || d.high_gm_mib == 0);
	}
	if (mdev_is_uuid(string))
		CHECK(strlen(string) == 36 &&
		      strspn(string, "0123456789abcdefABCDEF-") == strlen(string));
	free(text);
	free(string);
	return 0;
}
