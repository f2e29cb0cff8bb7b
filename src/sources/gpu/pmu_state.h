/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PMU's state, for the files that make it up: pmu.c (when events are open, and for whom),
 * pmu_i915.c and pmu_xe.c (which events, and what their values mean), pmu_events.c (the group).
 */
#ifndef SOURCES_GPU_PMU_STATE_H
#define SOURCES_GPU_PMU_STATE_H

#include "sources/gpu/pmu.h"

#include <stdatomic.h>
#include <sys/queue.h>

/* Of an xe GPU with 16 engines and 63 functions; a group read stays below 16 KiB. */
#define PMU_MAX_EVENTS 1024

struct pmu_driver;

struct pmu {
	struct pmu_set *set;
	LIST_ENTRY(pmu) link;
	bool in_set;
	atomic_uint refs;
	char name[64], pci[24];
	bool gone;	     /* closed for good */
	uint64_t settles_at; /* monotonic ns */
	uint64_t round;

	int *fds;	  /* the first leads the group */
	size_t n;	  /* open events; 0 = closed */
	uint64_t *values; /* of a read: number of events, time enabled, one for each event */
	uint32_t type;
	int cpu;

	const struct pmu_driver *driver;
	void *state; /* the driver's, while events are open */
	void *known; /* the driver's, for the PMU's life */
};

struct pmu_set {
	const struct fs *fs;
	unsigned kinds;
	enum pmu_xe_mode xe_mode;
	pthread_mutex_t
		lock; /* of every PMU in the set: reads are short, and closing must not wait */
	LIST_HEAD(, pmu) pmus;
	atomic_uint closers; /* that wait for the lock: the thread that opens events must stop */
	uint64_t held_until, unbind_until; /* monotonic ns */
	int watch;			   /* -1: there is none */
	pmu_mover move;
	void *watcher;
};

/* What differs between drivers; all under the set's lock. */
struct pmu_driver {
	const char *name;
	/*
	 * In a round, before anything else: 0, or why no event may be open; then, or to have them
	 * opened anew, it closes them. NULL: they always may.
	 */
	int (*check)(struct pmu *pmu, uint64_t round, struct fault *fault);
	/* Makes the state and opens all events. */
	int (*open)(struct pmu *pmu, struct fault *fault);
	/* What the group's read has given: a value for each event, in the order of opening. */
	int (*add)(struct pmu *pmu, const uint64_t *values, uint64_t enabled_ns,
		   struct fault *fault);
	int (*visit)(struct pmu *pmu, unsigned kinds, pmu_visitor visit, void *data,
		     struct fault *fault);
	void (*forget)(void *known);
};

extern const struct pmu_driver pmu_i915, pmu_xe;

#define PMU_DIR "sys/bus/event_source/devices/%s/"

/* The engines of an open PMU of xe; see pmu_visit_engines(). */
void pmu_xe_engines(const struct pmu *pmu, void (*visit)(void *data, const char *class), void *data,
		    unsigned *ret_vfs);

/* Whether events may be open: the device has a driver, and nobody waits to close them. */
int pmu_events_check(const struct pmu *pmu, struct fault *fault);
bool pmu_is_bound(const struct pmu *pmu);

/* Finds out what opening an event takes. 0 or -errno. */
int pmu_events_prepare(struct pmu *pmu, struct fault *fault);

/*
 * Opens one event as the group's leader or a sibling: 1, 0 when the GPU does not have it, or
 * -errno with *fault filled in: then nothing more is to be opened.
 */
int pmu_events_open(struct pmu *pmu, uint64_t config, struct fault *fault);

/* Closes all events, and frees the driver's state. */
void pmu_events_close(struct pmu *pmu);

#endif
