// SPDX-License-Identifier: Apache-2.0
/*
 * Which GPU is this? Identity from discovery, engines from cardN/engine of i915
 * (drivers/gpu/drm/i915/gt/sysfs_engines.c).
 */
#include "collectors/collector.h"

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
		.help = "Engines of a class, from the card's engine directory.",
		.type = GAUGE,
		.labels = { "pci", "class" },
	},
	[COVERS_GUESTS] = {
		.name = "intel_gpu_engine_covers_guests",
		.help = "Whether the engine counters of this host include the work of virtual "
			"machines: 1 with GVT-g, 0 on an SR-IOV physical function with virtual "
			"functions.",
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

static void put_engines(const struct context *context, const struct gpu *gpu, struct batch *batch)
{
	_cleanup_list_ char **names = NULL;
	unsigned counts[ARRAY_SIZE(classes)] = { 0 };

	if (!*gpu->card || fs_list(context->fs, &names, "sys/class/drm/%s/engine", gpu->card) <= 0)
		return;
	for (char **name = names; *name; name++) {
		const char *class = engine_class(*name);

		for (size_t i = 0; class && i < ARRAY_SIZE(classes); i++)
			counts[i] += strcmp(class, classes[i]) == 0;
	}
	/* A class without an engine is known to have none: a measured 0. */
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		put(batch, &families[ENGINES], counts[i], gpu->pci, classes[i]);
}

static void put_covers_guests(const struct context *context, const struct gpu *gpu,
			      struct batch *batch)
{
	uint64_t inode, vfs;

	if (fs_read_u64(context->fs, &vfs, "sys/bus/pci/devices/%s/sriov_numvfs", gpu->pci) == 0 &&
	    vfs > 0)
		put(batch, &families[COVERS_GUESTS], 0, gpu->pci);
	else if (fs_inode(context->fs, &inode, "sys/bus/pci/devices/%s/mdev_supported_types",
			  gpu->pci) == 0)
		put(batch, &families[COVERS_GUESTS], 1, gpu->pci);
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
	char id[8];

	snprintf(id, sizeof(id), "%04x", gpu->device_id);
	put(c->batch, &families[INFO_ROW], 1, gpu->pci, gpu->driver_name, id, or_absent(gpu->model),
	    gpu->platform ? gpu->platform->name : NULL,
	    gpu->platform ? gpu->platform->generation : NULL,
	    gpu->discrete ? "discrete" : "integrated",
	    gpu->vf	? "vf"
	    : gpu->vgpu ? "vgpu"
			: "physical",
	    or_absent(gpu->card), or_absent(gpu->render), or_absent(gpu->pmu_name));
	put_engines(c->context, gpu, c->batch);
	put_covers_guests(c->context, gpu, c->batch);
	put_capabilities(gpu, c->batch);
	return 0;
}

const struct collector info_collector = {
	.name = "info",
	.help = "identity of each GPU and how many engines it has",
	COLLECTOR_FAMILIES(families),
	.collect = collect,
};
