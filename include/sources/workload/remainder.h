/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of a whole when its known parts are taken away, as a counter: the time of engines
 * less that of all clients of the host is that of its GVT-g guests. Both only grow, and are not
 * read at one instant, so their difference goes back and forth: the counter follows its highest
 * value, which no number of readings can raise.
 */
#ifndef SOURCES_WORKLOAD_REMAINDER_H
#define SOURCES_WORKLOAD_REMAINDER_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed at its start. */
struct remainder {
	bool known;	       /* whole, parts and base are */
	uint64_t whole, parts; /* last values */
	uint64_t whole_base, parts_base,
		base; /* values, and the total, when it began to be known */
	uint64_t total;
};

/* One more reading. Who has started again, below his last value, begins a new base. */
void remainder_add(struct remainder *remainder, uint64_t whole, uint64_t parts);

/* Nobody knows what happens until the next reading: that is not counted. */
void remainder_pause(struct remainder *remainder);

#endif
