/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the kernels that the lab runs on, 6.1 to 7.3. Everything else of the module
 * is the same on all of them.
 */
#ifndef LAB_COMPAT_H
#define LAB_COMPAT_H

#include <linux/fs.h>
#include <linux/sysfs.h>
#include <linux/vfio.h>
#include <linux/version.h>
#include <drm/drm_drv.h>
#include <drm/drm_gem.h>

/* Since 6.6 there is one way to map an exported buffer; before, a driver named it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define LAB_DRIVER_PRIME_MMAP .gem_prime_mmap = drm_gem_prime_mmap,
#else
#define LAB_DRIVER_PRIME_MMAP
#endif

/* Until 6.13 a driver has a date, which drmGetVersion() tells. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define LAB_DRIVER_DATE .date = "20201103",
#else
#define LAB_DRIVER_DATE
#endif

/* Since 6.12 DRM warns of files that do not say that their offsets are unsigned. */
#ifdef FOP_UNSIGNED_OFFSET
#define LAB_FOPS_FLAGS .fop_flags = FOP_UNSIGNED_OFFSET,
#else
#define LAB_FOPS_FLAGS
#endif

/* What maps a buffer into the kernel and takes the buffer's lock by itself. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define lab_gem_vmap(obj, map) drm_gem_shmem_vmap(to_drm_gem_shmem_obj(obj), map)
#define lab_gem_vunmap(obj, map) drm_gem_shmem_vunmap(to_drm_gem_shmem_obj(obj), map)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define lab_gem_vmap drm_gem_vmap_unlocked
#define lab_gem_vunmap drm_gem_vunmap_unlocked
#else
#define lab_gem_vmap drm_gem_vmap
#define lab_gem_vunmap drm_gem_vunmap
#endif

/* Since 6.17 the functions of a binary file get it as constant. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define LAB_BIN_ATTRIBUTE struct bin_attribute
#else
#define LAB_BIN_ATTRIBUTE const struct bin_attribute
#endif

/* Until 6.1 the release of a VFIO device frees it; since then VFIO does. */
static inline void lab_vfio_free(struct vfio_device *vfio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	vfio_free_device(vfio);
#endif
}

#endif
