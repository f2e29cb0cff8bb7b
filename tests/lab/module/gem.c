// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffer objects: memory that programs share with a GPU that never touches it.
 */
#include <linux/iosys-map.h>
#include <linux/mman.h>
#include <linux/slab.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_prime.h>
#include <uapi/drm/i915_drm.h>
#include "compat.h"
#include "lab.h"

/* The helpers free what this returns as if it were the embedded object. */
struct drm_gem_object *lab_gem_alloc(struct drm_device *drm, size_t size)
{
	struct lab_object *obj = kzalloc(sizeof(*obj), GFP_KERNEL);

	BUILD_BUG_ON(offsetof(struct lab_object, shmem.base));
	return obj ? &obj->shmem.base : ERR_PTR(-ENOMEM);
}

struct lab_object *lab_gem_get(struct drm_file *file, u32 handle)
{
	struct drm_gem_object *base = drm_gem_object_lookup(file, handle);

	return base ? to_lab_object(base) : ERR_PTR(-ENOENT);
}

void lab_gem_put(struct lab_object *obj)
{
	drm_gem_object_put(&obj->shmem.base);
}

static int create(struct drm_device *drm, struct drm_file *file, u64 *size,
		  u32 *handle)
{
	struct drm_gem_shmem_object *obj;
	int ret;

	if (!*size || *size > SZ_1G)
		return -EINVAL;
	*size = PAGE_ALIGN(*size);
	obj = drm_gem_shmem_create(drm, *size);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = drm_gem_handle_create(file, &obj->base, handle);
	drm_gem_object_put(&obj->base);
	return ret;
}

int lab_gem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_create *args = data;

	return create(drm, file, &args->size, &args->handle);
}

/* The extensions say where and how protected the memory is: it has one kind. */
int lab_gem_create_ext(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct drm_i915_gem_create_ext *args = data;

	return create(drm, file, &args->size, &args->handle);
}

/* Older than the next one: it maps by itself, at any offset. */
int lab_gem_mmap(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_mmap *args = data;
	struct drm_gem_object *base;
	unsigned long at = -EINVAL;

	/* i915 has it for integrated GPUs only, too. */
	if (to_lab_gpu(drm)->discrete)
		return -EOPNOTSUPP;
	if (args->flags & ~I915_MMAP_WC)
		return -EINVAL;
	base = drm_gem_object_lookup(file, args->handle);
	if (!base)
		return -ENOENT;
	/* A buffer of another device has no file of ours. */
	if (!base->filp)
		at = -ENXIO;
	else if (args->offset < base->size &&
		 args->size <= base->size - args->offset)
		at = vm_mmap(base->filp, 0, args->size, PROT_READ | PROT_WRITE,
			     MAP_SHARED, args->offset);
	drm_gem_object_put(base);
	if (IS_ERR_VALUE(at))
		return (int)at;
	args->addr_ptr = at;
	return 0;
}

/* MMAP_GTT is the same number with the first half of the structure. */
int lab_gem_mmap_offset(struct drm_device *drm, void *data,
			struct drm_file *file)
{
	struct drm_i915_gem_mmap_offset *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);
	int ret;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = drm_gem_create_mmap_offset(&obj->shmem.base);
	if (!ret)
		args->offset =
			drm_vma_node_offset_addr(&obj->shmem.base.vma_node);
	lab_gem_put(obj);
	return ret;
}

/* PREAD and PWRITE have the same structure but for a qualifier. */
static int transfer(struct drm_file *file,
		    const struct drm_i915_gem_pread *args, bool write)
{
	struct lab_object *obj = lab_gem_get(file, args->handle);
	void __user *user = u64_to_user_ptr(args->data_ptr);
	struct iosys_map map;
	size_t left;
	int ret = -EINVAL;

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (args->offset > obj->shmem.base.size ||
	    args->size > obj->shmem.base.size - args->offset)
		goto out;
	ret = lab_gem_vmap(&obj->shmem.base, &map);
	if (ret)
		goto out;
	if (write)
		left = copy_from_user(map.vaddr + args->offset, user,
				      args->size);
	else
		left = copy_to_user(user, map.vaddr + args->offset, args->size);
	lab_gem_vunmap(&obj->shmem.base, &map);
	ret = left ? -EFAULT : 0;
out:
	lab_gem_put(obj);
	return ret;
}

int lab_gem_pread(struct drm_device *drm, void *data, struct drm_file *file)
{
	return transfer(file, data, false);
}

int lab_gem_pwrite(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_i915_gem_pwrite *args = data;
	const struct drm_i915_gem_pread same = {
		.handle = args->handle,
		.offset = args->offset,
		.size = args->size,
		.data_ptr = args->data_ptr,
	};

	return transfer(file, &same, true);
}

int lab_gem_madvise(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_madvise *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	lab_gem_put(obj);
	/* Nothing is ever purged. */
	args->retained = 1;
	return 0;
}

/* How a GPU would lay the object out; drivers ask for what they have set. */
int lab_gem_set_tiling(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct drm_i915_gem_set_tiling *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	obj->tiling = args->tiling_mode;
	lab_gem_put(obj);
	args->swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
	return 0;
}

int lab_gem_get_tiling(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct drm_i915_gem_get_tiling *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	args->tiling_mode = obj->tiling;
	lab_gem_put(obj);
	args->swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
	args->phys_swizzle_mode = I915_BIT_6_SWIZZLE_NONE;
	return 0;
}

int lab_gem_set_caching(struct drm_device *drm, void *data,
			struct drm_file *file)
{
	const struct drm_i915_gem_caching *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	obj->caching = args->caching;
	lab_gem_put(obj);
	return 0;
}

int lab_gem_get_caching(struct drm_device *drm, void *data,
			struct drm_file *file)
{
	struct drm_i915_gem_caching *args = data;
	struct lab_object *obj = lab_gem_get(file, args->handle);

	if (IS_ERR(obj))
		return PTR_ERR(obj);
	args->caching = obj->caching;
	lab_gem_put(obj);
	return 0;
}

int lab_gem_get_aperture(struct drm_device *drm, void *data,
			 struct drm_file *file)
{
	struct drm_i915_gem_get_aperture *args = data;

	args->aper_size = (u64)LAB_GGTT_MB << 20;
	args->aper_available_size = args->aper_size;
	return 0;
}
