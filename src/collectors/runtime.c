// SPDX-License-Identifier: Apache-2.0
/* Does the GPU sleep? Runtime power management as in Documentation/power/runtime_pm.rst. */
#include "collectors/collector.h"

#include <errno.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_runtime_suspended",
		.help = "Whether the GPU is runtime-suspended, from its power/runtime_status; "
			"reading it does not wake the GPU.",
		.type = GAUGE,
		.labels = { "pci" },
	},
};

static int collect(const struct collection *c)
{
	bool suspended;
	int r = gpu_is_suspended(c->context->fs, c->gpu, &suspended);

	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r < 0)
		return fault_errno(c->fault, r, "power/runtime_status");
	put(c->batch, &families[0], suspended, c->gpu->pci);
	return 0;
}

const struct collector runtime_collector = {
	.name = "runtime",
	.help = "whether each GPU is runtime-suspended",
	COLLECTOR_FAMILIES(families),
	.collect = collect,
};
