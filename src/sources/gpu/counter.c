// SPDX-License-Identifier: Apache-2.0
/* Monotonic totals from raw values that dip, restart or jump. */
#include "sources/gpu/counter.h"

static uint64_t add(struct counter *counter, uint64_t raw, uint64_t at, uint64_t most)
{
	uint64_t grown;

	if (raw < counter->raw) {
		if (counter->held) {
			counter->raw = raw;
			counter->at = at;
		}
		counter->held = !counter->held;
		return counter->total;
	}
	grown = raw - counter->raw;
	counter->held = false;
	counter->raw = raw;
	counter->at = at;
	counter->total += grown > most ? most : grown;
	return counter->total;
}

uint64_t counter_add(struct counter *counter, uint64_t raw)
{
	return add(counter, raw, 0, UINT64_MAX);
}

uint64_t counter_add_time(struct counter *counter, uint64_t raw, uint64_t at)
{
	uint64_t elapsed = at > counter->at ? at - counter->at : 0;

	/* Busy time and clock are not read at one instant: 5 % more is no fault. */
	if (raw > counter->raw && raw - counter->raw <= elapsed + elapsed / 20)
		elapsed = UINT64_MAX;
	return add(counter, raw, at, elapsed);
}

uint64_t counter_hold_time(struct counter *counter, uint64_t raw, uint64_t at)
{
	uint64_t most = at > counter->since ? at - counter->since : 0;

	if (raw <= counter->raw)
		return counter->total;
	return add(counter, raw, at, most > counter->total ? most - counter->total : 0);
}
