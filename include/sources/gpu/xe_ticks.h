/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seconds from the ticks of xe's PMU (drivers/gpu/drm/xe/xe_guc_engine_activity.c, Linux 6.16 to
 * 7.0). engine-active-ticks counts the GuC's clock while a context is on the engine. The driver
 * makes engine-total-ticks out of CPU time, the same clock and the share of time that a function is
 * granted: without virtual functions that shows the clock, with them it is a quota, and active
 * ticks may be several times as many. So the clock is learnt once, and seconds are active ticks
 * divided by it.
 */
#ifndef SOURCES_GPU_XE_TICKS_H
#define SOURCES_GPU_XE_TICKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The clock that GPUs have within 1 % of hz; 0: none. */
uint64_t xe_clock_snap(uint64_t hz);

/*
 * The clock of a GT from the total ticks that its n functions, the physical one first, were granted
 * in the time; 0: they do not show it. It is what every function was granted, if none has a quota;
 * else their sum; else what one without a quota was granted.
 */
uint64_t xe_clock_of(const uint64_t *ticks, size_t n, uint64_t ns);

/* One function's use of one engine. Zeroed when its event is opened: the event counts from 0. */
struct xe_active {
	int64_t raw;	/* last accepted value; the kernel's may go below that of the open */
	uint64_t at;	/* of that value, ns since the open */
	uint64_t ticks; /* total */
	uint64_t grown; /* in the last step */
	bool held;	/* the last value was below raw */
};

/*
 * One more value for each of the n functions of an engine. A function that has fallen is held for
 * one step and is then the new base (GuC starts again after a reset or a resume); one that has
 * fallen by 2^32 ticks has gone on, as the part of a context that runs has 32 bits. No function,
 * and not all of them together, can have used more than the time, which is cut off above 1.05.
 */
void xe_active_add(struct xe_active *functions, size_t n, const uint64_t *raw, uint64_t at,
		   uint64_t hz);

uint64_t xe_ticks_ns(uint64_t ticks, uint64_t hz);

/*
 * What the last step says of an engine's functions. A driver that could not allocate its buffers
 * for each function counts the whole device for each of them, and says so in its log alone.
 */
enum xe_sharing {
	XE_NOTHING_SAID,
	XE_APART, /* each has a count of its own */
	XE_ALIKE, /* all have the same: it is the whole device's */
};
enum xe_sharing xe_sharing_of(const struct xe_active *functions, size_t n, uint64_t ns,
			      uint64_t hz);

#endif
