// SPDX-License-Identifier: Apache-2.0
/* How many interrupts did the GPU raise? From the i915 PMU. */
#include "collectors/collector.h"

enum { INTERRUPTS };

static const struct family families[] = {
	[INTERRUPTS] = { "intel_gpu_interrupts_total",
			 "Interrupts of the GPU that the driver handled, from the i915 PMU's "
			 "interrupts event.",
			 COUNTER,
			 { "pci" } },
};

static const struct pmu_value values[] = {
	{ PMU_INTERRUPTS, &families[INTERRUPTS], LABELS_GPU, 1, 1 },
};

const struct collector interrupts_collector = {
	.name = "interrupts",
	.help = "interrupts of the GPU, from the PMU",
	.pmu_kinds = PMU_INTERRUPTS,
	.families = families,
	.n_families = ARRAY_SIZE(families),
	.pmu_values = values,
	.n_pmu_values = ARRAY_SIZE(values),
	.init = collector_pmu_init,
	.collect = collector_pmu_collect,
};
