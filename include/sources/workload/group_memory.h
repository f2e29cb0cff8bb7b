/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card's memory that the control group of a container has allocated, from its dmem.current (Linux
 * 6.14): each buffer once, whoever shares it, which fdinfo cannot say. Nobody turns the controller
 * on for others by default.
 */
#ifndef SOURCES_WORKLOAD_GROUP_MEMORY_H
#define SOURCES_WORKLOAD_GROUP_MEMORY_H

#include "base/fs.h"
#include "sources/gpu/dmem.h"

#include <stdbool.h>
#include <sys/types.h>

#define GROUP_DIR_BYTES 512

/*
 * The directory of a container below sys/fs/cgroup, of a process in it: from proc/PID/cgroup and
 * the container's id. 0, or -ENOENT when the text does not say.
 */
int group_dir(const char *text, size_t len, const char *container,
	      char ret[static GROUP_DIR_BYTES]);

/* Whether groups below the root have the controller. *fd: as for fs_read_kept(). */
bool group_memory_enabled(const struct fs *fs, int *fd);

/* Of the container of a process: how many regions, 0 where nothing is known of it. */
int group_memory(const struct fs *fs, pid_t pid, const char *pci,
		 struct dmem_region ret[static DMEM_MAX_REGIONS]);

#endif
