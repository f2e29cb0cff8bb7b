/* SPDX-License-Identifier: Apache-2.0 */
/* Why this machine shows no GPU, in one line of the log. */
#ifndef SCRAPE_ABSENCE_H
#define SCRAPE_ABSENCE_H

#include "sources/gpu/gpu.h"

enum absence {
	GPU_IS_HERE,
	GPU_IS_HIDDEN, /* in sysfs, but without nodes in this container's /dev/dri */
	GPU_IS_ABSENT,
};

enum absence absence_of(const struct gpu_list *gpus);

/* Finds the evidence in sysfs. */
void absence_log(const struct fs *fs, enum absence absence);

#endif
