/* SPDX-License-Identifier: Apache-2.0 */
/* --once: one exposition on stdout. */
#ifndef ONCE_H
#define ONCE_H

#include "scrape/scrape.h"

/*
 * Prints what set exports. Counters that start when they are opened are left out with
 * keep_open_ns 0: a 0 that was not measured is not printed. Returns the exit status: 0 when there
 * is an Intel GPU, else 1.
 */
int once(struct scraper *scraper, collector_set set, uint64_t keep_open_ns);

#endif
