// SPDX-License-Identifier: Apache-2.0
/*
 * Clocks and their limits of each GT, now. i915: gt/gtN/rps_* (drivers/gpu/drm/i915/gt/
 * intel_gt_sysfs_pm.c), before Linux 5.19 gt_*_freq_mhz at the card. xe: tileN/gtN/freq0
 * (drivers/gpu/drm/xe/xe_gt_freq.c).
 */
#include "collectors/attribute.h"
#include "sources/gpu/gts.h"

#include <errno.h>
#include <stdio.h>

enum { ACTUAL, REQUESTED, MIN, MAX, BOOST, RP0, RP1, RPN, FAMILIES };

static const struct family families[FAMILIES] = {
	[ACTUAL] = {
		.name = "intel_gpu_frequency_actual_hertz",
		.help = "Clock that the GT runs at now, from sysfs; 0 while it sleeps.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[REQUESTED] = {
		.name = "intel_gpu_frequency_requested_hertz",
		.help = "Clock that is requested for the GT now, from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[MIN] = {
		.name = "intel_gpu_frequency_min_hertz",
		.help = "Lowest clock that may be requested, from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[MAX] = {
		.name = "intel_gpu_frequency_max_hertz",
		.help = "Highest clock that may be requested, from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[BOOST] = {
		.name = "intel_gpu_frequency_boost_hertz",
		.help = "Clock that is requested for a waiting client, from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[RP0] = {
		.name = "intel_gpu_frequency_rp0_hertz",
		.help = "Highest clock of the hardware (RP0), from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[RP1] = {
		.name = "intel_gpu_frequency_rp1_hertz",
		.help = "Clock that the hardware sustains efficiently (RP1), from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
	[RPN] = {
		.name = "intel_gpu_frequency_rpn_hertz",
		.help = "Lowest clock of the hardware (RPn), from sysfs.",
		.type = GAUGE,
		.labels = { "pci", "gt" },
	},
};

/* Highest plausible clock: xe prints 627200 in rpa_freq of an Arc A380. */
#define MAX_MHZ 20000

/* One column for each layout of the files. NULL: the layout has no such file. */
enum layout { I915_GT, I915_CARD, XE_GT, LAYOUTS };

static const struct attribute attributes[LAYOUTS][FAMILIES] = {
	[I915_GT] = {
		[ACTUAL] = { .name = "rps_act_freq_mhz" },
		[REQUESTED] = { .name = "rps_cur_freq_mhz" },
		[MIN] = { .name = "rps_min_freq_mhz" },
		[MAX] = { .name = "rps_max_freq_mhz" },
		[BOOST] = { .name = "rps_boost_freq_mhz" },
		[RP0] = { .name = "rps_RP0_freq_mhz", .constant = true },
		[RP1] = { .name = "rps_RP1_freq_mhz", .constant = true },
		[RPN] = { .name = "rps_RPn_freq_mhz", .constant = true },
	},
	[I915_CARD] = {
		[ACTUAL] = { .name = "gt_act_freq_mhz" },
		[REQUESTED] = { .name = "gt_cur_freq_mhz" },
		[MIN] = { .name = "gt_min_freq_mhz" },
		[MAX] = { .name = "gt_max_freq_mhz" },
		[BOOST] = { .name = "gt_boost_freq_mhz" },
		[RP0] = { .name = "gt_RP0_freq_mhz", .constant = true },
		[RP1] = { .name = "gt_RP1_freq_mhz", .constant = true },
		[RPN] = { .name = "gt_RPn_freq_mhz", .constant = true },
	},
	[XE_GT] = {
		[ACTUAL] = { .name = "act_freq", .wakes = true },
		[REQUESTED] = { .name = "cur_freq", .wakes = true },
		[MIN] = { .name = "min_freq", .wakes = true },
		[MAX] = { .name = "max_freq", .wakes = true },
		/* Before Linux 6.19. */
		[RP0] = { .name = "rp0_freq", .wakes = true, .constant = true },
		[RPN] = { .name = "rpn_freq", .wakes = true, .constant = true },
	},
};

struct gt {
	char dir[96];  /* with a slash in the end */
	char label[8]; /* its number */
	enum layout layout;
	struct attribute_file files[FAMILIES];
};

struct state {
	size_t n;
	struct gt gts[GTS_MAX];
};

static void destroy(void *data)
{
	struct state *state = data;

	for (size_t i = 0; state && i < state->n; i++)
		attributes_close(state->gts[i].files, FAMILIES);
	free(state);
}

static void add_gt(struct state *state, enum layout layout, unsigned number, const char *dir,
		   const char *below)
{
	struct gt *gt = &state->gts[state->n++];

	gt->layout = layout;
	snprintf(gt->label, sizeof(gt->label), "%u", number);
	snprintf(gt->dir, sizeof(gt->dir), "%s%s", dir, below);
	for (size_t i = 0; i < FAMILIES; i++)
		gt->files[i] = (struct attribute_file)ATTRIBUTE_CLOSED;
}

static void find_gts(const struct context *context, const struct gpu *gpu, struct state *state)
{
	struct gt_place gts[GTS_MAX];
	char card[64];
	uint64_t inode;
	int n = gts_find(context->fs, gpu, gts);

	for (int i = 0; i < n; i++) {
		if (gpu->driver == GPU_XE)
			add_gt(state, XE_GT, gts[i].number, gts[i].dir, "freq0/");
		/* A virtual function's GT has no clocks. */
		else if (fs_inode(context->fs, &inode, "%srps_max_freq_mhz", gts[i].dir) == 0)
			add_gt(state, I915_GT, gts[i].number, gts[i].dir, "");
	}
	snprintf(card, sizeof(card), "sys/class/drm/%s/", gpu->card);
	if (n < 0 && gpu->driver == GPU_I915 &&
	    fs_inode(context->fs, &inode, "%sgt_cur_freq_mhz", card) == 0)
		add_gt(state, I915_CARD, 0, card, "");
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

static int collect_gt(const struct collection *c, struct gt *gt, bool suspended)
{
	int ret = 0;

	for (size_t i = 0; i < FAMILIES; i++) {
		uint64_t mhz;
		int r = attribute_read(c, &attributes[gt->layout][i], &gt->files[i], gt->dir,
				       suspended, &mhz);

		if (r < 0)
			ret = COLLECT_PARTIAL;
		if (r > 0 && mhz <= MAX_MHZ)
			put(c->batch, &families[i], (double)mhz * 1e6, c->gpu->pci, gt->label);
	}
	return ret;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;
	bool suspended = true;
	int ret = 0;

	/*
	 * An unknown state counts as asleep. xe sleeps 1 s after the last use, so a read of
	 * an active GPU puts that off by a second at most. No clock of i915's wakes.
	 */
	if (c->gpu->driver == GPU_XE)
		gpu_is_suspended(c->context->fs, c->gpu, &suspended);
	for (size_t i = 0; i < state->n; i++)
		if (collect_gt(c, &state->gts[i], suspended) != 0)
			ret = COLLECT_PARTIAL;
	return ret;
}

const struct collector frequency_collector = {
	.name = "frequency",
	.help = "clocks of each GT and their limits, from sysfs",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
