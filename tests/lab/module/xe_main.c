// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver of an emulated xe: which models there are, and in which order their interfaces come
 * and go. VFs are not driven.
 */
#include <linux/module.h>
#include <drm/drm_drv.h>
#include "xe_lab.h"

const char *const xe_class_name[XE_CLASSES] = { "rcs", "bcs", "vcs", "vecs", "ccs" };

static LIST_HEAD(gpus);
static DEFINE_MUTEX(gpus_lock);

void xe_for_each(void (*fn)(struct xe_gpu *xe))
{
	struct xe_gpu *xe;

	mutex_lock(&gpus_lock);
	list_for_each_entry(xe, &gpus, link)
		fn(xe);
	mutex_unlock(&gpus_lock);
}

/* It stays until xe_unlock_first(). */
struct xe_gpu *xe_first(void)
{
	mutex_lock(&gpus_lock);
	return list_first_entry_or_null(&gpus, struct xe_gpu, link);
}

void xe_unlock_first(void)
{
	mutex_unlock(&gpus_lock);
}

/* By device id; engines as rcs, bcs, vcs, vecs, ccs; clocks as in the driver's tables and owners' reports. */
static const struct xe_model models[] = {
	{ 0xff00, 0xe200, true, true, 2, {	/* Battlemage: B580 e20b, B60 e211 */
		{ 0, { 1, 1, 0, 0, 1 }, 2850, 1750, 400 },
		{ 0, { 0, 0, 2, 2, 0 }, 1500, 800, 200 } } },
	{ 0xff00, 0x5600, true, false, 1, {	/* Alchemist: A380 56a5 */
		{ 0, { 1, 1, 2, 2, 1 }, 2450, 2100, 300 } } },
	{ 0xff00, 0x0b00, true, false, 2, {	/* Ponte Vecchio, its tiles */
		{ 0, { 0, 2, 1, 0, 1 }, 1600, 900, 300 },
		{ 1, { 0, 2, 1, 0, 1 }, 1600, 900, 300 } } },
	{ 0xff00, 0x6400, false, false, 2, {	/* Lunar Lake: 64a0 */
		{ 0, { 1, 1, 0, 0, 1 }, 1950, 800, 400 },
		{ 0, { 0, 0, 1, 1, 0 }, 1200, 700, 100 } } },
	{ 0xff00, 0xb000, false, false, 2, {	/* Panther Lake: b080 */
		{ 0, { 1, 1, 0, 0, 1 }, 2500, 1000, 300 },
		{ 0, { 0, 0, 2, 1, 0 }, 1400, 700, 100 } } },
	/* Tiger Lake to Raptor Lake */
	{ 0, 0, false, false, 1, { { 0, { 1, 1, 2, 1, 0 }, 1500, 700, 300 } } },
};

static const struct xe_model *find_model(u16 device)
{
	const struct xe_model *model = models;

	while ((device & model->mask) != model->id)
		model++;
	return model;
}

static void forget(struct xe_gpu *xe)
{
	mutex_lock(&gpus_lock);
	list_del(&xe->link);
	mutex_unlock(&gpus_lock);
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct xe_gpu *xe;
	int ret;

	if (pdev->is_virtfn)
		return -ENODEV;
	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;
	xe = devm_drm_dev_alloc(&pdev->dev, &xe_drm_driver, struct xe_gpu, drm);
	if (IS_ERR(xe))
		return PTR_ERR(xe);
	xe->pdev = pdev;
	xe->model = find_model(pdev->device);
	xe->total_vfs = min_t(int, pci_sriov_get_totalvfs(pdev), XE_MAX_VFS);
	INIT_LIST_HEAD(&xe->kobjects);
	mutex_init(&xe->lock);
	xe_load_init(xe);
	pci_set_drvdata(pdev, xe);

	ret = drm_dev_register(&xe->drm, 0);
	if (ret)
		return ret;
	ret = xe_sysfs_register(xe);
	if (ret)
		goto out_drm;
	ret = xe_hwmon_register(xe);
	if (ret)
		goto out_sysfs;
	mutex_lock(&gpus_lock);
	list_add_tail(&xe->link, &gpus);
	mutex_unlock(&gpus_lock);
	if (xe_pmu_register(xe))
		dev_notice(&pdev->dev, "Failed to register PMU!\n");
	xe_power_init(xe);
	return 0;

out_sysfs:
	xe_sysfs_unregister(xe);
out_drm:
	drm_dev_unplug(&xe->drm);
	return ret;
}

static void remove(struct pci_dev *pdev)
{
	struct xe_gpu *xe = pci_get_drvdata(pdev);

	xe_power_fini(xe);
	xe_sriov_configure(pdev, 0);
	/* The PMU is managed by the device there: it goes once xe_device_remove() has returned. */
	drm_dev_unplug(&xe->drm);
	xe_pmu_unregister(xe);
	xe_sysfs_unregister(xe);
	forget(xe);
}

static const struct pci_device_id ids[] = {
	{
		.vendor = PCI_VENDOR_ID_INTEL, .device = PCI_ANY_ID,
		.subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID,
		.class = PCI_BASE_CLASS_DISPLAY << 16, .class_mask = 0xff0000
	},
	{ }
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver xe_pci_driver = {
	.name = "xe",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.sriov_configure = xe_sriov_configure,
	.driver.pm = &xe_pm_ops,
};
module_pci_driver(xe_pci_driver);
MODULE_DESCRIPTION("emulated Intel GPU on xe");
MODULE_LICENSE("GPL");
