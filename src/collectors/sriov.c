// SPDX-License-Identifier: Apache-2.0
/*
 * SR-IOV: how many virtual functions does the GPU have, whose are they, and what do they use? From
 * the attributes of the physical function (drivers/pci/iov.c), from the processes that have VFIO
 * devices open, and from xe's PMU and profiles.
 */
#include "collectors/collector.h"
#include "sources/gpu/sriov_profile.h"
#include "sources/workload/attribution.h"

#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	"sys/bus/pci/devices/%s"
#define MAX_VFS 256 /* GPUs have at most 63 */

/* Profiles are a few files for each function, and seldom change. */
#define PROFILE_NS UINT64_C(60000000000)

enum { ENABLED, SUPPORTED, VF_INFO, IN_USE, BUSY, QUANTUM, PREEMPT, MEMORY };

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
	[IN_USE] = {
		.name = "intel_gpu_sriov_vf_in_use",
		.help = "Whether a process has the virtual function open through VFIO; absent for "
			"one that the host itself drives, and unless every process that could was "
			"scanned.",
		.type = GAUGE,
		.labels = { "pci", "vf" },
	},
	[BUSY] = {
		.name = "intel_gpu_sriov_vf_engine_busy_seconds_total",
		.help = "Time the virtual function occupied the engine since the exporter opened "
			"xe's events (Linux 6.16 and later); it is part of the engine's own time.",
		.type = COUNTER,
		.labels = { "pci", "vf", "engine", "class" },
	},
	[QUANTUM] = {
		.name = "intel_gpu_sriov_vf_exec_quantum_seconds",
		.help = "Time that the function, 0 for the physical one, has engines for in its "
			"turn, from xe's sriov_admin (Linux 6.19) or debugfs; absent without a limit.",
		.type = GAUGE,
		.labels = { "pci", "vf" },
	},
	[PREEMPT] = {
		.name = "intel_gpu_sriov_vf_preempt_timeout_seconds",
		.help = "Time that the function, 0 for the physical one, has to give engines up "
			"after its turn before it is reset; absent without a limit.",
		.type = GAUGE,
		.labels = { "pci", "vf" },
	},
	[MEMORY] = {
		.name = "intel_gpu_sriov_vf_memory_quota_bytes",
		.help = "Memory of the card that the virtual function has, from xe's sriov_admin "
			"or debugfs.",
		.type = GAUGE,
		.labels = { "pci", "vf" },
	},
};

struct state {
	uint64_t read_at; /* monotonic ns; 0: never */
	uint64_t n;	  /* functions with a profile, the physical one too */
	struct sriov_profile *profiles;
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	free(state->profiles);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	uint64_t inode;

	if (fs_inode(context->fs, &inode, PCI "/sriov_totalvfs", gpu->pci) < 0)
		return -ENODEV;
	*ret_state = calloc(1, sizeof(struct state));
	return *ret_state ? 0 : -ENOMEM;
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

/* Whose virtual functions are: filled in function by function. */
struct owners {
	struct attribution *attribution;
	bool asked, complete;
};

/* Says once why it cannot be said. */
static bool is_complete(const struct collection *c, struct owners *owners)
{
	if (!owners->asked)
		owners->complete = attribution_complete(owners->attribution, c->fault);
	owners->asked = true;
	return owners->complete;
}

/* 0, or -errno: it is gone meanwhile, or cannot be read. */
static int put_vf(const struct collection *c, struct owners *owners, unsigned index)
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
	snprintf(vf, sizeof(vf), "%u", index + 1);
	/* Else it is the host's own, or nobody's. */
	if (strstr(driver, "vfio")) {
		attribution_find(owners->attribution, "pci", vf_pci, &owner);
		if (is_complete(c, owners))
			put(c->batch, &families[IN_USE], owner.in_use, c->gpu->pci, vf);
	} else if (strcmp(driver, "none") == 0) {
		put(c->batch, &families[IN_USE], 0, c->gpu->pci, vf);
	}
	put(c->batch, &families[VF_INFO], 1, c->gpu->pci, vf, vf_pci, driver, or_absent(owner.vmid),
	    or_absent(owner.guest), or_absent(owner.vm_uuid));
	return 0;
}

static int put_vfs(const struct collection *c, uint64_t n)
{
	struct owners owners = { attribution_new(c->context->fs, c->context->names,
						 c->context->procs, c->round->number) };
	struct fault fault;
	int ret = 0;

	if (!owners.attribution)
		return fault_errno(c->fault, -ENOMEM, "owners of virtual functions");
	for (unsigned i = 0; i < n && i < MAX_VFS; i++) {
		int r = put_vf(c, &owners, i);

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
	attribution_free(owners.attribution);
	return ret;
}

static void put_busy(void *data, const struct pmu_event *event, uint64_t total)
{
	const struct collection *c = data;
	char vf[16];

	snprintf(vf, sizeof(vf), "%u", event->vf);
	put(c->batch, &families[BUSY], (double)total / 1e9, c->gpu->pci, vf, event->engine,
	    event->class);
}

/* What xe does not count, or no flag asks for, is the collector engine's to say. */
static int put_time(const struct collection *c)
{
	struct fault unread = { 0 };

	if (!c->gpu->pmu || c->gpu->driver != GPU_XE ||
	    pmu_visit(c->gpu->pmu, c->round->number, PMU_VF_BUSY, put_busy, (void *)c, &unread) ==
		    0 ||
	    reason_is_absence(unread.reason))
		return 0;
	fault_add(c->fault, &unread);
	return COLLECT_PARTIAL;
}

static void read_profiles(const struct collection *c, uint64_t n)
{
	struct state *state = c->state;
	uint64_t now = sys_monotonic_ns();

	if (state->read_at && state->n == n && now - state->read_at < PROFILE_NS)
		return;
	free(state->profiles);
	state->profiles = calloc(n, sizeof(*state->profiles));
	state->n = state->profiles ? n : 0;
	state->read_at = now;
	for (unsigned i = 0; i < state->n; i++)
		sriov_profile_read(c->context->fs, c->gpu->pci, i, &state->profiles[i]);
}

static void put_profiles(const struct collection *c, uint64_t vfs)
{
	const struct state *state = c->state;

	read_profiles(c, (vfs < MAX_VFS ? vfs : MAX_VFS) + 1);
	for (unsigned i = 0; i < state->n; i++) {
		const struct sriov_profile *profile = &state->profiles[i];
		const char *pci = c->gpu->pci;
		char vf[16];

		snprintf(vf, sizeof(vf), "%u", i);
		if (profile->quantum_ms)
			put(c->batch, &families[QUANTUM], (double)profile->quantum_ms / 1e3, pci,
			    vf);
		if (profile->preempt_us)
			put(c->batch, &families[PREEMPT], (double)profile->preempt_us / 1e6, pci,
			    vf);
		if (profile->has_memory)
			put(c->batch, &families[MEMORY], (double)profile->memory, pci, vf);
	}
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
	if (enabled > 0 && r >= 0) {
		if (put_time(c) != 0)
			r = COLLECT_PARTIAL;
		if (c->gpu->driver == GPU_XE)
			put_profiles(c, enabled);
	}
	return r < 0 ? r : total < 0 || num < 0 ? COLLECT_PARTIAL : r;
}

const struct collector sriov_collector = {
	.name = "sriov",
	.help = "SR-IOV: virtual functions, their drivers and VMs, and with xe their time and quotas",
	.reads_processes = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
