/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which virtual machine has a device: a vGPU, a virtual function, a whole GPU. Who has the device's
 * VFIO group (or its iommufd node) open has it; QEMU's command line and its control group say which
 * VM that is. Where processes may not be scanned, Proxmox VE's own notes help.
 */
#ifndef SOURCES_WORKLOAD_ATTRIBUTION_H
#define SOURCES_WORKLOAD_ATTRIBUTION_H

#include "base/fs.h"
#include "sources/proc/procs.h"
#include "sources/workload/guest.h"
#include "sources/workload/names.h"

/* Strings are clean, and empty when unknown. */
struct owner {
	char vmid[GUEST_VMID_BYTES];
	char guest[GUEST_NAME_BYTES];
	char vm_uuid[GUEST_UUID_BYTES];
	char group[24]; /* IOMMU group; empty without one */
	bool in_use;	/* a process has the device open; valid only if attribution_complete() */
};

struct attribution;

/*
 * Takes the walk of a round; without one, owners are those that a device's own name has. NULL
 * when memory is out.
 */
struct attribution *attribution_new(const struct fs *fs, struct names *names, struct procs *procs,
				    uint64_t round);
void attribution_free(struct attribution *attribution);

/*
 * Whether every process that could have a device open was scanned: all of the machine's are
 * visible, and no QEMU's descriptors were denied. False with *fault added to.
 */
bool attribution_complete(struct attribution *attribution, struct fault *fault);

/*
 * The owner of a device of a bus ("pci", "mdev") by its name there. A VM is believed when it has
 * the device open; one that could not be scanned, when its command line names the device and its
 * control group is a VM's. A vGPU that nobody has open is its VM's by its uuid (leaked, or the VM
 * is just starting).
 */
void attribution_find(struct attribution *attribution, const char *bus, const char *device,
		      struct owner *ret);

#endif
