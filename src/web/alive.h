/* SPDX-License-Identifier: Apache-2.0 */
/* Does every thread of the pool still answer? */
#ifndef WEB_ALIVE_H
#define WEB_ALIVE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Asks for path on one connection for each of the daemon's threads, none of which goes through the
 * network: neither a firewall nor an address that went away looks like a hang. True when all have
 * reacted by the deadline (monotonic ns); false also as soon as wake, a descriptor or -1, is
 * readable. Must not run while the daemon is stopped.
 */
bool alive_answers(struct MHD_Daemon *daemon, unsigned threads, const char *path, uint64_t deadline,
		   int wake);

#endif
