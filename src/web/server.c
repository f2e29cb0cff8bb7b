// SPDX-License-Identifier: Apache-2.0
/*
 * libmicrohttpd with epoll and some workers: a scrape that waits for its deadline holds one of
 * them. Each has a daemon for each listening socket.
 */
#include "web/server.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/thread.h"
#include "connections.h"
#include "exposition/text.h"
#include "pages.h"
#include "query.h"
#include "worker.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define WORKERS		 4u
#define CONNECTION_LIMIT 256u	    /* divided among the workers */
#define STOP_NS		 500000000u /* to cut connections, which waits for nobody */
#define CONNECTION_MEMORY                                                                          \
	40960u /* above 32 KiB it is mapped, and given back with the connection                    \
		*/

struct server {
	struct server_options options;
	struct connections *connections;
	struct worker *workers[WORKERS];
	size_t n_workers;
	pthread_mutex_t lock;
	pthread_cond_t drained;
	unsigned requests; /* that were begun and not answered */
	unsigned scrapes;
};

/* For the answers that every browser should take with care. */
static void add_headers(struct MHD_Response *response, const char *content_type, const char *policy)
{
	MHD_add_response_header(response, "Content-Type", content_type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Content-Security-Policy", policy);
}

/* Takes the malloc'ed text. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status,
			      const char *content_type, char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	add_headers(response, content_type, "default-src 'none'");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status,
				   const char *line)
{
	char *text = strdup(line);

	return text ? answer(connection, status, "text/plain; charset=utf-8", text, strlen(text))
		    : MHD_NO;
}

struct query_walk {
	struct query query;
	collector_set enabled;
};

static enum MHD_Result take_argument(void *data, enum MHD_ValueKind kind, const char *key,
				     const char *value)
{
	struct query_walk *walk = data;

	(void)kind;
	query_add(&walk->query, walk->enabled, key, value);
	return MHD_YES;
}

static bool begin_scrape(struct server *server)
{
	bool room;

	pthread_mutex_lock(&server->lock);
	room = server->options.max_requests == 0 || server->scrapes < server->options.max_requests;
	server->scrapes += room;
	pthread_mutex_unlock(&server->lock);
	return room;
}

static void end_scrape(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	server->scrapes--;
	pthread_mutex_unlock(&server->lock);
}

static enum MHD_Result answer_metrics(struct server *server, struct MHD_Connection *connection)
{
	struct scraper *scraper = server->options.scraper;
	struct query_walk walk = { .enabled = scraper_enabled(scraper) };
	const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							 "X-Prometheus-Scrape-Timeout-Seconds");
	collector_set set;
	char message[128];
	size_t len;
	char *body;
	int r;

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &walk);
	if (query_result(&walk.query, walk.enabled, &set, message, sizeof(message)) < 0)
		return answer_line(connection, MHD_HTTP_BAD_REQUEST, message);
	if (!begin_scrape(server))
		return answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "Too many scrapes at the same time (--web.max-requests).\n");
	r = scraper_scrape(scraper, set, query_timeout(header), &body, &len);
	end_scrape(server);
	if (r < 0) {
		log_error("scrape failed", "err", strerror(-r));
		return answer_line(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				   "The metrics could not be rendered.\n");
	}
	return answer(connection, MHD_HTTP_OK, TEXT_CONTENT_TYPE, body, len);
}

static enum MHD_Result answer_ready(struct server *server, struct MHD_Connection *connection)
{
	char line[96];
	size_t gpus;
	bool ready = scraper_is_ready(server->options.scraper, &gpus);

	if (!ready)
		snprintf(line, sizeof(line), "Not ready: still looking for GPUs.\n");
	else
		snprintf(line, sizeof(line), "Ready: %zu Intel GPU%s found.\n", gpus,
			 gpus == 1 ? "" : "s");
	return answer_line(connection, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

static enum MHD_Result answer_page(struct MHD_Connection *connection, const char *content_type,
				   const char *text, size_t len, enum MHD_ResponseMemoryMode mode)
{
	/* libmicrohttpd does not write to the text, in any mode. */
	void *body = (void *)(uintptr_t)text;
	struct MHD_Response *response = MHD_create_response_from_buffer(len, body, mode);
	enum MHD_Result result;

	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(body);
		return MHD_NO;
	}
	add_headers(response, content_type, PAGES_POLICY);
	/* The next version's page must not run this version's script. */
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_index(struct server *server, struct MHD_Connection *connection)
{
	char *gpus = scraper_describe(server->options.scraper);
	size_t len;
	char *page = page_index(gpus ? gpus : "", server->options.telemetry_path,
				server->options.notice, &len);

	free(gpus);
	return page ? answer_page(connection, "text/html; charset=utf-8", page, len,
				  MHD_RESPMEM_MUST_FREE)
		    : MHD_NO;
}

