// SPDX-License-Identifier: Apache-2.0
/*
 * One thread answers all requests and waits in none: a connection whose scrape is not over is
 * suspended, and resumed when it is. One daemon of libmicrohttpd for each listening socket.
 */
#include "web/server.h"

#include "answers.h"
#include "base/log.h"
#include "base/sys.h"
#include "connections.h"
#include "exposition/text.h"
#include "loop.h"
#include "pages.h"
#include "query.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>

#define STOP_NS 500000000u /* to cut connections, which waits for nobody */
/* Connections that were cut and not closed yet. The library's own limit is never reached. */
#define LEAVING 128u
#define CONNECTION_MEMORY                                                                          \
	40960u /* above 32 KiB it is mapped, and given back with the connection                    \
		*/

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	struct connection *place; /* may be NULL */
	struct scrape *scrape;	  /* that it waits for */
	bool over;		  /* it was, and has given: */
	int r;
	char *body;
	size_t len;
	TAILQ_ENTRY(request) link; /* in waiting */
};

/* But for the first two, of the loop's thread only. */
struct server {
	struct server_options options;
	struct loop *loop;
	struct connections *connections;
	unsigned accepted, scrapes;
	unsigned requests; /* that were begun and not answered */
	TAILQ_HEAD(, request) waiting;
};

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

/* The last fifth is for addresses that have no scrape in progress: one alone cannot take all. */
static bool has_room(const struct request *request)
{
	const struct server *server = request->server;
	unsigned max = server->options.max_requests;

	return max == 0 || server->scrapes < max - max / 5 ||
	       (server->scrapes < max && connection_scrapes(request->place) == 0);
}

/* By the threads of the scraper. */
static void wake(void *data)
{
	struct server *server = data;

	loop_wake(server->loop);
}

static enum MHD_Result begin_scrape(struct request *request, collector_set set)
{
	struct server *server = request->server;
	const char *header = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
							 "X-Prometheus-Scrape-Timeout-Seconds");

	if (scraper_begin(server->options.scraper, set, query_timeout(header), wake, server,
			  &request->scrape) < 0)
		return MHD_NO;
	server->scrapes++;
	TAILQ_INSERT_TAIL(&server->waiting, request, link);
	connection_scrape(request->place, request);
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

static void resume(struct request *request)
{
	struct server *server = request->server;

	server->scrapes--;
	TAILQ_REMOVE(&server->waiting, request, link);
	request->over = true;
	MHD_resume_connection(request->connection);
}

static void end_scrape(struct request *request)
{
	request->r = scraper_end(request->scrape, &request->body, &request->len);
	resume(request);
}

static void cancel_scrape(void *data)
{
	struct request *request = data;

	request->r = -ECANCELED;
	/* Between its end and the next round of the library it is over, but not answered. */
	if (request->over)
		return;
	scraper_cancel(request->scrape);
	resume(request);
}

static enum MHD_Result ask_for_metrics(struct request *request)
{
	struct MHD_Connection *connection = request->connection;
	struct query_walk walk = { .enabled = scraper_enabled(request->server->options.scraper) };
	collector_set set;
	char message[128];

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &walk);
	if (query_result(&walk.query, walk.enabled, &set, message, sizeof(message)) < 0)
		return answer_line(connection, MHD_HTTP_BAD_REQUEST, message);
	if (!has_room(request))
		return answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				   "Too many scrapes at the same time (--web.max-requests).\n");
	return begin_scrape(request, set);
}

static enum MHD_Result answer_metrics(struct request *request)
{
	char *body = request->body;

	if (request->r < 0) {
		log_error("scrape failed", "err", strerror(-request->r));
		return answer_line(request->connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				   "The metrics could not be rendered.\n");
	}
	request->body = NULL;
	return answer_text(request->connection, MHD_HTTP_OK, TEXT_CONTENT_TYPE, body, request->len);
}

bool server_has_page(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/-/healthy") == 0 ||
	       strcmp(path, "/-/ready") == 0 || page_find(path);
}

static enum MHD_Result route(struct request *request, const char *path)
{
	struct server *server = request->server;
	struct MHD_Connection *connection = request->connection;
	const struct page_file *file;

	if (strcmp(path, server->options.telemetry_path) == 0)
		return ask_for_metrics(request);
	if (strcmp(path, "/") == 0)
		return answer_index(connection, &server->options);
	/* Neither depends on the GPU's health: a sick GPU is no reason to restart the exporter. */
	if (strcmp(path, "/-/healthy") == 0)
		return answer_line(connection, MHD_HTTP_OK, "Healthy.\n");
	if (strcmp(path, "/-/ready") == 0)
		return answer_ready(connection, server->options.scraper);
	file = page_find(path);
	if (file)
		return answer_page(connection, file->content_type, file->data, file->len,
				   MHD_RESPMEM_PERSISTENT);
	return answer_line(connection, MHD_HTTP_NOT_FOUND, "Not found.\n");
}

