// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/xe_ticks.h"

#include "base/macros.h"

#define SECOND UINT64_C(1000000000)

/* A context that runs has its part in 32 bits. */
#define RUNNING_WRAP (INT64_C(1) << 32)

/*
 * Of a rate that no known clock explains, so much must have been seen: then it is the clock, if
 * there is one function, whose total is nothing else.
 */
#define UNKNOWN_CLOCK_NS (10 * SECOND)

/* Crystals, and what their dividers make of them; nearly every GPU of xe has the usual one. */
#define USUAL_CLOCK UINT64_C(19200000)
static const uint64_t clocks[] = { 12000000, USUAL_CLOCK, 24000000, 25000000, 38400000 };

static uint64_t scale(uint64_t value, uint64_t by, uint64_t of)
{
	return (uint64_t)((unsigned __int128)value * by / of);
}

uint64_t xe_ticks_ns(uint64_t ticks, uint64_t hz)
{
	return scale(ticks, SECOND, hz);
}

uint64_t xe_clock_snap(uint64_t hz)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		uint64_t off = hz > clocks[i] ? hz - clocks[i] : clocks[i] - hz;

		if (off <= clocks[i] / 100)
			return clocks[i];
	}
	return 0;
}

uint64_t xe_clock_of(const uint64_t *ticks, size_t n, uint64_t ns)
{
	uint64_t sum = 0, most = 0, hz;
	bool same = true;

	if (n == 0 || ns == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		/* No clock ticks more often than once in a nanosecond. */
		if (ticks[i] > ns)
			return 0;
		hz = scale(ticks[i], SECOND, ns);
		same &= xe_clock_snap(hz) == xe_clock_snap(scale(ticks[0], SECOND, ns));
		most = hz > most ? hz : most;
		sum += hz;
	}
	if (n == 1 && !xe_clock_snap(sum))
		return ns >= UNKNOWN_CLOCK_NS && sum >= clocks[0] / 2 ? sum : 0;
	/* One of them may be a clock by chance. */
	if (xe_clock_snap(most) == USUAL_CLOCK || xe_clock_snap(sum) == USUAL_CLOCK)
		return USUAL_CLOCK;
	return same || xe_clock_snap(sum) == 0 ? xe_clock_snap(most) : xe_clock_snap(sum);
}

/* A value and its clock are not read at one instant: 5 % more is no fault. */
static uint64_t with_slack(uint64_t value)
{
	return value + value / 20;
}

/* Sets grown to what is to be added. */
static void step(struct xe_active *a, int64_t raw, uint64_t at, uint64_t hz)
{
	int64_t by = (int64_t)((uint64_t)raw - (uint64_t)a->raw);
	uint64_t possible = scale(at > a->at ? at - a->at : 0, hz, SECOND);
	uint64_t most = with_slack(possible);

	a->grown = 0;
	/* In half the time that 32 bits last a fall by less is a wrap, or a restart as seldom. */
	if (by < 0 && by >= -RUNNING_WRAP && most < (uint64_t)RUNNING_WRAP / 2 &&
	    (uint64_t)(by + RUNNING_WRAP) <= most)
		by += RUNNING_WRAP;
	if (by < 0) {
		if (a->held) {
			a->raw = raw;
			a->at = at;
		}
		a->held = !a->held;
		return;
	}
	a->grown = (uint64_t)by > most ? possible : (uint64_t)by;
	a->held = false;
	a->raw = raw;
	a->at = at;
}

void xe_active_add(struct xe_active *functions, size_t n, const uint64_t *raw, uint64_t at,
		   uint64_t hz)
{
	uint64_t since = at, sum = 0, possible;

	for (size_t i = 0; i < n; i++) {
		since = functions[i].at < since ? functions[i].at : since;
		step(&functions[i], (int64_t)raw[i], at, hz);
		sum += functions[i].grown;
	}
	possible = scale(at - since, hz, SECOND);
	for (size_t i = 0; i < n; i++) {
		uint64_t grown = functions[i].grown;

		functions[i].ticks +=
			sum > with_slack(possible) ? scale(grown, possible, sum) : grown;
	}
}

enum xe_sharing xe_sharing_of(const struct xe_active *functions, size_t n, uint64_t ns, uint64_t hz)
{
	uint64_t least = UINT64_MAX, most = 0, sum = 0, skew = hz / 1000, other;

	for (size_t i = 0; i < n; i++) {
		least = functions[i].grown < least ? functions[i].grown : least;
		most = functions[i].grown > most ? functions[i].grown : most;
		sum += functions[i].grown;
	}
	if (n < 2 || most == 0)
		return XE_NOTHING_SAID;
	/* They are read one after the other, within a millisecond, while a context runs. */
	other = most - least;
	if (other > skew && other > most / 1000)
		return XE_APART;
	/* Less than a tenth of a second may be alike by chance, or because it was cut. */
	if (most < 100 * skew)
		return XE_NOTHING_SAID;
	return other == 0 || sum > with_slack(scale(ns, hz, SECOND)) ? XE_ALIKE : XE_NOTHING_SAID;
}
