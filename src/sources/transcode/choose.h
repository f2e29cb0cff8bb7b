/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes with a transcoder's name, and which of too many are scanned: a process may call itself
 * what it likes, and have many children.
 */
#ifndef SOURCES_TRANSCODE_CHOOSE_H
#define SOURCES_TRANSCODE_CHOOSE_H

#include "sources/proc/procs.h"
#include "sources/transcode/match.h"
#include "sources/workload/names.h"

struct candidate {
	pid_t pid;
	struct transcoder named;
	bool known;	/* scanned before; set by the caller */
	uint64_t group; /* whose it is: the owner of its workload, or the workload */
	bool uses_gpu;
	size_t rank; /* in its group */
};

struct candidates {
	struct candidate *all; /* by pid */
	size_t n, size;
};

/* Those of a walk. more: see transcode_match(). 0 or -errno with *fault filled in. */
int candidates_find(struct candidates *candidates, const struct walk *walk, const char *more,
		    struct fault *fault);

/*
 * Leaves max of them, and returns how many those are that have no room. Each group has its turn,
 * with those first that have a GPU open, then those that were scanned before: who has thousands
 * takes nobody else's room. With fewer than max it reads nothing.
 */
size_t candidates_limit(struct candidates *candidates, size_t max, const struct fs *fs,
			struct names *names, const struct walk *walk);

#endif
