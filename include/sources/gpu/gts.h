/* SPDX-License-Identifier: Apache-2.0 */
/* The GTs of a GPU and where their attributes are. */
#ifndef SOURCES_GPU_GTS_H
#define SOURCES_GPU_GTS_H

#include "sources/gpu/gpu.h"

#define GTS_MAX 16

struct gt_place {
	unsigned number;
	char dir[80]; /* with a slash in the end */
};

/*
 * Those that the driver has in sysfs: gt/gtN of i915's card (intel_gt_sysfs.c, since Linux 5.18),
 * tileN/gtN of xe's device (xe_gt_sysfs.c, xe_tile_sysfs.c). How many were written to ret, which
 * has GTS_MAX, or -errno: -ENOENT of an older i915, whose files are the card's.
 */
int gts_find(const struct fs *fs, const struct gpu *gpu, struct gt_place *ret);

#endif
