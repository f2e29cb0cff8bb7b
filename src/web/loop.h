/* SPDX-License-Identifier: Apache-2.0 */
/* What answers requests: it runs libmicrohttpd, one daemon for each listening socket. */
#ifndef WEB_LOOP_H
#define WEB_LOOP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

/* All are called by the one thread that leads the loop. */
struct loop_options {
	const int *sockets;
	struct MHD_Daemon *const *daemons; /* without threads; the loop's from now on */
	size_t n;
	/* Once a round; when (monotonic ns) the next one has to be at the latest. */
	uint64_t (*round)(void *data);
	/*
	 * Between two rounds if *must_collect, which a round may set when loop_may_collect(). If it
	 * does not come back soon another thread goes on with the rounds, so it may use nothing
	 * that they do. collect_data outlives the loop.
	 */
	bool *must_collect;
	void (*collect)(void *collect_data);
	void *collect_data;
	/* Before a sign of life: what everything else would hang on. */
	void (*sign)(void *data);
	/* Nobody could be accepted: closes a connection for the one that waits. */
	void (*make_room)(void *data);
	/* To be waited for at the end, within the time for it. */
	bool (*is_busy)(void *data);
	/* Before all connections are closed. */
	void (*end)(void *data);
	const unsigned *accepted; /* how many connections have been, ever */
	void *data;
};

/* 0 or -errno. */
int loop_start(struct loop **ret, const struct loop_options *options);

/* Whether the leader may collect itself, as another thread stands by. For the leader. */
bool loop_may_collect(const struct loop *loop);

/* Wakes it for a round. By any thread; takes no lock. */
void loop_wake(struct loop *loop);

/*
 * Asks it for a sign of life, which it gives between two rounds. That takes no connection: clients
 * cannot keep it away. False after the deadline (monotonic ns), and as soon as wake, a descriptor
 * or -1, is readable.
 */
bool loop_answers(struct loop *loop, uint64_t deadline, int wake);

/*
 * Takes no more connections, goes on while it is busy until drained at the latest, and ends. False,
 * with the loop left behind, if it has not ended by the deadline (both monotonic ns): a library
 * that hangs must not keep the process. The sockets stay open.
 */
bool loop_stop(struct loop *loop, uint64_t drained, uint64_t deadline);

#endif
