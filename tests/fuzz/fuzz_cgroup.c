// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"
#include "sources/workload/cgroup.h"
#include "sources/workload/group_memory.h"

static void check_clean(const char *text, size_t size)
{
	char again[256];
	size_t n = strnlen(text, size);

	CHECK(n < size);
	CHECK(text_clean(text, n, again, sizeof(again)) == n && strcmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size);
	char dir[GROUP_DIR_BYTES];
	struct cgroup c;

	memset(&c, 0x55, sizeof(c));
	cgroup_parse(text, size, &c);
	CHECK(c.kind < WORKLOAD_KINDS);
	check_clean(c.name, sizeof(c.name));
	check_clean(c.vmid, sizeof(c.vmid));
	check_clean(c.guest, sizeof(c.guest));
	check_clean(c.pod, sizeof(c.pod));
	check_clean(c.container, sizeof(c.container));
	check_clean(c.mark, sizeof(c.mark));
	CHECK(strspn(c.vmid, "0123456789") == strlen(c.vmid));
	CHECK(!*c.vmid || !*c.guest);
	CHECK(c.kind != WORKLOAD_POD || *c.pod);
	CHECK(c.kind != WORKLOAD_CONTAINER || *c.name);
	CHECK(!*c.container || strlen(c.container) == 64);
	CHECK(*c.name || c.kind == WORKLOAD_POD || c.kind == WORKLOAD_PROCESS);
	if (group_dir(text, size, c.container, dir) == 0) {
		CHECK(*dir != '/' && strstr(dir, c.container) && strlen(dir) < sizeof(dir));
		CHECK(strncmp(dir, "../", 3) != 0 && !strstr(dir, "/../"));
	}
	free(text);
	return 0;
}
