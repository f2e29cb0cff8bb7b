// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI functions of Intel GPUs that are not there: the config accessors of bus 0
 * are wrapped and answer for some free slots. A module of its own, so that the
 * devices stay when their driver is unbound or unloaded.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

#define MAX_GPUS 4
#define MAX_VFS 7
#define PM_CAP 0x40
#define EXP_CAP 0x50
#define SRIOV_CAP 0x100
#define CFG_SIZE 0x140
#define BAR(n) (PCI_BASE_ADDRESS_0 + 4 * (n))
#define MMIO_SIZE (16u << 20)
#define IO_SIZE 64u

struct lab_fn {
	unsigned int devfn;
	u8 value[CFG_SIZE];
	u8 writable[CFG_SIZE];
};

static unsigned int gpus = 1;
module_param(gpus, uint, 0444);
MODULE_PARM_DESC(gpus, "number of GPUs (1 to 4)");

static char *ids[MAX_GPUS] = { "3e92" };
static int n_ids = 1;
module_param_array(ids, charp, &n_ids, 0444);
MODULE_PARM_DESC(ids, "PCI device ids, hexadecimal; the last one repeats");

static unsigned int slots[MAX_GPUS] = { 2, 6, 7, 8 };
module_param_array(slots, uint, NULL, 0444);
MODULE_PARM_DESC(slots, "slots of bus 0 (2,6,7,8)");

static unsigned int aperture_mb[MAX_GPUS] = { 1024, 256, 256, 256 };
module_param_array(aperture_mb, uint, NULL, 0444);
MODULE_PARM_DESC(aperture_mb, "sizes of BAR 2 in MB, powers of two");

static unsigned int vfs[MAX_GPUS];
module_param_array(vfs, uint, NULL, 0444);
MODULE_PARM_DESC(vfs, "virtual functions that a GPU can have, at most 7 (0)");

static struct pci_bus *bus;
static struct pci_ops *real_ops;
static struct pci_ops lab_ops;
static struct lab_fn functions[MAX_GPUS];
static struct lab_fn virtual_functions[MAX_GPUS];	/* all VFs of a GPU read the same */
static DEFINE_RAW_SPINLOCK(cfg_lock);

static unsigned int enabled_vfs(unsigned int gpu)
{
	const u8 *cap = functions[gpu].value + SRIOV_CAP;

	return cap[PCI_SRIOV_CTRL] & PCI_SRIOV_CTRL_VFE ? min_t(unsigned int, cap[PCI_SRIOV_NUM_VF], vfs[gpu]) : 0;
}

static struct lab_fn *find_function(struct pci_bus *b, unsigned int devfn)
{
	unsigned int i;

	for (i = 0; b == bus && i < gpus; i++) {
		unsigned int vf = devfn - functions[i].devfn;

		if (vf == 0)
			return &functions[i];
		if (vf <= enabled_vfs(i))
			return &virtual_functions[i];
	}
	return NULL;
}

