// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver: what one emulated GPU is, and in which order its interfaces
 * come and go.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <drm/drm_drv.h>
#include "lab.h"

const char *const lab_class_name[LAB_CLASSES] = {
	"render", "copy", "video", "video-enhance", "compute"
};

static const char *const short_name[LAB_CLASSES] = {
	"rcs", "bcs", "vcs", "vecs", "ccs"
};

static LIST_HEAD(lab_gpus);
static DEFINE_MUTEX(lab_gpus_lock);

void lab_for_each_gpu(void (*fn)(struct lab_gpu *gpu))
{
	struct lab_gpu *gpu;

	mutex_lock(&lab_gpus_lock);
	list_for_each_entry(gpu, &lab_gpus, link)
		fn(gpu);
	mutex_unlock(&lab_gpus_lock);
}

const struct lab_engine *lab_find_engine(const struct lab_gpu *gpu, u32 class,
					 u32 instance)
{
	unsigned int i;

	for (i = 0; i < gpu->n_engines; i++)
		if (gpu->engine[i].class == class &&
		    gpu->engine[i].instance == instance)
			return &gpu->engine[i];
	return NULL;
}

/* Generation by device id, as far as the interfaces differ by it. */
static const struct {
	u16 mask, id;
	u8 gen;
	bool discrete;
} families[] = {
	{ 0xff00, 0x1600, 8 }, { 0xff00, 0x1900, 9 }, { 0xff00, 0x5900, 9 },
	{ 0xff00, 0x5a00, 9 }, { 0xff00, 0x3e00, 9 }, { 0xff00, 0x9b00, 9 },
	{ 0xff00, 0x8700, 9 }, { 0xff00, 0x3100, 9 }, { 0xff00, 0x8a00, 11 },
	{ 0xff00, 0x4500, 11 }, { 0xff00, 0x4e00, 11 }, { 0xff00, 0x9a00, 12 },
	{ 0xff00, 0x4c00, 12 }, { 0xff00, 0x4600, 12 }, { 0xff00, 0xa700, 12 },
	{ 0xff00, 0x7d00, 12 }, { 0xff00, 0x4900, 12, true },
	{ 0xff00, 0x5600, 12, true },
};

static void identify(struct lab_gpu *gpu)
{
	bool discrete = false;
	unsigned int i;

	gpu->gen = 12;
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if ((gpu->pdev->device & families[i].mask) != families[i].id)
			continue;
		gpu->gen = families[i].gen;
		discrete = families[i].discrete;
	}
	gpu->discrete = lab_param_discrete(gpu->index, discrete);
	gpu->n_gts = clamp_t(unsigned int, lab_gts, 1, LAB_MAX_GTS);
	for (i = 0; i < LAB_MAX_GTS; i++)
		gpu->freq[i] = (struct lab_freq){
			.min = LAB_RPN, .max = LAB_RP0, .boost = LAB_RP0
		};
}

static void make_engines(struct lab_gpu *gpu)
{
	u32 class, i;

	for (class = 0; class < LAB_CLASSES; class++) {
		gpu->n_class[class] = lab_param_engines(class, gpu->index);
		for (i = 0; i < gpu->n_class[class]; i++) {
			struct lab_engine *e = &gpu->engine[gpu->n_engines++];

			e->class = class;
			e->instance = i;
			snprintf(e->name, sizeof(e->name), "%s%u",
				 short_name[class], i);
		}
	}
}

/*
 * The position among the Intel displays of its bus: it stays the same when
 * another GPU is unbound, so per-GPU parameters keep their meaning.
 */
static unsigned int find_index(struct pci_dev *pdev)
{
	unsigned int index = 0;
	struct pci_dev *other = NULL;

	while ((other = pci_get_device(PCI_VENDOR_ID_INTEL, PCI_ANY_ID, other)))
		if (other->bus == pdev->bus && other->devfn < pdev->devfn &&
		    other->class >> 16 == PCI_BASE_CLASS_DISPLAY)
			index++;
	return min_t(unsigned int, index, LAB_MAX_GPUS - 1);
}

static void forget(struct lab_gpu *gpu)
{
	mutex_lock(&lab_gpus_lock);
	list_del(&gpu->link);
	mutex_unlock(&lab_gpus_lock);
}

static int lab_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lab_gpu *gpu;
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	gpu = devm_drm_dev_alloc(&pdev->dev, &lab_drm_driver, struct lab_gpu,
				 drm);
	if (IS_ERR(gpu))
		return PTR_ERR(gpu);
	gpu->pdev = pdev;
	gpu->index = find_index(pdev);
	INIT_LIST_HEAD(&gpu->kobjects);
	identify(gpu);
	make_engines(gpu);
	lab_load_init(gpu);
	pci_set_drvdata(pdev, gpu);

	mutex_lock(&lab_gpus_lock);
	list_add_tail(&gpu->link, &lab_gpus);
	mutex_unlock(&lab_gpus_lock);

	ret = drm_dev_register(&gpu->drm, 0);
	if (ret)
		goto out_forget;
	ret = lab_sysfs_register(gpu);
	if (ret)
		goto out_drm;
	ret = lab_gvt_register(gpu);
	if (ret)
		goto out_sysfs;
	/* As the real driver: a GPU without a PMU still works. */
	if (lab_pmu_register(gpu))
		dev_notice(&pdev->dev, "Failed to register PMU!\n");
	lab_power_init(gpu);
	return 0;

out_sysfs:
	lab_sysfs_unregister(gpu);
out_drm:
	drm_dev_unplug(&gpu->drm);
out_forget:
	forget(gpu);
	return ret;
}

static void lab_remove(struct pci_dev *pdev)
{
	struct lab_gpu *gpu = pci_get_drvdata(pdev);

	lab_power_fini(gpu);
	lab_gvt_unregister(gpu);
	lab_pmu_unregister(gpu);
	lab_sysfs_unregister(gpu);
	drm_dev_unplug(&gpu->drm);
	forget(gpu);
}

static const struct pci_device_id lab_ids[] = {
	{
		.vendor = PCI_VENDOR_ID_INTEL, .device = PCI_ANY_ID,
		.subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID,
		.class = PCI_BASE_CLASS_DISPLAY << 16, .class_mask = 0xff0000
	},
	{ }
};
MODULE_DEVICE_TABLE(pci, lab_ids);

static struct pci_driver lab_pci_driver = {
	.name = "i915",
	.id_table = lab_ids,
	.probe = lab_probe,
	.remove = lab_remove,
	.driver.pm = &lab_pm_ops,
};

static int __init lab_init(void)
{
	int ret = lab_pmu_module_init();

	if (ret)
		return ret;
	ret = mdev_register_driver(&lab_vgpu_driver);
	if (ret)
		goto out_pmu;
	ret = pci_register_driver(&lab_pci_driver);
	if (ret)
		goto out_mdev;
	return 0;

out_mdev:
	mdev_unregister_driver(&lab_vgpu_driver);
out_pmu:
	lab_pmu_module_exit();
	return ret;
}

static void __exit lab_exit(void)
{
	pci_unregister_driver(&lab_pci_driver);
	mdev_unregister_driver(&lab_vgpu_driver);
	lab_pmu_module_exit();
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("emulated Intel GPU");
MODULE_LICENSE("GPL");
