/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry of toy collectors, linked instead of src/collectors/registry.c: they block, fail or
 * take their time as a test wants. Each exports toy_<name> with the number of its run as the value.
 */
#ifndef TESTS_TOY_REGISTRY_H
#define TESTS_TOY_REGISTRY_H

#include "collectors/registry.h"

#include <stdbool.h>
#include <sys/types.h>

enum toy {
	TOY_BLOCKER,  /* waits until it is let go */
	TOY_BLOCKER2, /* the same */
	TOY_QUICK,
	TOY_SLOW,    /* 10 ms */
	TOY_FAILER,  /* puts a sample, then fails */
	TOY_FAILER2, /* for the same cause */
	TOY_ABSENT,  /* its init says -ENODEV */
	TOY_BROKEN,  /* its init fails with another error */
	TOY_GPU,     /* once for each GPU */
	TOYS,
};

#define TOY(toy) ((collector_set)1 << TOY_##toy)
#define ALL_TOYS (((collector_set)1 << TOYS) - 1)

/* Everything as at the start: nothing blocks, nothing fails, no runs. */
void toys_reset(void);
void toys_block(enum toy toy);
void toys_release(void);

/* TOY_SLOW reads so many files, one in 10 ms. */
void toys_walk(unsigned steps);
/* TOY_SLOW computes for so long, and reads nothing. */
void toys_compute(unsigned ms);
/* The failers return this; 0: they succeed. The detail tells one cause from another. */
void toys_fail(int error, const char *detail);
void toys_init_error(enum toy toy, int error);

unsigned toys_runs(enum toy toy);
unsigned toys_inside(void);	   /* collects going on now */
uint64_t toys_began(enum toy toy); /* clock at the begin of its last run */
pid_t toys_thread(enum toy toy);   /* whose that run was */
unsigned toys_states(void);	   /* states that were made and not destroyed */

#endif
