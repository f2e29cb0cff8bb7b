// SPDX-License-Identifier: Apache-2.0
#include "fs_names.h"

#include "base/array.h"
#include "base/macros.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

struct fs_names {
	pthread_mutex_t lock;
	int watch;	 /* inotify(7); -1: not yet, or there is none */
	bool broken;	 /* there is none */
	unsigned opened; /* is added to when names change */
	unsigned *fds;	 /* what that was, by descriptor */
	size_t fds_size;
};

#define NAMES_MASK                                                                                 \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF |        \
	 IN_MOVE_SELF | IN_ONLYDIR)

struct fs_names *fs_names_new(void)
{
	struct fs_names *names = calloc(1, sizeof(*names));

	if (!names)
		return NULL;
	pthread_mutex_init(&names->lock, NULL);
	names->watch = -1;
	names->opened = 1;
	return names;
}

void fs_names_free(struct fs_names *names)
{
	if (!names)
		return;
	close_fdp(&names->watch);
	pthread_mutex_destroy(&names->lock);
	free(names->fds);
	free(names);
}

/* Each directory that leads to it: a link is another directory's. */
static bool watch_locked(struct fs_names *names, int dirfd, const char *rest)
{
	char path[PATH_MAX + 64];
	int root;

	if (names->watch < 0 && !names->broken)
		names->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (names->watch < 0) {
		names->broken = true;
		return false;
	}
	root = snprintf(path, sizeof(path), "/proc/self/fd/%d/", dirfd);
	for (const char *end = rest;; end = strchrnul(end + 1, '/')) {
		snprintf(path + root, sizeof(path) - (size_t)root, "%.*s", (int)(end - rest), rest);
		if (inotify_add_watch(names->watch, path, NAMES_MASK) < 0)
			/* What is missing is seen when it comes. */
			return errno == ENOENT || (errno == ENOTDIR && !*end);
		if (!*end)
			return true;
	}
}

bool fs_names_watch(struct fs_names *names, int dirfd, const char *rest)
{
	bool seen;

	pthread_mutex_lock(&names->lock);
	seen = watch_locked(names, dirfd, rest);
	pthread_mutex_unlock(&names->lock);
	return seen;
}

void fs_names_opened(struct fs_names *names, int fd)
{
	size_t i = (size_t)fd, before = names->fds_size;

	pthread_mutex_lock(&names->lock);
	if (array_reserve(names->fds, &names->fds_size, i + 1)) {
		memset(names->fds + before, 0, (names->fds_size - before) * sizeof(*names->fds));
		names->fds[i] = names->opened;
	}
	pthread_mutex_unlock(&names->lock);
}

bool fs_names_are_old(struct fs_names *names, int fd)
{
	bool old;

	pthread_mutex_lock(&names->lock);
	old = (size_t)fd >= names->fds_size || names->fds[fd] != names->opened;
	pthread_mutex_unlock(&names->lock);
	return old;
}

bool fs_names_read(struct fs_names *names)
{
	char events[4096];
	bool changed = false;

	pthread_mutex_lock(&names->lock);
	while (names->watch >= 0 && read(names->watch, events, sizeof(events)) > 0)
		changed = true;
	names->opened += changed;
	pthread_mutex_unlock(&names->lock);
	return changed;
}
