// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI driver that has the name of vfio-pci and nothing else of it. The real
 * one refuses to bind without an IOMMU; what a monitor can see of it is the
 * name behind the device's driver link.
 */
#include <linux/module.h>
#include <linux/pci.h>

static int stub_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return 0;
}

/* Binds through driver_override or new_id only, as the real one. */
static const struct pci_device_id stub_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{ }
};

static struct pci_driver stub_driver = {
	.name = "vfio-pci",
	.id_table = stub_ids,
	.probe = stub_probe,
};

module_pci_driver(stub_driver);
MODULE_DESCRIPTION("stub of vfio-pci");
MODULE_LICENSE("GPL");