static struct connection *place_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The first line of a request has come. */
static void *request_begun(void *data, const char *uri, struct MHD_Connection *connection)
{
	(void)data, (void)uri;
	connection_request(place_of(connection));
	return NULL;
}

static struct request *request_new(struct server *server, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	*request = (struct request){ .server = server,
				     .connection = connection,
				     .place = place_of(connection) };
	server->requests++;
	return request;
}

static enum MHD_Result handle(void *data, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **context)
{
	struct request *request = *context;

	(void)version, (void)upload;
	if (connection_has_left(place_of(connection)))
		return MHD_NO;
	if (!request) {
		*context = request = request_new(data, connection);
		if (!request)
			return MHD_NO;
		/* An answer in the first call would end the keep-alive connection. */
		if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
		    strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
			return MHD_YES;
		/* At once, so that no body of a POST is taken; the connection ends with it. */
		connection_answer(request->place);
		return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	connection_answer(request->place);
	return request->over ? answer_metrics(request) : route(request, path);
}

static void request_completed(void *data, struct MHD_Connection *connection, void **context,
			      enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)data, (void)connection, (void)code;
	if (!request)
		return;
	*context = NULL;
	request->server->requests--;
	connection_idle(request->place);
	free(request->body);
	free(request);
}

static enum MHD_Result admit(void *data, const struct sockaddr *address, socklen_t len)
{
	struct server *server = data;

	(void)len;
	server->accepted++;
	return connections_admit(server->connections, address) ? MHD_YES : MHD_NO;
}

static void connection_changed(void *data, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		/* One after the other: libmicrohttpd 1.0 has one place for what it answers. */
		int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				 ->connect_fd;
		const struct sockaddr *address =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				->client_addr;

		*context = connections_add(server->connections, fd, address);
	} else if (*context) {
		connections_remove(*context);
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

/* One scrape is rendered a round, so that everybody else has a turn meanwhile. */
static uint64_t next_round(void *data)
{
	struct server *server = data;
	uint64_t next = connections_cut_old(server->connections), again;
	struct request *request;

	TAILQ_FOREACH (request, &server->waiting, link) {
		if (scraper_is_over(request->scrape, &again)) {
			end_scrape(request);
			return 0;
		}
		if (again < next)
			next = again;
	}
	return next;
}

/* As each request for the readiness does: nobody keeps the scraper's lock for ever. */
static void sign(void *data)
{
	const struct server *server = data;
	size_t gpus;

	scraper_is_ready(server->options.scraper, &gpus);
}

static void make_room(void *data)
{
	struct server *server = data;

	connections_cut_one(server->connections);
}

static bool is_busy(void *data)
{
	const struct server *server = data;

	return server->requests > 0;
}

/* No connection may be suspended when its daemon ends. */
static void end(void *data)
{
	struct server *server = data;
	struct request *request;

	while ((request = TAILQ_FIRST(&server->waiting)))
		cancel_scrape(request);
	connections_cut_answers(server->connections);
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME, 0, admit, server,
		handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX + LEAVING, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, request_begun, server,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_END);
}

/* Half of the descriptors are for what the exporter reads. */
static size_t places(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < CONNECTIONS_MAX)
		return limit.rlim_cur / 2;
	return CONNECTIONS_MAX;
}

static int start_loop(struct server *server)
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
		r = loop_start(&server->loop, &(struct loop_options){
						      .sockets = options->sockets,
						      .daemons = daemons,
						      .n = options->n_sockets,
						      .round = next_round,
						      .sign = sign,
						      .make_room = make_room,
						      .is_busy = is_busy,
						      .end = end,
						      .accepted = &server->accepted,
						      .data = server,
					      });
	free(daemons);
	return r;
}

int server_start(struct server **ret, const struct server_options *options)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->options = *options;
	TAILQ_INIT(&server->waiting);
	server->connections = connections_new(places(), cancel_scrape);
	if (!server->connections)
		return -ENOMEM;
	*ret = server;
	return start_loop(server);
}

bool server_answers(struct server *server, uint64_t timeout_ns, int wake_fd)
{
	return loop_answers(server->loop, sys_monotonic_ns() + timeout_ns, wake_fd);
}

void server_stop(struct server *server, uint64_t drain_ns)
{
	uint64_t drained = sys_monotonic_ns() + drain_ns;
	bool stopped = loop_stop(server->loop, drained, drained + STOP_NS);

	for (size_t i = 0; i < server->options.n_sockets; i++)
		close(server->options.sockets[i]);
	/* A thread that hangs may still use the server. */
	if (!stopped)
		return;
	connections_free(server->connections);
	free(server);
}
