/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What workloads have used of one GPU, added up over clients that come and go. A client's own
 * totals vanish with it (Documentation/gpu/drm-usage-stats.rst), so that what it has grown by
 * since the last scan is added to its workload: nothing that was counted is ever taken back.
 */
#ifndef SOURCES_WORKLOAD_USAGE_H
#define SOURCES_WORKLOAD_USAGE_H

#include "sources/gpu/dmem.h"
#include "sources/proc/procs.h"
#include "sources/workload/workload.h"

#include <stdbool.h>
#include <stdint.h>

struct use {
	struct workload workload;
	bool has_busy[FDINFO_CLASSES];
	uint64_t busy_ns[FDINFO_CLASSES];
	unsigned clients; /* open now; 0 for a workload that is only remembered */
	struct fdinfo_region regions[FDINFO_MAX_REGIONS]; /* of those clients */
	size_t n_regions;
	struct dmem_region accounted[DMEM_MAX_REGIONS]; /* by its control group, since the begin */
	size_t n_accounted;

	uint64_t hash, last_live;
};

struct usage;

/*
 * At most max workloads are kept apart, and of one owner WORKLOAD_SHARE(max); what is over the
 * limit is aggregated as "other".
 */
struct usage *usage_new(unsigned max);
void usage_free(struct usage *usage);

/*
 * One scan of the GPU: begin, add for each client, end. Between them nothing is to be read. A
 * client is known by its id. What it had used before the first scan of all does not count; later
 * a new client counts whole, because it has come since.
 *
 * of: where what a workload's clients use is added, until the next call; NULL: they are nobody's,
 * which is "other" as well. of and add: 0 or -ENOMEM.
 */
void usage_begin(struct usage *usage, uint64_t now);
int usage_of(struct usage *usage, const struct workload *workload, struct use **ret);
int usage_add(struct usage *usage, const struct drm_client *client, struct use *use);
/* Clients of processes that could not be scanned this time are not missing. Before the end. */
void usage_keep_denied(struct usage *usage, const struct walk *walk);
/* Forgets workloads without clients for 15 minutes. */
void usage_end(struct usage *usage);

const struct use *usage_all(const struct usage *usage, size_t *ret_n);

/* What does not fit; NULL while everything ever did. *ret_aggregated: how many workloads now. */
const struct use *usage_other(const struct usage *usage, size_t *ret_aggregated);

/* How many clients are remembered; for tests of memory. */
size_t usage_clients(const struct usage *usage);

#endif
