// SPDX-License-Identifier: Apache-2.0
/*
 * Why is the GT throttled? throttle_reason_* of i915 (drivers/gpu/drm/i915/gt/
 * intel_gt_sysfs_pm.c, graphics generation 11 and later).
 *
 * The reads take a runtime-PM reference: they wake a suspended GPU, and put off the sleep of an
 * idle one (by i915's 10 s) at every scrape. So they are made only while the GPU may not sleep
 * (power/control "on", the default of an integrated GPU) or is at work anyway (its clock runs).
 */
#include "collectors/collector.h"

#include <errno.h>
#include <stdio.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_throttled",
		.help = "Whether the GT is throttled for a reason, from sysfs; absent "
			"while the GPU sleeps.",
		.type = GAUGE,
		.labels = { "pci", "gt", "reason" },
	},
};

static const char *const reasons[] = { "pl1",	  "pl2",  "pl4",	   "thermal",
				       "prochot", "ratl", "vr_thermalert", "vr_tdc" };

struct state {
	size_t n;
	unsigned gts[COLLECTOR_MAX_GTS];
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;
	uint64_t inode;
	int n;

	if (gpu->driver != GPU_I915 || !*gpu->card)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	n = collector_list_numbers(context, "gt", state->gts, ARRAY_SIZE(state->gts),
				   "sys/class/drm/%s/gt", gpu->card);
	if (n <= 0 || fs_inode(context->fs, &inode, "sys/class/drm/%s/gt/gt%u/throttle_reason_pl1",
			       gpu->card, state->gts[0]) < 0) {
		free(state);
		return -ENODEV;
	}
	state->n = (size_t)n;
	*ret_state = state;
	return 0;
}

/* Reading the actual clock never wakes the GPU, and it is 0 when nothing holds the GT awake. */
static bool at_work(const struct collection *c, unsigned gt)
{
	uint64_t mhz;

	return fs_read_u64(c->context->fs, &mhz, "sys/class/drm/%s/gt/gt%u/rps_act_freq_mhz",
			   c->gpu->card, gt) == 0 &&
	       mhz > 0;
}

static int collect_gt(const struct collection *c, unsigned gt)
{
	char number[8];

	snprintf(number, sizeof(number), "%u", gt);
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		uint64_t value;
		int r = collector_read_u64(c->context, c->fault, &value,
					   "sys/class/drm/%s/gt/gt%u/throttle_reason_%s",
					   c->gpu->card, gt, reasons[i]);

		if (r < 0)
			return r;
		if (r > 0)
			put(c->batch, &families[0], value != 0, c->gpu->pci, number, reasons[i]);
	}
	return 0;
}

static int collect(const struct collection *c)
{
	const struct state *state = c->state;
	enum gpu_power power;
	int r = gpu_power(c->context->fs, c->gpu, &power);

	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r < 0)
		return fault_errno(c->fault, r, "power/runtime_status");
	for (size_t i = 0; i < state->n && power != GPU_SUSPENDED; i++) {
		if (power == GPU_MAY_SLEEP && !at_work(c, state->gts[i]))
			continue;
		r = collect_gt(c, state->gts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

const struct collector throttle_collector = {
	.name = "throttle",
	.help = "reasons that hold a GT's clock back, from sysfs",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
