// SPDX-License-Identifier: GPL-2.0-only
/*
 * The DRM device: card and render node, and what a file says of itself in
 * /proc/PID/fdinfo.
 */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_prime.h>
#include "compat.h"
#include "lab.h"

static atomic64_t last_client = ATOMIC64_INIT(0);

static int lab_open(struct drm_device *drm, struct drm_file *file)
{
	struct lab_file *lf;

	if (lab_open_errno && drm_is_render_client(file))
		return -(int)lab_open_errno;
	lf = kzalloc(sizeof(*lf), GFP_KERNEL);
	if (!lf)
		return -ENOMEM;
	lf->client_id = atomic64_inc_return(&last_client);
	idr_init_base(&lf->handles, 1);
	mutex_init(&lf->lock);
	file->driver_priv = lf;
	return 0;
}

static void lab_postclose(struct drm_device *drm, struct drm_file *file)
{
	struct lab_file *lf = file->driver_priv;

	idr_destroy(&lf->handles);
	mutex_destroy(&lf->lock);
	kfree(lf);
}

static void show_engines(struct seq_file *m, const struct lab_gpu *gpu,
			 struct lab_file *lf)
{
	u32 class;

	for (class = 0; class < LAB_CLASSES; class++) {
		if (!gpu->n_class[class])
			continue;
		seq_printf(m, "drm-engine-%s:\t%lld ns\n",
			   lab_class_name[class],
			   atomic64_read(&lf->charged[class]));
		if (gpu->n_class[class] > 1)
			seq_printf(m, "drm-engine-capacity-%s:\t%u\n",
				   lab_class_name[class],
				   gpu->n_class[class]);
	}
}

/* A unit only where the number divides by it, and none on 0. */
static void show_size(struct seq_file *m, const char *what, const char *region,
		      u64 bytes)
{
	static const char *const units[] = { "", " KiB", " MiB" };
	unsigned int u = 0;

	while (bytes && !(bytes & 1023) && u + 1 < ARRAY_SIZE(units)) {
		bytes >>= 10;
		u++;
	}
	seq_printf(m, "drm-%s-%s:\t%llu%s\n", what, region, bytes, units[u]);
}

struct memory {
	u64 total, shared;
};

static int add_object(int id, void *ptr, void *data)
{
	struct drm_gem_object *obj = ptr;
	struct memory *sum = data;

	if (obj->handle_count > 1)
		sum->shared += obj->size;
	sum->total += obj->size;
	return 0;
}

static void show_memory(struct seq_file *m, const struct lab_gpu *gpu,
			struct drm_file *file)
{
	static const char *const empty[] = { "total", "shared", "active",
					     "resident", "purgeable" };
	const char *home = gpu->discrete ? "local0" : "system0";
	struct memory sum = { 0 };
	unsigned int i;

	spin_lock(&file->table_lock);
	idr_for_each(&file->object_idr, add_object, &sum);
	spin_unlock(&file->table_lock);

	show_size(m, "total", home, sum.total);
	show_size(m, "shared", home, sum.shared);
	show_size(m, "active", home, 0);
	show_size(m, "resident", home, sum.total);
	show_size(m, "purgeable", home, 0);
	for (i = 0; i < ARRAY_SIZE(empty); i++)
		show_size(m, empty[i], gpu->discrete ? "stolen-local0" :
						       "stolen-system0", 0);
}

static void lab_show_fdinfo(struct seq_file *m, struct file *f)
{
	struct drm_file *file = f->private_data;
	struct lab_gpu *gpu = to_lab_gpu(file->minor->dev);
	struct lab_file *lf = file->driver_priv;
	int idx;

	lab_gate("fdinfo");
	if (!drm_dev_enter(&gpu->drm, &idx))
		return;
	seq_printf(m, "drm-driver:\t%s\n", lab_drm_driver.name);
	seq_printf(m, "drm-pdev:\t%s\n", dev_name(gpu->drm.dev));
	seq_printf(m, "drm-client-id:\t%llu\n", lf->client_id);
	show_memory(m, gpu, file);
	if (lab_fdinfo_engines)
		show_engines(m, gpu, lf);
	drm_dev_exit(idx);
}

static const struct file_operations lab_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = drm_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = drm_gem_mmap,
	.show_fdinfo = lab_show_fdinfo,
	LAB_FOPS_FLAGS
};

const struct drm_driver lab_drm_driver = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ,
	.gem_create_object = lab_gem_alloc,
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd,
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle,
	.gem_prime_import_sg_table = drm_gem_shmem_prime_import_sg_table,
	LAB_DRIVER_PRIME_MMAP
	.open = lab_open,
	.postclose = lab_postclose,
	.fops = &lab_fops,
	.ioctls = lab_ioctls,
	.num_ioctls = LAB_IOCTLS,
	.name = "i915",
	.desc = "Intel Graphics",
	LAB_DRIVER_DATE
	.major = 1,
	.minor = 6,
};
