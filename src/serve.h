/* SPDX-License-Identifier: Apache-2.0 */
/* Serving until a signal says otherwise. */
#ifndef SERVE_H
#define SERVE_H

#include "options.h"
#include "scrape/scrape.h"
#include "web/config_file.h"

#include <signal.h>

/* What has to be right before anything else is begun. */
struct serving {
	int sockets[OPTIONS_MAX_ADDRESSES];
	size_t n_sockets;
	struct config_file *config; /* NULL: none */
};

/*
 * Opens a socket for each address and reads the web configuration, or logs why not. An address in
 * use is reported at once, and a port below 1024 needs a capability that is then dropped. 0 or
 * -errno.
 */
int serve_prepare(const struct options *options, struct serving *ret);

/*
 * Serves until SIGTERM or SIGINT; SIGUSR1 asks for a resolution sweep of VA-API tests (vaapi may be
 * NULL), SIGUSR2 closes all perf events and starts no test for 30 s. The signals are blocked in
 * every thread. Returns the exit status.
 */
int serve(const struct options *options, const struct serving *serving, struct scraper *scraper,
	  struct pmu_set *pmus, struct va_state *vaapi, const sigset_t *signals);

#endif
