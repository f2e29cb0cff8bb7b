/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that answers requests: it runs libmicrohttpd, one daemon for each listening socket. */
#ifndef WEB_WORKER_H
#define WEB_WORKER_H

#include "scrape/scrape.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct worker;

/* The daemons, without threads of their own, are the worker's from now on. 0 or -errno. */
int worker_start(struct worker **ret, struct MHD_Daemon **daemons, size_t n_daemons,
		 struct scraper *scraper);

/*
 * Asks each for a sign of life, which takes no connection, so that clients cannot keep it away. A
 * worker gives it between two rounds of its loop, once it has had the scraper's lock. True when all
 * have by the deadline (monotonic ns); false also as soon as wake, a descriptor or -1, is readable.
 */
bool workers_answer(struct worker *const *workers, size_t n, uint64_t deadline, int wake);

/* Takes no more connections; the sockets stay open. */
void worker_quiesce(struct worker *worker);

/*
 * Ends connections and thread. False, with the worker left behind, if that has not happened by the
 * deadline (monotonic ns): a library that hangs must not keep the process.
 */
bool worker_stop(struct worker *worker, uint64_t deadline);

#endif
