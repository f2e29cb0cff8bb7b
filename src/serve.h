/* SPDX-License-Identifier: Apache-2.0 */
/* Serving until a signal says otherwise. */
#ifndef SERVE_H
#define SERVE_H

#include "options.h"
#include "scrape/scrape.h"

#include <signal.h>

/*
 * Opens a socket for each address, or logs why not. Done before anything else: an address in use is
 * reported at once, and a port below 1024 needs a capability that is then dropped. 0 or -errno.
 */
int serve_listen(const struct options *options, int *sockets);

/*
 * Serves until SIGTERM or SIGINT; SIGUSR1 asks for a resolution sweep of VA-API tests (vaapi may be
 * NULL), SIGUSR2 closes all perf events and starts no test for 30 s. The signals are blocked in
 * every thread. Returns the exit status.
 */
int serve(const struct options *options, const int *sockets, struct scraper *scraper,
	  struct pmu_set *pmus, struct va_state *vaapi, const sigset_t *signals);

#endif
