/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks of --check came to, for collectors. A thread runs them in a child
 * (scrape/checker.c) when somebody wants to know; nothing here waits for that, runs or reads a
 * file.
 */
#ifndef SOURCES_DOCTOR_DOCTOR_STATE_H
#define SOURCES_DOCTOR_DOCTOR_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCTOR_INTERVAL_NS 60000000000u	 /* from one run to the next, at least */
#define DOCTOR_SETTLE_NS   5000000000u	 /* after the kernel's news: more of them follow */
#define DOCTOR_STALE_NS	   600000000000u /* what was found so long ago is not said any more */

struct doctor_state {
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	char *rows; /* of sources/doctor/rows.h, whole; NULL before the first run has ended */
	size_t len;
	int error; /* of the last run: 0, or why its rows are an older run's, -errno */
	unsigned long runs;
	uint64_t ended; /* the last one, monotonic ns */
	uint64_t news;	/* when the kernel last said that something has changed; 0: before the last
			   run */
	bool wanted;
};

struct doctor_state *doctor_state_new(void);
void doctor_state_free(struct doctor_state *state);

/*
 * Somebody reads, so that runs are wanted. Gives what there is: 0 and a copy in *ret, which is NULL
 * before the first run has ended, and when the last one is too long ago; -errno: runs fail.
 */
int doctor_state_read(struct doctor_state *state, uint64_t now, char **ret, size_t *ret_len);

/* Something about devices has changed. Thread-safe, and cheap. */
void doctor_state_news(struct doctor_state *state, uint64_t now);

/* When a run is due that is wanted: monotonic ns. Under the lock. */
uint64_t doctor_state_due(const struct doctor_state *state);

/* The end of a run: rows are the state's from now on. error: -errno, and rows are NULL. */
void doctor_state_put(struct doctor_state *state, char *rows, size_t len, int error, uint64_t now);

#endif
