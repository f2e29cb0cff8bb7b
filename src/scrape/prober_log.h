/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of VA-API tests: what has changed, and how the first round went. */
#ifndef SCRAPE_PROBER_LOG_H
#define SCRAPE_PROBER_LOG_H

#include "sources/vaapi/va_state.h"

/*
 * A run that is about to be recorded. progress: also when nothing has changed, for a person who
 * waits. Both under the lock of the state.
 */
void prober_log_run(const struct va_state *state, struct va_gpu *gpu,
		    const struct va_request *request, const struct va_run *run, bool progress);
void prober_log_first_round(const struct va_state *state, const struct va_gpu *gpu);

#endif
