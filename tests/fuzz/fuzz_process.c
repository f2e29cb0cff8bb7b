// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/proc/process.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct process_stat stat = { .parent = -7 };
	char *text = exact(data, size);
	int r = process_stat_parse(text, size, &stat);
	uid_t uid;

	CHECK(r == 0 || r == -EINVAL);
	CHECK(r == 0 ? stat.parent >= 0 : stat.parent == -7);
	uid = 7;
	r = process_uid_parse(text, size, &uid);
	CHECK(r == 0 || (r == -EINVAL && uid == 7));
	free(text);
	return 0;
}
