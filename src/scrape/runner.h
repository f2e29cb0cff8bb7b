/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner: one thread that looks for GPUs and runs the collectors in turn, and whoever takes
 * over when it is stuck in a read.
 */
#ifndef SCRAPE_RUNNER_H
#define SCRAPE_RUNNER_H

#include "absence.h"
#include "job.h"
#include "scrape/scrape.h"

#include <pthread.h>

/* A scrape in progress; lives on the stack of the thread that asked. Under the scraper's lock. */
struct scrape {
	collector_set set;
	struct slot *slots; /* one for each job of the set, made when the scrape is planned */
	size_t n;
	size_t pending; /* slots that wait for a job */
	size_t n_gpus;	/* as of the planning */
	bool looked;	/* there is a list of GPUs, if only an old one */
	int discovery;	/* 0, or why the list of GPUs may be old: -ETIMEDOUT, -errno */
	bool planned;
	int error; /* -ENOMEM: could not be planned */
	pthread_cond_t done;
	struct scrape *next_unplanned;
	struct scrape *next_active;
};

struct runner;

struct scraper {
	struct scraper_options options;
	struct context context;
	pthread_mutex_t lock;
	pthread_cond_t work; /* for the current runner */

	/* Written by the one thread that discovers, and read by it without the lock. */
	struct gpu_list *gpus;
	struct job_list *jobs;

	bool discovering, discovered, rediscover, stopping;
	int discovery_error;
	enum reason discovery_logged;
	enum absence absence_logged;
	uint64_t rounds;
	struct scrape *unplanned, *active;
	struct job *queue, **queue_tail;

	struct runner *current;
	bool busy;		/* the current runner is at work */
	bool current_discovers; /* and this is what it does */
	uint64_t progress;	/* when it began what it does now, monotonic ns */
};

/* Starts a runner and makes it the current one. Under the lock. 0 or -errno. */
int runner_start(struct scraper *scraper);

/* Hands a scrape to the runner. Under the lock. */
void runner_submit(struct scraper *scraper, struct scrape *scrape);

/*
 * When the thread that waits should look again (monotonic ns), and what it then does: start
 * another runner if work waits and nothing has ended for 50 ms. Under the lock.
 */
uint64_t runner_next_check(const struct scraper *scraper, uint64_t deadline);
void runner_check(struct scraper *scraper);

/* Takes a scrape back whose deadline has passed: what did not answer has no result. Under the lock.
 */
void runner_withdraw(struct scraper *scraper, struct scrape *scrape);

#endif
