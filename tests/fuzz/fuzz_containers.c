// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/workload/containers.h"

#include <errno.h>

#define ID "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"

static void check(int r, const char *name)
{
	CHECK(r == 0 || r == -EINVAL || r == -ENOENT);
	CHECK((r == 0) == (*name != '\0'));
	for (; *name; name++)
		CHECK((*name >= '0' && *name <= '9') || (*name >= 'a' && *name <= 'z') ||
		      (*name >= 'A' && *name <= 'Z') || strchr("_.-", *name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char docker[CONTAINER_NAME_BYTES] = "", podman[CONTAINER_NAME_BYTES] = "";

	check(containers_docker_name((const char *)data, size, ID, docker), docker);
	check(containers_podman_name((const char *)data, size, ID, podman), podman);
	return 0;
}
