// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "sources/kubelet/pod_resources.h"

#include <errno.h>

static int check(void *data, const struct pod_device *d)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/";
	const char *const texts[] = { d->namespace, d->pod, d->container, d->resource };

	(void)data;
	for (size_t i = 0; i < 4; i++)
		CHECK(*texts[i] && strspn(texts[i], allowed) == strlen(texts[i]));
	CHECK(strlen(d->id) < sizeof(d->id));
	pod_device_is_intel(d);
	CHECK(!pod_device_names(d, ""));
	pod_device_names(d, "card1");
	pod_device_names(d, "0000:03:00.0");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int r = pod_resources_parse(data, size, check, NULL);

	CHECK(r == 0 || r == -EINVAL);
	return 0;
}
