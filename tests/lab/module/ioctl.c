// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls, by number. Numbers without an entry fail with EINVAL, as DRM
 * core does for a gap.
 */
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>
#include <uapi/drm/i915_drm.h>
#include "lab.h"

#define ANSWER(number, argument, function) \
	[number] = { \
		.cmd = DRM_IOWR(DRM_COMMAND_BASE + (number), argument), \
		.func = function, \
		.flags = DRM_RENDER_ALLOW, \
		.name = #number, \
	}

/*
 * All in both directions: DRM core copies what the caller's own number asks
 * for. Where a number has two structures, the longer one stands here.
 */
const struct drm_ioctl_desc lab_ioctls[LAB_IOCTLS] = {
	ANSWER(DRM_I915_GETPARAM, struct drm_i915_getparam, lab_getparam),
	ANSWER(DRM_I915_GEM_BUSY, struct drm_i915_gem_busy, lab_gem_busy),
	[DRM_I915_GEM_THROTTLE] = {
		.cmd = DRM_IO(DRM_COMMAND_BASE + DRM_I915_GEM_THROTTLE),
		.func = lab_gem_throttle,
		.flags = DRM_RENDER_ALLOW,
		.name = "DRM_I915_GEM_THROTTLE",
	},
	ANSWER(DRM_I915_GEM_CREATE, struct drm_i915_gem_create, lab_gem_create),
	ANSWER(DRM_I915_GEM_PREAD, struct drm_i915_gem_pread, lab_gem_pread),
	ANSWER(DRM_I915_GEM_PWRITE, struct drm_i915_gem_pwrite, lab_gem_pwrite),
	ANSWER(DRM_I915_GEM_MMAP, struct drm_i915_gem_mmap, lab_gem_mmap),
	ANSWER(DRM_I915_GEM_SET_DOMAIN, struct drm_i915_gem_set_domain, lab_gem_set_domain),
	ANSWER(DRM_I915_GEM_SW_FINISH, struct drm_i915_gem_sw_finish, lab_gem_sw_finish),
	ANSWER(DRM_I915_GEM_SET_TILING, struct drm_i915_gem_set_tiling, lab_gem_set_tiling),
	ANSWER(DRM_I915_GEM_GET_TILING, struct drm_i915_gem_get_tiling, lab_gem_get_tiling),
	ANSWER(DRM_I915_GEM_GET_APERTURE, struct drm_i915_gem_get_aperture, lab_gem_get_aperture),
	ANSWER(DRM_I915_GEM_MMAP_GTT, struct drm_i915_gem_mmap_offset, lab_gem_mmap_offset),
	ANSWER(DRM_I915_GEM_MADVISE, struct drm_i915_gem_madvise, lab_gem_madvise),
	ANSWER(DRM_I915_GEM_EXECBUFFER2, struct drm_i915_gem_execbuffer2, lab_execbuffer2),
	ANSWER(DRM_I915_GEM_WAIT, struct drm_i915_gem_wait, lab_gem_wait),
	ANSWER(DRM_I915_GEM_CONTEXT_CREATE, struct drm_i915_gem_context_create_ext, lab_context_create),
	ANSWER(DRM_I915_GEM_CONTEXT_DESTROY, struct drm_i915_gem_context_destroy, lab_context_destroy),
	ANSWER(DRM_I915_GEM_SET_CACHING, struct drm_i915_gem_caching, lab_gem_set_caching),
	ANSWER(DRM_I915_GEM_GET_CACHING, struct drm_i915_gem_caching, lab_gem_get_caching),
	ANSWER(DRM_I915_REG_READ, struct drm_i915_reg_read, lab_reg_read),
	ANSWER(DRM_I915_GET_RESET_STATS, struct drm_i915_reset_stats, lab_reset_stats),
	ANSWER(DRM_I915_GEM_CONTEXT_GETPARAM, struct drm_i915_gem_context_param, lab_context_getparam),
	ANSWER(DRM_I915_GEM_CONTEXT_SETPARAM, struct drm_i915_gem_context_param, lab_context_setparam),
	ANSWER(DRM_I915_QUERY, struct drm_i915_query, lab_query),
	ANSWER(DRM_I915_GEM_VM_CREATE, struct drm_i915_gem_vm_control, lab_vm_create),
	ANSWER(DRM_I915_GEM_VM_DESTROY, struct drm_i915_gem_vm_control, lab_vm_destroy),
	ANSWER(DRM_I915_GEM_CREATE_EXT, struct drm_i915_gem_create_ext, lab_gem_create_ext),
};
