// SPDX-License-Identifier: Apache-2.0
/*
 * A discrete card's memory: how much there is and how much is in use, of xe from the root control
 * group's dmem, else, as of i915, from a query on the render node; how much of it the processor
 * reaches at once, from the BARs. None of this wakes the card. xe's query would, and is a use after
 * which the card stays awake for a while: it is asked only while it is awake, and not again within
 * that while. dmem.capacity exists in the root group alone, so a container's own group is not taken
 * for it: there dmem.current would be the container's share.
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
			"group's dmem.capacity (Linux 6.14, xe) or the driver's memory query.",
		.type = GAUGE,
		.labels = { "pci", "region" },
	},
	[USED] = {
		.name = "intel_gpu_memory_used_bytes",
		.help = "Memory of a region that is allocated now, by whomever, from the root "
			"control group's dmem.current (Linux 6.14, xe) or the driver's memory "
			"query (CAP_PERFMON; xe since Linux 6.18 without, and only of a card "
			"that is awake).",
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
#define MOST_DELAY                                                                                 \
	60000u /* as for hwmon: of a card that sleeps later, reads are a minute apart              \
		*/

struct state {
	uint64_t bars[PCIE_BARS];
	int capacity, current; /* descriptors */

	uint64_t hold_ns, asked_at; /* xe's query; 0: never */
	struct sys_region regions[DMEM_MAX_REGIONS];
	int n_regions;
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
	uint64_t delay;
	int n;

	if ((gpu->driver != GPU_I915 && gpu->driver != GPU_XE) || gpu->vf || !gpu->discrete)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->capacity = state->current = -1;
	/* A tenth more: the timer may be late. */
	if (fs_read_u64(context->fs, &delay, "sys/bus/pci/devices/%s/power/autosuspend_delay_ms",
			gpu->pci) == 0)
		state->hold_ns = (delay < MOST_DELAY ? delay : MOST_DELAY) * 1100000u;
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

static void put_regions(const struct collection *c, const struct sys_region *regions, int n,
			bool used)
{
	char name[16];

	for (int i = 0; i < n; i++) {
		const struct sys_region *region = &regions[i];

		snprintf(name, sizeof(name), "%s%u", c->gpu->driver == GPU_XE ? "vram" : "local",
			 region->instance);
		put(c->batch, &families[SIZE], (double)region->size, c->gpu->pci, name);
		/* A card of which nothing is in use does not exist: the kernel does not tell. */
		if (used && region->free < region->size)
			put(c->batch, &families[USED], (double)(region->size - region->free),
			    c->gpu->pci, name);
	}
}

/* Asks the driver: how many regions, or -errno with the fault set. */
static int query(const struct collection *c, struct sys_region regions[static DMEM_MAX_REGIONS])
{
	char node[sizeof("/dev/dri/") + sizeof(c->gpu->render)];
	int n = -EINVAL;

	snprintf(node, sizeof(node), "/dev/dri/%s", c->gpu->render);
	/* The GPUs of a copied tree are not behind this /dev/dri. */
	if (*c->gpu->render && fs_is_live(c->context->fs))
		n = c->gpu->driver == GPU_XE ? sys_xe_regions(node, regions, DMEM_MAX_REGIONS)
					     : sys_i915_regions(node, regions, DMEM_MAX_REGIONS);
	/* ECANCELED: xe has given the card up, which is no news here. */
	if (n == -EINVAL || n == -ENODEV || n == -ECANCELED)
		fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, 0,
			  "%s does not tell the card's memory, nor does dmem.capacity",
			  c->gpu->driver_name);
	else if (n == -EACCES || n == -EPERM || n == -ENOENT)
		fault_set(c->fault, n == -ENOENT ? REASON_NO_DEVICE : REASON_PERMISSION,
			  "render-node", 0, "%s cannot be asked for the card's memory: %s", node,
			  strerror(-n));
	else if (n < 0)
		collector_add_fault(c, n, "%s", node);
	return n;
}

/* What the driver says may be missing; what cannot be read is partial. */
static int result_of(int n)
{
	return n >= 0 || n == -EINVAL || n == -ENODEV || n == -ECANCELED || n == -EACCES ||
			       n == -EPERM || n == -ENOENT
		       ? 0
		       : COLLECT_PARTIAL;
}

static int collect_i915(const struct collection *c)
{
	struct sys_region regions[DMEM_MAX_REGIONS];
	int n = query(c, regions);

	put_regions(c, regions, n, true);
	return result_of(n);
}

static int query_xe(const struct collection *c, struct state *state)
{
	uint64_t now = sys_monotonic_ns();
	bool suspended = true, recent;
	enum gpu_power power;
	int r = gpu_is_suspended(c->context->fs, c->gpu, &suspended), n;

	if (r < 0 && r != -ENOENT && r != -ENODATA)
		return fault_errno(c->fault, r, "power/runtime_status");
	recent = state->asked_at && now - state->asked_at < state->hold_ns &&
		 gpu_power(c->context->fs, c->gpu, &power) == 0 && power == GPU_MAY_SLEEP;
	if (suspended || recent) {
		put_regions(c, state->regions, state->n_regions, !suspended);
		return 0;
	}
	n = query(c, state->regions);
	state->n_regions = n < 0 ? 0 : n;
	state->asked_at = now;
	put_regions(c, state->regions, state->n_regions, true);
	return result_of(n);
}

static int collect_xe(const struct collection *c, struct state *state)
{
	int n = collect_file(c, &state->capacity, "dmem.capacity", &families[SIZE]), r = 0;

	if (n == 0)
		return query_xe(c, state);
	if (n < 0)
		collector_add_fault(c, n, ROOT_GROUP "/dmem.capacity");
	else
		r = collect_file(c, &state->current, "dmem.current", &families[USED]);
	if (r < 0)
		collector_add_fault(c, r, ROOT_GROUP "/dmem.current");
	return n < 0 || r < 0 ? COLLECT_PARTIAL : 0;
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
