// SPDX-License-Identifier: Apache-2.0
/*
 * The loop is ours, and not the library's, so that it can be asked whether it goes round. Another
 * way would be a question through MHD_add_connection(), but that takes one of the places that
 * clients fill, and in libmicrohttpd 0.9.74 to 0.9.77 it returns from the connection limit with a
 * mutex locked.
 */
#include "worker.h"

#include "base/macros.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct worker {
	struct scraper *scraper;
	pthread_t thread;
	int epoll;
	int wake;   /* wakes the thread when a flag below has changed */
	int answer; /* wakes the caller that has asked or waits for the end */
	_Atomic bool quiescing, stopping, ended;
	_Atomic uint64_t asked, answered;
	size_t n_daemons;
	struct MHD_Daemon *daemons[];
};

static void ring(int fd)
{
	eventfd_write(fd, 1);
}

static void hush(int fd)
{
	eventfd_t count;

	eventfd_read(fd, &count);
}

/* How long the library can sleep, in ms; -1: until something comes. */
static int sleep_of(const struct worker *w)
{
	unsigned long long shortest = INT_MAX, ms;
	bool any = false;

	for (size_t i = 0; i < w->n_daemons; i++) {
		if (MHD_get_timeout(w->daemons[i], &ms) != MHD_YES)
			continue;
		any = true;
		if (ms < shortest)
			shortest = ms;
	}
	return any ? (int)shortest : -1;
}

static void give_sign(struct worker *w)
{
	uint64_t asked = w->asked;
	size_t gpus;

	if (asked == w->answered)
		return;
	/* As each request for the readiness does: nobody keeps that lock for ever. */
	scraper_is_ready(w->scraper, &gpus);
	w->answered = asked;
	ring(w->answer);
}

static void *worker_main(void *data)
{
	struct worker *w = data;
	struct epoll_event events[8];

	while (!w->stopping) {
		int n = epoll_wait(w->epoll, events, ARRAY_SIZE(events), sleep_of(w));

		for (int i = 0; i < n; i++)
			if (events[i].data.fd == w->wake)
				hush(w->wake);
		for (size_t i = 0; i < w->n_daemons; i++) {
			if (w->quiescing)
				MHD_quiesce_daemon(w->daemons[i]);
			MHD_run(w->daemons[i]);
		}
		give_sign(w);
	}
	for (size_t i = 0; i < w->n_daemons; i++)
		MHD_stop_daemon(w->daemons[i]);
	w->ended = true;
	ring(w->answer);
	return NULL;
}

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int watch_all(struct worker *w)
{
	int r = watch(w->epoll, w->wake);

	for (size_t i = 0; r == 0 && i < w->n_daemons; i++)
		r = watch(w->epoll,
			  MHD_get_daemon_info(w->daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	return r;
}

static void worker_free(struct worker *w)
{
	close(w->epoll);
	close(w->wake);
	close(w->answer);
	free(w);
}

int worker_start(struct worker **ret, struct MHD_Daemon **daemons, size_t n_daemons,
		 struct scraper *scraper)
{
	struct worker *w = calloc(1, sizeof(*w) + n_daemons * sizeof(struct MHD_Daemon *));
	int r;

	if (!w)
		return -ENOMEM;
	w->scraper = scraper;
	w->n_daemons = n_daemons;
	memcpy(w->daemons, daemons, n_daemons * sizeof(struct MHD_Daemon *));
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->answer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = w->epoll < 0 || w->wake < 0 || w->answer < 0 ? -errno : watch_all(w);
	if (r == 0)
		r = thread_start(&w->thread, "http", worker_main, w);
	if (r < 0) {
		worker_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

/* Sleeps until the worker says something. False at the deadline and when wake is readable. */
static bool wait_for(struct worker *w, uint64_t deadline, int wake)
{
	struct pollfd fds[] = { { .fd = w->answer, .events = POLLIN },
				{ .fd = wake, .events = POLLIN } };
	uint64_t now = sys_monotonic_ns();

	if (now >= deadline || poll(fds, 2, (int)((deadline - now) / 1000000u) + 1) <= 0)
		return false;
	hush(w->answer);
	return !fds[1].revents;
}

bool workers_answer(struct worker *const *workers, size_t n, uint64_t deadline, int wake)
{
	for (size_t i = 0; i < n; i++) {
		workers[i]->asked++;
		ring(workers[i]->wake);
	}
	for (size_t i = 0; i < n; i++)
		while (workers[i]->answered != workers[i]->asked)
			if (!wait_for(workers[i], deadline, wake))
				return false;
	return true;
}

void worker_quiesce(struct worker *w)
{
	w->quiescing = true;
	ring(w->wake);
}

bool worker_stop(struct worker *w, uint64_t deadline)
{
	w->stopping = true;
	ring(w->wake);
	while (!w->ended)
		if (!wait_for(w, deadline, -1))
			return false;
	pthread_join(w->thread, NULL);
	worker_free(w);
	return true;
}
