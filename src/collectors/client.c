// SPDX-License-Identifier: Apache-2.0
/*
 * Who uses the GPU? What each DRM client says of itself in fdinfo, added up by the workload that
 * its process belongs to.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/workload/group_memory.h"
#include "sources/workload/sharing.h"
#include "sources/workload/usage.h"

#include <errno.h>
#include <string.h>

enum { BUSY, MEMORY, CLIENTS, AGGREGATED };

#define WORKLOAD_LABELS                                                                            \
	"workload", "workload_kind", "namespace", "pod", "container", "vmid", "guest"

static const struct family families[] = {
	[BUSY] = {
		.name = "intel_gpu_client_engine_busy_seconds_total",
		.help = "Time that the engines of a class worked for a workload, from its "
			"clients' fdinfo; what a client does between the last scrape and its end "
			"is not seen; nor is the time of a hang, "
			"which only the engines' own counters have.",
		.type = COUNTER,
		.labels = { "pci", "class", WORKLOAD_LABELS },
	},
	[MEMORY] = {
		.name = "intel_gpu_client_memory_bytes",
		.help = "Resident memory of a workload's clients in a region, from fdinfo; a "
			"buffer that clients share counts for each of them. VRAM of pods and "
			"containers on xe is from dmem.current where their control group has "
			"it, each buffer once.",
		.type = GAUGE,
		.labels = { "pci", WORKLOAD_LABELS, "region" },
	},
	[CLIENTS] = {
		.name = "intel_gpu_clients",
		.help = "DRM clients that a workload has open now; 0 for 15 minutes after the "
			"last one.",
		.type = GAUGE,
		.labels = { "pci", WORKLOAD_LABELS },
	},
	[AGGREGATED] = {
		.name = "intel_gpu_client_workloads_folded",
		.help = "Workloads with clients that are aggregated as \"other\", because there "
			"are more than --collector.client.max-workloads, or one user, service or "
			"LXC container has more than an eighth of that.",
		.type = GAUGE,
		.labels = { "pci" },
	},
};

struct state {
	struct usage *usage;
	int subtree_control; /* descriptor */
	bool accounted;	     /* control groups may have dmem */
};

static void destroy(void *data)
{
	struct state *state = data;

	if (!state)
		return;
	close_fdp(&state->subtree_control);
	usage_free(state->usage);
	free(state);
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	struct state *state;

	if (gpu->driver != GPU_I915 && gpu->driver != GPU_XE)
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->subtree_control = -1;
	state->usage = usage_new(context->client_max_workloads);
	if (!state->usage) {
		destroy(state);
		return -ENOMEM;
	}
	*ret_state = state;
	return 0;
}

static void put_memory(const struct collection *c, const struct use *use, const char *region,
		       uint64_t bytes)
{
	const struct workload *w = &use->workload;

	put(c->batch, &families[MEMORY], (double)bytes, c->gpu->pci, w->workload, w->kind,
	    w->namespace, w->pod, w->container, w->vmid, w->guest, region);
}

static bool is_accounted(const struct use *use, const char *region)
{
	for (size_t i = 0; i < use->n_accounted; i++)
		if (strcmp(use->accounted[i].name, region) == 0)
			return true;
	return false;
}

static void put_use(const struct collection *c, const struct use *use)
{
	const struct workload *w = &use->workload;
	const char *pci = c->gpu->pci;

	for (int i = 0; i < FDINFO_CLASSES; i++)
		if (use->has_busy[i])
			put(c->batch, &families[BUSY], (double)use->busy_ns[i] / 1e9, pci,
			    fdinfo_class_name((enum fdinfo_class)i), w->workload, w->kind,
			    w->namespace, w->pod, w->container, w->vmid, w->guest);
	for (size_t i = 0; i < use->n_regions; i++)
		if (!is_accounted(use, use->regions[i].name))
			put_memory(c, use, use->regions[i].name, use->regions[i].bytes);
	for (size_t i = 0; i < use->n_accounted; i++)
		put_memory(c, use, use->accounted[i].name, use->accounted[i].bytes);
	put(c->batch, &families[CLIENTS], use->clients, pci, w->workload, w->kind, w->namespace,
	    w->pod, w->container, w->vmid, w->guest);
}

static void put_all(const struct collection *c)
{
	size_t n, aggregated;
	const struct state *state = c->state;
	const struct use *uses = usage_all(state->usage, &n);
	const struct use *other = usage_other(state->usage, &aggregated);

	for (size_t i = 0; i < n; i++)
		put_use(c, &uses[i]);
	if (other)
		put_use(c, other);
	put(c->batch, &families[AGGREGATED], (double)aggregated, c->gpu->pci);
}

/* A client, and the process that it belongs to; 0: to nobody. */
struct owned {
	const struct drm_client *client;
	pid_t owner;
};

static int compare_owners(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;

	return (x->owner > y->owner) - (x->owner < y->owner);
}

static bool has_engines(const struct drm_client *client)
{
	for (size_t i = 0; i < FDINFO_CLASSES; i++)
		if (client->info.engines[i].has_ns || client->info.engines[i].has_cycles)
			return true;
	return false;
}

