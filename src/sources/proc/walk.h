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

struct drm_fd {
	pid_t pid;
	unsigned fd, minor;
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
	bool whole; /* nothing of the machine is hidden */
	pid_t *pids;
	size_t n_pids, pids_size;
	struct drm_fd *fds; /* by process */
	size_t n_fds, fds_size;
	struct vfio_fd *vfio;
	size_t n_vfio, vfio_size;
	pid_t *unseen; /* whose descriptors' links could not be read */
	size_t n_unseen, unseen_size;
	pid_t *denied; /* nor listed in fdinfo: their descriptors are unknown */
	size_t n_denied, denied_size;
	pid_t pid; /* that is being walked */
	pthread_mutex_t lock;
	struct reading readings[MAX_READ];
	size_t n_readings;
};

/* "…/dri/renderD128", "…/dri/card0", maybe " (deleted)": the number is the minor one. */
bool walk_minor_of(const char *target, unsigned *ret);

/* For struct walk's whole. */
bool walk_sees_all(const struct fs *fs);

#endif
