// SPDX-License-Identifier: Apache-2.0
/* How busy is each engine? Events *-busy, *-wait and *-sema of the i915 PMU. */
#include "collectors/collector.h"

enum { BUSY, WAIT, SEMAPHORE };

static const struct family families[] = {
	[BUSY] = { "intel_gpu_engine_busy_seconds_total",
		   "Time the engine was occupied since the exporter opened the i915 PMU's busy "
		   "event.",
		   COUNTER,
		   { "pci", "engine", "class" } },
	[WAIT] = { "intel_gpu_engine_wait_seconds_total",
		   "Time the engine waited for an event, sampled at 200 Hz by the i915 PMU.",
		   COUNTER,
		   { "pci", "engine", "class" },
		   "collector.engine.wait" },
	[SEMAPHORE] = { "intel_gpu_engine_semaphore_seconds_total",
			"Time the engine waited for a semaphore, sampled at 200 Hz by the i915 "
			"PMU.",
			COUNTER,
			{ "pci", "engine", "class" },
			"collector.engine.wait" },
};

static const struct pmu_value values[] = {
	{ PMU_BUSY, &families[BUSY], LABELS_ENGINE, 1, 1e9 },
	{ PMU_WAIT, &families[WAIT], LABELS_ENGINE, 1, 1e9 },
	{ PMU_SEMAPHORE, &families[SEMAPHORE], LABELS_ENGINE, 1, 1e9 },
};

const struct collector engine_collector = {
	.name = "engine",
	.help = "busy time of every engine, from the PMU",
	.pmu_kinds = PMU_BUSY,
	.families = families,
	.n_families = ARRAY_SIZE(families),
	.pmu_values = values,
	.n_pmu_values = ARRAY_SIZE(values),
	.init = collector_pmu_init,
	.collect = collector_pmu_collect,
};
