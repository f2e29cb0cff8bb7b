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

/* 0, or -errno: it is gone meanwhile, or cannot be read. */
static int put_vf(const struct collection *c, struct attribution *attribution, unsigned index,
		  bool *ret_is_guests)
{
	const struct fs *fs = c->context->fs;
	char vf[16], vf_pci[FS_NAME_MAX], driver[FS_NAME_MAX] = "none";
	struct owner owner = { 0 };
	int r;

	/* virtfn0 is VF 1 in the driver's words. */
	r = fs_read_link_name(fs, vf_pci, sizeof(vf_pci), PCI "/virtfn%u", c->gpu->pci, index);
	if (r < 0)
		return r;
	if (!text_is_pci_address(vf_pci))
		return -EINVAL;
	fs_read_link_name(fs, driver, sizeof(driver), PCI "/driver", vf_pci);
	/* Else it is the host's own, or nobody's. */
	if (strstr(driver, "vfio")) {
		attribution_find(attribution, "pci", vf_pci, &owner);
		*ret_is_guests = true;
	}
	snprintf(vf, sizeof(vf), "%u", index + 1);
	put(c->batch, &families[VF_INFO], 1, c->gpu->pci, vf, vf_pci, driver, or_absent(owner.vmid),
	    or_absent(owner.guest), or_absent(owner.vm_uuid));
	return 0;
}

static int put_vfs(const struct collection *c, uint64_t n)
{
	struct attribution *attribution = attribution_new(c->context->fs, c->context->names,
							  c->context->procs, c->round->number);
	bool guests = false;
	struct fault fault;
	int ret = 0;

	if (!attribution)
		return fault_errno(c->fault, -ENOMEM, "owners of virtual functions");
	for (unsigned i = 0; i < n && i < MAX_VFS; i++) {
		int r = put_vf(c, attribution, i, &guests);

		if (r == -ENOENT)
			break;
		if (r < 0) {
			fault_errno(&fault, r, PCI "/virtfn%u", c->gpu->pci, i);
			fault_add(c->fault, &fault);
			ret = COLLECT_PARTIAL;
		}
	}
	if (n > MAX_VFS) {
		fault_set(
			&fault, REASON_LIMIT, "limits", 0,
			"there are %llu virtual functions: those over the limit of %d are left out",
			(unsigned long long)n, MAX_VFS);
		fault_add(c->fault, &fault);
	}
	if (guests)
		attribution_complete(attribution, c->fault);
	attribution_free(attribution);
	return ret;
}

static int collect(const struct collection *c)
{
	const char *pci = c->gpu->pci;
	uint64_t enabled = 0, supported;
	int total, num, r = 0;

	total = collector_read_u64(c->context, c->fault, &supported, PCI "/sriov_totalvfs", pci);
	if (total > 0)
		put(c->batch, &families[SUPPORTED], (double)supported, pci);
	num = collector_read_u64(c->context, c->fault, &enabled, PCI "/sriov_numvfs", pci);
	if (num > 0)
		put(c->batch, &families[ENABLED], (double)enabled, pci);
	/* Functions that exist are listed, whatever could not be read of their number. */
	if (enabled > 0 || num < 0)
		r = put_vfs(c, num < 0 ? MAX_VFS : enabled);
	return r < 0 ? r : total < 0 || num < 0 ? COLLECT_PARTIAL : r;
}

const struct collector sriov_collector = {
	.name = "sriov",
	.help = "SR-IOV: virtual functions, their drivers and the VMs that have them",
	.reads_processes = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
