// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The few offsets into QEMU's objects, for the versions that they were measured with: by offsetof()
 * in a program compiled against the headers of Debian's source package (the patched one: 7.2's own
 * stable releases moved members), "config" also in the binary, where
 *   objdump -d --disassemble=pci_default_read_config /usr/bin/qemu-system-x86_64
 * adds it as 0xa8(%r..) (7.2.22) or 0xa0(%r..) (10.0.13). Any other QEMU is refused with one line.
 */
#include "qemu.h"
#include <stdio.h>
#include <stdlib.h>

/* QEMU_PLUGIN_VERSION of the QEMU that loads us: 7.2 takes 0 to 1, 10.0 takes 2 to 4. */
int qemu_plugin_version;

static const struct layout {
	s64 major, minor;
	int plugin_version;
	size_t realize;	      /* of PCIDeviceClass; exit, config_read, config_write follow */
	size_t config, wmask; /* of PCIDevice */
} layouts[] = {
	{ 7, 2, 1, 176, 168, 184 },  /* Debian 12 */
	{ 10, 0, 4, 184, 160, 176 }, /* Debian 13 */
};

static const struct layout *layout;

static void refuse(const char *why)
{
	VersionInfo *version = qmp_query_version(NULL);

	fprintf(stderr, "silicon: QEMU %lld.%lld.%lld: %s\n", (long long)version->qemu->major,
		(long long)version->qemu->minor, (long long)version->qemu->micro, why);
	exit(1);
}

/* When it is loaded, because QEMU looks at qemu_plugin_version before it calls anything. */
static void __attribute__((constructor)) find_layout(void)
{
	VersionInfo *version = qmp_query_version(NULL);
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].major == version->qemu->major &&
		    layouts[i].minor == version->qemu->minor)
			layout = &layouts[i];
	}
	if (!layout)
		refuse("only 7.2 and 10.0 are known");
	qemu_plugin_version = layout->plugin_version;
}

/* What is before it is the last of DeviceClass, bus_type; of its own the class has nothing yet. */
void qemu_set_realize(void *class, void (*realize)(void *dev, void **errp))
{
	void **slot = (void **)((char *)class + layout->realize);

	if (!slot[-1] || slot[0] || slot[1] || slot[2] || slot[3])
		refuse("PCIDeviceClass is not as measured");
	slot[0] = (void *)realize;
}

/* The bytes there are what QEMU itself reads, and the command register can be written. */
u8 *qemu_pci_config(PCIDevice *dev)
{
	u8 *config = *(u8 **)((char *)dev + layout->config);
	u8 *wmask = *(u8 **)((char *)dev + layout->wmask);
	u32 i, wrong = 0;

	if (!config || !wmask)
		refuse("PCIDevice is not as measured");
	for (i = 0; i < 64; i++)
		wrong += config[i] != pci_default_read_config(dev, i, 1);
	if (wrong || !config[0x2c] || wmask[0x2c] || !wmask[4])
		refuse("PCIDevice is not as measured");
	return config;
}

u8 *qemu_pci_wmask(PCIDevice *dev)
{
	return *(u8 **)((char *)dev + layout->wmask);
}
