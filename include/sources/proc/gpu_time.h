/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GPU's time that one process has used, added up over its clients. Unlike usage.h it asks of
 * each process what it holds itself, and gives no figure to export: it is there to be compared.
 */
#ifndef SOURCES_PROC_GPU_TIME_H
#define SOURCES_PROC_GPU_TIME_H

#include "sources/proc/procs.h"

#include <stdbool.h>
#include <stdint.h>

#define GPU_TIME_CLIENTS 16 /* of a process; ffmpeg has one to three */

struct gpu_time_client {
	char pci[24];
	uint64_t id;
	bool seen, held[FDINFO_CLASSES];
	uint64_t at[FDINFO_CLASSES]; /* of the reading in engines */
	struct fdinfo_engine engines[FDINFO_CLASSES];
};

/* A zeroed struct is a process that was never scanned. */
struct gpu_time {
	uint64_t video_ns; /* of the classes video and video-enhance */
	uint64_t other_ns;
	bool known;	  /* all clients of the process have reported their times */
	bool gap;	  /* what came since the last scan is not known, and comes later if ever */
	bool since_start; /* includes what the process used before the first scan */
	struct gpu_time_client clients[GPU_TIME_CLIENTS];
	size_t n;
};

/*
 * One scan: begin, add for each client, end. fresh: the process has come since the last scan, so
 * all of what its clients have used belongs to it.
 */
void gpu_time_begin(struct gpu_time *time, bool fresh);
void gpu_time_add(struct gpu_time *time, const char *pci, const struct drm_client *client,
		  bool fresh);
/* A client of this GPU could not be asked without waking it: it has not worked since. */
void gpu_time_sleeps(struct gpu_time *time, const char *pci);
void gpu_time_end(struct gpu_time *time);

#endif
