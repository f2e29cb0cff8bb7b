// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/workload/pods.h"

#include <errno.h>

static void check(int r, const struct pod_name *pod)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
	const char *const texts[] = { pod->id, pod->namespace, pod->pod, pod->container };

	CHECK(r == 0 || r == -EINVAL);
	for (size_t i = 0; r == 0 && i < 4; i++)
		CHECK(strspn(texts[i], allowed) == strlen(texts[i]));
	CHECK(r < 0 || (*pod->id && *pod->namespace && *pod->pod));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = terminated(data, size);
	struct pod_name pod;

	memset(&pod, 0, sizeof(pod));
	check(pods_dir_parse(name, &pod), &pod);
	memset(&pod, 0, sizeof(pod));
	check(pods_log_parse(name, &pod), &pod);
	free(name);
	return 0;
}
