/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter that never falls, over a raw value that sometimes does.
 *
 * Kernels before December 2024 let an engine's busy time go back for a moment, or for good after
 * a GuC reset, and torn GuC reads made it jump (commits 1622ed27d26a, 59a0b46788d5). So a value
 * below the last is held for one read; if the next one is still below, it is the new base.
 *
 * A DRM client has no such restart, only dips: i915 takes a context that is destroyed out of the
 * sum before it books the context's time. Documentation/gpu/drm-usage-stats.rst: stay with the
 * larger value until the client has caught up with it.
 */
#ifndef SOURCES_GPU_COUNTER_H
#define SOURCES_GPU_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* A zeroed counter is at its start: a perf event counts from 0 when it is opened. */
struct counter {
	uint64_t raw;	/* last accepted value */
	uint64_t at;	/* clock at that read */
	uint64_t total; /* what is exported */
	bool held;	/* the last read was below raw */
	uint64_t since; /* of a client: clock when it had used nothing that counts */
};

/* For a count, which has no natural bound. Returns the total. */
uint64_t counter_add(struct counter *counter, uint64_t raw);

/*
 * For a time: in between two reads it cannot grow more than the clock, so a growth of more than
 * 1.05 times the elapsed time is cut to the elapsed time. raw and at are in the same unit.
 */
uint64_t counter_add_time(struct counter *counter, uint64_t raw, uint64_t at);

/*
 * For a DRM client's time, in ns: what is below the highest value is held, for however many reads.
 * A growth may be larger than the time between two reads: a dip that fell into a growth hides as a
 * small one, and the next is larger by as much; and on a vGPU, where i915's times are divided by
 * four, a batch that runs has a quarter of its time, until its context leaves the engine. So the
 * total is cut to the time since the client was seen first.
 */
uint64_t counter_hold_time(struct counter *counter, uint64_t raw, uint64_t at);

#endif
