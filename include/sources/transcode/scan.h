/* SPDX-License-Identifier: Apache-2.0 */
/* The transcoders among the processes of this machine, from scan to scan, each with a verdict. */
#ifndef SOURCES_TRANSCODE_SCAN_H
#define SOURCES_TRANSCODE_SCAN_H

#include "sources/proc/procs.h"
#include "sources/transcode/totals.h"
#include "sources/workload/names.h"

/* A process may call itself what it likes: more than these are counted and are unknown. */
#define TRANSCODE_SCAN_MAX 512

struct transcode_scan;

/* names: see transcode_match(); must outlive it. NULL when memory is out. */
struct transcode_scan *transcode_scan_new(const struct fs *fs, struct names *names,
					  const char *more);
void transcode_scan_free(struct transcode_scan *transcodes);

/*
 * One scan of all processes of a walk. The walk has the names; a transcoder costs some twenty
 * system calls. gpus may be NULL: there are none. 0 or -errno with *fault
 * filled in; 0 with *fault filled in when what some use of the GPU could not be read.
 */
int transcode_scan_run(struct transcode_scan *transcodes, struct walk *walk,
		       const struct gpu_list *gpus, struct fault *fault);

const struct transcode_totals *transcode_scan_totals(const struct transcode_scan *transcodes);

/* How many processes have each verdict now. */
void transcode_scan_count(const struct transcode_scan *transcodes, unsigned ret[ACCELERATIONS]);

#endif