/* Only containers are all that is in their group: a guest or a user has others below his own. */
static void add_group_memory(const struct collection *c, pid_t owner, struct use *use)
{
	if (use->n_accounted > 0 ||
	    (strcmp(use->workload.kind, workload_kind_name(WORKLOAD_POD)) != 0 &&
	     strcmp(use->workload.kind, workload_kind_name(WORKLOAD_CONTAINER)) != 0))
		return;
	use->n_accounted = (size_t)group_memory(c->context->fs, owner, c->gpu->pci, use->accounted);
}

/* Adds the clients, process by process: each is asked once what it belongs to. */
static int add_clients(const struct collection *c, const struct owned *owned, size_t n)
{
	struct state *state = c->state;
	struct workload workload;
	struct use *use = NULL;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		pid_t owner = owned[i].owner;

		if (i == 0 || owner != owned[i - 1].owner) {
			r = owner ? workload_of(c->context->fs, c->context->names, owner, &workload)
				  : 0;
			if (r == 0 && usage_of(state->usage, owner ? &workload : NULL, &use) < 0)
				return fault_errno(c->fault, -ENOMEM, "clients");
			if (r == 0 && owner && state->accounted)
				add_group_memory(c, owner, use);
		}
		/* The process has ended; a client that outlives it belongs to another process at
		 * the next scan. */
		if (r == -ENOENT || r == -ESRCH)
			continue;
		if (r < 0)
			return fault_errno(c->fault, r, "proc/%d/cgroup", (int)owner);
		if (usage_add(state->usage, owned[i].client, use) < 0)
			return fault_errno(c->fault, -ENOMEM, "clients");
	}
	return 0;
}

static int find_owners(const struct collection *c, struct walk *walk,
		       const struct drm_client *clients, size_t n, struct owned **ret)
{
	struct owned *owned = calloc(n ? n : 1, sizeof(*owned));
	pid_t *owners = calloc(n ? n : 1, sizeof(*owners));
	const struct held *held;
	bool sorted = true;
	size_t n_held;
	int r = owned && owners ? walk_held(walk, c->gpu, &held, &n_held, c->fault) : -ENOMEM;

	if (r == 0)
		r = sharing_owners(c->context->fs, c->context->names, c->gpu, clients, n, held,
				   n_held, owners);
	for (size_t i = 0; r == 0 && i < n; i++)
		owned[i] = (struct owned){ &clients[i], owners[i] };
	for (size_t i = 1; r == 0 && i < n && sorted; i++)
		sorted = owners[i - 1] <= owners[i];
	if (r == 0 && !sorted)
		qsort(owned, n, sizeof(*owned), compare_owners);
	free(owners);
	if (r < 0) {
		free(owned);
		return fault_errno(c->fault, r, "clients");
	}
	*ret = owned;
	return 0;
}

static int collect_walk(const struct collection *c, struct walk **walk)
{
	struct state *state = c->state;
	const struct drm_client *clients;
	struct owned *owned = NULL;
	size_t n, silent, engines = 0;
	uint64_t now = sys_monotonic_ns();
	int r = procs_clients(c->context->procs, walk, c->gpu, &clients, &n, &silent, c->fault);

	if (r < 0)
		return r;
	if (n == 0 && silent > 0)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, "client-no-engines", -EOPNOTSUPP,
				 "fdinfo of %zu descriptors says nothing of the GPU's use", silent);
	r = find_owners(c, *walk, clients, n, &owned);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		engines += has_engines(&clients[i]);
	state->accounted = n > 0 && c->gpu->driver == GPU_XE && c->gpu->discrete &&
			   group_memory_enabled(c->context->fs, &state->subtree_control);
	usage_begin(state->usage, now);
	r = add_clients(c, owned, n);
	usage_keep_denied(state->usage, *walk);
	usage_end(state->usage);
	free(owned);
	if (r == 0 && n > 0 && c->gpu->maybe_vgpu)
		fault_set(
			c->fault, REASON_PERMISSION, "render-node", 0,
			"engine times of %zu clients are not known: on a vGPU they are four times "
			"too long, and whether this is one cannot be asked",
			n);
	else if (r == 0 && n > 0 && engines == 0)
		fault_set(c->fault, REASON_NOT_SUPPORTED, "client-no-engines", 0,
			  "fdinfo of %zu clients has no engine times", n);
	return r;
}

/* xe wakes its GPU to answer. A sleeping GPU has done no work, so the last values hold. */
static bool must_not_wake(const struct collection *c, const struct walk *walk)
{
	enum gpu_power power;

	return c->gpu->driver == GPU_XE && walk_count(walk, c->gpu) > 0 &&
	       gpu_power(c->context->fs, c->gpu, &power) == 0 && power == GPU_SUSPENDED;
}

static int collect(const struct collection *c)
{
	struct walk *walk;
	int r = procs_walk(c->context->procs, c->round->number, &walk, c->fault);

	if (r < 0)
		return r;
	if (!must_not_wake(c, walk))
		r = collect_walk(c, &walk);
	walk_unref(walk);
	if (r == 0)
		put_all(c);
	return r;
}

const struct collector client_collector = {
	.name = "client",
	.help = "who uses the GPU: engine time and memory by pod, container, guest and service, "
		"from fdinfo",
	.reads_processes = true,
	.needs_baseline = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
