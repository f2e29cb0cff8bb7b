// SPDX-License-Identifier: Apache-2.0
/* How long does a GT sleep (RC6), and how long was it awake? From the i915 PMU. */
#include "collectors/collector.h"

#include <errno.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_rc6_seconds_total",
		.help = "Time the GT spent in the power-saving state RC6, from the i915 PMU's "
			"rc6-residency event.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_RC6, LABELS_GT, 1, 1e9 },
	},
	{
		.name = "intel_gpu_gt_awake_seconds_total",
		.help = "Time the driver held the GT awake, from the i915 PMU's "
			"software-gt-awake-time event.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_AWAKE, LABELS_GT, 1, 1e9 },
	},
};

/* xe has gtidle in sysfs whether it has a PMU or not (drivers/gpu/drm/xe/xe_gt_idle.c). */
static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	int r = collector_pmu_init(context, gpu, ret_state);

	return r == -ENODEV && gpu->driver == GPU_XE && !gpu->vf ? -EOPNOTSUPP : r;
}

const struct collector idle_collector = {
	.name = "idle",
	.help = "RC6 residency and awake time of each GT, from the PMU",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collector_pmu_collect,
};
