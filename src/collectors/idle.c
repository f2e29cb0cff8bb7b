// SPDX-License-Identifier: Apache-2.0
/*
 * How long does a GT sleep (RC6, C6), and how long was it awake? Of i915 from its PMU. xe's PMU has
 * an event for it that keeps the GPU from being suspended as long as it is open, so of xe from
 * gtidle/idle_residency_ms (drivers/gpu/drm/xe/xe_gt_idle.c), whose reads do not wake a GT, but
 * would wake a suspended GPU.
 */
#include "base/sys.h"
#include "collectors/attribute.h"
#include "sources/gpu/counter.h"
#include "sources/gpu/gts.h"

#include <errno.h>
#include <stdio.h>

enum { RC6, AWAKE };

static const struct family families[] = {
	[RC6] = {
		.name = "intel_gpu_rc6_seconds_total",
		.help = "Time the GT spent in the power-saving state RC6 (of xe: C6) since the "
			"exporter read it first, from the i915 PMU's rc6-residency event or xe's "
			"idle_residency_ms; of xe it stands still while the GPU is suspended.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_RC6, LABELS_GT, 1, 1e9 },
	},
	[AWAKE] = {
		.name = "intel_gpu_gt_awake_seconds_total",
		.help = "Time the driver held the GT awake, from the i915 PMU's "
			"software-gt-awake-time event.",
		.type = COUNTER,
		.labels = { "pci", "gt" },
		.source = &(const struct pmu_value){ PMU_AWAKE, LABELS_GT, 1, 1e9 },
	},
};

static const struct attribute residency = { .name = "gtidle/idle_residency_ms", .wakes = true };

struct gt {
	struct gt_place place;
	struct attribute_file file;
	struct counter counter; /* ms */
	bool known;
};

struct state {
	size_t n;
	struct gt gts[GTS_MAX];
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	for (size_t i = 0; i < state->n; i++)
		attributes_close(&state->gts[i].file, 1);
	free(state);
}

static void find_gts(const struct context *context, const struct gpu *gpu, struct state *state)
{
	struct gt_place gts[GTS_MAX];
	int n = gts_find(context->fs, gpu, gts);

	for (int i = 0; i < n; i++) {
		struct gt *gt = &state->gts[state->n];
		uint64_t inode;

		if (fs_inode(context->fs, &inode, "%s%s", gts[i].dir, residency.name) < 0)
			continue;
		gt->place = gts[i];
		gt->file = (struct attribute_file)ATTRIBUTE_CLOSED;
		state->n++;
	}
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;

	if (gpu->driver != GPU_XE)
		return collector_pmu_init(context, gpu, ret_state);
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	find_gts(context, gpu, state);
	if (state->n == 0) {
		destroy(state);
		return -ENODEV;
	}
	*ret_state = state;
	return 0;
}

/*
 * The register has 32 bits of 1.28 us, and the driver extends it by what it has grown at each read:
 * one that restarts (D3cold) is taken for one that has wrapped, up to 5498 s in which no GT has
 * slept. What is more than the time between two reads is such a jump.
 */
static void add(struct gt *gt, uint64_t ms, uint64_t now_ms)
{
	struct counter *counter = &gt->counter;
	uint64_t most = now_ms - counter->at;

	/* Residency and clock are not read at one instant. */
	most += most / 20 + 20;
	if (!gt->known || (ms > counter->raw && ms - counter->raw > most)) {
		counter->raw = ms;
		counter->held = false;
		gt->known = true;
	} else {
		counter_add(counter, ms);
	}
	/* A value that is held has no time of its own. */
	if (!counter->held)
		counter->at = now_ms;
}

static int collect_gt(const struct collection *c, struct gt *gt, bool suspended, uint64_t now_ms)
{
	char number[8];
	uint64_t ms;
	int r = attribute_read(c, &residency, &gt->file, gt->place.dir, suspended, &ms);

	if (r < 0)
		return r;
	if (r > 0) {
		add(gt, ms, now_ms);
	} else if (!suspended) {
		struct fault gone;

		fault_set(&gone, REASON_NO_DEVICE, "device-gone", 0, "%s%s has no value any more",
			  gt->place.dir, residency.name);
		fault_add(c->fault, &gone);
		return -ENODATA;
	}
	snprintf(number, sizeof(number), "%u", gt->place.number);
	if (gt->known)
		put(c->batch, &families[RC6], (double)gt->counter.total / 1e3, c->gpu->pci, number);
	return 0;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;
	uint64_t now_ms = sys_monotonic_ns() / 1000000u;
	bool suspended = true;
	int ret = 0, r;

	if (!state)
		return collector_pmu_collect(c);
	r = gpu_is_suspended(c->context->fs, c->gpu, &suspended);
	if (r < 0 && r != -ENOENT && r != -ENODATA)
		return fault_errno(c->fault, r, "power/runtime_status");
	for (size_t i = 0; i < state->n; i++)
		if (collect_gt(c, &state->gts[i], suspended, now_ms) != 0)
			ret = COLLECT_PARTIAL;
	return ret;
}

const struct collector idle_collector = {
	.name = "idle",
	.help = "RC6 residency and awake time of each GT, from the PMU or xe's sysfs",
	COLLECTOR_FAMILIES(families),
	.of_pmu = true,
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
