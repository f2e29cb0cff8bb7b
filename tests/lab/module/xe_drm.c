// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DRM device: card and render node, and what a file says of itself. Debian's kernels have no
 * dmem (CONFIG_CGROUP_DMEM is not set in 7.3), so nothing here tells a card's memory.
 */
#include <linux/seq_file.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_print.h>
#include "compat.h"
#include "xe_lab.h"

/* Without submission nobody has worked: cycles of no client, and the clock beside them. */
static void show_fdinfo(struct drm_printer *p, struct drm_file *file)
{
	static const char *const sizes[] = { "total", "shared", "active", "resident" };
	struct xe_gpu *xe = to_xe(file->minor->dev);
	const struct xe_gt_model *gt = xe->model->gt;
	u32 class, i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		drm_printf(p, "drm-%s-system:\t0\n", sizes[i]);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		drm_printf(p, "drm-%s-gtt:\t0\n", sizes[i]);
	if (xe_power_get(xe))
		return;
	for (class = 0; class < XE_CLASSES; class++) {
		for (n = 0, i = 0; i < xe->model->n_gts; i++)
			n += gt[i].engines[class];
		if (!n)
			continue;
		drm_printf(p, "drm-cycles-%s:\t0\n", xe_class_name[class]);
		drm_printf(p, "drm-total-cycles-%s:\t%llu\n", xe_class_name[class],
			   ktime_get_ns() / 1000 * xe_clock_hz / 1000000);
		if (n > 1)
			drm_printf(p, "drm-engine-capacity-%s:\t%u\n", xe_class_name[class], n);
	}
	xe_power_put(xe);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = drm_gem_mmap,
	.show_fdinfo = drm_show_fdinfo,
	LAB_FOPS_FLAGS
};

const struct drm_driver xe_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER,
	.fops = &fops,
	.show_fdinfo = show_fdinfo,
	.name = "xe",
	.desc = "Intel Xe Graphics",
	.major = 1,
	.minor = 1,
};
