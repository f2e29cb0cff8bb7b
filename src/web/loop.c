// SPDX-License-Identifier: Apache-2.0
/*
 * The loop is ours, and not the library's, so that it can be asked whether it goes round, waits for
 * other things than sockets, and pauses. The way to ask within the library, MHD_add_connection(),
 * takes one of the places that clients fill, and in 0.9.74 to 0.9.77 returns from the connection
 * limit with a mutex locked.
 *
 * Of two threads one leads: it runs the loop, and collects what was asked for itself, between two
 * rounds, as handing it over costs as much as the reads of a small machine do. The other one stands
 * by at a timer. A leader that does not come back from collecting has its place taken, and stands
 * by when it does; until then what is asked for is collected by others' threads.
 */
#include "loop.h"

#include "base/macros.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define PAUSE_MS    100
#define MISSED_NS   20000000u
#define BUSY_ROUNDS 8
/* Nobody is answered while the leader is away; a slow processor needs it for a scrape. */
#define AWAY_NS 20000000u

enum lead {
	ALONE, /* nobody stands by */
	HERE,
	AWAY, /* the leader collects */
};

struct loop {
	struct loop_options options;
	atomic_uint users; /* two threads and who has started it; the last one frees it */
	_Atomic enum lead lead;
	int timer; /* for the one that stands by */
	int epoll;
	int wake;   /* for the leader */
	int answer; /* for who has asked, or waits for the end */
	/* Of the leader: */
	bool quiet;	 /* no more connections are taken */
	uint64_t next;	 /* round, at the latest; monotonic ns */
	uint64_t missed; /* since when nobody could be accepted; 0: not so */
	unsigned busy;	 /* rounds in a row */
	/* Of all: */
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
	/* Whoever ends that, two rounds follow: what it does not see yet the second one does. */
	if (l->lead != AWAY)
		eventfd_write(l->wake, 1);
}

bool loop_may_collect(const struct loop *l)
{
	return l->lead == HERE;
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
	if (!pending)
		l->missed = 0;
	return pending;
}

/*
 * Without descriptors there is no accept(), and the socket stays readable: the library would try
 * again at once, or when one of its connections has closed, however long descriptors have been
 * there again by then. A miss alone is a client that has left again, or that the library's own
 * epoll does not have yet: a processor may be taken from the kernel between the two.
 */
static void pause_accepting(struct loop *l)
{
	struct pollfd fd = { .fd = l->wake, .events = POLLIN };
	uint64_t now = sys_monotonic_ns();
	bool lasts;

	if (l->missed == 0)
		l->missed = now;
	lasts = now - l->missed >= MISSED_NS;
	if (lasts)
		l->options.make_room(l->options.data);
	poll(&fd, 1, lasts ? PAUSE_MS : 1);
}

static void run_daemons(struct loop *l, bool pending)
{
	unsigned before = *l->options.accepted;

	for (size_t i = 0; i < l->options.n; i++)
		MHD_run(l->daemons[i]);
	if (*l->options.accepted != before)
		l->missed = 0;
	else if (pending)
		pause_accepting(l);
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

static void set_timer(struct loop *l, long ns)
{
	const struct itimerspec time = { .it_value.tv_nsec = ns };

	timerfd_settime(l->timer, 0, &time, NULL);
}

/* False when another thread leads now. */
static bool collect(struct loop *l)
{
	enum lead away = AWAY;

	if (!*l->options.must_collect)
		return true;
	*l->options.must_collect = false;
	l->next = 0;
	/* Meanwhile nobody tries to accept. */
	l->missed = 0;
	l->lead = AWAY;
	set_timer(l, AWAY_NS);
	l->options.collect(l->options.collect_data);
	if (!atomic_compare_exchange_strong(&l->lead, &away, HERE))
		return false;
	set_timer(l, 0);
	return true;
}

static void end_loop(struct loop *l)
{
	l->options.end(l->options.data);
	for (size_t i = 0; i < l->options.n; i++)
		MHD_stop_daemon(l->daemons[i]);
	l->ended = true;
	set_timer(l, 1);
	eventfd_write(l->answer, 1);
}

/* Until the end. False when another thread leads before that. */
static bool lead(struct loop *l)
{
	prctl(PR_SET_NAME, "http");
	do {
		bool pending = wait_for_events(l, l->next), away;
		uint64_t asked = l->asked;

		if (l->stopping && !l->quiet) {
			stop_accepting(l);
			l->quiet = true;
		}
		run_daemons(l, pending && !l->quiet);
		away = *l->options.must_collect;
		if (!collect(l))
			return false;
		l->next = l->options.round(l->options.data);
		if (away)
			l->next = 0;
		if (asked != l->answered) {
			l->options.sign(l->options.data);
			l->answered = asked;
			eventfd_write(l->answer, 1);
		}
	} while (!l->quiet || !is_over(l));
	end_loop(l);
	return true;
}

/* Until this thread leads. False at the end. */
static bool stand_by(struct loop *l)
{
	uint64_t ticks;

	prctl(PR_SET_NAME, "standby");
	l->lead = HERE;
	while (!l->ended) {
		enum lead away = AWAY;

		if (read(l->timer, &ticks, sizeof(ticks)) == sizeof(ticks) &&
		    atomic_compare_exchange_strong(&l->lead, &away, ALONE))
			return true;
	}
	return false;
}

static void loop_unref(struct loop *l)
{
	if (--l->users > 0)
		return;
	close(l->timer);
	close(l->epoll);
	close(l->wake);
	close(l->answer);
	free(l);
}

static void *leader_main(void *data)
{
	struct loop *l = data;

	while (!lead(l) && stand_by(l))
		;
	loop_unref(l);
	return NULL;
}

static void *standby_main(void *data)
{
	struct loop *l = data;

	while (stand_by(l) && !lead(l))
		;
	loop_unref(l);
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

int loop_start(struct loop **ret, const struct loop_options *options)
{
	struct loop *l = calloc(1, sizeof(*l) + options->n * sizeof(struct MHD_Daemon *));
	int r;

	if (!l)
		return -ENOMEM;
	l->options = *options;
	memcpy(l->daemons, options->daemons, options->n * sizeof(struct MHD_Daemon *));
	l->next = UINT64_MAX;
	l->users = 2;
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->answer = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = l->timer < 0 || l->epoll < 0 || l->wake < 0 || l->answer < 0 ? -errno : watch_all(l);
	/* Before the thread starts: its rounds use it. */
	*ret = l;
	if (r == 0)
		r = thread_start(NULL, "http", leader_main, l);
	if (r < 0) {
		l->users = 1;
		loop_unref(l);
		return r;
	}
	/* Without it the leader never leaves. */
	l->users++;
	if (thread_start(NULL, "standby", standby_main, l) < 0)
		loop_unref(l);
	return 0;
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
	loop_unref(l);
	return true;
}
