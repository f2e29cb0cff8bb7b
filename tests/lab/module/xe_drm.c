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
#include <uapi/drm/xe_drm.h>
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

/* Of the real one's questions one: HuC, whose version is the parameter's; "" where none runs. */
static int device_query(struct drm_device *dev, void *data, struct drm_file *file)
{
	struct drm_xe_device_query *query = data;
	struct drm_xe_query_uc_fw_version answer;
	struct xe_gpu *xe = to_xe(dev);
	int ret = 0;

	if (query->query != DRM_XE_DEVICE_QUERY_UC_FW_VERSION || query->extensions)
		return -EINVAL;
	if (!query->size) {
		query->size = sizeof(answer);
		return 0;
	}
	if (query->size != sizeof(answer))
		return -EINVAL;
	if (copy_from_user(&answer, u64_to_user_ptr(query->data), sizeof(answer)))
		return -EFAULT;
	if (answer.uc_type != XE_QUERY_UC_TYPE_HUC || answer.pad || answer.pad2 || answer.reserved)
		return -EINVAL;
	/* xe_drm_ioctl() holds the GPU awake for whatever is asked. */
	ret = xe_power_get(xe);
	if (ret)
		return ret;
	answer.branch_ver = 0;
	if (sscanf(xe_huc, "%u.%u.%u", &answer.major_ver, &answer.minor_ver, &answer.patch_ver) != 3)
		ret = -ENODEV;
	else if (copy_to_user(u64_to_user_ptr(query->data), &answer, sizeof(answer)))
		ret = -EFAULT;
	xe_power_put(xe);
	return ret;
}

static const struct drm_ioctl_desc ioctls[] = {
	DRM_IOCTL_DEF_DRV(XE_DEVICE_QUERY, device_query, DRM_RENDER_ALLOW),
};

/* One that is wedged refuses whatever is asked, before all else. */
static long ask(struct file *file, unsigned int cmd, unsigned long arg)
{
	return READ_ONCE(xe_wedged) ? -ECANCELED : drm_ioctl(file, cmd, arg);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = ask,
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
	.ioctls = ioctls,
	.num_ioctls = ARRAY_SIZE(ioctls),
	.name = "xe",
	.desc = "Intel Xe Graphics",
	.major = 1,
	.minor = 1,
};
