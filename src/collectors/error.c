// SPDX-License-Identifier: Apache-2.0
/*
 * Has the driver given the GPU up, and how often did it have to reset it? Only of i915. sysfs does
 * not say: card0/error of a GPU that recovered and of one that did not are the same.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/gpu/resets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { WEDGED, RESETS };

static const struct family families[] = {
	[WEDGED] = {
		.name = "intel_gpu_wedged",
		.help = "Whether i915 has given the GPU up after a reset that failed, so that it "
			"takes no work, from an ioctl on the render node that does not wake the "
			"GPU.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[RESETS] = {
		.name = "intel_gpu_resets_total",
		.help = "Resets of the whole GPU since the exporter started, from i915's uevents; "
			"the kernel announces no reset of a single engine.",
		.type = COUNTER,
		.labels = { "pci" },
	},
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)ret_state;
	/* The GPUs of a copied tree are not behind this /dev/dri. */
	/* xe tells of a wedged GPU, too; this is not read yet. */
	if (gpu->driver == GPU_XE)
		return -EOPNOTSUPP;
	return gpu->driver == GPU_I915 && *gpu->render && fs_is_live(context->fs) ? 0 : -ENODEV;
}

static int collect(const struct collection *c)
{
	const char *pci = c->gpu->pci;
	char node[sizeof("/dev/dri/") + sizeof(c->gpu->render)];
	uint64_t resets;
	bool wedged;
	int r;

	snprintf(node, sizeof(node), "/dev/dri/%s", c->gpu->render);
	r = sys_i915_wedged(node, &wedged);
	if (r == 0)
		put(c->batch, &families[WEDGED], wedged, pci);
	else if (r == -EACCES || r == -EPERM || r == -ENOENT)
		/* An exporter without nodes is one without encode tests: no failure. */
		fault_set(c->fault, r == -ENOENT ? REASON_NO_DEVICE : REASON_PERMISSION,
			  "render-node", 0, "%s cannot be asked whether the GPU is wedged: %s",
			  node, strerror(-r));
	else
		return fault_errno(c->fault, r, "%s", node);
	if (c->context->resets && resets_of(c->context->resets, pci, &resets))
		put(c->batch, &families[RESETS], (double)resets, pci);
	return 0;
}

const struct collector error_collector = {
	.name = "error",
	.help = "whether i915 has given a GPU up, and how often it has reset it",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
