/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: /metrics, a page for people at /, /-/healthy and /-/ready. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "scrape/scrape.h"

#include <stdbool.h>
#include <stddef.h>

#define WEB_DEFAULT_ADDRESS	 ":10057"
#define WEB_DEFAULT_PATH	 "/metrics"
#define WEB_DEFAULT_MAX_REQUESTS 40

struct server_options {
	struct scraper *scraper;
	const int *sockets; /* that listen, from listen_open(); the server's from now on */
	size_t n_sockets;
	const char *telemetry_path;
	unsigned max_requests; /* scrapes at the same time; above it 503. 0 = no limit */
	const char *notice;    /* at the head of the page; NULL or "": none */
};

struct server;

/* Whether it answers this path with something else than the metrics. */
bool server_has_page(const char *path);

/* Starts to answer. The options' pointers must outlive the server. 0 or -errno. */
int server_start(struct server **ret, const struct server_options *options);

/*
 * True when every thread that answers requests has answered one within the time, and nobody held
 * the scraper's lock meanwhile. A GPU that hangs does not keep it from being true. False
 * also as soon as wake, a descriptor or -1, is readable. By the thread that also stops the server.
 */
bool server_answers(struct server *server, uint64_t timeout_ns, int wake);

/*
 * Takes no more connections, gives requests in progress up to drain_ns to end, cuts what is left
 * and frees the ports. The scraper must have been stopped, so that nothing waits for it.
 */
void server_stop(struct server *server, uint64_t drain_ns);

#endif
