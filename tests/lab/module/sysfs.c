// SPDX-License-Identifier: GPL-2.0-only
/*
 * The folders below a card in sysfs, and the error file.
 */
#include <linux/slab.h>
#include <linux/sysfs.h>
#include "compat.h"
#include "lab.h"

static void kobject_free(struct kobject *kobj)
{
	kfree(container_of(kobj, struct lab_kobject, kobj));
}

static struct kobj_type lab_ktype = {
	.release = kobject_free,
	.sysfs_ops = &kobj_sysfs_ops,
};

struct lab_kobject *lab_kobject_add(struct lab_gpu *gpu, struct kobject *parent,
				    const char *name, unsigned int id)
{
	struct lab_kobject *k = kzalloc(sizeof(*k), GFP_KERNEL);
	int ret;

	if (!k)
		return ERR_PTR(-ENOMEM);
	k->gpu = gpu;
	k->id = id;
	ret = kobject_init_and_add(&k->kobj, &lab_ktype, parent, "%s", name);
	if (ret) {
		kobject_put(&k->kobj);
		return ERR_PTR(ret);
	}
	/* Children before parents when they are removed. */
	list_add(&k->link, &gpu->kobjects);
	return k;
}

static ssize_t error_read(struct file *filp, struct kobject *kobj,
			  LAB_BIN_ATTRIBUTE *attr, char *buf, loff_t off,
			  size_t count)
{
	static const char text[] = "No error state collected\n";

	return memory_read_from_buffer(buf, count, &off, text, strlen(text));
}

static ssize_t error_write(struct file *filp, struct kobject *kobj,
			   LAB_BIN_ATTRIBUTE *attr, char *buf, loff_t off,
			   size_t count)
{
	return count;
}

static struct bin_attribute error_attr = {
	.attr = { .name = "error", .mode = 0600 },
	.read = error_read,
	.write = error_write,
};

int lab_sysfs_register(struct lab_gpu *gpu)
{
	int ret = sysfs_create_bin_file(&gpu->drm.primary->kdev->kobj,
					&error_attr);

	if (!ret)
		ret = lab_sysfs_gt_add(gpu);
	if (!ret)
		ret = lab_sysfs_engine_add(gpu);
	if (ret)
		lab_sysfs_unregister(gpu);
	return ret;
}

void lab_sysfs_unregister(struct lab_gpu *gpu)
{
	struct lab_kobject *k, *next;

	lab_sysfs_gt_remove(gpu);
	list_for_each_entry_safe(k, next, &gpu->kobjects, link) {
		list_del(&k->link);
		kobject_del(&k->kobj);
		kobject_put(&k->kobj);
	}
	sysfs_remove_bin_file(&gpu->drm.primary->kdev->kobj, &error_attr);
}
