// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include "accept.h"
#include "answers.h"
#include "base/log.h"
#include "base/sys.h"
#include "host.h"
#include "pages.h"
#include "query.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define CROWD 8

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	struct connection *place; /* may be NULL */
	bool is_suspended;
	bool is_waiting; /* for one of these two: */
	struct login *login;
	struct scrape *scrape;
	enum auth_answer may; /* AUTH_WAIT before it is known */
	struct accept accept;
	bool scraped; /* and what that has given: */
	int r;
	char *body;
	size_t len;
	TAILQ_ENTRY(request) link; /* in waiting */
};

struct query_walk {
	struct query query;
	collector_set enabled;
};

struct request *request_next(const struct request *request)
{
	return TAILQ_NEXT(request, link);
}

static const char *header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result line(const struct request *request, unsigned status, const char *text)
{
	return answer_line(request->connection, config_file_now(request->server->options.config),
			   status, text);
}

/* By the threads of the scraper, and by the one that checks passwords. */
static void wake(void *data)
{
	struct server *server = data;

	loop_wake(server->loop);
}

static void suspend(struct request *request)
{
	request->is_suspended = true;
	MHD_suspend_connection(request->connection);
}

static void begin_wait(struct request *request)
{
	request->is_waiting = true;
	TAILQ_INSERT_TAIL(&request->server->waiting, request, link);
	connection_scrape(request->place, request);
}

static void end_wait(struct request *request)
{
	request->is_waiting = false;
	TAILQ_REMOVE(&request->server->waiting, request, link);
	if (request->is_suspended)
		MHD_resume_connection(request->connection);
	request->is_suspended = false;
}

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

static void end_scrape(struct request *request)
{
	request->r =
		scraper_end(request->scrape, request->accept.format, &request->body, &request->len);
	request->scraped = true;
	request->server->scrapes--;
}

static enum MHD_Result begin_scrape(struct request *request, collector_set set)
{
	struct server *server = request->server;
	struct scraper *scraper = server->options.scraper;
	uint64_t timeout = query_timeout(header(request, "X-Prometheus-Scrape-Timeout-Seconds"));

	if (scraper_begin(scraper, set, timeout, wake, server, &request->scrape) < 0)
		return MHD_NO;
	server->scrapes++;
	/* A crowd has the loop for itself, and another thread collects for it. */
	if (TAILQ_EMPTY(&server->waiting) && server->requests < CROWD)
		server->must_collect = loop_may_collect(server->loop);
	begin_wait(request);
	if (!server->must_collect)
		scraper_call_runner(scraper);
	/*
	 * A suspended connection costs five system calls. The library asks again in its next round
	 * for one that has no answer and is not suspended, and by then it has one, most times.
	 */
	if (!server->must_collect || server->scrapes > 1)
		suspend(request);
	return MHD_YES;
}

static enum MHD_Result ask_for_metrics(struct request *request)
{
	struct MHD_Connection *connection = request->connection;
	struct query_walk walk = { .enabled = scraper_enabled(request->server->options.scraper) };
	collector_set set;
	char message[128];

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_argument, &walk);
	if (query_result(&walk.query, walk.enabled, &set, message, sizeof(message)) < 0)
		return line(request, MHD_HTTP_BAD_REQUEST, message);
	if (!has_room(request))
		return line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
			    "Too many scrapes at the same time (--web.max-requests).\n");
	accept_parse(header(request, MHD_HTTP_HEADER_ACCEPT),
		     header(request, MHD_HTTP_HEADER_ACCEPT_ENCODING), &request->accept);
	return begin_scrape(request, set);
}