static int lab_read(struct pci_bus *b, unsigned int devfn, int where, int size,
		    u32 *val)
{
	struct lab_fn *fn = find_function(b, devfn);
	unsigned long flags;

	if (!fn)
		return real_ops->read(b, devfn, where, size, val);

	*val = ~0u;
	if (where + size > CFG_SIZE)
		return PCIBIOS_SUCCESSFUL;

	*val = 0;
	raw_spin_lock_irqsave(&cfg_lock, flags);
	while (size--)
		*val = *val << 8 | fn->value[where + size];
	raw_spin_unlock_irqrestore(&cfg_lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static int lab_write(struct pci_bus *b, unsigned int devfn, int where, int size,
		     u32 val)
{
	struct lab_fn *fn = find_function(b, devfn);
	unsigned long flags;

	if (!fn)
		return real_ops->write(b, devfn, where, size, val);
	if (where + size > CFG_SIZE)
		return PCIBIOS_SUCCESSFUL;

	raw_spin_lock_irqsave(&cfg_lock, flags);
	for (; size--; where++, val >>= 8) {
		u8 mask = fn->writable[where];

		fn->value[where] = (fn->value[where] & ~mask) | (val & mask);
	}
	raw_spin_unlock_irqrestore(&cfg_lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static void put16(u8 *at, u16 val)
{
	at[0] = val;
	at[1] = val >> 8;
}

/* A base address register ignores writes to the bits below its size. */
static void set_bar(struct lab_fn *fn, unsigned int bar, u32 size, u8 flags)
{
	u32 mask = ~(size - 1);

	fn->value[BAR(bar)] = flags;
	put16(&fn->writable[BAR(bar)], mask);
	put16(&fn->writable[BAR(bar) + 2], mask >> 16);
	if (flags & PCI_BASE_ADDRESS_MEM_TYPE_64)
		memset(&fn->writable[BAR(bar + 1)], 0xff, 4);
}

static void fill_config(struct lab_fn *fn, u16 device, u32 aperture)
{
	u8 *v = fn->value;

	put16(v + PCI_VENDOR_ID, PCI_VENDOR_ID_INTEL);
	put16(v + PCI_DEVICE_ID, device);
	/*
	 * Decoding and bus mastering on, as firmware leaves the boot display:
	 * the kernel then reports boot_vga 1 for the first of them.
	 */
	put16(v + PCI_COMMAND,
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	put16(fn->writable + PCI_COMMAND, 0x0407);
	put16(v + PCI_STATUS, PCI_STATUS_CAP_LIST);
	put16(v + PCI_CLASS_DEVICE, PCI_CLASS_DISPLAY_VGA);
	put16(v + PCI_SUBSYSTEM_VENDOR_ID, PCI_VENDOR_ID_INTEL);
	put16(v + PCI_SUBSYSTEM_ID, 0x2212);
	v[PCI_CAPABILITY_LIST] = PM_CAP;
	memset(fn->writable + PCI_INTERRUPT_LINE, 0xff, 1);

	/* Power management: D0 and D3hot, state kept on the way back. */
	v[PM_CAP] = PCI_CAP_ID_PM;
	put16(v + PM_CAP + PCI_PM_PMC, 3);
	put16(v + PM_CAP + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	put16(fn->writable + PM_CAP + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

	set_bar(fn, 0, MMIO_SIZE, PCI_BASE_ADDRESS_MEM_TYPE_64);
	set_bar(fn, 2, aperture, PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH);
	set_bar(fn, 4, IO_SIZE, PCI_BASE_ADDRESS_SPACE_IO);
}

/* An endpoint of the root complex, as integrated GPUs are. */
static void add_express(struct lab_fn *fn)
{
	u8 *cap = fn->value + EXP_CAP;

	fn->value[PM_CAP + PCI_CAP_LIST_NEXT] = EXP_CAP;
	cap[PCI_CAP_LIST_ID] = PCI_CAP_ID_EXP;
	put16(cap + PCI_EXP_FLAGS, 2 | PCI_EXP_TYPE_RC_END << 4);
}

/* The VFs follow their GPU's function; they have no BARs, as nothing drives them. */
static void add_sriov(struct lab_fn *fn, struct lab_fn *vf, u16 device, u16 total)
{
	u8 *cap = fn->value + SRIOV_CAP;
	u8 *writable = fn->writable + SRIOV_CAP;

	add_express(fn);
	*vf = *fn;
	memset(vf->value + PCI_BASE_ADDRESS_0, 0, 24);
	memset(vf->writable, 0, sizeof(vf->writable));

	put16(cap, PCI_EXT_CAP_ID_SRIOV);
	put16(cap + 2, 1); /* its version */
	put16(cap + PCI_SRIOV_INITIAL_VF, total);
	put16(cap + PCI_SRIOV_TOTAL_VF, total);
	put16(cap + PCI_SRIOV_VF_OFFSET, 1);
	put16(cap + PCI_SRIOV_VF_STRIDE, 1);
	put16(cap + PCI_SRIOV_VF_DID, device);
	put16(cap + PCI_SRIOV_SUP_PGSIZE, 1);
	put16(cap + PCI_SRIOV_SYS_PGSIZE, 1);
	put16(writable + PCI_SRIOV_CTRL, PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE);
	put16(writable + PCI_SRIOV_NUM_VF, 0xffff);
}

static int __init make_functions(void)
{
	unsigned int i;

	if (!gpus || gpus > MAX_GPUS || !n_ids)
		return -EINVAL;

	for (i = 0; i < gpus; i++) {
		const char *id = ids[min_t(unsigned int, i, n_ids - 1)];
		struct pci_dev *taken;
		u16 device;

		if (kstrtou16(id, 16, &device) || slots[i] > 31 ||
		    !is_power_of_2(aperture_mb[i]) || aperture_mb[i] > 2048 || vfs[i] > MAX_VFS) {
			pr_err("lab_pci: bad id, slot, aperture or VFs of GPU %u\n", i);
			return -EINVAL;
		}
		functions[i].devfn = PCI_DEVFN(slots[i], 0);
		taken = pci_get_slot(bus, functions[i].devfn);
		if (taken) {
			pci_dev_put(taken);
			pr_err("lab_pci: slot %u is taken\n", slots[i]);
			return -EBUSY;
		}
		fill_config(&functions[i], device, aperture_mb[i] << 20);
		if (vfs[i])
			add_sriov(&functions[i], &virtual_functions[i], device, vfs[i]);
	}
	return 0;
}

static void remove_devices(void)
{
	unsigned int i;

	/*
	 * Not the pointers kept at the scan: sysfs can remove a device and
	 * find it again.
	 */
	for (i = 0; i < gpus; i++) {
		struct pci_dev *pdev = pci_get_slot(bus, functions[i].devfn);

		if (!pdev)
			continue;
		pci_stop_and_remove_bus_device_locked(pdev);
		pci_dev_put(pdev);
	}
}

static int __init lab_pci_init(void)
{
	unsigned int i;
	int ret;

	bus = pci_find_bus(0, 0);
	if (!bus)
		return -ENODEV;
	ret = make_functions();
	if (ret)
		return ret;

	lab_ops = *bus->ops;
	lab_ops.read = lab_read;
	lab_ops.write = lab_write;
	real_ops = bus->ops;
	pci_bus_set_ops(bus, &lab_ops);

	pci_lock_rescan_remove();
	for (i = 0; i < gpus; i++)
		if (!pci_scan_single_device(bus, functions[i].devfn))
			ret = -ENODEV;
	pci_bus_assign_resources(bus);
	pci_bus_add_devices(bus);
	pci_unlock_rescan_remove();
	if (ret) {
		remove_devices();
		pci_bus_set_ops(bus, real_ops);
	}
	return ret;
}

static void __exit lab_pci_exit(void)
{
	remove_devices();
	pci_bus_set_ops(bus, real_ops);
}

module_init(lab_pci_init);
module_exit(lab_pci_exit);
MODULE_DESCRIPTION("PCI functions of emulated Intel GPUs");
MODULE_LICENSE("GPL");
