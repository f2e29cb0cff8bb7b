/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names for ids: of pods from var/log, of Proxmox VE's guests from etc/pve, of containers from the
 * state of Docker and Podman in var/lib. These directories may hang (a network file system, FUSE),
 * so threads of their own read them, one for each kind and only while there is something to read.
 * Who asks waits for a short time; what is not known by then has no name, and nobody waits again
 * for a thread that has timed out.
 */
#ifndef SOURCES_WORKLOAD_NAMES_H
#define SOURCES_WORKLOAD_NAMES_H

#include "base/fs.h"
#include "sources/workload/containers.h"
#include "sources/workload/guest.h"
#include "sources/workload/pods.h"

#include <stdbool.h>

struct names;

/* NULL when memory is out. */
struct names *names_new(const struct fs *fs);
void names_free(struct names *names);

/* The entry of a pod's uid or a container's id. False when it is not known; then *ret is empty. */
bool names_pod(struct names *names, const char *id, struct pod_name *ret);

/* The name of a guest by its number; false and "" when it is not known. */
bool names_guest(struct names *names, const char *vmid, char ret[static GUEST_NAME_BYTES]);

/*
 * The name of a container of Docker or of root's Podman by its id of 64 hex digits; false and ""
 * when it is not known.
 */
bool names_container(struct names *names, const char *id, char ret[static CONTAINER_NAME_BYTES]);

/*
 * The VM of Proxmox VE whose configuration gives it a PCI device as a whole; false and "" when
 * there is none, or more than one, of which one may be running.
 */
bool names_vm_of_pci(struct names *names, const char *pci, char ret[static GUEST_VMID_BYTES]);

#endif
