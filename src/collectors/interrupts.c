// SPDX-License-Identifier: Apache-2.0
/* How many interrupts did the GPU raise? From the i915 PMU. */
#include "collectors/collector.h"

static const struct family families[] = {
	{
		.name = "intel_gpu_interrupts_total",
		.help = "Interrupts of the GPU that the driver handled, from the i915 PMU's "
			"interrupts event.",
		.type = COUNTER,
		.labels = { "pci" },
		.source = &(const struct pmu_value){ PMU_INTERRUPTS, LABELS_GPU, 1, 1 },
	},
};

const struct collector interrupts_collector = {
	.name = "interrupts",
	.help = "interrupts of the GPU, from the PMU",
	COLLECTOR_OF_PMU(families),
};
