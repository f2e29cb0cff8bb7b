// SPDX-License-Identifier: Apache-2.0
/*
 * Why is the clock held back? throttle_reason_* of i915 (drivers/gpu/drm/i915/gt/
 * intel_gt_sysfs_pm.c, graphics generation 11 and later).
 *
 * The reads take a runtime-PM reference: they wake a suspended GPU, and put off the sleep of an
 * idle one by i915's 10 s. i915 lets an integrated GPU sleep (intel_runtime_pm_enable(); power/control
 * is "auto"). So they are made once for each use: when the GT was awake since the last scrape, which
 * the PMU counts and a read adds nothing to. Without the PMU, while the clock runs.
 */
#include "collectors/collector.h"

#include <errno.h>
#include <stdio.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_throttled",
		.help = "Whether the GT's clock is held back for a reason, from sysfs; absent "
			"where the GPU may sleep and the GT was not awake since the last scrape, "
			"or the GPU sleeps already.",
		.type = GAUGE,
		.labels = { "pci", "gt", "reason" },
	},
};

static const char *const reasons[] = { "pl1",	  "pl2",  "pl4",	   "thermal",
				       "prochot", "ratl", "vr_thermalert", "vr_tdc" };

struct state {
	size_t n;
	unsigned gts[COLLECTOR_MAX_GTS];
	bool counts;			       /* the PMU tells, with the last scrape's totals: */
	uint64_t awake_ns[COLLECTOR_MAX_GTS];
	bool was_awake[COLLECTOR_MAX_GTS];
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

static void note_awake(void *data, const struct pmu_event *event, uint64_t total)
{
	struct state *state = data;

	state->counts = true;
	for (size_t i = 0; i < state->n; i++) {
		if (state->gts[i] != event->gt)
			continue;
		/* Events that were opened anew count from 0. */
		state->was_awake[i] = total != state->awake_ns[i] && total > 0;
		state->awake_ns[i] = total;
	}
}

static void look_at_pmu(const struct collection *c, struct state *state)
{
	struct fault unused = { 0 };

	state->counts = false;
	if (c->gpu->pmu)
		pmu_visit(c->gpu->pmu, c->round->number, PMU_AWAKE, note_awake, state, &unused);
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
	struct state *state = c->state;
	enum gpu_power power;
	int r = gpu_power(c->context->fs, c->gpu, &power);

	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r < 0)
		return fault_errno(c->fault, r, "power/runtime_status");
	look_at_pmu(c, state);
	for (size_t i = 0; i < state->n && power != GPU_SUSPENDED; i++) {
		if (power == GPU_MAY_SLEEP &&
		    !(state->counts ? state->was_awake[i] : at_work(c, state->gts[i])))
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
