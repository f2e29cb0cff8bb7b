// SPDX-License-Identifier: Apache-2.0
#include "sources/vaapi/va_state.h"

#include "base/macros.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPICAL_STEPS 12 /* before the driver was asked */

/* Under GVT-g small pictures pass where large ones fail (the aperture of a vGPU is small). */
static const char *const sizes[VA_SIZES] = { "256x256", "1280x720", "1920x1080", "3840x2160" };
static const char *const operations[VA_OPERATIONS] = { "scale", "tonemap" };

const char *va_size_name(unsigned size)
{
	return sizes[size];
}

const char *va_operation_name(enum va_operation operation)
{
	return operations[operation];
}

const char *va_skip_name(enum va_skip skip)
{
	static const char *const names[] = {
		[VA_NOT_SKIPPED] = NULL,	  [VA_SUSPENDED] = "suspended",
		[VA_PASSTHROUGH] = "passthrough", [VA_BACKOFF] = "backoff",
		[VA_CHILD_STUCK] = "stuck",
	};

	return names[skip];
}

struct va_state *va_state_new(const struct va_options *options)
{
	struct va_state *state = calloc(1, sizeof(*state));
	pthread_condattr_t attr;

	if (!state)
		return NULL;
	state->options = *options;
	pthread_mutex_init(&state->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&state->changed, &attr);
	pthread_condattr_destroy(&attr);
	return state;
}

struct va_gpu *va_state_add(struct va_state *state, struct gpu *gpu)
{
	struct va_gpu *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->gpu = gpu_ref(gpu);
	g->backoff = 1;
	pthread_mutex_lock(&state->lock);
	g->next = state->first;
	state->first = g;
	pthread_cond_broadcast(&state->changed);
	pthread_mutex_unlock(&state->lock);
	return g;
}

void va_gpu_free(struct va_gpu *g)
{
	gpu_unref(g->gpu);
	free(g->tests);
	free(g);
}

void va_state_remove(struct va_state *state, struct va_gpu *gpu)
{
	pthread_mutex_lock(&state->lock);
	for (struct va_gpu **p = &state->first; *p; p = &(*p)->next) {
		if (*p == gpu) {
			*p = gpu->next;
			break;
		}
	}
	gpu->removed = true;
	if (!gpu->busy)
		va_gpu_free(gpu);
	pthread_mutex_unlock(&state->lock);
}

unsigned va_gpu_expected(const struct va_state *state, const struct va_gpu *gpu)
{
	/* Found by libva in spite of what our own look said. */
	bool installed = state->options.driver_installed || gpu->capabilities.n > 0;

	if (state->options.expected != VA_CODECS_AUTO)
		return state->options.expected;
	return installed ? va_codec_bit("h264") : 0;
}

bool va_gpu_works(const struct va_gpu *gpu, const char *codec)
{
	for (size_t i = 0; i < gpu->n_tests; i++) {
		const struct va_test *t = &gpu->tests[i];

		if (t->has_run && t->size == 0 && t->run.outcome.result == VA_OK &&
		    strcmp(t->codec, codec) == 0)
			return true;
	}
	return false;
}

static bool all_work(const struct va_state *state, const struct va_gpu *gpu)
{
	unsigned expected = va_gpu_expected(state, gpu);

	for (unsigned bit = 0; va_codec_name(bit); bit++)
		if (expected >> bit & 1 && !va_gpu_works(gpu, va_codec_name(bit)))
			return false;
	return true;
}

enum va_skip va_gpu_skip(const struct va_state *state, const struct va_gpu *gpu, uint64_t now)
{
	if (gpu->skip != VA_NOT_SKIPPED)
		return gpu->skip;
	/* Without the failure the next round would have begun by now. */
	if (gpu->backoff > 1 && now > gpu->started + state->options.interval_ns)
		return VA_BACKOFF;
	return VA_NOT_SKIPPED;
}

void va_state_ask(struct va_state *state)
{
	pthread_mutex_lock(&state->lock);
	for (struct va_gpu *g = state->first; g; g = g->next) {
		g->asked = true;
		if (g->due != UINT64_MAX)
			g->due = 0;
	}
	pthread_cond_broadcast(&state->changed);
	pthread_mutex_unlock(&state->lock);
}

void va_state_hold(struct va_state *state, uint64_t until_ns)
{
	pthread_mutex_lock(&state->lock);
	state->held_until = until_ns;
	pthread_mutex_unlock(&state->lock);
}

static size_t steps(const struct va_gpu *gpu)
{
	if (!gpu->listed)
		return TYPICAL_STEPS;
	if (gpu->list.outcome.result != VA_OK)
		return 1;
	return 1 + gpu->n_tests + VA_OPERATIONS;
}

/* From one step to the next, so that a round's steps fill the interval. */
static uint64_t gap(const struct va_state *state, const struct va_gpu *gpu)
{
	return state->options.interval_ns * gpu->backoff / steps(gpu);
}

void va_gpu_postpone(const struct va_state *state, struct va_gpu *gpu, enum va_skip why,
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
	gpu->ladder = gpu->asked ||
		      (gpu->rounds > 0 &&
		       (gpu->laddered == 0 || now - gpu->laddered >= state->options.ladder_ns));
	if (gpu->ladder)
		gpu->laddered = now;
}

