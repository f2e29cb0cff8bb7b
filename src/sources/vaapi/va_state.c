// SPDX-License-Identifier: Apache-2.0
#include "sources/vaapi/va_state.h"

#include "base/macros.h"
#include "base/thread.h"

#include <stdlib.h>
#include <string.h>

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

	if (!state)
		return NULL;
	state->options = *options;
	pthread_mutex_init(&state->lock, NULL);
	thread_cond_init(&state->changed);
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
	LIST_INSERT_HEAD(&state->gpus, g, link);
	pthread_cond_broadcast(&state->changed);
	pthread_mutex_unlock(&state->lock);
	return g;
}

void va_gpu_free(struct va_gpu *g)
{
	gpu_unref(g->gpu);
	free(g->tests);
	free(g->steps);
	free(g);
}

void va_state_remove(struct va_state *state, struct va_gpu *gpu)
{
	pthread_mutex_lock(&state->lock);
	LIST_REMOVE(gpu, link);
	gpu->removed = true;
	if (!gpu->busy)
		va_gpu_free(gpu);
	pthread_mutex_unlock(&state->lock);
}

unsigned va_gpu_expected(const struct va_state *state, const struct va_gpu *gpu)
{
	/* Found by libva although has_driver() did not find it. */
	bool installed = state->options.driver_installed || gpu->capabilities.n > 0;

	if (state->options.expected != VA_CODECS_AUTO)
		return state->options.expected;
	return installed ? va_codec_bit("h264") : 0;
}

bool va_gpu_works(const struct va_gpu *gpu, const char *codec)
{
	for (size_t i = 0; i < gpu->n_tests; i++) {
		const struct va_test *t = &gpu->tests[i];

		if (t->answer.has_run && t->size == 0 && t->answer.run.outcome.result == VA_OK &&
		    strcmp(t->codec, codec) == 0)
			return true;
	}
	return false;
}

static bool any_works(const struct va_gpu *gpu)
{
	for (size_t i = 0; i < gpu->n_tests; i++)
		if (va_gpu_works(gpu, gpu->tests[i].codec))
			return true;
	return false;
}

bool va_gpu_is_stale(const struct va_state *state, const struct va_gpu *gpu, uint64_t now)
{
	return gpu->rounds > 0 && any_works(gpu) &&
	       now > gpu->ended + 3 * state->options.interval_ns * gpu->backoff;
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
	struct va_gpu *g;

	pthread_mutex_lock(&state->lock);
	LIST_FOREACH (g, &state->gpus, link) {
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
