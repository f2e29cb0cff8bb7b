/* SPDX-License-Identifier: Apache-2.0 */
/* The one thread that runs VA-API tests, each in a child, for as long as the process lives. */
#ifndef SCRAPE_PROBER_H
#define SCRAPE_PROBER_H

#include "sources/vaapi/va_state.h"

/*
 * Starts the thread, which runs intel_gpu_probe from beside this program, each time for at most
 * timeout_ns. progress: log every test, for a person who waits. Returns what the thread works on,
 * or NULL when memory is out; what keeps tests from running is logged, and reported by each
 * collect.
 */
struct va_state *prober_start(const struct fs *fs, const struct va_options *options,
			      uint64_t timeout_ns, bool progress);

/* Waits until the first round of every watched GPU has ended, or is skipped. */
void prober_wait(struct va_state *state);

#endif
