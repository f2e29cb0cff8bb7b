/* SPDX-License-Identifier: Apache-2.0 */
/* A job is one collector on one GPU (or on the host), with its state and who waits for it. */
#ifndef SCRAPE_JOB_H
#define SCRAPE_JOB_H

#include "base/ref.h"
#include "collectors/registry.h"

#include <sys/queue.h>

/* What a collect gave: immutable once made, shared by all scrapes that waited for it. */
struct result {
	atomic_uint refs;
	struct batch *batch;
	int r;
	struct fault fault;
	double seconds;
};

struct result *result_ref(struct result *result);
void result_unref(struct result *result);

/* A job that a scrape waits for. */
struct slot {
	struct job *job; /* a reference */
	struct scrape *scrape;
	struct result *result; /* a reference, or NULL: not (yet) answered */
	LIST_ENTRY(slot) link; /* in job->waiters */
	bool waiting;	       /* it is there */
};

enum job_status { JOB_IDLE, JOB_QUEUED, JOB_RUNNING }; /* see runner.c */

/* All but the first block is under the scraper's lock. */
struct job {
	atomic_uint refs;
	const struct collector *collector;
	unsigned index;	 /* of the collector in the registry */
	struct gpu *gpu; /* a reference; NULL for the host */
	void *state;
	int init_r; /* what the collector's init said */

	enum job_status status;
	uint64_t started; /* when it began to run, monotonic ns */
	uint64_t round;	  /* of the scrape that queued it */
	LIST_HEAD(, slot) waiters;
	TAILQ_ENTRY(job) link; /* in the queue, while JOB_QUEUED */
	enum reason logged;    /* the last logged reason; REASON_NONE: logged as working */
};

/* It never runs: there is no such source, or the collector cannot read it yet. */
bool job_is_absent(const struct job *job);

/* A reference-counted job whose init was called. NULL when memory is out. */
struct job *job_new(const struct context *context, unsigned index, struct gpu *gpu);
struct job *job_ref(struct job *job);
void job_unref(struct job *job);

/* Runs the collector, in the calling thread. NULL when memory is out. */
struct result *job_run(const struct context *context, const struct job *job,
		       const struct round *round);

struct job_list {
	struct job **jobs; /* collector by collector, GPU by GPU */
	size_t n;
};

/*
 * The jobs of these GPUs. Those of old (may be NULL) whose GPU is the same and whose init had
 * succeeded are taken over with their state. 0 or -ENOMEM.
 */
int job_list_new(const struct context *context, collector_set enabled, const struct gpu_list *gpus,
		 const struct job_list *old, struct job_list **ret);
void job_list_free(struct job_list *list);

#endif
