// SPDX-License-Identifier: Apache-2.0
/*
 * A discrete card's memory: how much there is and how much is in use, of xe from the root control
 * group's dmem, of i915 from a query on the render node; how much of it the processor reaches at
 * once, from the BARs. None of this wakes the card (xe's own query would). dmem.capacity exists in
 * the root group alone, so a container's own group is not taken for it: there dmem.current would be
 * the container's share.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/gpu/dmem.h"
#include "sources/gpu/pcie.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SIZE, USED, BAR };

static const struct family families[] = {
	[SIZE] = {
		.name = "intel_gpu_memory_size_bytes",
		.help = "Size of a region of a discrete card's memory, from the root control "
			"group's dmem.capacity (Linux 6.14, xe) or i915's memory query.",
		.type = GAUGE,
		.labels = { "pci", "region" },
	},
	[USED] = {
		.name = "intel_gpu_memory_used_bytes",
		.help = "Memory of a region that is allocated now, by whomever, from the root "
			"control group's dmem.current (Linux 6.14, xe) or i915's memory query "
			"(CAP_PERFMON).",
		.type = GAUGE,
		.labels = { "pci", "region" },
	},
	[BAR] = {
		.name = "intel_gpu_bar_size_bytes",
		.help = "Size of a discrete card's memory BAR; BAR 2 is the window to its memory, "
			"256 MiB of it without Resizable BAR.",
		.type = GAUGE,
		.labels = { "pci", "bar" },
	},
};

#define ROOT_GROUP "sys/fs/cgroup"
#define DMEM_BYTES 8192 /* a line for each region of each card */

struct state {
	uint64_t bars[PCIE_BARS];
	int capacity, current; /* descriptors */
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	close_fdp(&state->capacity);
	close_fdp(&state->current);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;
	char text[4096];
	int n;

	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || !gpu->discrete)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->capacity = state->current = -1;
	/* A BAR is resized before a driver is bound, or by it. */
	n = fs_read(context->fs, text, sizeof(text), "sys/bus/pci/devices/%s/resource", gpu->pci);
	if (n > 0 && pcie_parse_bars(text, (size_t)n, state->bars) < 0)
		state->bars[0] = state->bars[2] = 0;
	*ret_state = state;
	return 0;
}

static int collect_file(const struct collection *c, int *fd, const char *name,
			const struct family *family)
{
	struct dmem_region regions[DMEM_MAX_REGIONS];
	char text[DMEM_BYTES];
	int n = fs_read_kept(c->context->fs, fd, text, sizeof(text), ROOT_GROUP "/%s", name);

	if (n >= 0)
		n = dmem_parse(text, (size_t)n, c->gpu->pci, regions);
	for (int i = 0; i < n; i++)
		put(c->batch, family, (double)regions[i].bytes, c->gpu->pci, regions[i].name);
	return n == -ENOENT || n == -ENODEV ? 0 : n;
}

static int collect_xe(const struct collection *c, struct state *state)
{
	int n = collect_file(c, &state->capacity, "dmem.capacity", &families[SIZE]), r = 0;

	if (n < 0)
		collector_add_fault(c, n, ROOT_GROUP "/dmem.capacity");
	else if (n == 0)
		fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, 0,
			  "the root control group's dmem.capacity does not name the card");
	else
		r = collect_file(c, &state->current, "dmem.current", &families[USED]);
	if (r < 0)
		collector_add_fault(c, r, ROOT_GROUP "/dmem.current");
	return n < 0 || r < 0 ? COLLECT_PARTIAL : 0;
}

static int collect_i915(const struct collection *c)
{
	struct sys_region regions[DMEM_MAX_REGIONS];
	char node[sizeof("/dev/dri/") + sizeof(c->gpu->render)], name[16];
	int n;

	snprintf(node, sizeof(node), "/dev/dri/%s", c->gpu->render);
	/* The GPUs of a copied tree are not behind this /dev/dri. */
	n = *c->gpu->render && fs_is_live(c->context->fs)
		    ? sys_i915_regions(node, regions, ARRAY_SIZE(regions))
		    : -EINVAL;
	if (n == -EINVAL || n == -ENODEV)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, 0,
				 "i915 does not tell the card's memory");
	if (n == -EACCES || n == -EPERM || n == -ENOENT)
		return fault_set(c->fault, n == -ENOENT ? REASON_NO_DEVICE : REASON_PERMISSION,
				 "render-node", 0, "%s cannot be asked for the card's memory: %s",
				 node, strerror(-n));
	if (n < 0) {
		collector_add_fault(c, n, "%s", node);
		return COLLECT_PARTIAL;
	}
	for (int i = 0; i < n; i++) {
		const struct sys_region *region = &regions[i];

		snprintf(name, sizeof(name), "local%u", region->instance);
		put(c->batch, &families[SIZE], (double)region->size, c->gpu->pci, name);
		/* A card of which nothing is in use does not exist: the kernel does not tell. */
		if (region->free < region->size)
			put(c->batch, &families[USED], (double)(region->size - region->free),
			    c->gpu->pci, name);
	}
	return 0;
}

static int collect(const struct collection *c)
{
	struct state *state = c->state;

	for (size_t i = 0; i < PCIE_BARS; i++) {
		char bar[8];

		snprintf(bar, sizeof(bar), "%zu", i);
		if (state->bars[i] > 0)
			put(c->batch, &families[BAR], (double)state->bars[i], c->gpu->pci, bar);
	}
	return c->gpu->driver == GPU_XE ? collect_xe(c, state) : collect_i915(c);
}

const struct collector memory_collector = {
	.name = "memory",
	.help = "size and use of discrete cards' memory, and their BARs",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
