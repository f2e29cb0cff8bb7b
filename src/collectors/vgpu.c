// SPDX-License-Identifier: Apache-2.0
/* Which vGPUs does GVT-g offer, and which exist? From mdev_supported_types of the GPU. */
#include "collectors/collector.h"
#include "sources/mdev.h"

#include <errno.h>
#include <stdio.h>

enum { INSTANCES, AVAILABLE, TYPE_INFO, APERTURE, HIDDEN, VGPU_INFO };

static const struct family families[] = {
	[INSTANCES] = { "intel_gpu_vgpu_instances",
			"vGPUs of a type that exist now, from sysfs.",
			GAUGE,
			{ "pci", "vgpu_type" } },
	[AVAILABLE] = { "intel_gpu_vgpu_available_instances",
			"vGPUs of a type that can still be created, from sysfs; all types share "
			"one pool, so their sum means nothing.",
			GAUGE,
			{ "pci", "vgpu_type" } },
	[TYPE_INFO] = { "intel_gpu_vgpu_type_info",
			"A vGPU type that the GPU offers, from sysfs.",
			INFO,
			{ "pci", "vgpu_type", "resolution", "weight", "fences" } },
	[APERTURE] = { "intel_gpu_vgpu_type_aperture_bytes",
		       "Mappable graphics memory of one vGPU of the type (low_gm_size), from "
		       "sysfs.",
		       GAUGE,
		       { "pci", "vgpu_type" } },
	[HIDDEN] = { "intel_gpu_vgpu_type_hidden_bytes",
		     "Other graphics memory of one vGPU of the type (high_gm_size), from sysfs.",
		     GAUGE,
		     { "pci", "vgpu_type" } },
	[VGPU_INFO] = { "intel_gpu_vgpu_info",
			"A vGPU that exists now, from sysfs.",
			INFO,
			{ "pci", "uuid", "vgpu_type", "vgpu_id", "iommu_group" } },
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	uint64_t inode;

	(void)ret_state;
	/* kvmgt may be loaded later: such a GPU is asked again at each discovery. */
	return fs_inode(context->fs, &inode, "sys/bus/pci/devices/%s/mdev_supported_types",
			gpu->pci) < 0
		       ? -ENODEV
		       : 0;
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

	put(c->batch, &families[INSTANCES], (double)type->n_uuids, pci, type->name);
	if (type->has_available)
		put(c->batch, &families[AVAILABLE], (double)type->available, pci, type->name);
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

static int put_vgpu(const struct collection *c, const struct mdev_type *type, const char *uuid)
{
	char id[24], group[FS_NAME_MAX];
	uint64_t number;
	int r;

	r = collector_read_u64(c->context, c->fault, &number,
			       "sys/bus/mdev/devices/%s/intel_vgpu/vgpu_id", uuid);
	if (r < 0)
		return r;
	number_or_absent(r > 0, number, id);
	put(c->batch, &families[VGPU_INFO], 1, c->gpu->pci, uuid, type->name, r > 0 ? id : NULL,
	    fs_read_link_name(c->context->fs, group, sizeof(group),
			      "sys/bus/mdev/devices/%s/iommu_group", uuid) == 0
		    ? group
		    : NULL);
	return 0;
}

static int collect(const struct collection *c)
{
	struct mdev_type *types;
	size_t n;
	int r = mdev_types_read(c->context->fs, c->gpu->pci, &types, &n, c->fault);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		put_type(c, &types[i]);
		for (size_t j = 0; j < types[i].n_uuids && r == 0; j++)
			r = put_vgpu(c, &types[i], types[i].uuids[j]);
	}
	mdev_types_free(types, n);
	return r;
}

const struct collector vgpu_collector = {
	.name = "vgpu",
	.help = "GVT-g: vGPU types, free instances and the vGPUs that exist, from sysfs",
	.families = families,
	.n_families = ARRAY_SIZE(families),
	.init = init,
	.collect = collect,
};
