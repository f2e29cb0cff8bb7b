// SPDX-License-Identifier: Apache-2.0
#include "base/thread.h"

#include "base/macros.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct start {
	const char *name;
	void *(*main)(void *data);
	void *data;
};

static void *named_main(void *data)
{
	struct start start = *(struct start *)data;

	free(data);
	prctl(PR_SET_NAME, start.name);
	return start.main(start.data);
}

int thread_start(pthread_t *ret, const char *name, void *(*main)(void *data), void *data)
{
	struct start *start = malloc(sizeof(*start));
	pthread_t thread;
	int r;

	if (!start)
		return -ENOMEM;
	*start = (struct start){ name, main, data };
	r = pthread_create(&thread, NULL, named_main, start);
	if (r != 0) {
		free(start);
		return -r;
	}
	/*
	 * It names itself, too: this is a write to /proc, which a sandbox may forbid. Detached only
	 * now: the name of a detached thread that has ended is nobody's.
	 */
	pthread_setname_np(thread, name);
	if (ret)
		*ret = thread;
	else
		pthread_detach(thread);
	return 0;
}

void thread_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

void thread_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns)
{
	const struct timespec t = { (time_t)(until_ns / 1000000000u),
				    (long)(until_ns % 1000000000u) };

	if (until_ns == UINT64_MAX)
		pthread_cond_wait(cond, lock);
	else
		pthread_cond_timedwait(cond, lock, &t);
}

bool thread_runs(pid_t tid)
{
	_cleanup_close_ int fd = -1;
	char path[64], stat[128];
	const char *name_end;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);
	if (n < 0)
		return false;
	stat[n] = '\0';
	name_end = strrchr(stat, ')');
	return name_end && strncmp(name_end, ") R", 3) == 0;
}
