/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which test of a GPU comes next, and when. Nothing here waits, runs or reads a clock.
 *
 * A round is an array of steps, made anew when the driver has said what it offers: list that; test
 * each encoder at 256x256; in a resolution sweep also at larger sizes; test video processing. The
 * first round runs at once, later ones are spread over the interval, unless the GPU would fall
 * asleep in between. After a test that may have hurt the GPU the next round comes later.
 *
 * All of it is for a caller that holds the lock of the state.
 */
#ifndef SCRAPE_ROUNDS_H
#define SCRAPE_ROUNDS_H

#include "sources/vaapi/va_state.h"

/* May the next step run on a GPU in this state of power? Notes whether it may fall asleep. */
enum va_skip rounds_why_not(const struct va_state *state, struct va_gpu *gpu, enum gpu_power power,
			    uint64_t now);
/* The next step of a GPU. False when it needs no child: then rounds_record() with no_device. */
bool rounds_request(const struct va_state *state, struct va_gpu *gpu, uint64_t now,
		    struct va_request *ret);
/* What that step came to the last time. */
const struct va_answer *rounds_last_answer(struct va_gpu *gpu);
/* Records the result of a step. capabilities are those of a list. True when a round has ended. */
bool rounds_record(struct va_state *state, struct va_gpu *gpu, const struct va_run *run,
		   const struct va_capabilities *capabilities, uint64_t now, double unix_time);
/* The step is put off for as long as a step takes its turn. */
void rounds_postpone(const struct va_state *state, struct va_gpu *gpu, enum va_skip why,
		     uint64_t now);

#endif
