/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a process belongs to, by its control group: /proc/<pid>/cgroup (cgroups(7)), whose paths
 * are made by systemd, kubelets, container runtimes, LXC, libvirt and Proxmox VE.
 */
#ifndef SOURCES_WORKLOAD_CGROUP_H
#define SOURCES_WORKLOAD_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of their precision: where lines of cgroup v1 disagree, the later kind wins. */
enum workload_kind {
	WORKLOAD_PROCESS,
	WORKLOAD_USER,
	WORKLOAD_SERVICE,
	WORKLOAD_VM,
	WORKLOAD_LXC,
	WORKLOAD_CONTAINER,
	WORKLOAD_POD,
	WORKLOAD_KINDS,
};

/* The label `workload_kind`. */
const char *workload_kind_name(enum workload_kind kind);

#define CGROUP_NAME_BYTES 128

struct cgroup {
	enum workload_kind kind;       /* of the innermost level that can be believed */
	char name[CGROUP_NAME_BYTES];  /* user id, unit, guest, container; empty for pod, process */
	char vmid[12];		       /* of the outermost guest, where it has a number */
	char guest[CGROUP_NAME_BYTES]; /* of the outermost guest, where it has a name */
	char pod[37];		       /* its uid as in var/log/pods: dashes, or 32 hex digits */
	char container[65];	       /* the innermost container's id */
	bool cri;		       /* that container may be a pod's, whose part is cut off */
	bool foreign; /* of a guest's or container's own kubelet, not of this machine's */
	char mark[CGROUP_NAME_BYTES - 16]; /* "@user-1000": whose word the container or pod is */
};

/*
 * Parses a whole file. Never fails: what is not known is a process of nobody. All strings are
 * clean (text_clean()). A part of the tree that somebody else than root may name as he likes can
 * claim nothing outside of it: guests are those in root's part; a guest's number and name are the
 * outermost ones; below a user slice, a service or a scope there are only containers, with a mark,
 * unless the service is a kubelet's or a container runtime's; a pod in a container has a mark.
 */
void cgroup_parse(const char *text, size_t len, struct cgroup *ret);

#endif
