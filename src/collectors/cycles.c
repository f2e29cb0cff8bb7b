// SPDX-License-Identifier: Apache-2.0
/*
 * Average frequencies. The i915 PMU's frequency events accumulate MHz x seconds, so 10^6 times that
 * is cycles, and rate() of it the average frequency in hertz with parked time as 0.
 */
#include "collectors/collector.h"

static const struct family families[] = {
	{
		.name = "intel_gpu_actual_cycles_total",
		.help = "Cycles of the GT's clock, from the i915 PMU's actual-frequency event; "
			"rate() is the average frequency in hertz, parked time counted as 0.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_ACTUAL_FREQUENCY, LABELS_GT, 1e6, 1 },
	},
	{
		.name = "intel_gpu_requested_cycles_total",
		.help = "Cycles of the clock that was requested for the GT, from the i915 PMU's "
			"requested-frequency event.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_REQUESTED_FREQUENCY, LABELS_GT, 1e6, 1 },
	},
};

const struct collector cycles_collector = {
	.name = "cycles",
	.help = "mean actual and requested clocks, from the PMU (starts a 200 Hz timer in the "
		"kernel)",
	.off_by_default = true, /* each open event starts the kernel's 200 Hz timer */
	COLLECTOR_OF_PMU(families),
};
