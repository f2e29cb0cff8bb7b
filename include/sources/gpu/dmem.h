/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card's memory as the control group "dmem" accounts it (Linux 6.14, kernel/cgroup/dmem.c; xe's
 * VRAM, nothing of i915's): lines "drm/0000:03:00.0/vram0 BYTES". Any user may read them, and no
 * read reaches the card.
 */
#ifndef SOURCES_GPU_DMEM_H
#define SOURCES_GPU_DMEM_H

#include <stddef.h>
#include <stdint.h>

#define DMEM_MAX_REGIONS 8

struct dmem_region {
	char name[16]; /* "vram0" */
	uint64_t bytes;
};

/*
 * The regions of one PCI device in dmem.capacity or dmem.current of the root group. Returns how
 * many there are, or -EINVAL for a text that is none of these files.
 */
int dmem_parse(const char *text, size_t len, const char *pci,
	       struct dmem_region ret[static DMEM_MAX_REGIONS]);

#endif
