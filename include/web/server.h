/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server: /metrics, a page for people at /, /-/healthy and /-/ready. */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "scrape/scrape.h"
#include "web/config_file.h"

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
	/*
	 * Scrapes at the same time; above it 503, and with four fifths of it for addresses that
	 * have one in progress already. 0 = no limit.
	 */
	unsigned max_requests;
	const char *notice;	    /* at the head of the page; NULL or "": none */
	struct config_file *config; /* of --web.config.file; may be NULL */
};

struct server;

/* Whether it answers this path with something else than the metrics. */
bool server_has_page(const char *path);

/* Starts to answer. The options' pointers must outlive the server. 0 or -errno. */
int server_start(struct server **ret, const struct server_options *options);

/*
 * True when the thread that answers requests has gone through its loop within the time, and nobody
 * held the scraper's lock meanwhile. Neither a GPU that hangs nor clients that fill all places keep
 * it from being true. False also as soon as wake, a descriptor or -1, is readable. By the thread
 * that also stops the server.
 */
bool server_answers(struct server *server, uint64_t timeout_ns, int wake);

/*
 * Takes no more connections, gives requests in progress up to drain_ns to end, cuts what is left
 * and frees the ports; does not wait for a thread that hangs. The scraper must have been stopped,
 * so that nothing waits for it.
 */
void server_stop(struct server *server, uint64_t drain_ns);

#endif
