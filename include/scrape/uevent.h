/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hears from the kernel that a PMU goes, and closes its perf events at once; hears that devices
 * changed, and has the next scrape look for GPUs again; counts the resets that i915 announces.
 */
#ifndef SCRAPE_UEVENT_H
#define SCRAPE_UEVENT_H

#include "scrape/scrape.h"
#include "sources/gpu/resets.h"

#include <stdbool.h>
#include <stddef.h>

enum uevent_meaning {
	UEVENT_NOTHING,	   /* not about GPUs */
	UEVENT_DEVICES,	   /* a PCI device, DRM node, mediated device or module changed */
	UEVENT_PMU_REMOVE, /* a PMU is being unregistered */
	UEVENT_RESET,	   /* i915 resets a whole GPU: RESET=1 of its card */
};

/*
 * Parses a uevent as lib/kobject_uevent.c of Linux sends it: "remove@/devices/i915", NUL, then
 * KEY=value texts, each with a NUL. For UEVENT_PMU_REMOVE *ret_name points at the PMU's name in
 * buf, for UEVENT_RESET at the GPU's PCI address, which a slash ends. Reads nothing behind len.
 */
enum uevent_meaning uevent_parse(const char *buf, size_t len, const char **ret_name);

/*
 * Starts the thread that listens: blocked in recv(), no system call while nothing happens. 0, or
 * -errno where the kernel gives no such socket: then only the check at each scrape remains.
 */
int uevent_start(struct scraper *scraper, struct pmu_set *pmus, struct resets *resets);

#endif
