// SPDX-License-Identifier: GPL-2.0-only
/*
 * QUERY: lists that describe the GPU: engines, execution units, memory.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/drm/i915_drm.h>
#include "lab.h"

/* One slice. As in the GT2 of each generation. */
const struct lab_topology *lab_topology(const struct lab_gpu *gpu)
{
	static const struct lab_topology gen9 = { .subslices = 3, .eus = 8 };
	static const struct lab_topology gen11 = { .subslices = 8, .eus = 8 };
	static const struct lab_topology gen12 = { .subslices = 6, .eus = 16 };

	if (gpu->gen < 11)
		return &gen9;
	return gpu->gen < 12 ? &gen11 : &gen12;
}

/* The caller may learn the length first: with 0, nothing is copied. */
static int give(struct drm_i915_query_item *item, const void *data, int length)
{
	if (!item->length)
		return length;
	if (item->length < length)
		return -EINVAL;
	if (copy_to_user(u64_to_user_ptr(item->data_ptr), data, length))
		return -EFAULT;
	return length;
}

static int query_topology(const struct lab_gpu *gpu,
			  struct drm_i915_query_item *item)
{
	const struct lab_topology *t = lab_topology(gpu);
	unsigned int stride = DIV_ROUND_UP(t->eus, 8);
	struct {
		struct drm_i915_query_topology_info info;
		u8 data[2 + LAB_MAX_SUBSLICES * 2];
	} answer = { 0 };
	u8 *data = answer.data;

	/* A mask of slices, one of subslices, one of units per subslice. */
	answer.info.max_slices = 1;
	answer.info.max_subslices = t->subslices;
	answer.info.max_eus_per_subslice = t->eus;
	answer.info.subslice_offset = 1;
	answer.info.subslice_stride = 1;
	answer.info.eu_offset = 2;
	answer.info.eu_stride = stride;
	data[0] = 1;
	data[1] = BIT(t->subslices) - 1;
	memset(data + 2, 0xff, t->subslices * stride);
	return give(item, &answer, sizeof(answer.info) + 2 +
				   t->subslices * stride);
}

static u64 capabilities(const struct lab_gpu *gpu, const struct lab_engine *e)
{
	bool first = e->instance == 0;

	if (gpu->gen < 9)
		return 0;
	if (e->class == LAB_VIDEO && (first || gpu->gen >= 11))
		return I915_VIDEO_CLASS_CAPABILITY_HEVC |
		       (first ? I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC : 0);
	if (e->class == LAB_VIDEO_ENHANCE)
		return I915_VIDEO_AND_ENHANCE_CLASS_CAPABILITY_SFC;
	return 0;
}

static int query_engines(const struct lab_gpu *gpu,
			 struct drm_i915_query_item *item)
{
	struct drm_i915_query_engine_info *answer;
	size_t size = struct_size(answer, engines, gpu->n_engines);
	unsigned int i;
	int ret;

	answer = kzalloc(size, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	answer->num_engines = gpu->n_engines;
	for (i = 0; i < gpu->n_engines; i++) {
		const struct lab_engine *e = &gpu->engine[i];
		struct drm_i915_engine_info *info = &answer->engines[i];

		info->engine.engine_class = e->class;
		info->engine.engine_instance = e->instance;
		info->flags = I915_ENGINE_INFO_HAS_LOGICAL_INSTANCE;
		info->logical_instance = e->instance;
		info->capabilities = capabilities(gpu, e);
	}
	ret = give(item, answer, size);
	kfree(answer);
	return ret;
}

static void fill_region(struct drm_i915_memory_region_info *region, u16 class,
			u64 size)
{
	region->region.memory_class = class;
	region->probed_size = size;
	region->unallocated_size = size;
	region->probed_cpu_visible_size = size;
	region->unallocated_cpu_visible_size = size;
}

/* A discrete GPU's own memory is as large as the window on it. */
static int query_memory(const struct lab_gpu *gpu,
			struct drm_i915_query_item *item)
{
	unsigned int n = gpu->discrete ? 2 : 1;
	struct {
		struct drm_i915_query_memory_regions head;
		struct drm_i915_memory_region_info region[2];
	} answer = { .head.num_regions = n };

	fill_region(&answer.region[0], I915_MEMORY_CLASS_SYSTEM,
		    (u64)totalram_pages() << PAGE_SHIFT);
	if (gpu->discrete)
		fill_region(&answer.region[1], I915_MEMORY_CLASS_DEVICE,
			    pci_resource_len(gpu->pdev, 2));
	return give(item, &answer,
		    sizeof(answer.head) + n * sizeof(answer.region[0]));
}

static int query_item(const struct lab_gpu *gpu,
		      struct drm_i915_query_item *item)
{
	switch (item->query_id) {
	case DRM_I915_QUERY_TOPOLOGY_INFO:
		return query_topology(gpu, item);
	case DRM_I915_QUERY_ENGINE_INFO:
		return query_engines(gpu, item);
	case DRM_I915_QUERY_MEMORY_REGIONS:
		return query_memory(gpu, item);
	case DRM_I915_QUERY_PERF_CONFIG:
	case DRM_I915_QUERY_HWCONFIG_BLOB:
	case DRM_I915_QUERY_GEOMETRY_SUBSLICES:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}

/* Each item succeeds or fails by itself: its length says which. */
int lab_query(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_i915_query *args = data;
	struct drm_i915_query_item __user *user =
		u64_to_user_ptr(args->items_ptr);
	struct drm_i915_query_item item;
	u32 i;

	if (args->flags)
		return -EINVAL;
	for (i = 0; i < args->num_items; i++) {
		if (copy_from_user(&item, &user[i], sizeof(item)))
			return -EFAULT;
		if (put_user(query_item(to_lab_gpu(drm), &item),
			     &user[i].length))
			return -EFAULT;
	}
	return 0;
}
