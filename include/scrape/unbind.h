/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sees that somebody is about to unbind a GPU's driver, and closes all perf events before the
 * kernel begins to.
 *
 * The uevent of a PMU that goes is sent a blink before the kernel frees what open events use (see
 * scrape/uevent.h), so on a busy machine it comes too late. But to unbind, a hypervisor's tools
 * write to the driver's file "unbind", and must open it first. Until then the write has not begun,
 * and it takes the kernel milliseconds more to come to the PMU.
 */
#ifndef SCRAPE_UNBIND_H
#define SCRAPE_UNBIND_H

#include "sources/gpu/pmu.h"

#include <stddef.h>

enum unbind_state {
	UNBIND_NOTHING, /* no unbind is in these events */
	UNBIND_BEGINS,	/* "unbind" was opened */
	UNBIND_IS_OVER, /* and closed: the driver is gone, or was never asked to */
	UNBIND_UNCLEAR, /* events were lost, and what is left has no open of "unbind" */
};

/* What the last of these struct inotify_event that concerns an unbind says. */
enum unbind_state unbind_parse(const char *events, size_t len);

/*
 * Starts the thread that watches: blocked in read(), no system call while nobody opens a file in
 * the directories of drivers, or one of these. Events that are lost close nothing by themselves:
 * for a second the thread asks each millisecond whether a driver's link has gone. 0, or -errno
 * where there is no such watch: then uevents remain.
 */
int unbind_start(struct pmu_set *pmus);

#endif
