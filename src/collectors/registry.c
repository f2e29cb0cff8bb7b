// SPDX-License-Identifier: Apache-2.0
/*
 * The list of collectors: a new one is its file and a line here. (Constructor attributes would
 * not do: nothing would pull such an object out of the static library.)
 */
#include "collectors/registry.h"

#include <string.h>

#define COLLECTORS(X)                                                                              \
	X(machine)                                                                                 \
	X(info)                                                                                    \
	X(engine)                                                                                  \
	X(frequency)                                                                               \
	X(cycles)                                                                                  \
	X(idle)                                                                                    \
	X(interrupts)                                                                              \
	X(throttle)                                                                                \
	X(runtime)                                                                                 \
	X(power)                                                                                   \
	X(thermal)                                                                                 \
	X(memory)                                                                                  \
	X(pcie)                                                                                    \
	X(error)                                                                                   \
	X(vgpu)                                                                                    \
	X(sriov)                                                                                   \
	X(passthrough)                                                                             \
	X(client)                                                                                  \
	X(kubelet)                                                                                 \
	X(transcode)                                                                               \
	X(consistency)                                                                             \
	X(vaapi)                                                                                   \
	X(check)

#define DECLARE(name) extern const struct collector name##_collector;
#define REFER(name)   &name##_collector,

COLLECTORS(DECLARE)

const struct collector *const collectors_all[] = { COLLECTORS(REFER) };
const size_t collectors_count = ARRAY_SIZE(collectors_all);

_Static_assert(ARRAY_SIZE(collectors_all) <= COLLECTORS_MAX, "collector_set has one bit for each");

int collector_find(const char *name)
{
	for (size_t i = 0; i < collectors_count; i++)
		if (strcmp(collectors_all[i]->name, name) == 0)
			return (int)i;
	return -1;
}

collector_set collectors_default(void)
{
	collector_set set = 0;

	for (size_t i = 0; i < collectors_count; i++)
		if (!collectors_all[i]->off_by_default)
			set |= (collector_set)1 << i;
	return set;
}
