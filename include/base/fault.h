/* SPDX-License-Identifier: Apache-2.0 */
/* Why a source could not be read, and what to do about it. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/macros.h"

#include <stdbool.h>

/* A closed set: the label `reason`, which alerts match. */
enum reason {
	REASON_NONE,
	REASON_PERMISSION,
	REASON_SECCOMP,
	REASON_NO_DEVICE,
	REASON_TIMEOUT,
	REASON_IO,
	REASON_PARSE,
	REASON_LIMIT,
	REASON_NOT_SUPPORTED, /* no failure: there is no such source */
	REASON_NOT_ENABLED,   /* no failure: a flag would have it read, and the remedy its cost */
};

struct fault {
	enum reason reason;
	const char *remedy; /* anchor in collectors/troubleshooting.md, which says what to do */
	char detail[200];   /* for the log: what was tried and what came of it */
};

/* Whether a collector that exports nothing for that reason works as it should. */
bool reason_is_absence(enum reason reason);

/* The label's text. */
const char *reason_name(enum reason reason);

/* Fills *fault and returns r, so that a caller can `return fault_set(…)`. */
int fault_set(struct fault *fault, enum reason reason, const char *remedy, int r, const char *fmt,
	      ...) _printf_(5, 6);

/* The same with reason and remedy chosen from r, a negative errno; its text is appended. */
int fault_errno(struct fault *fault, int r, const char *fmt, ...) _printf_(3, 4);

/* One more fault of the same collect: the first one's reason and remedy stay, details add up. */
void fault_add(struct fault *fault, const struct fault *more);

#endif
