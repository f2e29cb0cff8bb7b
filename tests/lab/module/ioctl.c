// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls, by number. Numbers without an entry fail with EINVAL, as DRM
 * core does for a gap.
 */
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <uapi/drm/i915_drm.h>
#include "lab.h"

static int submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct lab_gpu *gpu = to_lab_gpu(drm);
	struct lab_file *lf = file->driver_priv;
	const struct lab_submit *args = data;

	if (!lab_find_engine(gpu, args->engine_class, args->engine_instance))
		return -ENODEV;
	lab_load_charge(gpu, args->engine_class, args->engine_instance,
			args->duration_ns);
	atomic64_add(args->duration_ns, &lf->charged[args->engine_class]);
	return 0;
}

static int gem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_create *args = data;
	struct drm_gem_shmem_object *obj;
	int ret;

	if (!args->size || args->size > SZ_1G)
		return -EINVAL;
	args->size = PAGE_ALIGN(args->size);
	obj = drm_gem_shmem_create(drm, args->size);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = drm_gem_handle_create(file, &obj->base, &args->handle);
	drm_gem_object_put(&obj->base);
	return ret;
}

#define ANSWER(number, argument, function) \
	[number] = { \
		.cmd = DRM_IOWR(DRM_COMMAND_BASE + (number), argument), \
		.func = function, \
		.flags = DRM_RENDER_ALLOW, \
		.name = #number, \
	}

const struct drm_ioctl_desc lab_ioctls[LAB_SUBMIT_NR + 1] = {
	ANSWER(DRM_I915_GEM_CREATE, struct drm_i915_gem_create, gem_create),
	ANSWER(LAB_SUBMIT_NR, struct lab_submit, submit),
};
