// SPDX-License-Identifier: Apache-2.0
#include "rounds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPICAL_STEPS 12 /* before the driver was asked */

static bool all_work(const struct va_state *state, const struct va_gpu *gpu)
{
	unsigned expected = va_gpu_expected(state, gpu);

	for (unsigned bit = 0; va_codec_name(bit); bit++)
		if (expected >> bit & 1 && !va_gpu_works(gpu, va_codec_name(bit)))
			return false;
	return true;
}

/* From one step to the next, so that a round's steps fill the interval. */
static uint64_t gap(const struct va_state *state, const struct va_gpu *gpu)
{
	return state->options.interval_ns * gpu->backoff /
	       (gpu->steps ? gpu->n_steps : TYPICAL_STEPS);
}

enum va_skip rounds_why_not(const struct va_state *state, struct va_gpu *gpu, enum gpu_power power,
			    uint64_t now)
{
	gpu->may_sleep = power == GPU_MAY_SLEEP || power == GPU_SUSPENDED;
	if (power != GPU_SUSPENDED || state->options.wake == VA_WAKE_ALWAYS)
		return VA_NOT_SKIPPED;
	if (state->options.wake == VA_WAKE_NEVER)
		return VA_SUSPENDED;
	/* A discrete card takes seconds to wake, and watts: it may sleep for a day. */
	if (gpu->gpu->discrete && gpu->step == 0 && gpu->rounds > 0 && !gpu->asked &&
	    now - gpu->started < state->options.sweep_ns)
		return VA_SUSPENDED;
	return VA_NOT_SKIPPED;
}

void rounds_postpone(const struct va_state *state, struct va_gpu *gpu, enum va_skip why,
		     uint64_t now)
{
	gpu->skip = why;
	gpu->due = why == VA_PASSTHROUGH ? UINT64_MAX : now + gap(state, gpu);
}

static void begin_round(const struct va_state *state, struct va_gpu *gpu, uint64_t now)
{
	gpu->started = now;
	gpu->harmed = false;
	/* The first round is short: it says whether anything works at all. */
	gpu->sweep =
		gpu->asked || (gpu->rounds > 0 &&
			       (gpu->swept == 0 || now - gpu->swept >= state->options.sweep_ns));
	if (gpu->sweep)
		gpu->swept = now;
}

/* The step that comes next; before the first list that is all that is known. */
static struct va_step next_step(const struct va_gpu *gpu)
{
	return gpu->steps ? gpu->steps[gpu->step] : (struct va_step){ VA_STEP_LIST, 0 };
}

bool rounds_request(const struct va_state *state, struct va_gpu *gpu, uint64_t now,
		    struct va_request *ret)
{
	const struct va_step step = next_step(gpu);
	const struct va_test *t;

	*ret = (struct va_request){ 0 };
	gpu->skip = VA_NOT_SKIPPED;
	if (step.kind == VA_STEP_LIST)
		begin_round(state, gpu, now);
	if (!*gpu->gpu->render)
		return false;
	snprintf(ret->node, sizeof(ret->node), "/dev/dri/%s", gpu->gpu->render);
	switch (step.kind) {
	case VA_STEP_LIST:
		ret->list = true;
		break;
	case VA_STEP_TEST:
		t = &gpu->tests[step.index];
		memcpy(ret->profile, t->profile, sizeof(ret->profile));
		memcpy(ret->entrypoint, t->entrypoint, sizeof(ret->entrypoint));
		snprintf(ret->size, sizeof(ret->size), "%s", va_size_name(t->size));
		break;
	case VA_STEP_OPERATION:
		snprintf(ret->operation, sizeof(ret->operation), "%s",
			 va_operation_name((enum va_operation)step.index));
		break;
	}
	return true;
}

static struct va_answer *answer_of(struct va_gpu *gpu, struct va_step step)
{
	switch (step.kind) {
	case VA_STEP_TEST:
		return &gpu->tests[step.index].answer;
	case VA_STEP_OPERATION:
		return &gpu->operations[step.index];
	default:
		return &gpu->list;
	}
}

const struct va_answer *rounds_last_answer(struct va_gpu *gpu)
{
	return answer_of(gpu, next_step(gpu));
}

static struct va_test *find_test(struct va_test *tests, size_t n, const struct va_entry *entry,
				 unsigned size)
{
	for (size_t i = 0; i < n; i++)
		if (tests[i].size == size && strcmp(tests[i].profile, entry->profile) == 0 &&
		    strcmp(tests[i].entrypoint, entry->entrypoint) == 0)
			return &tests[i];
	return NULL;
}

/* The tests of what is listed now, size by size; known tests keep their results. */
static int plan_tests(const struct va_state *state, struct va_gpu *gpu)
{
	const struct va_capabilities *c = &gpu->capabilities;
	struct va_test *tests = calloc(c->n * VA_SIZES + 1, sizeof(*tests));
	size_t n = 0;

	if (!tests)
		return -ENOMEM;
	for (unsigned size = 0; size < VA_SIZES; size++) {
		for (size_t i = 0; i < c->n; i++) {
			const struct va_entry *e = &c->entries[i];
			struct va_test *known = find_test(gpu->tests, gpu->n_tests, e, size);

			if (!(va_codec_bit(e->codec) & state->options.codecs) ||
			    find_test(tests, n, e, size))
				continue;
			if (size > 0 && !gpu->sweep && !known)
				continue;
			if (known)
				tests[n] = *known;
			memcpy(tests[n].codec, e->codec, sizeof(e->codec));
			memcpy(tests[n].profile, e->profile, sizeof(e->profile));
			memcpy(tests[n].entrypoint, e->entrypoint, sizeof(e->entrypoint));
			tests[n++].size = size;
		}
	}
	free(gpu->tests);
	gpu->tests = tests;
	gpu->n_tests = n;
	return 0;
}

