// SPDX-License-Identifier: Apache-2.0
/* How long does a GT sleep (RC6), and how long was it awake? From the i915 PMU. */
#include "collectors/collector.h"

enum { RC6, AWAKE };

static const struct family families[] = {
	[RC6] = { "intel_gpu_rc6_seconds_total",
		  "Time the GT spent in the power-saving state RC6, from the i915 PMU's "
		  "rc6-residency event.",
		  COUNTER,
		  { "pci", "gt" } },
	[AWAKE] = { "intel_gpu_gt_awake_seconds_total",
		    "Time the driver held the GT awake, from the i915 PMU's software-gt-awake-time "
		    "event.",
		    COUNTER,
		    { "pci", "gt" } },
};

static const struct pmu_value values[] = {
	{ PMU_RC6, &families[RC6], LABELS_GT, 1, 1e9 },
	{ PMU_AWAKE, &families[AWAKE], LABELS_GT, 1, 1e9 },
};

const struct collector idle_collector = {
	.name = "idle",
	.help = "RC6 residency and awake time of each GT, from the PMU",
	.pmu_kinds = PMU_RC6 | PMU_AWAKE,
	.families = families,
	.n_families = ARRAY_SIZE(families),
	.pmu_values = values,
	.n_pmu_values = ARRAY_SIZE(values),
	.init = collector_pmu_init,
	.collect = collector_pmu_collect,
};
