// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include "output.h"
#include "web/listen.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 3000 /* of all addresses; Docker and a kubelet may allow more */

static const char request[] =
	"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until the socket is ready. 0 or -errno, -ETIMEDOUT at the deadline. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left;
	int r;

	do {
		left = deadline - now_ms();
		r = left > 0 ? poll(&ready, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	return r > 0 ? 0 : r < 0 ? -errno : -ETIMEDOUT;
}

/* The beginning of the answer, up to the end of its first line. Its length or -errno. */
static ssize_t read_line(int fd, char *buf, size_t size, int64_t deadline)
{
	size_t len = 0;

	while (len < size - 1 && !memchr(buf, '\r', len)) {
		int r = wait_for(fd, POLLIN, deadline);
		ssize_t n = r < 0 ? 0 : recv(fd, buf + len, size - 1 - len, 0);

		if (r < 0)
			return r;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

/* A socket or -errno. */
static int connect_to(const char *address, int64_t deadline)
{
	int fd = listen_connect(address), error = 0, r;
	socklen_t size = sizeof(error);

	if (fd < 0)
		return fd;
	r = wait_for(fd, POLLOUT, deadline);
	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
		r = -error;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* 0 with what it answers, or -errno; -EPROTO for what is no HTTP, as TLS is not. */
static int ask_plain(int fd, char *answer, size_t size, int64_t deadline)
{
	ssize_t n = send(fd, request, strlen(request), MSG_NOSIGNAL);

	if (n < 0)
		return -errno;
	n = read_line(fd, answer, size, deadline);
	if (n == -ECONNRESET)
		return -EPROTO;
	return n < 0 ? (int)n : strncmp(answer, "HTTP/1.", 7) == 0 ? 0 : -EPROTO;
}

/*
 * The certificate is not verified: this machine's own address leads to no stranger. A server that
 * wants the client's certificate ends the connection, in the handshake or after it: it answers all
 * the same.
 */
static int ask_tls(int fd, char *answer, size_t size, int64_t deadline)
{
	gnutls_certificate_credentials_t credentials = NULL;
	gnutls_session_t session = NULL;
	ssize_t n = -1;

	if (gnutls_certificate_allocate_credentials(&credentials) == 0 &&
	    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) == 0) {
		gnutls_set_default_priority(session);
		gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
		gnutls_transport_set_int(session, fd);
		do
			n = gnutls_handshake(session);
		while (n == GNUTLS_E_AGAIN &&
		       wait_for(fd, gnutls_record_get_direction(session) ? POLLOUT : POLLIN,
				deadline) == 0);
	}
	strcpy(answer,
	       session && gnutls_certificate_get_peers(session, NULL) ? "HTTP/1.1 200 " : "");
	if (n == 0 && gnutls_record_send(session, request, strlen(request)) > 0) {
		char text[64];

		do
			n = gnutls_record_recv(session, text, sizeof(text) - 1);
		while (n == GNUTLS_E_AGAIN && wait_for(fd, POLLIN, deadline) == 0);
		if (n > 0)
			snprintf(answer, size, "%.*s", (int)n, text);
		if (n == GNUTLS_E_AGAIN)
			*answer = '\0';
	}
	if (session)
		gnutls_deinit(session);
	if (credentials)
		gnutls_certificate_free_credentials(credentials);
	return *answer ? 0 : now_ms() >= deadline ? -ETIMEDOUT : -EPROTO;
}

/* NULL when it is healthy, else why not. */
static const char *ask(const char *address, int64_t deadline)
{
	char answer[64] = "";
	int fd = connect_to(address, deadline);
	int r = fd < 0 ? fd : ask_plain(fd, answer, sizeof(answer), deadline);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 && r == -EPROTO) {
		int again = connect_to(address, deadline);

		if (again >= 0) {
			r = ask_tls(again, answer, sizeof(answer), deadline);
			close(again);
		}
	}
	if (r == -ETIMEDOUT)
		return "no answer in 3 s";
	if (r == -EPROTO)
		return "the answer is not HTTP";
	if (r < 0)
		return fd < 0 ? listen_error(r) : strerror(-r);
	return strncmp(answer + 8, " 200 ", 5) == 0 ? NULL : "the answer is not 200";
}

int health(const struct options *options)
{
	int64_t deadline = now_ms() + DEADLINE_MS;

	if (options->n_addresses == 0) {
		printf("not known: the sockets are systemd's: name one by --web.listen-address\n");
		output_end();
		return 1;
	}
	for (size_t i = 0; i < options->n_addresses; i++) {
		const char *why = ask(options->addresses[i], deadline);

		if (!why)
			continue;
		printf("not healthy: %s: %s\n", options->addresses[i], why);
		output_end();
		return 1;
	}
	printf("healthy: %s answers\n", options->addresses[0]);
	/* Who lost the line has the exit status. */
	output_end();
	return 0;
}
