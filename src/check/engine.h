/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks in the order of the tree. */
#ifndef CHECK_ENGINE_H
#define CHECK_ENGINE_H

#include "check/check.h"
#include "finding.h"

struct report {
	struct machine *machine;
	struct finding *findings;
	size_t n;
	const char *why_not; /* the machine could not be read at all: in a few words */
};

/*
 * Every check of every GPU has a finding; within two seconds, whatever does not answer. 0, or
 * -ENOMEM. Threads that are stuck in a read go on to use the report: it is never freed.
 */
int engine_run(const struct fs *fs, const struct check_options *options, struct report *ret);

/* The n-th check of all tables, or NULL. */
const struct check *engine_check(size_t n);

#endif
