// SPDX-License-Identifier: Apache-2.0
/*
 * The loop is ours, and not the library's, so that it can be asked whether it goes round, waits for
 * other things than sockets, and pauses. The way to ask within the library, MHD_add_connection(),
 * takes one of the places that clients fill, and in 0.9.74 to 0.9.77 returns from the connection
 * limit with a mutex locked.
 */
#include "loop.h"

#include "base/macros.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PAUSE_MS    100
#define BUSY_ROUNDS 8

struct loop {
	struct loop_options options;
	pthread_t thread;
	int epoll;
	int wake;	       /* for the thread */
	int answer;	       /* for who has asked, or waits for the end */
	unsigned misses, busy; /* rounds in a row */
	atomic_bool stopping, ended;
	_Atomic uint64_t drained;
	_Atomic uint64_t asked, answered;
	struct MHD_Daemon *daemons[];
};

static void hush(int fd)
{
	eventfd_t count;

	eventfd_read(fd, &count);
}

void loop_wake(struct loop *l)
{
	eventfd_write(l->wake, 1);
}

/* In ms, rounded up so that what is due is due; -1: until something comes. */
static int sleep_until(uint64_t next)
{
	uint64_t now = sys_monotonic_ns();

	if (next == UINT64_MAX)
		return -1;
	if (next <= now)
		return 0;
	return next - now > 3600 * UINT64_C(1000000000) ? 3600 * 1000
							: (int)((next - now) / 1000000u) + 1;
}

static int sleep_time(const struct loop *l, uint64_t next)
{
	unsigned long long ms;

	if (l->stopping && l->drained < next)
		next = l->drained;
	/* Without timeouts of its own, that the library has one says that it has work left. */
	for (size_t i = 0; i < l->options.n; i++)
		if (MHD_get_timeout(l->daemons[i], &ms) == MHD_YES)
			next = 0;
	return sleep_until(next);
}

/* True when there is a connection to be accepted. */
static bool wait_for_events(struct loop *l, uint64_t next)
{
	struct epoll_event events[16];
	int ms = sleep_time(l, next), n;
	bool pending = false;

	/* While there is work nothing is waited for; who has come is seen now and then. */
	if (ms == 0 && ++l->busy < BUSY_ROUNDS)
		return false;
	l->busy = 0;
	n = epoll_wait(l->epoll, events, ARRAY_SIZE(events), ms);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == l->wake)
			hush(l->wake);
		for (size_t j = 0; j < l->options.n; j++)
			pending |= events[i].data.fd == l->options.sockets[j];
	}
	return pending;
}

/*
 * Without descriptors there is no accept(), and the socket stays readable: the library would try
 * again at once, or when one of its connections has closed, however long descriptors have been
 * there again by then.
 */
static void pause_accepting(struct loop *l)
{
	struct pollfd fd = { .fd = l->wake, .events = POLLIN };

	/* One miss is a client that has left again. */
	if (++l->misses < 2)
		return;
	l->options.make_room(l->options.data);
	poll(&fd, 1, PAUSE_MS);
}

static void run_daemons(struct loop *l, bool pending)
{
	unsigned before = *l->options.accepted;

	for (size_t i = 0; i < l->options.n; i++)
		MHD_run(l->daemons[i]);
	if (pending && *l->options.accepted == before)
		pause_accepting(l);
	else
		l->misses = 0;
}

static void stop_accepting(struct loop *l)
{
	for (size_t i = 0; i < l->options.n; i++) {
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->options.sockets[i], NULL);
		MHD_quiesce_daemon(l->daemons[i]);
	}
}

static bool is_over(const struct loop *l)
{
	return !l->options.is_busy(l->options.data) || sys_monotonic_ns() >= l->drained;
}

static void *loop_main(void *data)
{
	struct loop *l = data;
	uint64_t next = UINT64_MAX;
	bool quiet = false;

	do {
		bool pending = wait_for_events(l, next);
		uint64_t asked = l->asked;

		if (l->stopping && !quiet) {
			stop_accepting(l);
			quiet = true;
		}
		run_daemons(l, pending && !quiet);
		next = l->options.round(l->options.data);
		if (asked != l->answered) {
			l->options.sign(l->options.data);
			l->answered = asked;
			eventfd_write(l->answer, 1);
		}
	} while (!quiet || !is_over(l));
	l->options.end(l->options.data);
	for (size_t i = 0; i < l->options.n; i++)
		MHD_stop_daemon(l->daemons[i]);
	l->ended = true;
	eventfd_write(l->answer, 1);
	return NULL;
}

static int watch(struct loop *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int watch_all(struct loop *l)
{
	int r = watch(l, l->wake);

	for (size_t i = 0; r == 0 && i < l->options.n; i++) {
		r = watch(l,
			  MHD_get_daemon_info(l->daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
		if (r == 0)
			r = watch(l, l->options.sockets[i]);
	}
	return r;
}

static void loop_free(struct loop *l)
{
	close(l->epoll);
	close(l->wake);
	close(l->answer);
	free(l);
}

int loop_start(struct loop **ret, const struct loop_options *options)
{
	struct loop *l = calloc(1, sizeof(*l) + options->n * sizeof(struct MHD_Daemon *));
	int r;

	if (!l)
		return -ENOMEM;
	l->options = *options;
	memcpy(l->daemons, options->daemons, options->n * sizeof(struct MHD_Daemon *));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->answer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = l->epoll < 0 || l->wake < 0 || l->answer < 0 ? -errno : watch_all(l);
	/* Before the thread starts: its rounds use it. */
	*ret = l;
	if (r == 0)
		r = thread_start(&l->thread, "http", loop_main, l);
	if (r < 0)
		loop_free(l);
	return r;
}

/* Sleeps until the loop says something. False at the deadline and when wake is readable. */
static bool wait_for(struct loop *l, uint64_t deadline, int wake)
{
	struct pollfd fds[] = { { .fd = l->answer, .events = POLLIN },
				{ .fd = wake, .events = POLLIN } };

	if (sys_monotonic_ns() >= deadline || poll(fds, 2, sleep_until(deadline)) <= 0)
		return false;
	hush(l->answer);
	return !fds[1].revents;
}

bool loop_answers(struct loop *l, uint64_t deadline, int wake)
{
	uint64_t asked = ++l->asked;

	loop_wake(l);
	while (l->answered < asked)
		if (!wait_for(l, deadline, wake))
			return false;
	return true;
}

bool loop_stop(struct loop *l, uint64_t drained, uint64_t deadline)
{
	l->drained = drained;
	l->stopping = true;
	loop_wake(l);
	while (!l->ended)
		if (!wait_for(l, deadline, -1))
			return false;
	pthread_join(l->thread, NULL);
	loop_free(l);
	return true;
}
