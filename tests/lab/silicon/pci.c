// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PCI function, and the models: device types silicon-3e92 and so on, which QEMU has as soon as
 * it has loaded this file with -plugin. BARs: 0 registers and page table, 2 aperture, 4 settings.
 */
#include "regs.h"
#include "silicon.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTEL			0x8086
#define DISPLAY_VGA		0x0300
#define PCI_VENDOR_ID		0x00
#define PCI_DEVICE_ID		0x02
#define PCI_REVISION_ID		0x08
#define PCI_CLASS_DEVICE	0x0a
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID	0x2e
#define PCI_INTERRUPT_PIN	0x3d
#define PCI_CAP_ID_PM		0x01
#define PM_AT			0xd0
#define MSI_AT			0xac
#define SNB_GMCH_CTRL                                                                              \
	0x50 /* i915's gt/intel_ggtt.c: sizes of the page table and of stolen memory */
#define GGMS_8_MB (3u << 6)

static const struct model models[] = {
	{ 0x1912, 9, 0x06, "Skylake GT2" },	  { 0x5912, 9, 0x04, "Kaby Lake GT2" },
	{ 0x3e92, 9, 0x00, "Coffee Lake GT2" },	  { 0x9a49, 12, 0x01, "Tiger Lake GT2" },
	{ 0x4680, 12, 0x0c, "Alder Lake-S GT1" }, { 0x4c8a, 12, 0x04, "Rocket Lake GT1" },
};

/* i915's gt/intel_engine_cs.c, intel_engines[], and gt/intel_gt_irq.c, gen8_gt_irq_postinstall() */
static const struct engine_model gen9_engines[] = {
	{ "rcs0", 0x02000, RENDER, 0, 0, 0, GEN6_GRDOM_RENDER },
	{ "bcs0", 0x22000, COPY, 0, 0, 16, GEN6_GRDOM_BLT },
	{ "vcs0", 0x12000, VIDEO, 0, 1, 0, GEN6_GRDOM_MEDIA },
	{ "vecs0", 0x1a000, ENHANCE, 0, 3, 0, GEN6_GRDOM_VECS },
};

/* gt/intel_gt_regs.h, GEN11_RCS0 and so on: the bits of GEN11_GT_INTR_DW. Of video engines there
 * are the first and the third, which user space knows as vcs0 and vcs1. */
static const struct engine_model gen12_engines[] = {
	{ "rcs0", 0x002000, RENDER, 0, 0, 0, GEN6_GRDOM_RENDER },
	{ "bcs0", 0x022000, COPY, 0, 0, 15, GEN11_GRDOM_BLT },
	{ "vcs0", 0x1c0000, VIDEO, 0, 1, 0, GEN11_GRDOM_MEDIA },
	{ "vcs2", 0x1d0000, VIDEO, 2, 1, 2, GEN11_GRDOM_MEDIA3 },
	{ "vecs0", 0x1c8000, ENHANCE, 0, 1, 31, GEN11_GRDOM_VECS },
};

static void set16(u8 *config, unsigned at, u16 value)
{
	config[at] = (u8)value;
	config[at + 1] = value >> 8;
}

static void init_config(struct gpu *gpu, void **errp)
{
	u8 *config = qemu_pci_config(&gpu->pci);

	set16(config, PCI_VENDOR_ID, INTEL);
	set16(config, PCI_DEVICE_ID, gpu->model->id);
	set16(config, PCI_SUBSYSTEM_VENDOR_ID, INTEL);
	set16(config, PCI_SUBSYSTEM_ID, 0x2212);
	set16(config, PCI_CLASS_DEVICE, DISPLAY_VGA);
	config[PCI_REVISION_ID] = gpu->model->revision;
	config[PCI_INTERRUPT_PIN] = 1;
	set16(config, SNB_GMCH_CTRL, GGMS_8_MB);
	msi_init(&gpu->pci, MSI_AT, 1, false, false, errp);
	pci_add_capability(&gpu->pci, PCI_CAP_ID_PM, PM_AT, 8, errp);
	config[PM_AT + 2] = 2;			  /* version 2: D0 and D3hot */
	qemu_pci_wmask(&gpu->pci)[PM_AT + 4] = 3; /* in which of them it is */
}

static void init_engines(struct gpu *gpu)
{
	bool gen12 = gpu->model->gen >= 12;
	const struct engine_model *model = gen12 ? gen12_engines : gen9_engines;
	size_t i, n = gen12 ? array_size(gen12_engines) : array_size(gen9_engines);

	for (i = 0; i < n; i++)
		engine_init(gpu, &model[i]);
}

static const struct model *find_model(const char *type)
{
	size_t i;

	for (i = 0; i < array_size(models) - 1; i++) {
		if (strtoul(strchr(type, '-') + 1, NULL, 16) == models[i].id)
			break;
	}
	return &models[i];
}

static void realize(void *dev, void **errp)
{
	struct gpu *gpu = dev;

	gpu->model = find_model(object_get_typename(dev));
	init_config(gpu, errp);
	settings_init(gpu);
	regs_init(gpu, errp);
	power_init(gpu);
	display_init(gpu);
	init_engines(gpu);
}

static void init_class(void *class, void *data)
{
	qemu_set_realize(class, realize);
}

int qemu_plugin_install(u64 id, const void *info, int argc, char **argv)
{
	static const InterfaceInfo interfaces[] = { { "conventional-pci-device" }, { NULL } };
	static char names[array_size(models)][16];
	static TypeInfo types[array_size(models)];
	size_t i;

	if (settings_parse(argc, argv))
		return 1;
	for (i = 0; i < array_size(models); i++) {
		snprintf(names[i], sizeof(names[i]), "silicon-%04x", models[i].id);
		types[i] = (TypeInfo){
			.name = names[i],
			.parent = "pci-device",
			.instance_size = sizeof(struct gpu),
			.class_init = init_class,
			.interfaces = interfaces,
		};
		type_register_static(&types[i]);
	}
	return 0;
}