static enum MHD_Result answer_metrics(struct request *request)
{
	struct answer answer = {
		.connection = request->connection,
		.config = config_file_now(request->server->options.config),
		.status = MHD_HTTP_OK,
		.content_type = request->accept.content_type,
		.headers = { { MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding" } },
	};

	if (request->r < 0) {
		log_error("scrape failed", "err", strerror(-request->r));
		return line(request, MHD_HTTP_INTERNAL_SERVER_ERROR,
			    "The metrics could not be rendered.\n");
	}
	if (request->accept.gzip &&
	    accept_gzip(&request->body, &request->len, connection_is_local(request->place)))
		answer.headers[1] =
			(struct answer_header){ MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip" };
	answer.text = request->body;
	answer.len = request->len;
	request->body = NULL;
	return answer_send(&answer);
}

/* Probes of systems that restart what does not answer have no password and any Host. */
static bool is_open_to_all(const char *path)
{
	return strcmp(path, "/-/healthy") == 0 || strcmp(path, "/-/ready") == 0;
}

static enum MHD_Result route(struct request *request, const char *path)
{
	struct server *server = request->server;
	const struct page_file *file;

	if (strcmp(path, server->options.telemetry_path) == 0)
		return ask_for_metrics(request);
	if (strcmp(path, "/") == 0)
		return answer_index(request->connection, &server->options);
	/* Neither depends on the GPU's health: a sick GPU is no reason to restart the exporter. */
	if (strcmp(path, "/-/healthy") == 0)
		return line(request, MHD_HTTP_OK, "Healthy.\n");
	if (strcmp(path, "/-/ready") == 0)
		return answer_ready(request->connection, &server->options);
	file = page_find(path);
	if (file)
		return answer_page(request->connection, config_file_now(server->options.config),
				   file->content_type, file->data, file->len);
	return line(request, MHD_HTTP_NOT_FOUND, "Not found.\n");
}

/* A token is worth its interval; as many as the burst says are kept. */
static bool take_token(struct server *server, const struct web_config *config)
{
	uint64_t now = sys_monotonic_ns();
	uint64_t burst = config->rate_burst > 0 ? config->rate_burst : 1;
	uint64_t most;

	if (config->rate_interval_ns == 0)
		return true;
	if (__builtin_mul_overflow(burst, config->rate_interval_ns, &most))
		most = UINT64_MAX / 2;
	server->tokens_ns = server->counted && now - server->counted < most - server->tokens_ns
				    ? server->tokens_ns + (now - server->counted)
				    : most;
	server->counted = now;
	if (server->tokens_ns < config->rate_interval_ns)
		return false;
	server->tokens_ns -= config->rate_interval_ns;
	return true;
}

static enum MHD_Result refuse(const struct request *request, unsigned status, const char *text,
			      const char *name, const char *value)
{
	const struct answer answer = {
		.connection = request->connection,
		.config = config_file_now(request->server->options.config),
		.status = status,
		.content_type = ANSWER_PLAIN,
		.headers = { { name, value } },
		.text = strdup(text),
		.len = strlen(text),
	};

	return answer_send(&answer);
}

/* What the password is good for: an answer, or a wait that has begun. */
static enum MHD_Result authorize(struct request *request, const char *path)
{
	struct server *server = request->server;
	const struct web_config *config = config_file_now(server->options.config);
	struct in6_addr address = connection_address(request->place);

	if (request->may == AUTH_WAIT && (!config || config->n_users == 0 || is_open_to_all(path)))
		request->may = AUTH_YES;
	if (request->may == AUTH_WAIT && !server->auth)
		server->auth = auth_new(wake, server);
	if (request->may == AUTH_WAIT && !server->auth)
		request->may = AUTH_BUSY;
	if (request->may == AUTH_WAIT)
		request->may = auth_begin(server->auth, config,
					  header(request, MHD_HTTP_HEADER_AUTHORIZATION), &address,
					  &request->login);
	switch (request->may) {
	case AUTH_YES:
		return route(request, path);
	case AUTH_WAIT:
		begin_wait(request);
		suspend(request);
		return MHD_YES;
	case AUTH_BUSY:
		return refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE,
			      "Other passwords are being checked.\n", MHD_HTTP_HEADER_RETRY_AFTER,
			      "1");
	default:
		return refuse(request, MHD_HTTP_UNAUTHORIZED, "Unauthorized.\n",
			      MHD_HTTP_HEADER_WWW_AUTHENTICATE,
			      "Basic realm=\"intel_gpu_exporter\", charset=\"UTF-8\"");
	}
}

static enum MHD_Result judge(struct request *request, const char *path)
{
	struct server *server = request->server;
	const struct web_config *config = config_file_now(server->options.config);

	if (config && !take_token(server, config))
		return refuse(request, MHD_HTTP_TOO_MANY_REQUESTS,
			      "Too many requests (rate_limit of the web configuration).\n",
			      MHD_HTTP_HEADER_RETRY_AFTER, "1");
	/* No page of a browser gets to a Unix socket. */
	if (server->loopback_only && !connection_is_unix(request->place) && !is_open_to_all(path) &&
	    !host_is_ours(header(request, MHD_HTTP_HEADER_HOST)))
		return line(
			request, MHD_HTTP_MISDIRECTED_REQUEST,
			"This exporter listens on loopback and answers to addresses and "
			"to names without a dot, not to others: a page elsewhere may have sent you "
			"here. A proxy must send Host: localhost.\n");
	return authorize(request, path);
}

bool request_go_on(struct request *request, uint64_t *ret_again)
{
	struct server *server = request->server;
	uint64_t again = UINT64_MAX;

	if (request->login) {
		request->may = auth_end(server->auth, request->login);
		if (request->may == AUTH_WAIT)
			return false;
		request->login = NULL;
		end_wait(request);
		return true;
	}
	if (!scraper_is_over(request->scrape, &again)) {
		if (again < *ret_again)
			*ret_again = again;
		return false;
	}
	end_scrape(request);
	end_wait(request);
	return true;
}

void request_cancel(void *data)
{
	struct request *request = data;
	struct server *server = request->server;

	request->r = -ECANCELED;
	/* Between its end and the next round of the library it is over, but not answered. */
	if (!request->is_waiting)
		return;
	if (request->login) {
		auth_cancel(server->auth, request->login);
		request->login = NULL;
		request->may = AUTH_NO;
	} else {
		scraper_cancel(request->scrape);
		request->scraped = true;
		server->scrapes--;
	}
	end_wait(request);
}

static struct connection *place_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct peer *peer = info ? info->socket_context : NULL;

	return peer ? peer->place : NULL;
}

/* The first line of a request has come. */
void *request_begun(void *data, const char *uri, struct MHD_Connection *connection)
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
				     .place = place_of(connection),
				     .may = AUTH_WAIT };
	server->requests++;
	if (server->requests > server->most_requests)
		server->most_requests = server->requests;
	return request;
}

enum MHD_Result request_handle(void *data, struct MHD_Connection *connection, const char *path,
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
		return line(request, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (request->is_waiting) {
		suspend(request);
		return MHD_YES;
	}
	connection_answer(request->place);
	if (request->scraped)
		return answer_metrics(request);
	return request->may == AUTH_WAIT ? judge(request, path) : authorize(request, path);
}

/* Answers of many clients at a time are no measure of what the next ones need. */
static void give_back(struct server *server)
{
	if (server->requests > 0 || server->most_requests < CROWD)
		return;
	server->most_requests = 0;
	malloc_trim(0);
}

void request_completed(void *data, struct MHD_Connection *connection, void **context,
		       enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	(void)data, (void)connection, (void)code;
	if (!request)
		return;
	*context = NULL;
	request_cancel(request);
	request->server->requests--;
	connection_idle(request->place);
	free(request->body);
	give_back(request->server);
	free(request);
}
