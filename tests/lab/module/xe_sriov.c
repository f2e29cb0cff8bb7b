// SPDX-License-Identifier: GPL-2.0-only
/*
 * Virtual functions: sriov_numvfs enables them, sriov_admin (Linux 6.19) says and sets what the
 * firmware's scheduler grants each of them (xe_sriov_pf_sysfs.c). VFs have no driver here, or the
 * stub of vfio-pci.
 */
#include <linux/sysfs.h>
#include "xe_lab.h"

#define WHOLE 0x8000u

/* Of 0x8000: a function's part of all quanta. Without quanta everybody may have everything. */
u32 xe_sriov_grant(const struct xe_gpu *xe, u32 function)
{
	u32 sum = 0, f;

	if (!xe->vfs)
		return WHOLE;
	if (function > xe->vfs)
		return 0;
	for (f = 0; f <= xe->vfs; f++) {
		if (!READ_ONCE(xe->profile[f].exec_quantum_ms))
			return WHOLE;
		sum += READ_ONCE(xe->profile[f].exec_quantum_ms);
	}
	return WHOLE * READ_ONCE(xe->profile[function].exec_quantum_ms) / sum;
}

static struct xe_vf_profile *profile_of(struct kobject *kobj)
{
	struct xe_kobject *k = container_of(kobj, struct xe_kobject, kobj);

	return &k->xe->profile[k->id];
}

static ssize_t exec_quantum_ms_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", profile_of(kobj)->exec_quantum_ms);
}

static ssize_t exec_quantum_ms_store(struct kobject *kobj, struct kobj_attribute *attr,
				     const char *buf, size_t count)
{
	int ret = kstrtou32(buf, 0, &profile_of(kobj)->exec_quantum_ms);

	return ret ? ret : count;
}

static ssize_t preempt_timeout_us_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", profile_of(kobj)->preempt_timeout_us);
}

static ssize_t preempt_timeout_us_store(struct kobject *kobj, struct kobj_attribute *attr,
					const char *buf, size_t count)
{
	int ret = kstrtou32(buf, 0, &profile_of(kobj)->preempt_timeout_us);

	return ret ? ret : count;
}

static ssize_t sched_priority_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct xe_kobject *k = container_of(kobj, struct xe_kobject, kobj);

	return sysfs_emit(buf, k->id ? "[low] normal\n" : "[low] normal high\n");
}

static struct kobj_attribute exec_quantum_ms = __ATTR_RW(exec_quantum_ms);
static struct kobj_attribute preempt_timeout_us = __ATTR_RW(preempt_timeout_us);
static struct kobj_attribute sched_priority = __ATTR_RO(sched_priority);
static const struct attribute *const profile_attrs[] = {
	&exec_quantum_ms.attr, &preempt_timeout_us.attr, &sched_priority.attr, NULL
};

int xe_sriov_register(struct xe_gpu *xe)
{
	struct xe_kobject *admin = xe_kobject_add(xe, &xe->pdev->dev.kobj, "sriov_admin", 0);
	struct xe_kobject *profile;
	unsigned int f;
	char name[16];
	int ret;

	if (IS_ERR(admin))
		return PTR_ERR(admin);
	for (f = 0; f <= xe->total_vfs; f++) {
		if (f)
			snprintf(name, sizeof(name), "vf%u", f);
		xe->function[f] = xe_kobject_add(xe, &admin->kobj, f ? name : "pf", f);
		if (IS_ERR(xe->function[f]))
			return PTR_ERR(xe->function[f]);
		profile = xe_kobject_add(xe, &xe->function[f]->kobj, "profile", f);
		if (IS_ERR(profile))
			return PTR_ERR(profile);
		ret = sysfs_create_files(&profile->kobj, profile_attrs);
		if (ret)
			return ret;
	}
	return sysfs_create_link(&xe->function[0]->kobj, &xe->pdev->dev.kobj, "device");
}

/* Where lab_pci.c has them. */
static struct pci_dev *find_vf(struct xe_gpu *xe, unsigned int vf)
{
	return pci_get_slot(xe->pdev->bus, xe->pdev->devfn + vf);
}

static void link_vfs(struct xe_gpu *xe, unsigned int vfs)
{
	unsigned int vf;

	for (vf = 1; vf <= vfs; vf++) {
		struct pci_dev *pdev = find_vf(xe, vf);

		if (pdev && sysfs_create_link(&xe->function[vf]->kobj, &pdev->dev.kobj, "device"))
			pci_warn(pdev, "no link of the VF\n");
		pci_dev_put(pdev);
	}
}

static void unlink_vfs(struct xe_gpu *xe)
{
	unsigned int vf;

	for (vf = 1; vf <= xe->vfs; vf++)
		sysfs_remove_link(&xe->function[vf]->kobj, "device");
}

/* The GPU stays awake for its VFs; the firmware counts each function anew. */
static int enable(struct xe_gpu *xe, unsigned int vfs)
{
	int ret = xe_power_get(xe);

	if (ret)
		return ret;
	ret = pci_enable_sriov(xe->pdev, vfs);
	if (ret) {
		xe_power_put(xe);
		return ret;
	}
	link_vfs(xe, vfs);
	xe->vfs = vfs;
	xe_load_restart(xe);
	return 0;
}

static void disable(struct xe_gpu *xe)
{
	unlink_vfs(xe);
	pci_disable_sriov(xe->pdev);
	xe->vfs = 0;
	xe_load_restart(xe);
	xe_power_put(xe);
}

int xe_sriov_configure(struct pci_dev *pdev, int vfs)
{
	struct xe_gpu *xe = pci_get_drvdata(pdev);
	int ret = 0;

	if (vfs < 0 || vfs > XE_MAX_VFS)
		return -EINVAL;
	mutex_lock(&xe->lock);
	if (!vfs && xe->vfs)
		disable(xe);
	else if (vfs)
		ret = xe->vfs ? -EBUSY : enable(xe, vfs);
	mutex_unlock(&xe->lock);
	return ret ? ret : vfs;
}
