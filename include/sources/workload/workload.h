/* SPDX-License-Identifier: Apache-2.0 */
/* Who uses the GPU, in words: the labels of a workload, from a control group and names. */
#ifndef SOURCES_WORKLOAD_WORKLOAD_H
#define SOURCES_WORKLOAD_WORKLOAD_H

#include "sources/workload/cgroup.h"
#include "sources/workload/names.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All strings are clean. What is cut for a label stays apart by the other labels. */
struct workload {
	const char *kind;   /* of workload_kind_name(); "other" for those that are aggregated */
	char workload[400]; /* "pod/media/jellyfin-0/jellyfin", "service/a.service", "lxc/101" */
	char namespace[64];
	char pod[254];
	char container[64];
	char vmid[12];
	char guest[GUEST_NAME_BYTES];
	/*
	 * Who can make as many such workloads as he likes: a hash that names a user's slice, a
	 * service with control groups of its own, an LXC container, or processes with a name alone;
	 * 0: nobody but root. No part of what a workload is: a limit of tables.
	 */
	uint64_t owner;
};

/* Of a table's rows an owner may have so many. */
#define WORKLOAD_SHARE(rows) ((rows) < 8 ? 1 : (rows) / 8)

/* comm names a process that belongs to nothing else; may be any bytes. */
void workload_name(struct names *names, const struct cgroup *cgroup, const char *comm,
		   struct workload *ret);

bool workload_equal(const struct workload *a, const struct workload *b);
uint64_t workload_hash(const struct workload *workload);

/*
 * The workload of a process of this machine: three system calls, and three more when nothing but
 * its name is known. 0, or -errno when it has ended (-ENOENT, -ESRCH) or cannot be read.
 */
int workload_of(const struct fs *fs, struct names *names, pid_t pid, struct workload *ret);

#endif
