// SPDX-License-Identifier: Apache-2.0
/* The whole GPU is given to a VM: which one, and does it have it now? */
#include "collectors/collector.h"
#include "sources/workload/attribution.h"

#include <errno.h>
#include <string.h>

enum { PASSTHROUGH_INFO, IN_USE };

static const struct family families[] = {
	[PASSTHROUGH_INFO] = {
		.name = "intel_gpu_passthrough_info",
		.help = "The whole GPU is bound to vfio-pci; the VM that has it.",
		.type = INFO,
		.labels = { "pci", "iommu_group", "vmid", "guest", "vm_uuid" },
	},
	[IN_USE] = {
		.name = "intel_gpu_passthrough_in_use",
		.help = "Whether a process has the GPU, which is bound to vfio-pci, open: with 0 "
			"neither a VM nor the host uses it. Absent unless every process that "
			"could was scanned.",
		.type = GAUGE,
		.labels = { "pci" },
	},
};

/* A GPU that changes its driver is a new one. */
static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context, (void)ret_state;
	return strcmp(gpu->driver_name, "vfio-pci") == 0 ? 0 : -ENODEV;
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

static int collect(const struct collection *c)
{
	struct attribution *attribution = attribution_new(c->context->fs, c->context->names,
							  c->context->procs, c->round->number);
	const char *pci = c->gpu->pci;
	struct owner owner;

	if (!attribution)
		return fault_errno(c->fault, -ENOMEM, "owner of the GPU");
	attribution_find(attribution, "pci", pci, &owner);
	put(c->batch, &families[PASSTHROUGH_INFO], 1, pci, or_absent(owner.group),
	    or_absent(owner.vmid), or_absent(owner.guest), or_absent(owner.vm_uuid));
	if (attribution_complete(attribution, c->fault))
		put(c->batch, &families[IN_USE], owner.in_use, pci);
	attribution_free(attribution);
	return 0;
}

const struct collector passthrough_collector = {
	.name = "passthrough",
	.help = "whether a VM has the whole GPU, and which one",
	.reads_processes = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
