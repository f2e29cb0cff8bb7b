// SPDX-License-Identifier: Apache-2.0
/* The watch lives as long as the process: at the end _exit() takes it along. */
#include "scrape/unbind.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/*
 * No event is opened while the file is open, and for some time after that, as whoever unbinds one
 * driver often unbinds another. The limit is for a file that somebody has forgotten to close.
 */
#define LIMIT_NS UINT64_C(60000000000)
#define AFTER_NS UINT64_C(1000000000)

/*
 * After lost events, drivers are asked for so often and for AFTER_NS: an unbind removes the link
 * first, and takes milliseconds more to come to the PMU.
 */
#define UNCLEAR_MS 1

enum unbind_state unbind_parse(const char *events, size_t len)
{
	enum unbind_state state = UNBIND_NOTHING;
	struct inotify_event event;
	const char *name;

	while (len >= sizeof(event)) {
		memcpy(&event, events, sizeof(event));
		events += sizeof(event);
		len -= sizeof(event);
		name = events;
		if (event.mask & IN_Q_OVERFLOW && state != UNBIND_BEGINS)
			state = UNBIND_UNCLEAR;
		if (event.len > len)
			break;
		/* The name is filled up with zeros; without one it is the directory itself. */
		if (strnlen(name, event.len) == strlen("unbind") && memcmp(name, "unbind", 6) == 0)
			state = event.mask & IN_OPEN ? UNBIND_BEGINS : UNBIND_IS_OVER;
		events += event.len;
		len -= event.len;
	}
	return state;
}

struct watch {
	int fd;
	struct pmu_set *pmus;
	pthread_t thread;
	int move_error;
};

static void move(void *data, int cpu)
{
	struct watch *watch = data;
	int r = sys_pin_thread(watch->thread, cpu);
	char text[12];

	snprintf(text, sizeof(text), "%d", cpu);
	/* A cpuset or a seccomp filter: each close(2) then waits for the events' CPU. */
	if (r < 0 && watch->move_error == 0)
		log_warn("the watch for an unbind may not run on the CPU of perf events: they may "
			 "be closed too late",
			 "cpu", text, "err", strerror(-r), "remedy", "no-uevents");
	watch->move_error = r;
}

static _Noreturn void *watch_main(void *data)
{
	char buf[4096];
	const struct watch *watch = data;
	uint64_t unclear_until = 0, now;
	ssize_t n;

	while ((n = sys_watch_receive(watch->fd, buf, sizeof(buf),
				      sys_monotonic_ns() < unclear_until ? UNCLEAR_MS : -1)) >= 0) {
		enum unbind_state state = unbind_parse(buf, (size_t)n);

		now = sys_monotonic_ns();
		if (state == UNBIND_UNCLEAR)
			unclear_until = now + AFTER_NS;
		if (state != UNBIND_BEGINS && now < unclear_until &&
		    pmu_set_lost_driver(watch->pmus))
			state = UNBIND_IS_OVER;
		if (state == UNBIND_NOTHING || state == UNBIND_UNCLEAR)
			continue;
		pmu_set_unbind(watch->pmus, now + (state == UNBIND_BEGINS ? LIMIT_NS : AFTER_NS));
		if (state == UNBIND_BEGINS)
			log_debug("a driver is about to be unbound, perf events are closed");
	}
	log_warn("drivers are no longer watched: perf events may be closed too late", "err",
		 strerror((int)-n));
	/* The set has the thread as its watcher, so it never ends. */
	for (;;)
		pause();
}

int unbind_start(struct pmu_set *pmus)
{
	struct watch *watch = malloc(sizeof(*watch));
	int r;

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){ .fd = sys_watch_open(), .pmus = pmus };
	r = watch->fd < 0 ? watch->fd : thread_start(&watch->thread, "unbind", watch_main, watch);
	if (r < 0) {
		log_warn("cannot watch drivers: perf events may be closed too late", "err",
			 strerror(-r), "remedy", "no-uevents");
		close_fdp(&watch->fd);
		free(watch);
		return r;
	}
	pmu_set_watch(pmus, watch->fd, move, watch);
	return 0;
}
