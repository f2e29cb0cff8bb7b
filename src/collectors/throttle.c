// SPDX-License-Identifier: Apache-2.0
/*
 * Why is the GT throttled? throttle_reason_* of i915 (drivers/gpu/drm/i915/gt/
 * intel_gt_sysfs_pm.c, graphics generation 11 and later), reason_* of xe (drivers/gpu/drm/xe/
 * xe_gt_throttle.c).
 *
 * The reads take a runtime-PM reference: they wake a suspended GPU, and put off the sleep of an
 * idle one by i915's 10 s. i915 lets an integrated GPU sleep (intel_runtime_pm_enable();
 * power/control is "auto"). So they are made once for each use: when the GT was awake since the
 * last scrape, which the PMU counts and a read adds nothing to. Without the PMU, while the clock
 * runs. xe's clock cannot be asked without waking it either, but xe sleeps 1 s after the last use:
 * what is not suspended is read, which puts that off by a second at most.
 */
#include "collectors/attribute.h"
#include "sources/gpu/gts.h"

#include <errno.h>
#include <stdio.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_throttled",
		.help = "Whether the GT is throttled for a reason, from sysfs; absent "
			"where the GPU may sleep and the GT was not awake since the last scrape, "
			"or the GPU sleeps already.",
		.type = GAUGE,
		.labels = { "pci", "gt", "reason" },
	},
};

static const struct attribute reasons[] = {
	{ .name = "pl1", .wakes = true },	    { .name = "pl2", .wakes = true },
	{ .name = "pl4", .wakes = true },	    { .name = "thermal", .wakes = true },
	{ .name = "prochot", .wakes = true },	    { .name = "ratl", .wakes = true },
	{ .name = "vr_thermalert", .wakes = true }, { .name = "vr_tdc", .wakes = true },
};

/* Whether there is any of them: both drivers mask the same register, so 0 means none. */
static const struct attribute i915_status = { .name = "throttle_reason_status", .wakes = true };
static const struct attribute xe_status = { .name = "status", .wakes = true };
static const struct attribute i915_clock = { .name = "rps_act_freq_mhz" };

struct gt {
	unsigned number;
	char label[8];		   /* the number */
	char dir[96], prefix[112]; /* of the files, and of the reasons among them */
	struct attribute_file files[ARRAY_SIZE(reasons)], status, clock;
	unsigned there; /* bits of the reasons that this GT has, since all were read; 0: not yet */
};

struct state {
	size_t n;
	struct gt gts[GTS_MAX];
	bool counts; /* the PMU tells, with the last scrape's totals: */
	uint64_t awake_ns[GTS_MAX];
	bool was_awake[GTS_MAX];
};

static void find_gts(const struct context *context, const struct gpu *gpu, struct state *state)
{
	const char *below = gpu->driver == GPU_XE ? "freq0/throttle/" : "";
	const char *prefix = gpu->driver == GPU_XE ? "reason_" : "throttle_reason_";
	struct gt_place gts[GTS_MAX];
	int n = gts_find(context->fs, gpu, gts);

	for (int i = 0; i < n; i++) {
		struct gt *gt = &state->gts[state->n];
		uint64_t inode;

		snprintf(gt->dir, sizeof(gt->dir), "%s%s", gts[i].dir, below);
		snprintf(gt->prefix, sizeof(gt->prefix), "%s%s%s", gts[i].dir, below, prefix);
		if (fs_inode(context->fs, &inode, "%spl1", gt->prefix) < 0)
			continue;
		gt->number = gts[i].number;
		snprintf(gt->label, sizeof(gt->label), "%u", gt->number);
		for (size_t j = 0; j < ARRAY_SIZE(reasons); j++)
			gt->files[j] = (struct attribute_file)ATTRIBUTE_CLOSED;
		gt->status = gt->clock = (struct attribute_file)ATTRIBUTE_CLOSED;
		state->n++;
	}
}

static void destroy(void *data)
{
	struct state *state = data;

	for (size_t i = 0; state && i < state->n; i++) {
		attributes_close(state->gts[i].files, ARRAY_SIZE(reasons));
		attributes_close(&state->gts[i].status, 1);
		attributes_close(&state->gts[i].clock, 1);
	}
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;

	if (!*gpu->card || (gpu->driver != GPU_I915 && gpu->driver != GPU_XE))
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	find_gts(context, gpu, state);
	if (state->n == 0) {
		free(state);
		return -ENODEV;
	}
	*ret_state = state;
	return 0;
}

/* Reading the actual clock never wakes the GPU, and it is 0 when nothing holds the GT awake. */
static bool at_work(const struct collection *c, struct gt *gt)
{
	uint64_t mhz;

	return attribute_read(c, &i915_clock, &gt->clock, gt->dir, false, &mhz) > 0 && mhz > 0;
}

static void note_awake(void *data, const struct pmu_event *event, uint64_t total)
{
	struct state *state = data;

	state->counts = true;
	for (size_t i = 0; i < state->n; i++) {
		if (state->gts[i].number != event->gt)
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

static void put_reason(const struct collection *c, const struct gt *gt, size_t i, bool throttled)
{
	put(c->batch, &families[0], throttled, c->gpu->pci, gt->label, reasons[i].name);
}

static bool is_free(const struct collection *c, struct gt *gt)
{
	const struct attribute *status = c->gpu->driver == GPU_XE ? &xe_status : &i915_status;
	uint64_t value;

	return gt->there && attribute_read(c, status, &gt->status, gt->dir, false, &value) > 0 &&
	       value == 0;
}

static int collect_gt(const struct collection *c, struct gt *gt)
{
	unsigned there = 0;
	int ret = 0;

	if (is_free(c, gt)) {
		for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
			if (gt->there >> i & 1)
				put_reason(c, gt, i, false);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		uint64_t value;
		int r = attribute_read(c, &reasons[i], &gt->files[i], gt->prefix, false, &value);

		if (r < 0)
			ret = COLLECT_PARTIAL;
		if (r > 0)
			put_reason(c, gt, i, value != 0);
		there |= (unsigned)(r > 0) << i;
	}
	/* One that cannot be read is asked again. */
	gt->there = ret == 0 ? there : 0;
	return ret;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;
	enum gpu_power power;
	int ret = 0, r = gpu_power(c->context->fs, c->gpu, &power);

	if (r == -ENOENT || r == -ENODATA)
		return 0;
	if (r < 0)
		return fault_errno(c->fault, r, "power/runtime_status");
	look_at_pmu(c, state);
	for (size_t i = 0; i < state->n && power != GPU_SUSPENDED; i++) {
		if (c->gpu->driver == GPU_I915 && power == GPU_MAY_SLEEP &&
		    !(state->counts ? state->was_awake[i] : at_work(c, &state->gts[i])))
			continue;
		if (collect_gt(c, &state->gts[i]) != 0)
			ret = COLLECT_PARTIAL;
	}
	return ret;
}

const struct collector throttle_collector = {
	.name = "throttle",
	.help = "reasons that hold a GT's clock back, from sysfs",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
