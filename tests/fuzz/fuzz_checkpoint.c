// SPDX-License-Identifier: Apache-2.0
/* The kubelet's list of devices, of whose resources a plugin chooses the names. */
#include "fuzz.h"

#include "sources/workload/checkpoint.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct checkpoint_devices devices;
	char *text = exact(data, size);
	int r = checkpoint_read(text, size, "gpu.intel.com/i915", "card0", &devices);

	CHECK(r == 0 || r == -ENOENT || r == -EINVAL);
	CHECK(devices.of_card <= devices.healthy && devices.healthy <= size &&
	      devices.containers <= size);
	CHECK(r == 0 || devices.healthy == 0);
	free(text);
	return 0;
}
