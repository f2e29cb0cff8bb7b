/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The one ioctl of the emulated GPU that a real i915 does not have: it charges
 * GPU time to the file it is called on. Usable from user space.
 */
#ifndef LAB_IOCTL_H
#define LAB_IOCTL_H

#ifdef __KERNEL__
#include <drm/drm.h>
#else
#include <drm.h>			/* libdrm's folder */
#endif

/* Engine classes, numbered as in the i915 interface. */
enum lab_engine_class {
	LAB_RENDER,
	LAB_COPY,
	LAB_VIDEO,
	LAB_VIDEO_ENHANCE,
	LAB_COMPUTE,
	LAB_CLASSES
};

struct lab_submit {
	__u32 engine_class;
	__u32 engine_instance;
	__u64 duration_ns;
};

/* Above every number that i915 uses. */
#define LAB_SUBMIT_NR 0x50
#define LAB_IOCTL_SUBMIT \
	DRM_IOW(DRM_COMMAND_BASE + LAB_SUBMIT_NR, struct lab_submit)

#endif
