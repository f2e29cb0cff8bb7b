/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: one thread that discovers GPUs and runs the collectors in turn, and whoever takes
 * over when it is stuck in a read. The whole of it is explained at the top of runner.c.
 */
#ifndef SCRAPE_RUNNER_H
#define SCRAPE_RUNNER_H

#include "absence.h"
#include "job.h"
#include "scrape/scrape.h"

#include <pthread.h>

/* A scrape in progress. Under the scraper's lock, but for the first block, which is constant. */
struct scrape {
	struct scraper *scraper;
	collector_set set;
	uint64_t deadline;	  /* monotonic ns */
	bool hurried;		  /* it is shorter than the configured one */
	void (*news)(void *data); /* under the lock: it may be over, look at it */
	void *data;

	struct slot *slots; /* one for each job of the set, made when the scrape is planned */
	size_t n;
	size_t pending; /* slots that wait for a job */
	size_t n_gpus;	/* as of the planning */
	bool has_gpus;	/* there is a list of GPUs that says what there is, if only an old one */
	int discovery;	/* 0, or why the list of GPUs may be old: -ETIMEDOUT, -errno */
	bool planned;
	int error;		      /* -ENOMEM: could not be planned */
	LIST_ENTRY(scrape) unplanned; /* until it is planned */
	LIST_ENTRY(scrape) active;
};

struct runner;

struct scraper {
	struct scraper_options options;
	struct context context;
	pthread_mutex_t lock;

	/* Written by the one thread that discovers, and read by it without the lock. */
	struct gpu_list *gpus;
	struct job_list *jobs;

	uint64_t compared; /* when the list was last compared; by that thread */
	atomic_int events; /* of devices, see scraper_follow() */

	bool discovering, discovered, rediscover, stopping;
	int discovery_error;
	enum reason discovery_logged;
	enum absence absence_logged;
	uint64_t rounds;
	LIST_HEAD(scrapes, scrape) unplanned, active;
	TAILQ_HEAD(, job) queue;

	struct runner *current; /* NULL: nobody works */
	SLIST_HEAD(, runner) spares;
	unsigned n_spares;
	bool current_discovers; /* this is what the current one does */
	uint64_t progress;	/* when it began what it does now, monotonic ns */
};

/* runner.c: makes another thread the current runner: a spare one, or a new one. 0 or -errno. */
int runner_start_locked(struct scraper *scraper);
/* Has a thread of the scraper's own begin if there is work and nobody does it. */
void runner_call_locked(struct scraper *scraper);
/* The calling thread is the current runner until there is nothing left to do, if nobody is. */
void runner_lend_locked(struct scraper *scraper);
/* The scraper is stopping: nobody stands by any longer. */
void runner_stop_locked(struct scraper *scraper);
/* Whether the current one has made a step since it was last asked, or since its work began, or only
 * lacks a processor. */
bool runner_moves_locked(struct scraper *scraper);
bool runner_has_work_locked(const struct scraper *scraper);
/* When the job is stuck, if it runs until then: nobody waits for it any longer. */
uint64_t runner_patience_locked(const struct scraper *scraper, const struct job *job);
/* Makes the scrape's slots, and queues the jobs that nobody runs yet. */
void runner_plan_locked(struct scraper *scraper, struct scrape *scrape);

/* waiter.c: hands a scrape to the runner. */
void waiter_begin_locked(struct scraper *scraper, struct scrape *scrape);
/* Whether it is over, and then taken back; else *ret_again is when to look again, at the latest. */
bool waiter_is_over_locked(struct scraper *scraper, struct scrape *scrape, uint64_t *ret_again);
/* Takes it back: what has not answered has no result. */
void waiter_withdraw_locked(struct scraper *scraper, struct scrape *scrape);

#endif
