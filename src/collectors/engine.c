// SPDX-License-Identifier: Apache-2.0
/* How busy is each engine? Events *-busy, *-wait and *-sema of the i915 PMU. */
#include "collectors/collector.h"

static const struct family families[] = {
	{
		.name = "intel_gpu_engine_busy_seconds_total",
		.help = "Time the engine was occupied since the exporter opened the i915 PMU's "
			"busy event.",
		.type = COUNTER,
		.labels = { "pci", "engine", "class" },
		.source = &(const struct pmu_value){ PMU_BUSY, LABELS_ENGINE, 1, 1e9 },
	},
	{
		.name = "intel_gpu_engine_wait_seconds_total",
		.help = "Time the engine waited for an event, sampled at 200 Hz by the i915 PMU.",
		.type = COUNTER,
		.labels = { "pci", "engine", "class" },
		.opt_in = "collector.engine.wait",
		.source = &(const struct pmu_value){ PMU_WAIT, LABELS_ENGINE, 1, 1e9 },
	},
	{
		.name = "intel_gpu_engine_semaphore_seconds_total",
		.help = "Time the engine waited for a semaphore, sampled at 200 Hz by the i915 "
			"PMU.",
		.type = COUNTER,
		.labels = { "pci", "engine", "class" },
		.opt_in = "collector.engine.wait",
		.source = &(const struct pmu_value){ PMU_SEMAPHORE, LABELS_ENGINE, 1, 1e9 },
	},
};

const struct collector engine_collector = {
	.name = "engine",
	.help = "busy time of every engine, from the PMU",
	COLLECTOR_OF_PMU(families),
};
