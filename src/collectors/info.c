// SPDX-License-Identifier: Apache-2.0
/*
 * Which GPU is this? Identity from discovery, engines from cardN/engine of i915
 * (drivers/gpu/drm/i915/gt/sysfs_engines.c), of xe from the events of its PMU, if they are open.
 */
#include "collectors/attribute.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { INFO_ROW, ENGINES, COVERS_GUESTS, CAPABILITY };

static const struct family families[] = {
	[INFO_ROW] = {
		.name = "intel_gpu_info",
		.help = "An Intel GPU of this machine, from sysfs, pci.ids and /dev/dri; function "
			"vgpu is a vGPU of GVT-g in its guest (known for generation 9 only), whose "
			"clocks are not the hardware's.",
		.type = INFO,
		.labels = { "pci", "driver", "device_id", "model", "platform", "generation",
			 "gpu_kind", "function", "card", "render", "pmu" },
	},
	[ENGINES] = {
		.name = "intel_gpu_engines",
		.help = "Engines of a class, from the card's engine directory; of xe while the "
			"PMU's events are open.",
		.type = GAUGE,
		.labels = { "pci", "class" },
	},
	[COVERS_GUESTS] = {
		.name = "intel_gpu_engine_covers_guests",
		.help = "Whether the engine counters of this host include the work of virtual "
			"machines: 1 with GVT-g; on an SR-IOV physical function with virtual "
			"functions 1 if xe's events of all functions are summed, else 0.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[CAPABILITY] = {
		.name = "intel_gpu_capability_info",
		.help = "What the GPU's silicon is able to do, by its PCI id, whether or not driver and "
			"firmware make use of it; no row at all for a GPU that is too new to be known.",
		.type = INFO,
		.labels = { "pci", "capability" },
	},
};

static const char *const classes[] = { "render", "copy", "video", "video-enhance", "compute" };

static void count_engine(void *data, const char *class)
{
	unsigned *counts = data;

	for (size_t i = 0; class && i < ARRAY_SIZE(classes); i++)
		counts[i] += strcmp(class, classes[i]) == 0;
}

/* A class without an engine is known to have none: a measured 0. */
static void put_counts(const struct collection *c, const unsigned *counts)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		put(c->batch, &families[ENGINES], counts[i], c->gpu->pci, classes[i]);
}

struct state {
	char dir[64]; /* of the GPU, with a slash */
	char id[8];
	struct attribute_file numvfs;
	uint64_t changes; /* as fs_changes() was when this was found out: */
	bool has_mdev, has_engines;
	unsigned engines[ARRAY_SIZE(classes)];
};

static const struct attribute numvfs = { .name = "sriov_numvfs" };

/* i915's, which come after the card. */
static void find_engines(const struct collection *c, struct state *state)
{
	_cleanup_list_ char **names = NULL;
	const struct gpu *gpu = c->gpu;

	state->has_engines = false;
	memset(state->engines, 0, sizeof(state->engines));
	if (!*gpu->card ||
	    fs_list(c->context->fs, &names, "sys/class/drm/%s/engine", gpu->card) <= 0)
		return;
	for (char **name = names; *name; name++)
		count_engine(state->engines, engine_class(*name));
	state->has_engines = true;
}

static void destroy(void *data)
{
	struct state *state = data;

	if (state)
		attributes_close(&state->numvfs, 1);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state = calloc(1, sizeof(*state));

	(void)context;
	if (!state)
		return -ENOMEM;
	state->numvfs = (struct attribute_file)ATTRIBUTE_CLOSED;
	snprintf(state->dir, sizeof(state->dir), "sys/bus/pci/devices/%s/", gpu->pci);
	snprintf(state->id, sizeof(state->id), "%04x", gpu->device_id);
	*ret_state = state;
	return 0;
}

/* The virtual functions that are counted with the engines; 0 also when nothing is counted. */
static unsigned put_engines_of_xe(const struct collection *c)
{
	unsigned counts[ARRAY_SIZE(classes)] = { 0 }, vfs = 0;
	struct fault unread = { 0 };

	/* That they are not open is the collector engine's to say. */
	if (c->gpu->driver != GPU_XE || !c->gpu->pmu ||
	    pmu_visit_engines(c->gpu->pmu, c->round->number, count_engine, counts, &vfs, &unread) <
		    0)
		return 0;
	put_counts(c, counts);
	return vfs;
}

static void find_names(const struct collection *c, struct state *state)
{
	uint64_t changes = fs_changes(c->context->fs), inode;

	if (changes > 0 && changes == state->changes)
		return;
	find_engines(c, state);
	state->has_mdev =
		fs_inode(c->context->fs, &inode, "%smdev_supported_types", state->dir) == 0;
	state->changes = changes;
}

static void put_covers_guests(const struct collection *c, struct state *state, unsigned counted)
{
	struct fault unread = { 0 };
	struct collection quiet = *c;
	uint64_t vfs;

	/* That it cannot be read is the collector sriov's to say. */
	quiet.fault = &unread;
	if (attribute_read(&quiet, &numvfs, &state->numvfs, state->dir, false, &vfs) > 0 && vfs > 0)
		put(c->batch, &families[COVERS_GUESTS], counted == vfs, c->gpu->pci);
	else if (state->has_mdev)
		put(c->batch, &families[COVERS_GUESTS], 1, c->gpu->pci);
}

/* A part of a GPU is not divided any further. */
static void put_capabilities(const struct gpu *gpu, struct batch *batch)
{
	unsigned can = gpu->platform ? gpu->platform->capabilities : 0;
	const char *name;

	if (gpu->vf || gpu->vgpu)
		can &= ~(unsigned)(CAN_GVT | CAN_SRIOV);
	for (unsigned bit = 0; (name = capability_name(bit)); bit++)
		if (can >> bit & 1)
			put(batch, &families[CAPABILITY], 1, gpu->pci, name);
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

static int collect(const struct collection *c)
{
	const struct gpu *gpu = c->gpu;
	struct state *state = c->state;

	put(c->batch, &families[INFO_ROW], 1, gpu->pci, gpu->driver_name, state->id,
	    or_absent(gpu->model), gpu->platform ? gpu->platform->name : NULL,
	    gpu->platform ? gpu->platform->generation : NULL,
	    gpu->discrete ? "discrete" : "integrated",
	    gpu->vf	? "vf"
	    : gpu->vgpu ? "vgpu"
			: "physical",
	    or_absent(gpu->card), or_absent(gpu->render), or_absent(gpu->pmu_name));
	find_names(c, state);
	if (state->has_engines)
		put_counts(c, state->engines);
	put_covers_guests(c, state, put_engines_of_xe(c));
	put_capabilities(gpu, c->batch);
	return 0;
}

const struct collector info_collector = {
	.name = "info",
	.help = "identity of each GPU and how many engines it has",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
