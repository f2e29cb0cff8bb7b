// SPDX-License-Identifier: Apache-2.0
/*
 * SR-IOV: how many virtual functions does the GPU have, and whose are they? From the attributes of
 * the physical function (drivers/pci/iov.c), and from the processes that have VFIO devices open.
 */
#include "collectors/collector.h"
#include "sources/workload/attribution.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	"sys/bus/pci/devices/%s"
#define MAX_VFS 256 /* GPUs have at most 63 */

enum { ENABLED, SUPPORTED, VF_INFO };

static const struct family families[] = {
	[ENABLED] = {
		.name = "intel_gpu_sriov_vfs_enabled",
		.help = "Virtual functions that the GPU has now, from sriov_numvfs.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[SUPPORTED] = {
		.name = "intel_gpu_sriov_vfs_supported",
		.help = "Virtual functions that the GPU's driver would enable at most, from "
			"sriov_totalvfs; a driver without SR-IOV enables none of them.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[VF_INFO] = {
		.name = "intel_gpu_sriov_vf_info",
		.help = "A virtual function of the GPU, counted from 1, its driver (\"none\", "
			"vfio-pci, i915, xe) and the VM that has it.",
		.type = INFO,
		.labels = { "pci", "vf", "vf_pci", "vf_driver", "vmid", "guest", "vm_uuid" },
	},
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	uint64_t inode;

	(void)ret_state;
	return fs_inode(context->fs, &inode, PCI "/sriov_totalvfs", gpu->pci) < 0 ? -ENODEV : 0;
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

/* False when the function is gone meanwhile. */
static bool put_vf(const struct collection *c, struct attribution *attribution, unsigned index)
{
	const struct fs *fs = c->context->fs;
	char vf[16], vf_pci[FS_NAME_MAX], driver[FS_NAME_MAX] = "none";
	struct owner owner = { 0 };

	/* virtfn0 is VF 1 in the driver's words. */
	if (fs_read_link_name(fs, vf_pci, sizeof(vf_pci), PCI "/virtfn%u", c->gpu->pci, index) <
		    0 ||
	    !text_is_pci_address(vf_pci))
		return false;
	fs_read_link_name(fs, driver, sizeof(driver), PCI "/driver", vf_pci);
	/* Only a driver of VFIO gives the virtual function to a VM. */
	if (strstr(driver, "vfio")) {
		attribution_find(attribution, "pci", vf_pci, &owner);
		attribution_complete(attribution, c->fault);
	}
	snprintf(vf, sizeof(vf), "%u", index + 1);
	put(c->batch, &families[VF_INFO], 1, c->gpu->pci, vf, vf_pci, driver, or_absent(owner.vmid),
	    or_absent(owner.guest), or_absent(owner.vm_uuid));
	return true;
}

static int put_vfs(const struct collection *c, uint64_t n)
{
	struct attribution *attribution = attribution_new(c->context->fs, c->context->names,
							  c->context->procs, c->round->number);

	if (!attribution)
		return fault_errno(c->fault, -ENOMEM, "owners of virtual functions");
	for (unsigned i = 0; i < n && i < MAX_VFS; i++)
		if (!put_vf(c, attribution, i))
			break;
	attribution_free(attribution);
	return 0;
}

static int collect(const struct collection *c)
{
	const char *pci = c->gpu->pci;
	uint64_t enabled = 0, supported;
	int r;

	r = collector_read_u64(c->context, c->fault, &supported, PCI "/sriov_totalvfs", pci);
	if (r > 0)
		put(c->batch, &families[SUPPORTED], (double)supported, pci);
	if (r >= 0)
		r = collector_read_u64(c->context, c->fault, &enabled, PCI "/sriov_numvfs", pci);
	if (r > 0)
		put(c->batch, &families[ENABLED], (double)enabled, pci);
	return r < 0 ? r : enabled > 0 ? put_vfs(c, enabled) : 0;
}

const struct collector sriov_collector = {
	.name = "sriov",
	.help = "SR-IOV: virtual functions, their drivers and the VMs that have them",
	.reads_processes = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
