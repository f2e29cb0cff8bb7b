// SPDX-License-Identifier: Apache-2.0
/*
 * Pairs of sockets whose other ends libmicrohttpd takes as if it had accepted them. It gives a
 * connection to the thread that the number of its descriptor names, modulo their count; consecutive
 * numbers so reach all of them. Were that to change, some threads would be asked twice and others
 * not.
 */
#include "alive.h"

#include "base/sys.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_THREADS 16
/* Above what the exporter has open usually, so that numbers in a row are free. */
#define FIRST_NUMBER (56 * MOST_THREADS)

/*
 * Gives a descriptor a number that is thread modulo threads, if it can. A thread that hangs keeps
 * the numbers of questions that it was asked before.
 */
static int renumber(int fd, unsigned thread, unsigned threads)
{
	int wanted = FIRST_NUMBER + (int)thread, got;

	for (;; wanted += (int)threads) {
		got = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
		if (got < 0)
			return fd;
		if (got == wanted)
			break;
		close(got);
	}
	close(fd);
	return got;
}

/* Our end of a connection on which path has been asked for, or -1. */
static int ask(struct MHD_Daemon *daemon, unsigned thread, unsigned threads, const char *path)
{
	struct sockaddr address = { .sa_family = AF_UNIX };
	char request[128];
	int ends[2], len;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	len = snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
	send(ends[0], request, (size_t)len, MSG_NOSIGNAL);
	/* It closes its end also when it fails. */
	if (MHD_add_connection(daemon, renumber(ends[1], thread, threads), &address,
			       sizeof(address)) == MHD_YES)
		return ends[0];
	close(ends[0]);
	return -1;
}

/* Any reaction will do, the end of the connection, too: somebody was there to close it. */
static unsigned count_answers(struct pollfd *asked, unsigned n)
{
	unsigned answers = 0;

	for (unsigned i = 0; i < n; i++) {
		if (asked[i].fd < 0 || !asked[i].revents)
			continue;
		close(asked[i].fd);
		asked[i] = (struct pollfd){ .fd = -1 };
		answers++;
	}
	return answers;
}

bool alive_answers(struct MHD_Daemon *daemon, unsigned threads, const char *path, uint64_t deadline,
		   int wake)
{
	struct pollfd asked[MOST_THREADS + 1];
	unsigned n = threads < MOST_THREADS ? threads : MOST_THREADS, answers = 0;

	for (unsigned i = 0; i < n; i++)
		asked[i] = (struct pollfd){ .fd = ask(daemon, i, n, path), .events = POLLIN };
	asked[n] = (struct pollfd){ .fd = wake, .events = POLLIN };
	while (answers < n && !asked[n].revents) {
		uint64_t now = sys_monotonic_ns();

		if (now >= deadline ||
		    poll(asked, n + 1, (int)((deadline - now) / 1000000u) + 1) <= 0)
			break;
		answers += count_answers(asked, n);
	}
	for (unsigned i = 0; i < n; i++)
		if (asked[i].fd >= 0)
			close(asked[i].fd);
	return answers == n;
}
