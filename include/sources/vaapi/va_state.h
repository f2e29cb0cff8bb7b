/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known about hardware encoding on each GPU. One thread runs the tests and writes what they
 * come to (scrape/prober.c); collectors read it. Nothing here waits, runs or reads a clock.
 */
#ifndef SOURCES_VAAPI_VA_STATE_H
#define SOURCES_VAAPI_VA_STATE_H

#include "sources/gpu/gpu.h"
#include "sources/vaapi/va_child.h"

#include <pthread.h>
#include <sys/queue.h>

#define VA_CODECS_AUTO (1u << 31) /* of expected: h264 where a VA driver is installed */
#define VA_MAX_BACKOFF 4

/* Of GPUs that sleep. By itself i915 lets an integrated GPU sleep 10 s after its last use. */
enum va_wake {
	VA_WAKE_AUTO, /* an integrated one for each round, a discrete one once in the sweep
			 interval */
	VA_WAKE_ALWAYS,
	VA_WAKE_NEVER,
};

struct va_options {
	uint64_t interval_ns;
	uint64_t sweep_ns; /* from one resolution sweep to the next */
	unsigned codecs;   /* va_codec_bit() of those that are tested */
	unsigned expected; /* of those that must work, or VA_CODECS_AUTO */
	enum va_wake wake;
	bool driver_installed; /* what VA_CODECS_AUTO asks for */
};

enum va_skip { VA_NOT_SKIPPED, VA_SUSPENDED, VA_PASSTHROUGH, VA_BACKOFF, VA_CHILD_STUCK };
const char *va_skip_name(enum va_skip skip);

/* The result of the last run of a step. */
struct va_answer {
	bool has_run;
	struct va_run run;
	double timestamp; /* Unix time of its end, s */
};

/* One encode test, by its labels. */
struct va_test {
	char codec[VA_NAME_MAX], profile[VA_NAME_MAX], entrypoint[VA_NAME_MAX];
	unsigned size; /* index of va_size_name() */
	struct va_answer answer;
};
const char *va_size_name(unsigned size);
#define VA_SIZES 4

enum va_operation { VA_SCALE, VA_TONEMAP, VA_OPERATIONS };
const char *va_operation_name(enum va_operation operation);

/* One child's work: the index is of tests or of operations. */
struct va_step {
	enum { VA_STEP_LIST, VA_STEP_TEST, VA_STEP_OPERATION } kind;
	size_t index;
};

struct va_gpu {
	LIST_ENTRY(va_gpu) link;
	struct gpu *gpu; /* a reference */
	bool busy;	 /* a test runs: the prober frees the entry if the GPU goes meanwhile */
	bool removed;

	struct va_answer list; /* what the driver offers: */
	struct va_capabilities capabilities;
	struct va_test *tests;
	size_t n_tests;
	struct va_answer operations[VA_OPERATIONS];

	unsigned long rounds; /* that have ended */
	uint64_t runs, failures;
	double last_run, last_success; /* Unix time, s; 0 = never */
	int start_error;	       /* the probe's program could not be started: -errno */
	enum va_skip skip;	       /* suspended, passthrough or stuck */

	/* The round, see scrape/rounds.h. */
	struct va_step *steps; /* the first is the list; NULL before it has run */
	size_t n_steps, step;  /* step: the next one */
	uint64_t started, due; /* of the round, and the next step; monotonic ns */
	uint64_t ended;	       /* the last round */
	bool may_sleep;	       /* between steps: so they come back to back, and it sleeps then */
	uint64_t swept;	       /* when the last resolution sweep began */
	bool sweep;	       /* this round has them */
	bool asked;	       /* somebody wants them now */
	bool harmed;	       /* a test of this round may have hurt the GPU */
	unsigned backoff;      /* the interval is so many times longer, 1 to VA_MAX_BACKOFF */
};

struct va_state {
	struct va_options options;
	pthread_mutex_t lock; /* of all below, and of what each GPU holds */
	pthread_cond_t changed;
	LIST_HEAD(, va_gpu) gpus;
	uint64_t held_until; /* no test starts before; monotonic ns */
};

struct va_state *va_state_new(const struct va_options *options);

/* Begins to watch a GPU: its first round is due at once. NULL when memory is out. */
struct va_gpu *va_state_add(struct va_state *state, struct gpu *gpu);
void va_state_remove(struct va_state *state, struct va_gpu *gpu);
/* No test starts before until_ns: a VM is about to take a GPU. */
void va_state_hold(struct va_state *state, uint64_t until_ns);
/* A resolution sweep now, without pauses. */
void va_state_ask(struct va_state *state);
/* What va_state_remove() left to the prober. Under the lock. */
void va_gpu_free(struct va_gpu *gpu);

/* All that follows is for a caller that holds the lock. */

/* Codecs that must work on this GPU. */
unsigned va_gpu_expected(const struct va_state *state, const struct va_gpu *gpu);
/* Whether a test of the codec passes at 256x256. */
bool va_gpu_works(const struct va_gpu *gpu, const char *codec);
/*
 * Is what was seen working too long ago to say so now? Three intervals; failures are not forgotten
 * until something passes.
 */
bool va_gpu_is_stale(const struct va_state *state, const struct va_gpu *gpu, uint64_t now);
/* Why no test runs now. */
enum va_skip va_gpu_skip(const struct va_state *state, const struct va_gpu *gpu, uint64_t now);

#endif
