/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The perf PMU of i915 or xe: all wanted events of one GPU in one group, read with one read(2).
 *
 * Open perf events are a danger to the host: kernels before 6.16 free memory that is still in use
 * when a PMU is unregistered while events on it are open, and may panic later. So every open PMU
 * is in one set, and whoever hears that a PMU goes (a uevent, a signal) closes its events at once
 * through the set, whatever a reader does.
 */
#ifndef SOURCES_GPU_PMU_H
#define SOURCES_GPU_PMU_H

#include "base/fault.h"
#include "base/fs.h"

#include <pthread.h>
#include <stdint.h>

/* Kinds of events, as bits: which of them a PMU opens is chosen when the set is made. */
enum pmu_kind {
	PMU_BUSY = 1 << 0,	       /* ns an engine was occupied */
	PMU_WAIT = 1 << 1,	       /* ns an engine waited (timer-sampled) */
	PMU_SEMAPHORE = 1 << 2,	       /* ns an engine waited for a semaphore (timer-sampled) */
	PMU_ACTUAL_FREQUENCY = 1 << 3, /* MHz x s (timer-sampled) */
	PMU_REQUESTED_FREQUENCY = 1 << 4,
	PMU_INTERRUPTS = 1 << 5, /* count */
	PMU_RC6 = 1 << 6,	 /* ns */
	PMU_AWAKE = 1 << 7,	 /* ns */
	PMU_VF_BUSY = 1 << 8,	 /* ns a virtual function occupied an engine; xe's alone */
};

/*
 * When xe's engine events are open: each keeps the GPU from being suspended, and its GT awake.
 * While virtual functions are enabled, xe keeps the GPU from being suspended itself.
 */
enum pmu_xe_mode {
	PMU_XE_AUTO, /* while virtual functions are enabled */
	PMU_XE_ON,
	PMU_XE_OFF,
};

/* What an event means: one of i915's events/ directory, or what is made of several of xe's. */
struct pmu_event {
	enum pmu_kind kind;
	uint64_t config;
	char engine[16];   /* "vcs1", or empty */
	const char *class; /* "video", or NULL */
	unsigned gt;
	unsigned vf; /* from 1; 0: none */
};

/*
 * Parses a file of events/: its name and its content ("config=0x2000"). Linux's
 * drivers/gpu/drm/i915/i915_pmu.c, create_event_attributes(). 0; -ENOENT for an event that we do
 * not know; -EINVAL for a content that is none.
 */
int pmu_event_parse(const char *name, const char *content, size_t len, struct pmu_event *ret);

/* The number of xe's events/ files ("event=0x02"). 0 or -EINVAL. */
int pmu_event_number_parse(const char *text, size_t len, uint64_t *ret);

/* A field of format/: the bits first to last of an event's config. */
struct pmu_field {
	unsigned first, last;
};

/* From "config:12-19" or "config:12". 0 or -EINVAL. */
int pmu_field_parse(const char *text, size_t len, struct pmu_field *ret);

/* Puts a value into its field of *config. 0, or -ERANGE: the field is too small for it. */
int pmu_field_put(const struct pmu_field *field, uint64_t value, uint64_t *config);

/* The engine class of "rcs", "bcs", "vcs", "vecs", "ccs", with or without an instance; or NULL. */
const char *engine_class(const char *engine);

/* The first CPU of a list as in cpumask ("0", "0-3,8"). 0 or -EINVAL. */
int pmu_cpumask_parse(const char *text, size_t len, int *ret_cpu);

struct pmu_set;
struct pmu;

/* kinds: bits of enum pmu_kind that will be opened. NULL when memory is out. */
struct pmu_set *pmu_set_new(const struct fs *fs, unsigned kinds);
void pmu_set_free(struct pmu_set *set);

/* Before the first PMU is made; PMU_XE_AUTO otherwise. */
void pmu_set_xe_mode(struct pmu_set *set, enum pmu_xe_mode mode);

/* Closes every event of the PMU of that name, for good: the kernel has announced that it goes. */
void pmu_set_close(struct pmu_set *set, const char *name);

/* Closes every event of every PMU; they are opened again by the first read at or after until_ns. */
void pmu_set_hold(struct pmu_set *set, uint64_t until_ns);

/*
 * The same when somebody is about to unbind a driver, or has done it: the time of a later call
 * replaces that of an earlier one, and neither touches pmu_set_hold()'s.
 */
void pmu_set_unbind(struct pmu_set *set, uint64_t until_ns);

/* Has a driver gone, or begun to go, while events of its PMU are open? */
bool pmu_set_lost_driver(struct pmu_set *set);

/*
 * Before events are opened, the directory of their driver below sys/bus/pci/drivers is watched
 * through this, see sys_watch_dir(): who unbinds a driver opens a file there first. move puts the
 * thread that then calls pmu_set_unbind() onto the CPU that the events are on: from any other each
 * close(2) waits for that one. It is called with the set's lock; watcher lives as long as the set.
 */
typedef void (*pmu_mover)(void *watcher, int cpu);
void pmu_set_watch(struct pmu_set *set, int watch, pmu_mover move, void *watcher);

/*
 * A PMU by its directory's name below sys/bus/event_source/devices, and the PCI device it belongs
 * to. Nothing is read or opened yet; and no event is opened unless the device has a driver, nor in
 * the first second of a PMU that has come while the program runs (is_new).
 */
struct pmu *pmu_new(struct pmu_set *set, const char *name, const char *pci, bool is_new);
struct pmu *pmu_ref(struct pmu *pmu);
/* Closes its events and takes it out of the set; the last reference frees it. */
void pmu_close(struct pmu *pmu);
void pmu_unref(struct pmu *pmu);

typedef void (*pmu_visitor)(void *data, const struct pmu_event *event, uint64_t total);

/*
 * Calls visit for every event of these kinds with its total in the kernel's unit (of xe: ns) since
 * the events were opened; of xe from the second read on, which shows the GT's clock. The first call
 * of a round opens what is not open and reads the group; later calls of the same round use that
 * read. 0 or -errno with *fault filled in: -EACCES, -EPERM, -ENODEV …
 */
int pmu_visit(struct pmu *pmu, uint64_t round, unsigned kinds, pmu_visitor visit, void *data,
	      struct fault *fault);

/*
 * Calls visit with the class of each engine of an xe GPU whose events are open in the round, and
 * says how many virtual functions are counted with it. 0, -errno with *fault filled in, or
 * -EOPNOTSUPP alone for another driver's PMU.
 */
int pmu_visit_engines(struct pmu *pmu, uint64_t round, void (*visit)(void *data, const char *class),
		      void *data, unsigned *ret_vfs, struct fault *fault);

#endif
