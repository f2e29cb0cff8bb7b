// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts and address spaces: numbers that a file may use, as nothing runs in
 * them.
 */
#include <linux/idr.h>
#include <linux/uaccess.h>
#include <uapi/drm/i915_drm.h>
#include "lab.h"

#define GTT_BITS 48

/* What a handle stands for; they share one range of numbers. */
static char a_context, a_vm;

static int add(struct lab_file *lf, char *what, u32 *id)
{
	int ret;

	mutex_lock(&lf->lock);
	ret = idr_alloc(&lf->handles, what, 0, 0, GFP_KERNEL);
	mutex_unlock(&lf->lock);
	if (ret < 0)
		return ret;
	*id = ret;
	return 0;
}

static int remove(struct lab_file *lf, const char *what, u32 id)
{
	int ret = -ENOENT;

	mutex_lock(&lf->lock);
	if (idr_find(&lf->handles, id) == what) {
		idr_remove(&lf->handles, id);
		ret = 0;
	}
	mutex_unlock(&lf->lock);
	return ret;
}

/* Every file has context 0 from the start. */
bool lab_context_exists(struct lab_file *lf, u32 id)
{
	bool found;

	mutex_lock(&lf->lock);
	found = !id || idr_find(&lf->handles, id) == &a_context;
	mutex_unlock(&lf->lock);
	return found;
}

/* Extensions set parameters at birth, none of which changes anything here. */
int lab_context_create(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct drm_i915_gem_context_create_ext *args = data;

	return add(file->driver_priv, &a_context, &args->ctx_id);
}

int lab_context_destroy(struct drm_device *drm, void *data,
			struct drm_file *file)
{
	const struct drm_i915_gem_context_destroy *args = data;

	return remove(file->driver_priv, &a_context, args->ctx_id);
}

int lab_vm_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_gem_vm_control *args = data;

	return add(file->driver_priv, &a_vm, &args->vm_id);
}

int lab_vm_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_i915_gem_vm_control *args = data;

	return remove(file->driver_priv, &a_vm, args->vm_id);
}

/* All that the GPU has is powered for every engine. */
static int get_sseu(const struct lab_gpu *gpu,
		    struct drm_i915_gem_context_param *args)
{
	struct drm_i915_gem_context_param_sseu sseu;
	const struct lab_topology *t = lab_topology(gpu);

	if (!args->size)
		goto out;
	if (args->size < sizeof(sseu))
		return -EINVAL;
	if (copy_from_user(&sseu, u64_to_user_ptr(args->value), sizeof(sseu)))
		return -EFAULT;
	sseu.slice_mask = 1;
	sseu.subslice_mask = BIT(t->subslices) - 1;
	sseu.min_eus_per_subslice = t->eus;
	sseu.max_eus_per_subslice = t->eus;
	if (copy_to_user(u64_to_user_ptr(args->value), &sseu, sizeof(sseu)))
		return -EFAULT;
out:
	args->size = sizeof(sseu);
	return 0;
}

int lab_context_getparam(struct drm_device *drm, void *data,
			 struct drm_file *file)
{
	struct drm_i915_gem_context_param *args = data;
	struct lab_file *lf = file->driver_priv;
	u32 id;
	int ret;

	if (!lab_context_exists(lf, args->ctx_id))
		return -ENOENT;
	switch (args->param) {
	case I915_CONTEXT_PARAM_GTT_SIZE:
		args->value = 1ULL << GTT_BITS;
		break;
	case I915_CONTEXT_PARAM_BANNABLE:
	case I915_CONTEXT_PARAM_RECOVERABLE:
	case I915_CONTEXT_PARAM_PERSISTENCE:
		args->value = 1;
		break;
	case I915_CONTEXT_PARAM_NO_ERROR_CAPTURE:
	case I915_CONTEXT_PARAM_PRIORITY:
	case I915_CONTEXT_PARAM_PROTECTED_CONTENT:
		args->value = 0;
		break;
	case I915_CONTEXT_PARAM_SSEU:
		return get_sseu(to_lab_gpu(drm), args);
	case I915_CONTEXT_PARAM_VM:
		ret = add(lf, &a_vm, &id);
		if (ret)
			return ret;
		args->value = id;
		break;
	default:
		return -EINVAL;
	}
	args->size = 0;
	return 0;
}

int lab_context_setparam(struct drm_device *drm, void *data,
			 struct drm_file *file)
{
	const struct drm_i915_gem_context_param *args = data;

	if (!lab_context_exists(file->driver_priv, args->ctx_id))
		return -ENOENT;
	if (args->param > I915_CONTEXT_PARAM_PROTECTED_CONTENT)
		return -EINVAL;
	return 0;
}

/* What cannot run cannot hang. */
int lab_reset_stats(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_i915_reset_stats *args = data;

	if (!lab_context_exists(file->driver_priv, args->ctx_id))
		return -ENOENT;
	args->reset_count = 0;
	args->batch_active = 0;
	args->batch_pending = 0;
	return 0;
}
