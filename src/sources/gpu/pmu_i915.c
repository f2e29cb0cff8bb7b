// SPDX-License-Identifier: Apache-2.0
/*
 * The events of i915's PMU are the files of its events/, each with a config of its own: names and
 * units as in drivers/gpu/drm/i915/i915_pmu.c of Linux 6.1 to 7.0.
 */
#include "pmu_state.h"

#include "sources/gpu/counter.h"

#include <errno.h>
#include <string.h>

#define MAX_EVENTS 256 /* a GPU with 64 engines and all kinds */

struct total {
	struct pmu_event event;
	struct counter counter;
	uint64_t total;
};

static int open_i915(struct pmu *pmu, struct fault *fault)
{
	const struct fs *fs = pmu->set->fs;
	_cleanup_list_ char **names = NULL;
	struct total *totals;
	int r;

	r = fs_list(fs, &names, PMU_DIR "events", pmu->name);
	if (r < 0)
		return fault_errno(fault, r, "events of PMU %s", pmu->name);
	pmu->state = totals = calloc(MAX_EVENTS, sizeof(*totals));
	if (!totals)
		return fault_errno(fault, -ENOMEM, "events of PMU %s", pmu->name);

	for (char **name = names; name && *name && pmu->n < MAX_EVENTS; name++) {
		struct pmu_event event;
		char content[128];
		int n = fs_read(fs, content, sizeof(content), PMU_DIR "events/%s", pmu->name,
				*name);

		if (n < 0 || pmu_event_parse(*name, content, (size_t)n, &event) < 0 ||
		    !(event.kind & pmu->set->kinds))
			continue;
		r = pmu_events_open(pmu, event.config, fault);
		if (r < 0)
			return r;
		if (r > 0)
			totals[pmu->n - 1].event = event;
	}
	if (pmu->n == 0)
		return 0;
	totals = realloc(totals, pmu->n * sizeof(*totals));
	if (totals)
		pmu->state = totals;
	return 0;
}

static uint64_t add_value(struct total *total, uint64_t raw, uint64_t enabled_ns)
{
	switch (total->event.kind) {
	case PMU_BUSY:
	case PMU_WAIT:
	case PMU_SEMAPHORE:
	case PMU_RC6:
	case PMU_AWAKE:
		return counter_add_time(&total->counter, raw, enabled_ns);
	default:
		return counter_add(&total->counter, raw);
	}
}

static int add(struct pmu *pmu, const uint64_t *values, uint64_t enabled_ns, struct fault *fault)
{
	struct total *totals = pmu->state;

	(void)fault;
	for (size_t i = 0; i < pmu->n; i++)
		totals[i].total = add_value(&totals[i], values[i], enabled_ns);
	return 0;
}

static int visit_events(struct pmu *pmu, unsigned kinds, pmu_visitor visit, void *data,
			struct fault *fault)
{
	const struct total *totals = pmu->state;

	(void)fault;
	for (size_t i = 0; i < pmu->n; i++)
		if (totals[i].event.kind & kinds)
			visit(data, &totals[i].event, totals[i].total);
	return 0;
}

const struct pmu_driver pmu_i915 = {
	.name = "i915",
	.open = open_i915,
	.add = add,
	.visit = visit_events,
};
