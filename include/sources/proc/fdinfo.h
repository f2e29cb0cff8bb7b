/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DRM client's own account of its use of the GPU: /proc/<pid>/fdinfo/<fd>, as the kernel's
 * Documentation/gpu/drm-usage-stats.rst describes it.
 */
#ifndef SOURCES_PROC_FDINFO_H
#define SOURCES_PROC_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fdinfo_class {
	FDINFO_RENDER,
	FDINFO_COPY,
	FDINFO_VIDEO,
	FDINFO_VIDEO_ENHANCE,
	FDINFO_COMPUTE,
	FDINFO_CLASSES,
};

/* The label `class`. */
const char *fdinfo_class_name(enum fdinfo_class which);

struct fdinfo_engine {
	bool has_ns, has_cycles;
	uint64_t ns;		       /* i915: time of all engines of the class */
	uint64_t cycles, total_cycles; /* xe: of the class, and of the clock meanwhile */
	uint64_t capacity;	       /* engines of the class; 1 when not said */
};

#define FDINFO_MAX_REGIONS 8 /* xe has at most five */

struct fdinfo_region {
	char name[24]; /* as the driver calls it: system0, stolen-local0, vram0, gtt */
	uint64_t bytes;
};

struct fdinfo {
	char pdev[24]; /* PCI address; empty when not said */
	bool has_client_id;
	uint64_t client_id;
	struct fdinfo_engine engines[FDINFO_CLASSES];
	size_t n_regions;
	struct fdinfo_region regions[FDINFO_MAX_REGIONS]; /* resident memory, buffers shared with
							     other clients included */
};

#define FDINFO_SLACK 32

/*
 * Parses a whole fdinfo file, behind which are FDINFO_SLACK more bytes, the first of them 0. 0;
 * -ENODATA when it is not a DRM client's (no key drm-…), -EINVAL when a key that we know has a
 * value that is not its kind: then *ret says nothing. Unknown keys are skipped.
 */
int fdinfo_parse(const char *text, size_t len, struct fdinfo *ret);

/*
 * What an engine class of xe has grown by between two readings: its cycles, and the clock's, which
 * are 0 only with no cycles. Before Xe2 the clock has 36 bits and starts again every hour, and the
 * cycles of a client fall by 2^32 whenever one of its contexts has worked for that long (Linux 6.17
 * to 7.0 add up 32-bit timestamps as if they had 64). False when the readings do not tell: the
 * clock was reset, or stood, or the cycles fell by anything else.
 */
bool fdinfo_cycles_grown(const struct fdinfo_engine *last, const struct fdinfo_engine *now,
			 uint64_t elapsed_ns, uint64_t *ret_cycles, uint64_t *ret_total);

/* Engines of the class; 1 when that is not said, or makes no sense. */
uint64_t fdinfo_capacity(const struct fdinfo_engine *engine);

#endif
