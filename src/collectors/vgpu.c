// SPDX-License-Identifier: Apache-2.0
/*
 * Which vGPUs does GVT-g offer, which exist, and whose are they? From mdev_supported_types of the
 * GPU, and from the processes that have their VFIO groups open. How busy do all of them together
 * keep its engines? No source says what one of them uses: their work is the driver's own, which no
 * DRM client has, so it is what the engines did beside the host's clients.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/gpu/mdev.h"
#include "sources/workload/attribution.h"
#include "sources/workload/remainder.h"
#include "sources/workload/usage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INSTANCES, AVAILABLE, TYPE_INFO, APERTURE, HIDDEN, VGPU_INFO, IN_USE, GUESTS_BUSY };

static const struct family families[] = {
	[INSTANCES] = {
		.name = "intel_gpu_vgpu_instances",
		.help = "vGPUs of a type that exist now, from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "vgpu_type" },
	},
	[AVAILABLE] = {
		.name = "intel_gpu_vgpu_available_instances",
		.help = "vGPUs of a type that can still be created, from sysfs; all types share "
			"one pool, so their sum means nothing.",
		.type = GAUGE,
		.labels = { "pci", "vgpu_type" },
	},
	[TYPE_INFO] = {
		.name = "intel_gpu_vgpu_type_info",
		.help = "A vGPU type that the GPU offers, from sysfs.",
		.type = INFO,
		.labels = { "pci", "vgpu_type", "resolution", "weight", "fences" },
	},
	[APERTURE] = {
		.name = "intel_gpu_vgpu_type_aperture_bytes",
		.help = "Mappable graphics memory of one vGPU of the type (low_gm_size), from "
			"sysfs.",
		.type = GAUGE,
		.labels = { "pci", "vgpu_type" },
	},
	[HIDDEN] = {
		.name = "intel_gpu_vgpu_type_hidden_bytes",
		.help = "Other graphics memory of one vGPU of the type (high_gm_size), from "
			"sysfs.",
		.type = GAUGE,
		.labels = { "pci", "vgpu_type" },
	},
	[VGPU_INFO] = {
		.name = "intel_gpu_vgpu_info",
		.help = "A vGPU that exists now, from sysfs, and the VM that it belongs to.",
		.type = INFO,
		.labels = { "pci", "uuid", "vgpu_type", "vgpu_id", "iommu_group", "vmid", "guest",
			  "vm_uuid" },
	},
	[IN_USE] = {
		.name = "intel_gpu_vgpu_in_use",
		.help = "Whether a process has the vGPU open; 0 for long means that it is left "
			"over. Absent unless every process that could was scanned.",
		.type = GAUGE,
		.labels = { "pci", "uuid" },
	},
	[GUESTS_BUSY] = {
		.name = "intel_gpu_guests_engine_busy_seconds_total",
		.help = "Time that the engines of a class worked for all vGPUs together: the "
			"engines' own time less that of the host's clients. What a client did "
			"between the last scrape and its end is in it. Absent unless there is a "
			"vGPU and every client was seen.",
		.type = COUNTER,
		.labels = { "pci", "class" },
	},
};

struct state {
	struct usage *clients; /* all of them aggregated */
	struct remainder guests[FDINFO_CLASSES];
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	usage_free(state->clients);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	uint64_t inode;

	struct state *state;

	/* kvmgt may be loaded later: such a GPU is asked again at each discovery. */
	if (fs_inode(context->fs, &inode, "sys/bus/pci/devices/%s/mdev_supported_types", gpu->pci) <
	    0)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->clients = usage_new(1);
	if (!state->clients) {
		free(state);
		return -ENOMEM;
	}
	*ret_state = state;
	return 0;
}

static const char *number_or_absent(bool has, uint64_t number, char buf[static 24])
{
	if (!has)
		return NULL;
	snprintf(buf, 24, "%llu", (unsigned long long)number);
	return buf;
}

static void put_type(const struct collection *c, const struct mdev_type *type)
{
	const struct mdev_description *d = &type->description;
	const char *pci = c->gpu->pci;
	char weight[24], fences[24];

	if (type->has_uuids)
		put(c->batch, &families[INSTANCES], (double)type->n_uuids, pci, type->name);
	if (type->has_available)
		put(c->batch, &families[AVAILABLE], (double)type->available, pci, type->name);
	/* Its labels are what it says: without them it would be another series. */
	if (!type->has_description)
		return;
	put(c->batch, &families[TYPE_INFO], 1, pci, type->name,
	    *d->resolution ? d->resolution : NULL,
	    number_or_absent(d->has_weight, d->weight, weight),
	    number_or_absent(d->has_fences, d->fences, fences));
	/* The kernel prints "MB" and means 2^20 bytes. */
	if (d->has_low_gm)
		put(c->batch, &families[APERTURE], (double)d->low_gm_mib * 0x1p20, pci, type->name);
	if (d->has_high_gm)
		put(c->batch, &families[HIDDEN], (double)d->high_gm_mib * 0x1p20, pci, type->name);
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

static int put_vgpu(const struct collection *c, struct attribution *attribution, bool complete,
		    const struct mdev_type *type, const char *uuid)
{
	struct owner owner;
	uint64_t number;
	char id[24];
	int r;

	r = collector_read_u64(c->context, c->fault, &number,
			       "sys/bus/mdev/devices/%s/intel_vgpu/vgpu_id", uuid);
	attribution_find(attribution, "mdev", uuid, &owner);
	put(c->batch, &families[VGPU_INFO], 1, c->gpu->pci, uuid, type->name,
	    number_or_absent(r > 0, number, id), or_absent(owner.group), or_absent(owner.vmid),
	    or_absent(owner.guest), or_absent(owner.vm_uuid));
	if (complete)
		put(c->batch, &families[IN_USE], owner.in_use, c->gpu->pci, uuid);
	return r < 0 ? COLLECT_PARTIAL : 0;
}

static bool has_uuid(const struct mdev_type *types, size_t n, const char *uuid)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < types[i].n_uuids; j++)
			if (strcmp(types[i].uuids[j], uuid) == 0)
				return true;
	return false;
}