bool server_has_page(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/-/healthy") == 0 ||
	       strcmp(path, "/-/ready") == 0 || page_find(path);
}

static enum MHD_Result route(struct server *server, struct MHD_Connection *connection,
			     const char *path)
{
	const struct page_file *file;

	if (strcmp(path, server->options.telemetry_path) == 0)
		return answer_metrics(server, connection);
	if (strcmp(path, "/") == 0)
		return answer_index(server, connection);
	/* Neither depends on the GPU's health: a sick GPU is no reason to restart the exporter. */
	if (strcmp(path, "/-/healthy") == 0)
		return answer_line(connection, MHD_HTTP_OK, "Healthy.\n");
	if (strcmp(path, "/-/ready") == 0)
		return answer_ready(server, connection);
	file = page_find(path);
	if (file)
		return answer_page(connection, file->content_type, file->data, file->len,
				   MHD_RESPMEM_PERSISTENT);
	return answer_line(connection, MHD_HTTP_NOT_FOUND, "Not found.\n");
}

static struct connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **request)
{
	static char begun;
	struct server *server = data;

	(void)version, (void)upload;
	if (!*request) {
		*request = &begun;
		pthread_mutex_lock(&server->lock);
		server->requests++;
		pthread_mutex_unlock(&server->lock);
		if (connection_of(connection))
			connections_busy(server->connections, connection_of(connection));
		/* At once, so that no body of a POST is taken; the connection ends with it. */
		if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
		    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
			return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
					   "Only GET and HEAD.\n");
		/* An answer in the first call would end the keep-alive connection. */
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	return route(server, connection, path);
}

static void request_completed(void *data, struct MHD_Connection *connection, void **request,
			      enum MHD_RequestTerminationCode code)
{
	struct server *server = data;

	(void)code;
	if (!*request)
		return;
	*request = NULL;
	if (connection_of(connection))
		connections_idle(server->connections, connection_of(connection));
	pthread_mutex_lock(&server->lock);
	if (--server->requests == 0)
		pthread_cond_signal(&server->drained);
	pthread_mutex_unlock(&server->lock);
}

static void connection_changed(void *data, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		*context = info ? connections_add(server->connections, info->connect_fd) : NULL;
	} else if (*context) {
		connections_remove(server->connections, *context);
		*context = NULL;
	}
}

/* What libmicrohttpd says is about clients, and noise to everybody else. */
static void log_library(void *data, const char *fmt, va_list ap)
{
	char message[256];

	(void)data;
	vsnprintf(message, sizeof(message), fmt, ap);
	message[strcspn(message, "\n")] = '\0';
	log_debug("http", "err", message);
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, CONNECTION_LIMIT / WORKERS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_KEEP_ALIVE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_END);
}

static int start_worker(struct server *server)
{
	const struct server_options *options = &server->options;
	struct MHD_Daemon **daemons = calloc(options->n_sockets, sizeof(struct MHD_Daemon *));
	int r = daemons ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < options->n_sockets; i++) {
		daemons[i] = start_daemon(server, options->sockets[i]);
		if (!daemons[i])
			r = -EAGAIN;
	}
	if (r == 0)
		r = worker_start(&server->workers[server->n_workers], daemons, options->n_sockets,
				 options->scraper);
	server->n_workers += r == 0;
	free(daemons);
	return r;
}

int server_start(struct server **ret, const struct server_options *options)
{
	struct server *server = calloc(1, sizeof(*server));
	int r = 0;

	if (!server)
		return -ENOMEM;
	server->options = *options;
	pthread_mutex_init(&server->lock, NULL);
	thread_cond_init(&server->drained);
	server->connections = connections_new();
	if (!server->connections)
		return -ENOMEM;
	while (r == 0 && server->n_workers < WORKERS)
		r = start_worker(server);
	*ret = server;
	return r;
}

bool server_answers(struct server *server, uint64_t timeout_ns, int wake)
{
	return workers_answer(server->workers, server->n_workers, sys_monotonic_ns() + timeout_ns,
			      wake);
}

void server_stop(struct server *server, uint64_t drain_ns)
{
	uint64_t end = sys_monotonic_ns() + drain_ns;
	bool stopped = true;

	for (size_t i = 0; i < server->n_workers; i++)
		worker_quiesce(server->workers[i]);
	pthread_mutex_lock(&server->lock);
	while (server->requests > 0 && sys_monotonic_ns() < end)
		thread_wait_until(&server->drained, &server->lock, end);
	pthread_mutex_unlock(&server->lock);
	end = sys_monotonic_ns() + STOP_NS;
	for (size_t i = 0; i < server->n_workers; i++)
		stopped &= worker_stop(server->workers[i], end);
	for (size_t i = 0; i < server->options.n_sockets; i++)
		close(server->options.sockets[i]);
	/* A worker that hangs may still use the server. */
	if (!stopped)
		return;
	connections_stop(server->connections);
	free(server);
}
