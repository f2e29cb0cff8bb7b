/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk of the processes has found: for those who fill it and read it, procs.c and others. */
#ifndef SOURCES_PROC_WALK_H
#define SOURCES_PROC_WALK_H

#include "base/array.h"
#include "base/ref.h"
#include "sources/proc/procs.h"

#include <pthread.h>

#define ANY_MINOR UINT32_MAX	   /* not known: its fdinfo has it */
#define NO_MINOR  (UINT32_MAX - 1) /* of no GPU of ours */
#define MAX_READ  16
#define KTHREADD  2

/*
 * Of a process this many descriptors are scanned, when its user has already so many, the rest. One
 * whose fdinfo has to be read costs as much as several links.
 */
#define PROCESS_FDS 4096
#define USER_FDS    32768
#define REST_FDS    64
#define FDINFO_COST 4

/*
 * What is known of a descriptor, for all walks that have it. Its fdinfo stays open where an inode
 * means something: a read of it fails with -ENOENT when the descriptor was closed or the process
 * has ended, and shows the other file when its number was used again.
 */
struct drm_file {
	atomic_uint refs;
	atomic_int fdinfo; /* -1: not open */
	atomic_int is;
	_Atomic(struct memo *) memo; /* what was read last; NULL while somebody uses it */
	char pci[24];		     /* of a client; before that is said */
};
enum { DRM_UNKNOWN, DRM_NONE, DRM_LEARNING, DRM_CLIENT, DRM_GONE }; /* struct drm_file's is */

struct drm_fd {
	pid_t pid;
	unsigned fd, minor;
	struct drm_file *file;
};

/* A process as its last scan has found it; its descriptors are ranges of the walk's. */
struct process {
	pid_t pid;
	uint64_t inode; /* of /proc/<pid>: another process with this number has another one */
	uint64_t since; /* monotonic: when it was seen first */
	uint64_t scan;	/* when it was scanned last */
	unsigned scans; /* so often, up to YOUNG_SCANS */
	uid_t uid;
	int comm_r; /* 0, or why its name could not be read */
	char comm[32];
	bool unseen, denied, cut;
	bool asked, kernel;		      /* whether it is one of the kernel's own */
	size_t fd, n_fds, vfio, n_vfio, seen; /* seen: of whatever kind */
};

/* A descriptor of a group or a device of VFIO. */
struct vfio_fd {
	pid_t pid;
	bool numbered;
	unsigned major, minor;
	char name[24]; /* "12", "noiommu-0"; "vfio3" */
};

/* The contents of the descriptors of one GPU. */
struct reading {
	char pci[24];
	pthread_mutex_t lock;
	bool done;
	int r;
	struct fault fault;
	struct drm_client *clients;
	size_t n, silent;
	struct held *held; /* by process */
	size_t n_held, held_size;
};

struct walk {
	atomic_uint refs;
	uint64_t round;
	const struct fs *fs;
	bool kthreadd;	  /* process 2 is the kernel's */
	bool whole;	  /* nothing of the machine is hidden */
	uint64_t at;	  /* monotonic: when it began */
	uint64_t changes; /* as fs_changes() was then */
	uint64_t scan;	  /* counts walks */
	bool full;	  /* every process was scanned */
	bool proven;	  /* a driver counts its open files, see proof.h */
	bool inodes;	  /* mean something */
	pid_t *pids;
	struct process *processes; /* of the same order and number */
	size_t n_pids, pids_size, processes_size;
	size_t n_cut;
	struct drm_fd *fds; /* by process */
	size_t n_fds, fds_size;
	struct vfio_fd *vfio;
	size_t n_vfio, vfio_size;
	pid_t *unseen; /* whose descriptors' links could not be read */
	size_t n_unseen, unseen_size;
	pid_t *denied; /* nor listed in fdinfo: their descriptors are unknown */
	size_t n_denied, denied_size;
	pthread_mutex_t lock;
	struct reading *readings[MAX_READ];
	size_t n_readings;
};

/* "…/dri/renderD128", "…/dri/card0", maybe " (deleted)": the number is the minor one. */
bool walk_minor_of(const char *target, unsigned *ret);
/* The same of what follows "/dri/". */
bool walk_minor_of_node(const char *node, unsigned *ret);

/* How many descriptors each user has, in the order of their numbers. */
struct users {
	struct user {
		uid_t uid;
		size_t fds;
	} * users;
	size_t n, size;
};

/* Adds n to what a user has, and says how many that are then. 0 or -ENOMEM. */
int users_add(struct users *users, uid_t uid, size_t n, size_t *ret_all);

/*
 * Scans a process, whose pid, inode and beginnings in the walk's arrays are set: at most so many of
 * its descriptors. What an earlier call has found of it is dropped. What before says of it, if that
 * is not NULL, is of an older walk and is used where it still holds. A process that has ended
 * meanwhile is no failure. 0 or -errno.
 */
int walk_scan(struct walk *walk, struct process *process, const struct walk *old,
	      const struct process *before, size_t most);

/* NULL when memory is out. */
struct drm_file *drm_file_new(void);
struct drm_file *drm_file_ref(struct drm_file *file);
void drm_file_unref(struct drm_file *file);
/*
 * Reads the fdinfo of a descriptor, as fs_read() does. keep: may stay open, as long as there are
 * descriptors to spare; drm_file_keep() takes what is open then, if it turns out to be a client's.
 */
int drm_file_read(const struct walk *walk, const struct drm_fd *fd, char *buf, size_t size,
		  int *ret_opened);
void drm_file_keep(struct drm_file *file, int opened);
/*
 * fdinfo_parse() for what was read of the descriptor. Of one that stays open the last text is kept:
 * most clients do nothing between two scrapes, and to compare is a tenth of the work.
 */
int drm_file_parse(struct drm_file *file, const char *text, size_t len, struct fdinfo *ret);

/* The last walk, if it is of this round or a newer one, as a reference; or NULL. */
struct walk *procs_last_walk(struct procs *procs, uint64_t round);

/* What somebody has read of a GPU's clients; NULL: nobody has, or could not. */
const struct reading *walk_reading(struct walk *walk, const struct gpu *gpu);

/* For who needs to know of all processes: see procs_walk(). 0 or -errno, both with a fault. */
int walk_refuse_denied(const struct walk *walk, struct fault *fault);
/* Adds which processes have more descriptors than are scanned, if there are any. */
void walk_say_cut(const struct walk *walk, struct fault *fault);

/* What of the machine a walk sees, with what stays so. */
struct sight {
	int stat;	  /* descriptor of process 2's */
	uint64_t changes; /* as fs_changes() was when this was found out: */
	bool is_of_machine;
};
void sight_init(struct sight *sight);
void sight_close(struct sight *sight);
/* Sets a walk's whole and kthreadd, once its processes are listed. */
void walk_find_sight(struct walk *walk, struct sight *sight);

/* A process of the kernel's own, which has no descriptors and calls no exec. */
bool walk_is_kernel_thread(const struct fs *fs, pid_t pid);

#endif