static int put_vgpus(const struct collection *c, const struct mdev_type *types, size_t n)
{
	struct attribution *attribution = attribution_new(c->context->fs, c->context->names,
							  c->context->procs, c->round->number);
	bool complete;
	int r = 0;

	if (!attribution)
		return fault_errno(c->fault, -ENOMEM, "owners of vGPUs");
	complete = attribution_complete(attribution, c->fault);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < types[i].n_uuids; j++)
			/* Removed and made anew between two reads it is below two types. */
			if (!has_uuid(types, i, types[i].uuids[j]))
				r |= put_vgpu(c, attribution, complete, &types[i],
					      types[i].uuids[j]);
	attribution_free(attribution);
	return r;
}

struct engines {
	bool has[FDINFO_CLASSES];
	uint64_t ns[FDINFO_CLASSES];
};

static void add_engine(void *data, const struct pmu_event *event, uint64_t total)
{
	struct engines *engines = data;

	for (int i = 0; event->class && i < FDINFO_CLASSES; i++) {
		if (strcmp(event->class, fdinfo_class_name((enum fdinfo_class)i)) != 0)
			continue;
		engines->has[i] = true;
		engines->ns[i] += total;
	}
}

/* Adds every client of the host; false when one may be missing, or its time is. */
static bool add_clients(const struct collection *c, struct walk **walk)
{
	struct state *state = c->state;
	const struct drm_client *clients;
	struct fault unread = { 0 };
	size_t n, silent;
	struct use *use;
	bool ok;

	if (procs_clients(c->context->procs, walk, c->gpu, &clients, &n, &silent, &unread) < 0)
		return false;
	ok = silent == 0 && unread.reason == REASON_NONE && walk_is_whole_machine(*walk);
	usage_begin(state->clients, sys_monotonic_ns());
	ok &= usage_of(state->clients, NULL, &use) == 0;
	for (size_t i = 0; ok && i < n; i++)
		ok = clients[i].info.engines[FDINFO_RENDER].has_ns &&
		     usage_add(state->clients, &clients[i], use) == 0;
	usage_end(state->clients);
	return ok;
}

static bool add_guests(const struct collection *c, const struct engines *engines)
{
	struct state *state = c->state;
	struct fault unread = { 0 };
	const struct use *all;
	struct walk *walk;
	size_t aggregated;
	bool ok;

	/* That processes are hidden is said of vGPUs that are in use. */
	if (procs_walk(c->context->procs, c->round->number, &walk, &unread) < 0)
		return false;
	ok = unread.reason == REASON_NONE && add_clients(c, &walk);
	walk_unref(walk);
	if (!ok)
		return false;
	all = usage_other(state->clients, &aggregated);
	for (int i = 0; i < FDINFO_CLASSES; i++)
		if (engines->has[i])
			remainder_add(&state->guests[i], engines->ns[i], all ? all->busy_ns[i] : 0);
	return true;
}

static void put_guests(const struct collection *c, bool exist)
{
	struct state *state = c->state;
	struct engines engines = { 0 };
	struct fault unread = { 0 };

	/* Without the engines' times there is nothing to say, which the collector engine explains.
	 */
	if (exist && c->gpu->pmu &&
	    pmu_visit(c->gpu->pmu, c->round->number, PMU_BUSY, add_engine, &engines, &unread) ==
		    0 &&
	    add_guests(c, &engines)) {
		for (int i = 0; i < FDINFO_CLASSES; i++)
			if (engines.has[i])
				put(c->batch, &families[GUESTS_BUSY],
				    (double)state->guests[i].total / 1e9, c->gpu->pci,
				    fdinfo_class_name((enum fdinfo_class)i));
		return;
	}
	for (int i = 0; i < FDINFO_CLASSES; i++)
		remainder_pause(&state->guests[i]);
}

static int collect(const struct collection *c)
{
	struct mdev_type *types;
	size_t n, n_uuids = 0;
	int r = mdev_types_read(c->context->fs, c->gpu->pci, &types, &n, c->fault);
	int ret = r > 0 ? COLLECT_PARTIAL : r;

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		put_type(c, &types[i]);
		n_uuids += types[i].n_uuids;
	}
	/* Without vGPUs there is no owner to search for. */
	if (n_uuids > 0)
		r = put_vgpus(c, types, n);
	mdev_types_free(types, n);
	put_guests(c, n_uuids > 0);
	return r < 0 ? r : r > 0 ? COLLECT_PARTIAL : ret;
}

const struct collector vgpu_collector = {
	.name = "vgpu",
	.help = "GVT-g: vGPU types, free instances, the vGPUs that exist, whose they are, their time",
	.reads_processes = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
