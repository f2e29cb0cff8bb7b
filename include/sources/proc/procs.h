/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of this machine: one walk of /proc for a scrape, which serves every collector.
 * It finds their file descriptors of DRM devices, and reads what those say of the GPU's use; and
 * those of VFIO, through which virtual machines have devices.
 */
#ifndef SOURCES_PROC_PROCS_H
#define SOURCES_PROC_PROCS_H

#include "base/fault.h"
#include "base/fs.h"
#include "sources/gpu/gpu.h"
#include "sources/proc/fdinfo.h"

#include <stdbool.h>
#include <sys/types.h>

struct procs;

/* NULL when memory is out. */
struct procs *procs_new(const struct fs *fs);
void procs_free(struct procs *procs);

/* What a walk has found. Constant except for what is read on demand; reference-counted. */
struct walk;

/*
 * The walk of a round: its first caller does it, in the calling thread. Nothing in it can hang:
 * it lists directories of /proc and reads links, which asks no file system and no driver. An
 * unchanged process costs its share of the listing of /proc. One that is scanned costs eight system
 * calls and one for each descriptor; each of those on a device node that is no terminal or the like
 * costs one more, and a second one if it is of DRM or VFIO.
 *
 * Without the right to list descriptors (CAP_DAC_READ_SEARCH) but with that to read them
 * (CAP_SYS_PTRACE), fdinfo is listed instead and every descriptor is read: three system calls.
 *
 * *ret is a reference. 0, or -errno with *fault filled in. walk_is_hidden(), walk_denied() and
 * walk_unseen() say what it does not show.
 */
int procs_walk_partial(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault);

/*
 * The same for who needs to know of all processes: -EACCES with *fault filled in when it is hidden,
 * or the right to look at others' processes is missing. 0 with *fault filled in when some processes
 * are denied although that right is there: what they hold is not known.
 */
int procs_walk(struct procs *procs, uint64_t round, struct walk **ret, struct fault *fault);
struct walk *walk_ref(struct walk *walk);
void walk_unref(struct walk *walk);

/* Every process, in the order of /proc (by number). */
const pid_t *walk_pids(const struct walk *walk, size_t *ret_n);

/* The name of a process (its comm) by its place among them. 0, or why it could not be read. */
int walk_name(const struct walk *walk, size_t i, const char **ret);

/* Processes whose descriptors' links could not be read, in the same order. */
const pid_t *walk_unseen(const struct walk *walk, size_t *ret_n);

/* The descriptors of the process could not be listed in either way: what it holds is unknown. */
bool walk_denied(const struct walk *walk, pid_t pid);

/* The process has more descriptors than were scanned. */
bool walk_is_cut(const struct walk *walk, pid_t pid);

/* Whether /proc shows every process of the machine (the initial PID namespace, no hidepid). */
bool walk_is_whole_machine(const struct walk *walk);

/*
 * 0 when what /proc shows is the whole machine, or an LXC container that looks at itself and is a
 * machine to those who use it; -EACCES with *fault filled in when there may be others that it does
 * not show, of which nothing can be said, not even that there are none.
 */
int walk_is_hidden(const struct walk *walk, struct fault *fault);

/* Whether process 1 is an LXC container's init. */
bool procs_is_lxc(const struct fs *fs);

/*
 * The lowest process that has a VFIO group open, by its name in /dev/vfio ("12", "noiommu-0"), or
 * a device of /dev/vfio/devices ("vfio3"). False when none was seen.
 */
bool walk_vfio(const struct walk *walk, const char *name, pid_t *ret_pid);

/* How many descriptors lead to the GPU's nodes, or might: without a read of any of them. */
size_t walk_count(const struct walk *walk, const struct gpu *gpu);

/* The same for one process; gpu NULL: of any DRM device, whoever's, and NVIDIA's own nodes. */
size_t walk_holds(const struct walk *walk, pid_t pid, const struct gpu *gpu);

/* A DRM client: an open file of a DRM node, however many descriptors and processes share it. */
struct drm_client {
	pid_t pid; /* the lowest one */
	uint64_t at;
	struct fdinfo info;
};

/*
 * The clients of a GPU, sorted by client id; they belong to the walk. The first call for a GPU
 * reads them, in the calling thread: such a read asks the driver and can hang, and that costs
 * this GPU alone. It wakes a GPU that xe drives and not one that i915 drives. 0 or -errno with
 * *fault filled in; *ret_silent counts descriptors that say nothing of a client.
 */
int walk_clients(struct walk *walk, const struct gpu *gpu, const struct drm_client **ret,
		 size_t *ret_n, size_t *ret_silent, struct fault *fault);

/*
 * The same, and nobody is missing: when the driver's module has more references than before that
 * are no known client's, all processes are scanned, and *walk becomes the walk that did it.
 */
int procs_clients(struct procs *procs, struct walk **walk, const struct gpu *gpu,
		  const struct drm_client **ret, size_t *ret_n, size_t *ret_silent,
		  struct fault *fault);

/*
 * The clients that others have read in this round, or a newer one; nothing is read. False when
 * nobody has; else *ret_walk is a reference. *ret_all: there are no others, on the whole machine.
 */
bool procs_known_clients(struct procs *procs, uint64_t round, const struct gpu *gpu,
			 struct walk **ret_walk, const struct drm_client **ret, size_t *ret_n,
			 bool *ret_all);

#define HELD_SILENT SIZE_MAX

/* A process that holds a client, alone or with others. */
struct held {
	pid_t pid;
	size_t client; /* among walk_clients(); HELD_SILENT: descriptors that say nothing */
};

/* Who holds the clients of a GPU, sorted by process; of the same reading as walk_clients(). */
int walk_held(struct walk *walk, const struct gpu *gpu, const struct held **ret, size_t *ret_n,
	      struct fault *fault);

#endif
