// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include "output.h"
#include "web/listen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define DEADLINE_MS 3000 /* of all addresses; Docker and a kubelet may allow more */

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

/* NULL when it is healthy, else why not. */
static const char *ask(const char *address, int64_t deadline)
{
	static const char request[] =
		"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char answer[64];
	_cleanup_close_ int fd = listen_connect(address);
	socklen_t size = sizeof(int);
	int r = fd < 0 ? fd : wait_for(fd, POLLOUT, deadline), error = 0;

	if (r == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
		r = -error;
	if (r == 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r == 0)
		r = (int)read_line(fd, answer, sizeof(answer), deadline);
	if (r == -ETIMEDOUT)
		return "no answer in 3 s";
	if (r < 0)
		return fd < 0 ? listen_error(r) : strerror(-r);
	if (strncmp(answer, "HTTP/1.", 7) != 0)
		return "the answer is not HTTP";
	return strncmp(answer + 8, " 200 ", 5) == 0 ? NULL : "the answer is not 200";
}

int health(const struct options *options)
{
	int64_t deadline = now_ms() + DEADLINE_MS;

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
