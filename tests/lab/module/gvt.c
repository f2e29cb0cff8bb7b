// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool that all vGPUs of one GPU share, and the types cut from it: low and
 * high graphics memory and fences. A type's availability is computed from what
 * is left, so every creation lowers all types.
 */
#include <linux/device.h>
#include "lab.h"

#define HOST_LOW_MB 128u
#define HOST_HIGH_MB 384u
#define HOST_FENCES 4u
#define MAX_VGPUS 7

static const struct lab_vgpu_size sizes[LAB_VGPU_TYPES] = {
	{ "8", 64, 384, 4, 2, "1024x768" },
	{ "4", 128, 512, 4, 4, "1920x1200" },
	{ "2", 256, 1024, 4, 8, "1920x1200" },
	{ "1", 512, 2048, 4, 16, "1920x1200" },
};

static u32 aperture_mb(const struct lab_gpu *gpu)
{
	return pci_resource_len(gpu->pdev, 2) >> 20;
}

static u32 left(u32 whole, u32 used)
{
	return whole > used ? whole - used : 0;
}

unsigned int lab_gvt_available(const struct lab_vgpu_type *type)
{
	const struct lab_gpu *gpu = type->gpu;
	const struct lab_gvt *gvt = &gpu->gvt;
	u32 aperture = aperture_mb(gpu);
	u32 low = left(aperture, HOST_LOW_MB + gvt->used_low);
	u32 high = left(LAB_GGTT_MB, aperture + HOST_HIGH_MB + gvt->used_high);
	u32 fences = left(LAB_FENCES, HOST_FENCES + gvt->used_fences);

	return min3(low / type->size->low, high / type->size->high,
		    fences / type->size->fences);
}

/* A number from 1 to 7, or -ENOSPC. */
int lab_gvt_take(struct lab_vgpu_type *type)
{
	struct lab_gvt *gvt = &type->gpu->gvt;
	int id = -ENOSPC;

	mutex_lock(&gvt->lock);
	if (lab_gvt_available(type))
		id = ida_alloc_range(&gvt->ids, 1, MAX_VGPUS, GFP_KERNEL);
	if (id > 0) {
		gvt->used_low += type->size->low;
		gvt->used_high += type->size->high;
		gvt->used_fences += type->size->fences;
	}
	mutex_unlock(&gvt->lock);
	return id;
}

void lab_gvt_give(struct lab_vgpu_type *type, int id)
{
	struct lab_gvt *gvt = &type->gpu->gvt;

	mutex_lock(&gvt->lock);
	gvt->used_low -= type->size->low;
	gvt->used_high -= type->size->high;
	gvt->used_fences -= type->size->fences;
	ida_free(&gvt->ids, id);
	mutex_unlock(&gvt->lock);
}

/* Generations 8 and 9, without Gemini Lake (31xx). */
static bool supported(const struct lab_gpu *gpu)
{
	return (gpu->gen == 8 || gpu->gen == 9) && !gpu->discrete &&
	       gpu->pdev->device >> 8 != 0x31;
}

int lab_gvt_register(struct lab_gpu *gpu)
{
	struct lab_gvt *gvt = &gpu->gvt;
	unsigned int i;
	int ret;

	if (!lab_enable_gvt || !supported(gpu))
		return 0;
	mutex_init(&gvt->lock);
	ida_init(&gvt->ids);
	for (i = 0; i < LAB_VGPU_TYPES; i++) {
		struct lab_vgpu_type *type = &gvt->type[i];

		/* The first type that is too large ends the list. */
		if (left(aperture_mb(gpu), HOST_LOW_MB) < sizes[i].low)
			break;
		type->gpu = gpu;
		type->size = &sizes[i];
		snprintf(type->name, sizeof(type->name), "GVTg_V%u_%s",
			 gpu->gen == 8 ? 4 : 5, sizes[i].suffix);
		type->base.sysfs_name = type->name;
		gvt->types[i] = &type->base;
	}
	if (!i)
		return 0;
	ret = mdev_register_parent(&gvt->parent, &gpu->pdev->dev,
				   &lab_vgpu_driver, gvt->types, i);
	gvt->registered = !ret;
	return ret;
}

void lab_gvt_unregister(struct lab_gpu *gpu)
{
	if (!gpu->gvt.registered)
		return;
	mdev_unregister_parent(&gpu->gvt.parent);
	ida_destroy(&gpu->gvt.ids);
	gpu->gvt.registered = false;
}
