/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A collector says what a source means: it reads and puts samples. One file has one static table
 * of families and up to three functions; one line in src/collectors/registry.c makes it known.
 */
#ifndef COLLECTORS_COLLECTOR_H
#define COLLECTORS_COLLECTOR_H

#include "base/fault.h"
#include "base/fs.h"
#include "exposition/metrics.h"
#include "sources/gpu/gpu.h"
#include "sources/proc/procs.h"
#include "sources/workload/names.h"

#include <stdint.h>

/* One round of collecting. What a source has read in a round serves all collectors of it. */
struct round {
	uint64_t number;	     /* never 0 */
	const struct gpu_list *gpus; /* for HOST: those that there are; NULL for PER_GPU */
};

struct assignments;
struct doctor_state;
struct resets;
struct va_state;

/* Unchanged for the life of the program. */
struct context {
	const struct fs *fs;
	struct procs *procs;
	struct names *names;
	struct assignments *assignments;
	unsigned client_max_workloads;
	const char *transcode_names; /* more names of transcoders, with commas; or NULL */
	bool no_machine_uuid;
	struct va_state *vaapi;	     /* NULL: nobody runs VA-API tests */
	struct resets *resets;	     /* NULL: nobody counts them */
	struct doctor_state *doctor; /* NULL: nobody runs the checks */
};

#define COLLECT_PARTIAL 1

#define CLIENT_MAX_WORKLOADS 200 /* unless a flag says otherwise */

enum collector_scope { PER_GPU, HOST };

struct collector;

/* What a collect works with: where to read, and where to put what was read. */
struct collection {
	const struct context *context;
	const struct collector *collector;
	struct gpu *gpu; /* NULL for HOST */
	void *state;	 /* from init */
	const struct round *round;
	struct batch *batch;
	struct fault *fault;
};

/*
 * The source of a family of a PMU's collector: value = total x multiplier / divisor, one of them 1.
 */
struct pmu_value {
	enum pmu_kind kind;
	enum { LABELS_GPU, LABELS_GT, LABELS_ENGINE } labels; /* pci; pci, gt; pci, engine, class */
	double multiplier, divisor;
};

struct collector {
	const char *name; /* --collector.NAME */
	const char *help; /* for --help and --list-metrics */
	enum collector_scope scope;
	bool off_by_default;
	bool reads_processes; /* needs the rights to read other users' processes */
	bool needs_baseline;  /* its counters start with the first collect */
	bool of_pmu;	      /* the source of each family is a pmu_value */
	const struct family *families;
	size_t n_families;

	/*
	 * Prepares the collector for a GPU; may be NULL. -ENODEV: this kernel offers no such source
	 * for this GPU ("not_supported"). -EOPNOTSUPP: it does, and the collector cannot read it
	 * yet; nothing is said of it.
	 */
	int (*init)(const struct context *context, struct gpu *gpu, void **ret_state);
	/*
	 * Puts the samples. 0; COLLECT_PARTIAL with *fault filled in: some values could not be
	 * read, the others are published; -errno with *fault filled in: nothing is published. A
	 * value that is not there is left out and is no failure; 0 with *fault filled in says why
	 * something that users would look for is not there.
	 *
	 * One bad file costs one value, so where values are independent of each other (clocks,
	 * throttle reasons, vGPU types, virtual functions) the rest is published. Withheld together
	 * is what would look like a reset or a removal if half of it were shown: the events of a
	 * PMU group, the engines of a client, the counts of transcodes.
	 */
	int (*collect)(const struct collection *collection);
	void (*destroy)(void *state); /* NULL: free() */
};

/* For a collector's definition: the table of its families. */
#define COLLECTOR_FAMILIES(table) .families = (table), .n_families = ARRAY_SIZE(table)

/*
 * For one value of sysfs or procfs that may be absent: 1 and *ret, 0 when it is not there, or
 * -errno with *fault added to. Absent are missing, empty and unsupported (-ENODEV) ones.
 */
int collector_read_u64(const struct context *context, struct fault *fault, uint64_t *ret,
		       const char *fmt, ...) _printf_(4, 5);

/* Adds a file that could not be read, r, to the collect's fault. */
void collector_add_fault(const struct collection *collection, int r, const char *fmt, ...)
	_printf_(3, 4);

/* For a collector whose families all have a pmu_value as their source. */
int collector_pmu_init(const struct context *context, struct gpu *gpu, void **ret_state);
int collector_pmu_collect(const struct collection *collection);
#define COLLECTOR_OF_PMU(table)                                                                    \
	COLLECTOR_FAMILIES(table), .of_pmu = true, .init = collector_pmu_init,                     \
				   .collect = collector_pmu_collect

/*
 * The kinds of events (bits of enum pmu_kind) of a collector's families that need no flag; 0 for
 * one that is not of the PMU. Such counters start when the events are opened.
 */
unsigned collector_pmu_kinds(const struct collector *collector);

#endif
