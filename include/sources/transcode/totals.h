/* SPDX-License-Identifier: Apache-2.0 */
/* What transcoders have used, added up by application, acceleration and workload. */
#ifndef SOURCES_TRANSCODE_TOTALS_H
#define SOURCES_TRANSCODE_TOTALS_H

#include "sources/transcode/acceleration.h"
#include "sources/transcode/match.h"
#include "sources/workload/workload.h"

#define TRANSCODE_TOTALS_MAX 256

struct transcode_total {
	char application[sizeof(((struct transcoder *)0)->application)];
	enum acceleration acceleration;
	struct workload workload;
	unsigned processes; /* now */
	uint64_t cpu_ns;    /* of ended processes, too */
	uint64_t last_live;
};

struct transcode_totals {
	uint64_t now, before; /* of the last two scans */
	struct transcode_total *rows;
	size_t n;
	struct transcode_total others[ACCELERATIONS]; /* rows over the limit, as "other" */
};

/* 0 or -ENOMEM. */
int transcode_totals_init(struct transcode_totals *totals);
void transcode_totals_done(struct transcode_totals *totals);

/* One scan: begin, then add for each process, and for the CPU time of ended ones. */
void transcode_totals_begin(struct transcode_totals *totals, uint64_t now);
void transcode_totals_add(struct transcode_totals *totals, const char *application,
			  enum acceleration acceleration, const struct workload *workload,
			  unsigned processes, uint64_t cpu_ns);
/* Forgets rows that had no processes for 15 minutes. */
void transcode_totals_end(struct transcode_totals *totals);

#endif
