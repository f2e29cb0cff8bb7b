// SPDX-License-Identifier: Apache-2.0
/* The watch lives as long as the process: at the end _exit() takes it along. */
#include "scrape/unbind.h"

#include "base/log.h"
#include "base/sys.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

/* From the opening of the file to the end of the PMU; scrapes in between must not open it again. */
#define UNBIND_NS 1000000000u

bool unbind_announced(const char *events, size_t len)
{
	struct inotify_event event;
	const char *name;

	while (len >= sizeof(event)) {
		memcpy(&event, events, sizeof(event));
		events += sizeof(event);
		len -= sizeof(event);
		name = events;
		if (event.mask & IN_Q_OVERFLOW)
			return true;
		if (event.len > len)
			return false;
		/* The name is filled up with zeros; without one it is the folder itself. */
		if (strnlen(name, event.len) == strlen("unbind") && memcmp(name, "unbind", 6) == 0)
			return true;
		events += event.len;
		len -= event.len;
	}
	return false;
}

struct watch {
	int fd;
	struct pmu_set *pmus;
};

static void *watch_main(void *data)
{
	char buf[4096];
	const struct watch *watch = data;

	for (;;) {
		ssize_t n = sys_watch_receive(watch->fd, buf, sizeof(buf));

		if (n <= 0) {
			log_warn("drivers are not watched any more", "err", strerror((int)-n));
			return NULL;
		}
		if (!unbind_announced(buf, (size_t)n))
			continue;
		pmu_set_hold(watch->pmus, sys_monotonic_ns() + UNBIND_NS);
		log_debug("a driver is about to be unbound, perf events are closed");
	}
}

int unbind_start(struct pmu_set *pmus)
{
	struct watch *watch = malloc(sizeof(*watch));
	pthread_t thread;
	int r;

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){ sys_watch_open(), pmus };
	r = watch->fd < 0 ? watch->fd : -pthread_create(&thread, NULL, watch_main, watch);
	if (r < 0) {
		log_warn("drivers are not watched: an unbind is heard of late", "err", strerror(-r),
			 "remedy", "no-uevents");
		close_fdp(&watch->fd);
		free(watch);
		return r;
	}
	pmu_set_watch(pmus, watch->fd);
	pthread_setname_np(thread, "unbind");
	pthread_detach(thread);
	return 0;
}
