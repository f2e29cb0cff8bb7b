// SPDX-License-Identifier: Apache-2.0
#include "sources/doctor/doctor_state.h"

#include "base/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct doctor_state *doctor_state_new(void)
{
	struct doctor_state *state = calloc(1, sizeof(*state));

	if (!state)
		return NULL;
	pthread_mutex_init(&state->lock, NULL);
	thread_cond_init(&state->changed);
	return state;
}

void doctor_state_free(struct doctor_state *state)
{
	if (!state)
		return;
	free(state->rows);
	free(state);
}

int doctor_state_read(struct doctor_state *state, uint64_t now, char **ret, size_t *ret_len)
{
	int r = 0;

	*ret = NULL;
	*ret_len = 0;
	pthread_mutex_lock(&state->lock);
	if (!state->wanted) {
		state->wanted = true;
		pthread_cond_signal(&state->changed);
	}
	if (state->rows && now < state->ended + DOCTOR_STALE_NS) {
		*ret = malloc(state->len);
		if (*ret)
			memcpy(*ret, state->rows, state->len);
		*ret_len = state->len;
		r = *ret ? 0 : -ENOMEM;
	} else if (state->error < 0) {
		r = state->error;
	}
	pthread_mutex_unlock(&state->lock);
	return r;
}

void doctor_state_news(struct doctor_state *state, uint64_t now)
{
	pthread_mutex_lock(&state->lock);
	state->news = now;
	pthread_mutex_unlock(&state->lock);
}

uint64_t doctor_state_due(const struct doctor_state *state)
{
	uint64_t due = state->ended + DOCTOR_INTERVAL_NS;

	if (!state->wanted)
		return UINT64_MAX;
	if (state->runs == 0)
		return 0;
	if (state->news > state->ended && state->news + DOCTOR_SETTLE_NS < due)
		due = state->news + DOCTOR_SETTLE_NS;
	/* A storm of events, such as of a disk that comes and goes, is no reason to run all the
	 * time. */
	if (due < state->ended + 2 * DOCTOR_SETTLE_NS)
		due = state->ended + 2 * DOCTOR_SETTLE_NS;
	return due;
}

void doctor_state_put(struct doctor_state *state, char *rows, size_t len, int error, uint64_t now)
{
	pthread_mutex_lock(&state->lock);
	state->error = error;
	state->runs++;
	state->ended = now;
	state->wanted = false;
	free(state->rows);
	state->rows = rows;
	state->len = len;
	pthread_cond_broadcast(&state->changed);
	pthread_mutex_unlock(&state->lock);
}
