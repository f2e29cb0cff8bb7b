/* SPDX-License-Identifier: Apache-2.0 */
/* From a PCI device id to the graphics platform: never from the CPU's model name. */
#ifndef SOURCES_GPU_PLATFORM_H
#define SOURCES_GPU_PLATFORM_H

#include <stdbool.h>
#include <stdint.h>

struct platform {
	const char *name;	/* "Coffee Lake" */
	const char *generation; /* graphics generation: "9", "12.7", "xe2" */
	bool discrete;
};

/* The platform of an Intel display device (vendor 0x8086), or NULL for an id not in the table. */
const struct platform *platform_find(uint16_t device_id);

#endif
