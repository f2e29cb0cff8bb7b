// SPDX-License-Identifier: Apache-2.0
/*
 * One thread answers all requests and waits in none: a connection whose scrape is not over is
 * suspended, and resumed when it is. One daemon of libmicrohttpd for each listening socket.
 */
#include "web/server.h"

#include "base/log.h"
#include "base/sys.h"
#include "host.h"
#include "pages.h"
#include "request.h"
#include "tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define STOP_NS 500000000u /* to cut connections, which waits for nobody */
/* Connections that were cut and not closed yet. The library's own limit is never reached. */
#define LEAVING 128u
/* The library clears it for each request, and half of it is for the request. */
#define CONNECTION_MEMORY 16384u

bool server_has_page(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/-/healthy") == 0 ||
	       strcmp(path, "/-/ready") == 0 || page_find(path);
}

static enum MHD_Result admit(void *data, const struct sockaddr *address, socklen_t len)
{
	struct server *server = data;

	(void)len;
	server->accepted++;
	return connections_admit(server->connections, address) ? MHD_YES : MHD_NO;
}

/* What a handshake needs is the peer's until the session is gone. */
static struct peer *peer_new(struct server *server, struct MHD_Connection *connection)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct peer *peer = calloc(1, sizeof(*peer));
	const union MHD_ConnectionInfo *info;
	const struct sockaddr *address;
	int fd;

	if (!peer)
		return NULL;
	/* One after the other: libmicrohttpd 1.0 has one place for what it answers. */
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	address = info && info->client_addr ? info->client_addr : &nobody;
	peer->place = connections_add(server->connections, fd, address);
	peer->config = web_config_ref(config_file_now(server->options.config));
	if (peer->config && peer->config->has_tls) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		tls_apply(peer->config, info->tls_session);
	}
	return peer;
}

static void peer_free(struct peer *peer)
{
	if (peer->place)
		connections_remove(peer->place);
	web_config_unref(peer->config);
	free(peer);
}

static void connection_changed(void *data, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = peer_new(data, connection);
	} else if (*context) {
		peer_free(*context);
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

/* One request goes on a round, so that everybody else has a turn while a scrape is rendered. */
static uint64_t next_round(void *data)
{
	struct server *server = data;
	uint64_t next = connections_cut_old(server->connections);
	struct request *request = TAILQ_FIRST(&server->waiting);

	for (; request; request = request_next(request))
		if (request_go_on(request, &next))
			return 0;
	return next;
}

static void collect(void *data)
{
	struct scraper *scraper = data;

	scraper_work(scraper);
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
		request_cancel(request);
	connections_cut_answers(server->connections);
}

/* A session that got no certificate of ours, as memory was out, has none. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
			  const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
			  gnutls_pcert_st **certificates, unsigned *n_certificates,
			  gnutls_privkey_t *key)
{
	(void)session, (void)authorities, (void)n, (void)algorithms, (void)n_algorithms;
	(void)certificates, (void)n_certificates, (void)key;
	return -1;
}

static struct MHD_Daemon *start_daemon(struct server *server, int fd)
{
	const struct web_config *config = config_file_now(server->options.config);
	bool tls = config && config->has_tls;
	/* Not there without TLS: the library would say that it makes no sense. */
	struct MHD_OptionItem certificate[] = {
		{ tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, 0,
		  tls ? (void *)(uintptr_t)no_certificate : NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
			(tls ? MHD_USE_TLS : MHD_NO_FLAG),
		0, admit, server, request_handle, server, MHD_OPTION_EXTERNAL_LOGGER, log_library,
		NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX + LEAVING, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, request_begun, server,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, connection_changed, server, MHD_OPTION_ARRAY,
		certificate, MHD_OPTION_END);
}

/* Half of the descriptors are for what the exporter reads. */
static size_t places(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < CONNECTIONS_MAX)
		return limit.rlim_cur / 2;
	return CONNECTIONS_MAX;
}

static bool is_loopback_only(const struct server_options *options)
{
	for (size_t i = 0; i < options->n_sockets; i++)
		if (!host_is_loopback(options->sockets[i]))
			return false;
	return true;
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
						      .must_collect = &server->must_collect,
						      .collect = collect,
						      .collect_data = options->scraper,
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
	server->loopback_only = is_loopback_only(options);
	server->connections = connections_new(places(), request_cancel);
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
