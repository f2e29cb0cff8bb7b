/* SPDX-License-Identifier: Apache-2.0 */
/* What server.c, which has the connections, and request.c, which has the requests, share. */
#ifndef WEB_SERVER_STATE_H
#define WEB_SERVER_STATE_H

#include "auth.h"
#include "connections.h"
#include "loop.h"
#include "web/server.h"

#include <microhttpd.h>
#include <sys/queue.h>

struct request;

/* But for the first two, of the thread that leads the loop only. */
struct server {
	struct server_options options;
	struct loop *loop;
	struct auth *auth; /* from the first password on */
	struct connections *connections;
	bool loopback_only;
	bool must_collect; /* the leader itself, for scrapes that have begun */
	unsigned accepted, scrapes;
	unsigned requests;	/* that were begun and not answered */
	unsigned most_requests; /* since memory was given back */
	uint64_t tokens_ns;	/* of the limit of requests: as much time as is left for them */
	uint64_t counted;	/* since when, monotonic ns */
	TAILQ_HEAD(, request) waiting;
};

/* A connection, and the configuration that its TLS session uses. */
struct peer {
	struct connection *place; /* may be NULL */
	struct web_config *config;
};

#endif
