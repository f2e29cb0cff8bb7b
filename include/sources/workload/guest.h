/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual machines and containers: what Proxmox VE's configuration says of them (etc/pve is a FUSE
 * file system, and a read of it hangs while the cluster has no quorum), and what QEMU's command
 * line says of the VM that it runs. Parsers only: nothing here reads a file.
 */
#ifndef SOURCES_WORKLOAD_GUEST_H
#define SOURCES_WORKLOAD_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define GUEST_NAME_BYTES 128
#define GUEST_VMID_BYTES 12
#define GUEST_UUID_BYTES 37
#define GUEST_DEVICES	 32 /* Proxmox VE has 16 hostpciN */

/*
 * The value of a key in a guest's configuration as it is now: sections ("[snapshot]", "[PENDING]")
 * are not read. Blanks around it are cut off; the value is clean (text_clean()) and cut to size.
 * 0 or -ENOENT.
 */
int guest_conf_find(const char *text, size_t len, const char *key, char *buf, size_t size);

/* Proxmox VE's names for PCI devices: etc/pve/mapping/pci.cfg, as one node of the cluster sees it.
 */
struct guest_mappings {
	const char *text;
	size_t len;
	const char *node; /* whose entries count */
};

/*
 * Does a guest's configuration, as it is now, give it this PCI function as a whole? Lines
 * "hostpciN: [host=]ADDRESS[;ADDRESS…][,…]": the domain may be left out, and the function, which
 * means all of them. Lines with mdev= give a vGPU of the device. Lines with mapping=NAME give what
 * the node's one entry of that name says; of several, a VM gets the first that is free.
 */
bool guest_conf_has_pci(const char *text, size_t len, const struct guest_mappings *mappings,
			const char *pci);

/*
 * The VM that a PCI device is reserved for, from Proxmox VE's run/qemu-server/pci-id-reservations:
 * lines "ADDRESS VMID pid:N" or "… time:N". 0 or -ENOENT.
 */
int guest_reservation_find(const char *text, size_t len, const char *pci,
			   char vmid[static GUEST_VMID_BYTES]);

/*
 * The VM of a mediated device that Proxmox VE has created: its uuid is
 * <index of hostpci>-0000-0000-0000-<VM number>, both decimal. 0 or -ENOENT for any other uuid.
 */
int guest_mdev_vmid(const char *uuid, char vmid[static GUEST_VMID_BYTES]);

/* A QEMU by its command line. Strings are clean; empty: not in the command line. */
struct guest_command {
	char vmid[GUEST_VMID_BYTES]; /* -id, which Proxmox VE's QEMU has */
	char name[GUEST_NAME_BYTES];
	char uuid[GUEST_UUID_BYTES]; /* that the guest's firmware shows; lower case */
	/* VFIO devices: an mdev's uuid in lower case, or "0000:00:02.1". */
	char devices[GUEST_DEVICES][GUEST_UUID_BYTES];
	size_t n_devices; /* more than there is room for are left out */
};

/*
 * Parses /proc/<pid>/cmdline: arguments that end with NUL; one that does not is cut and is not
 * read. 0, or -ENOENT when the program is no QEMU by its name. What cannot be understood is not
 * there.
 */
int guest_command_parse(const char *text, size_t len, struct guest_command *ret);

bool guest_command_has(const struct guest_command *command, const char *device);

#endif
