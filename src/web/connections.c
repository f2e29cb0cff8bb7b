// SPDX-License-Identifier: Apache-2.0
/* An absolute age for every stage of a connection. */
#include "connections.h"

#include "base/sys.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define REQUEST_S 10
#define ANSWER_S  60

struct connection {
	int fd;
	uint64_t end; /* monotonic ns */
	LIST_ENTRY(connection) link;
};

struct connections {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	LIST_HEAD(, connection) all;
	bool stopping;
};

static uint64_t in_seconds(uint64_t seconds)
{
	return sys_monotonic_ns() + seconds * 1000000000u;
}

/* Shuts those down whose time is over; the earliest end of the others, or UINT64_MAX. */
static uint64_t shut_down_old(struct connections *c)
{
	uint64_t now = sys_monotonic_ns(), earliest = UINT64_MAX;

	struct connection *one;

	LIST_FOREACH (one, &c->all, link) {
		if (one->end <= now) {
			/* libmicrohttpd sees the end of file and removes the connection itself. */
			shutdown(one->fd, SHUT_RDWR);
			one->end = UINT64_MAX;
		}
		if (one->end < earliest)
			earliest = one->end;
	}
	return earliest;
}

static void *reaper_main(void *data)
{
	struct connections *c = data;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		uint64_t end = shut_down_old(c);

		thread_wait_until(&c->changed, &c->lock, end);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct connections *connections_new(void)
{
	struct connections *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	thread_cond_init(&c->changed);
	if (thread_start(&c->thread, "connections", reaper_main, c) < 0) {
		free(c);
		return NULL;
	}
	return c;
}

void connections_stop(struct connections *c)
{
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	while (!LIST_EMPTY(&c->all))
		connections_remove(c, LIST_FIRST(&c->all));
	free(c);
}

struct connection *connections_add(struct connections *c, int fd)
{
	struct connection *one = calloc(1, sizeof(*one));
	const struct connection *last;

	if (!one)
		return NULL;
	one->fd = fd;
	pthread_mutex_lock(&c->lock);
	one->end = in_seconds(REQUEST_S);
	last = LIST_FIRST(&c->all);
	LIST_INSERT_HEAD(&c->all, one, link);
	/*
	 * The sleeper knows an end that is at most 10 s away once it has seen one such; only when
	 * all it knew were idle connections would it sleep longer than this one may live.
	 */
	if (!last || last->end > one->end)
		pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	return one;
}

void connections_busy(struct connections *c, struct connection *one)
{
	pthread_mutex_lock(&c->lock);
	one->end = in_seconds(ANSWER_S);
	pthread_mutex_unlock(&c->lock);
}

void connections_idle(struct connections *c, struct connection *one)
{
	pthread_mutex_lock(&c->lock);
	one->end = in_seconds(CONNECTION_KEEP_ALIVE_S + REQUEST_S);
	pthread_mutex_unlock(&c->lock);
}

void connections_remove(struct connections *c, struct connection *connection)
{
	pthread_mutex_lock(&c->lock);
	LIST_REMOVE(connection, link);
	/* With nothing left to watch, the sleeper's timer goes too. */
	if (LIST_EMPTY(&c->all))
		pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	free(connection);
}
