// SPDX-License-Identifier: GPL-2.0-only
/*
 * GETPARAM: one number per question about the GPU and its driver. A number
 * without an answer fails with EINVAL, as in a kernel that is older than it.
 */
#include <linux/uaccess.h>
#include <uapi/drm/i915_drm.h>
#include "lab.h"

/* No value and no errno. */
#define NOT_ABOUT_DEVICE INT_MIN

static int clock_hz(const struct lab_gpu *gpu)
{
	return gpu->gen < 11 ? 12000000 : 19200000;
}

/* The real driver reads a register for it, so a sleeping GPU wakes. */
static int huc_status(struct lab_gpu *gpu)
{
	int ret = lab_power_get(gpu);

	if (ret < 0)
		return ret;
	lab_power_put(gpu);
	return READ_ONCE(lab_huc);
}

/* What follows from the device. */
static int about_device(struct lab_gpu *gpu, int param)
{
	const struct lab_topology *t = lab_topology(gpu);

	switch (param) {
	case I915_PARAM_CHIPSET_ID: return gpu->pdev->device;
	case I915_PARAM_REVISION: return gpu->pdev->revision;
	case I915_PARAM_NUM_FENCES_AVAIL: return LAB_FENCES;
	case I915_PARAM_HAS_BSD: return gpu->n_class[LAB_VIDEO] > 0;
	case I915_PARAM_HAS_BSD2: return gpu->n_class[LAB_VIDEO] > 1;
	case I915_PARAM_HAS_BLT: return gpu->n_class[LAB_COPY] > 0;
	case I915_PARAM_HAS_VEBOX: return gpu->n_class[LAB_VIDEO_ENHANCE] > 0;
	case I915_PARAM_HAS_LLC: return !gpu->discrete;
	case I915_PARAM_MMAP_GTT_COHERENT: return !gpu->discrete;
	case I915_PARAM_SLICE_MASK: return 1;
	case I915_PARAM_SUBSLICE_MASK: return BIT(t->subslices) - 1;
	case I915_PARAM_SUBSLICE_TOTAL: return t->subslices;
	case I915_PARAM_EU_TOTAL: return t->subslices * t->eus;
	case I915_PARAM_CS_TIMESTAMP_FREQUENCY: return clock_hz(gpu);
	case I915_PARAM_HUC_STATUS: return huc_status(gpu);
	default: return NOT_ABOUT_DEVICE;
	}
}

/* What the driver of Debian 12 can do, whatever the device. */
static int about_driver(int param)
{
	switch (param) {
	case I915_PARAM_HAS_GEM:
	case I915_PARAM_HAS_PAGEFLIPPING:
	case I915_PARAM_HAS_EXECBUF2:
	case I915_PARAM_HAS_RELAXED_FENCING:
	case I915_PARAM_HAS_COHERENT_RINGS:
	case I915_PARAM_HAS_RELAXED_DELTA:
	case I915_PARAM_HAS_GEN7_SOL_RESET:
	case I915_PARAM_HAS_WAIT_TIMEOUT:
	case I915_PARAM_HAS_SEMAPHORES:
	case I915_PARAM_HAS_PRIME_VMAP_FLUSH:
	case I915_PARAM_HAS_PINNED_BATCHES:
	case I915_PARAM_HAS_EXEC_NO_RELOC:
	case I915_PARAM_HAS_EXEC_HANDLE_LUT:
	case I915_PARAM_HAS_COHERENT_PHYS_GTT:
	case I915_PARAM_HAS_EXEC_SOFTPIN:
	case I915_PARAM_HAS_EXEC_ASYNC:
	case I915_PARAM_HAS_EXEC_FENCE:
	case I915_PARAM_HAS_EXEC_CAPTURE:
	case I915_PARAM_HAS_EXEC_BATCH_FIRST:
	case I915_PARAM_HAS_EXEC_FENCE_ARRAY:
	case I915_PARAM_HAS_EXEC_SUBMIT_FENCE:
	case I915_PARAM_MMAP_VERSION:
		return 1;
	case I915_PARAM_HAS_OVERLAY:
	case I915_PARAM_HAS_SECURE_BATCHES:
	case I915_PARAM_HAS_WT:
	case I915_PARAM_CMD_PARSER_VERSION:
	case I915_PARAM_HAS_RESOURCE_STREAMER:
	case I915_PARAM_HAS_POOLED_EU:
	case I915_PARAM_MIN_EU_IN_POOL:
	case I915_PARAM_HAS_CONTEXT_ISOLATION:
		return 0;
	case I915_PARAM_HAS_ALIASING_PPGTT:	/* 2: one per context */
	case I915_PARAM_HAS_GPU_RESET:		/* 2: engine by engine */
		return 2;
	case I915_PARAM_MMAP_GTT_VERSION:	/* 4: MMAP_OFFSET */
		return 4;
	case I915_PARAM_PERF_REVISION:
		return 5;
	case I915_PARAM_HAS_SCHEDULER:
		return I915_SCHEDULER_CAP_ENABLED |
		       I915_SCHEDULER_CAP_PRIORITY |
		       I915_SCHEDULER_CAP_PREEMPTION |
		       I915_SCHEDULER_CAP_SEMAPHORES |
		       I915_SCHEDULER_CAP_ENGINE_BUSY_STATS;
	default:
		return -EINVAL;
	}
}

int lab_getparam(struct drm_device *drm, void *data, struct drm_file *file)
{
	const struct drm_i915_getparam *args = data;
	int value = about_device(to_lab_gpu(drm), args->param);

	if (value == NOT_ABOUT_DEVICE)
		value = about_driver(args->param);
	if (value < 0)
		return value;
	return put_user(value, args->value);
}

/* The GPU's clock; other registers are not for programs. */
int lab_reg_read(struct drm_device *drm, void *data, struct drm_file *file)
{
	enum { RENDER_TIMESTAMP = 0x2358 };
	struct drm_i915_reg_read *args = data;
	struct lab_gpu *gpu = to_lab_gpu(drm);

	if ((args->offset & ~7ULL) != RENDER_TIMESTAMP)
		return -EINVAL;
	args->val = mul_u64_u32_div(ktime_get_ns(), clock_hz(gpu),
				    NSEC_PER_SEC);
	return 0;
}
