/* SPDX-License-Identifier: Apache-2.0 */
/* Every collector, in the order of the exposition. */
#ifndef COLLECTORS_REGISTRY_H
#define COLLECTORS_REGISTRY_H

#include "collectors/collector.h"

#define COLLECTORS_MAX 64 /* bits of collector_set */

/* A set of collectors: bit i is collectors_all[i]. */
typedef uint64_t collector_set;

extern const struct collector *const collectors_all[];
extern const size_t collectors_count;

/* The index of a collector by name, or -1. */
int collector_find(const char *name);

/* The collectors that are on by default. */
collector_set collectors_default(void);

#endif