/* The step that lists, and where a driver loads, its tests and operations. */
static int plan_steps(struct va_gpu *gpu)
{
	struct va_step *steps = calloc(1 + gpu->n_tests + VA_OPERATIONS, sizeof(*steps));
	size_t n = 0;

	if (!steps)
		return -ENOMEM;
	steps[n++] = (struct va_step){ VA_STEP_LIST, 0 };
	if (gpu->list.run.outcome.result == VA_OK) {
		for (size_t i = 0; i < gpu->n_tests; i++)
			steps[n++] = (struct va_step){ VA_STEP_TEST, i };
		for (size_t i = 0; i < VA_OPERATIONS; i++)
			steps[n++] = (struct va_step){ VA_STEP_OPERATION, i };
	}
	free(gpu->steps);
	gpu->steps = steps;
	gpu->n_steps = n;
	return 0;
}

/* What the driver says now decides what there is to test; without a driver there is nothing. */
static void record_list(const struct va_state *state, struct va_gpu *gpu,
			const struct va_capabilities *capabilities)
{
	bool ok = gpu->list.run.outcome.result == VA_OK;

	memset(&gpu->capabilities, 0, sizeof(gpu->capabilities));
	if (ok && capabilities)
		gpu->capabilities = *capabilities;
	if (plan_tests(state, gpu) < 0)
		gpu->n_tests = 0;
	if (plan_steps(gpu) < 0)
		gpu->n_steps = gpu->steps ? 1 : 0;
	if (!ok)
		memset(gpu->operations, 0, sizeof(gpu->operations));
}

/* Results after which a GPU may have been reset, or a driver may hold it. */
static bool is_harmful(enum va_result result)
{
	return result == VA_EXECUTE || result == VA_BITSTREAM || result == VA_CRASH ||
	       result == VA_TIMEOUT || result == VA_STUCK;
}

/* A step that this round leaves out: sizes above 256x256 belong to a resolution sweep. */
static bool is_left_out(const struct va_gpu *gpu)
{
	return gpu->step < gpu->n_steps && gpu->steps[gpu->step].kind == VA_STEP_TEST &&
	       !gpu->sweep && gpu->tests[gpu->steps[gpu->step].index].size > 0;
}

static void end_round(const struct va_state *state, struct va_gpu *gpu, uint64_t now,
		      double unix_time)
{
	gpu->rounds++;
	gpu->step = 0;
	gpu->ended = now;
	gpu->last_run = unix_time;
	if (all_work(state, gpu))
		gpu->last_success = unix_time;
	gpu->backoff = !gpu->harmed			   ? 1
		       : gpu->backoff * 2 < VA_MAX_BACKOFF ? gpu->backoff * 2
							   : VA_MAX_BACKOFF;
	gpu->asked &= !gpu->sweep;
	gpu->due = gpu->started + state->options.interval_ns * gpu->backoff;
	if (gpu->asked || gpu->due < now)
		gpu->due = now + (gpu->asked ? 0 : gap(state, gpu));
}

/* The GPU gets no other child until the stuck one is gone: earlier results prove nothing now. */
static void forget_others(struct va_gpu *gpu)
{
	for (size_t i = 0; i < gpu->n_tests; i++)
		gpu->tests[i].answer.has_run &= gpu->tests[i].answer.run.outcome.result == VA_STUCK;
	for (size_t i = 0; i < VA_OPERATIONS; i++)
		gpu->operations[i].has_run &= gpu->operations[i].run.outcome.result == VA_STUCK;
}

bool rounds_record(struct va_state *state, struct va_gpu *gpu, const struct va_run *run,
		   const struct va_capabilities *capabilities, uint64_t now, double unix_time)
{
	const struct va_step step = next_step(gpu);

	if (run->ns > 0) {
		gpu->runs++;
		gpu->failures +=
			run->outcome.result != VA_OK && run->outcome.result != VA_UNSUPPORTED;
	}
	gpu->harmed |= is_harmful(run->outcome.result);
	*answer_of(gpu, step) = (struct va_answer){ true, *run, unix_time };
	if (step.kind == VA_STEP_LIST)
		record_list(state, gpu, capabilities);
	do {
		gpu->step++;
	} while (is_left_out(gpu));
	if (run->outcome.result == VA_STUCK)
		forget_others(gpu);
	if (gpu->step >= gpu->n_steps || run->outcome.result == VA_STUCK) {
		end_round(state, gpu, now, unix_time);
		return true;
	}
	/*
	 * The first round without a pause: until its end nothing is known. Nor has one a pause that
	 * a sleep would fill: each step would wake the GPU anew, for i915 for 10 s at least.
	 */
	gpu->due = gpu->rounds == 0 || gpu->asked || gpu->may_sleep
			   ? now
			   : gpu->started + gpu->step * gap(state, gpu);
	return false;
}