bool va_gpu_request(const struct va_state *state, struct va_gpu *gpu, uint64_t now,
		    struct va_request *ret)
{
	*ret = (struct va_request){ 0 };
	gpu->skip = VA_NOT_SKIPPED;
	if (gpu->step == 0)
		begin_round(state, gpu, now);
	if (!*gpu->gpu->render)
		return false;
	snprintf(ret->node, sizeof(ret->node), "/dev/dri/%s", gpu->gpu->render);
	if (gpu->step == 0) {
		ret->list = true;
	} else if (gpu->step <= gpu->n_tests) {
		const struct va_test *t = &gpu->tests[gpu->step - 1];

		memcpy(ret->profile, t->profile, sizeof(ret->profile));
		memcpy(ret->entrypoint, t->entrypoint, sizeof(ret->entrypoint));
		snprintf(ret->size, sizeof(ret->size), "%s", sizes[t->size]);
	} else {
		snprintf(ret->operation, sizeof(ret->operation), "%s",
			 operations[gpu->step - 1 - gpu->n_tests]);
	}
	return true;
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

/* The tests of what is listed now, size by size; those that were known keep their results. */
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
			if (size > 0 && !gpu->ladder && !known)
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

/* What the driver says now decides what there is to test; without a driver there is nothing. */
static void record_list(const struct va_state *state, struct va_gpu *gpu, const struct va_run *run,
			const struct va_capabilities *capabilities)
{
	gpu->listed = true;
	gpu->list = *run;
	memset(&gpu->capabilities, 0, sizeof(gpu->capabilities));
	if (run->outcome.result == VA_OK && capabilities)
		gpu->capabilities = *capabilities;
	if (plan_tests(state, gpu) < 0)
		gpu->n_tests = 0;
	if (run->outcome.result != VA_OK)
		memset(gpu->operations, 0, sizeof(gpu->operations));
}

/* Results after which a GPU may have been reset, or a driver may hold it. */
static bool is_harmful(enum va_result result)
{
	return result == VA_EXECUTE || result == VA_BITSTREAM || result == VA_CRASH ||
	       result == VA_TIMEOUT || result == VA_STUCK;
}

/* A step that this round leaves out: large pictures have rounds of their own. */
static bool is_left_out(const struct va_gpu *gpu)
{
	return gpu->step >= 1 && gpu->step <= gpu->n_tests && !gpu->ladder &&
	       gpu->tests[gpu->step - 1].size > 0;
}

static void end_round(const struct va_state *state, struct va_gpu *gpu, uint64_t now,
		      double unix_time)
{
	gpu->rounds++;
	gpu->step = 0;
	gpu->last_run = unix_time;
	if (all_work(state, gpu))
		gpu->last_success = unix_time;
	gpu->backoff = !gpu->harmed			   ? 1
		       : gpu->backoff * 2 < VA_MAX_BACKOFF ? gpu->backoff * 2
							   : VA_MAX_BACKOFF;
	gpu->asked &= !gpu->ladder;
	gpu->due = gpu->started + state->options.interval_ns * gpu->backoff;
	if (gpu->asked || gpu->due < now)
		gpu->due = now + (gpu->asked ? 0 : gap(state, gpu));
}

/* It gets no other child until that one is gone: what passed before proves nothing now. */
static void forget_others(struct va_gpu *gpu)
{
	for (size_t i = 0; i < gpu->n_tests; i++)
		gpu->tests[i].has_run &= gpu->tests[i].run.outcome.result == VA_STUCK;
	for (size_t i = 0; i < VA_OPERATIONS; i++)
		gpu->operations[i].has_run &= gpu->operations[i].run.outcome.result == VA_STUCK;
}

bool va_gpu_record(struct va_state *state, struct va_gpu *gpu, const struct va_run *run,
		   const struct va_capabilities *capabilities, uint64_t now, double unix_time)
{
	if (run->ns > 0) {
		gpu->runs++;
		gpu->failures +=
			run->outcome.result != VA_OK && run->outcome.result != VA_UNSUPPORTED;
	}
	gpu->harmed |= is_harmful(run->outcome.result);
	if (gpu->step == 0) {
		record_list(state, gpu, run, capabilities);
	} else if (gpu->step <= gpu->n_tests) {
		struct va_test *t = &gpu->tests[gpu->step - 1];

		t->has_run = true;
		t->run = *run;
		t->timestamp = unix_time;
	} else {
		gpu->operations[gpu->step - 1 - gpu->n_tests].has_run = true;
		gpu->operations[gpu->step - 1 - gpu->n_tests].run = *run;
	}
	do {
		gpu->step++;
	} while (is_left_out(gpu));
	if (run->outcome.result == VA_STUCK)
		forget_others(gpu);
	if (gpu->step >= steps(gpu) || run->outcome.result == VA_STUCK) {
		end_round(state, gpu, now, unix_time);
		return true;
	}
	/* The first round without a pause: until its end nothing is known. */
	gpu->due =
		gpu->rounds == 0 || gpu->asked ? now : gpu->started + gpu->step * gap(state, gpu);
	return false;
}
