// SPDX-License-Identifier: Apache-2.0
/*
 * How busy is each engine? Events *-busy, *-wait and *-sema of the i915 PMU, and the active ticks
 * of xe's.
 */
#include "collectors/collector.h"

#include <errno.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_engine_busy_seconds_total",
		.help = "Time the engine was occupied since the exporter opened the PMU's events; "
			"of xe from Linux 6.16 on and, unless --collector.engine.xe says "
			"otherwise, while virtual functions are enabled, with their work.",
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

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	if (gpu->driver != GPU_XE)
		return collector_pmu_init(context, gpu, ret_state);
	if (gpu->pmu)
		return 0;
	/* A copied tree's, or a virtual function and Linux before 6.15. */
	return *gpu->pmu_name ? -EOPNOTSUPP : -ENODEV;
}

const struct collector engine_collector = {
	.name = "engine",
	.help = "busy time of every engine, from the PMU",
	COLLECTOR_FAMILIES(families),
	.of_pmu = true,
	.init = init,
	.collect = collector_pmu_collect,
};
