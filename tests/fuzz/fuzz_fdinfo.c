// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"
#include "sources/proc/fdinfo.h"

#include <errno.h>

static void check_clean(const char *text, size_t size)
{
	char again[256];
	size_t n = strnlen(text, size);

	CHECK(n < size);
	CHECK(text_clean(text, n, again, sizeof(again)) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = padded(data, size, FDINFO_SLACK);
	struct fdinfo info;
	int r;

	memset(&info, 0x55, sizeof(info));
	r = fdinfo_parse(text, size, &info);
	if (r < 0) {
		CHECK(r == -ENODATA || r == -EINVAL);
		free(text);
		return 0;
	}
	check_clean(info.pdev, sizeof(info.pdev));
	CHECK(info.n_regions <= FDINFO_MAX_REGIONS);
	for (size_t i = 0; i < info.n_regions; i++) {
		check_clean(info.regions[i].name, sizeof(info.regions[i].name));
		CHECK(*info.regions[i].name);
	}
	for (size_t i = 0; i < FDINFO_CLASSES; i++) {
		const struct fdinfo_engine *e = &info.engines[i];

		CHECK(e->has_ns || e->ns == 0);
		CHECK(e->has_cycles || e->cycles == 0);
	}
	free(text);
	return 0;
}
