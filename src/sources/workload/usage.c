// SPDX-License-Identifier: Apache-2.0
/*
 * Clients are kept sorted by id, so a scan costs n log n. A client that is missing stays for a
 * while: between two processes its descriptor may be in a socket, where no walk finds it, and if
 * it were forgotten its whole past would be added once more when it arrives.
 */
#include "sources/workload/usage.h"

#include "base/array.h"
#include "sources/gpu/counter.h"

#include <errno.h>
#include <string.h>

#define FORGET_NS  900000000000u /* a workload without clients */
#define MISSING_NS 10000000000u	 /* a client that no process has */
#define MISSED	   2
#define RATIO_NS   10000000u /* a shorter time says too little of a clock's rate */

struct known {
	uint64_t id;
	uint64_t at; /* of the last read */
	unsigned missed;
	pid_t pid;
	bool fresh;		      /* its first scan, and not the first scan of all */
	bool started[FDINFO_CLASSES]; /* has a base that the next value is compared with */
	struct counter counters[FDINFO_CLASSES];
	/* xe: the reading that the next one is compared with, and cycles that wait for the rate. */
	struct {
		bool held;
		uint64_t at, since, cycles; /* since: those of before are counted */
		struct fdinfo_engine engine;
	} xe[FDINFO_CLASSES];
};

struct usage {
	unsigned max;
	uint64_t scans, now, before; /* of the last two scans */
	double ns_per_cycle;	     /* xe: of the GPU's clock; 0: not known yet */

	struct known *clients;			/* sorted by id; new ones behind n_sorted */
	size_t n_sorted, n_clients, size, next; /* next: behind the one that was found last */

	struct use *uses;
	size_t n_uses;
	struct use other;
	uint64_t *aggregated; /* hashes of workloads */
	size_t n_aggregated, aggregated_size, n_aggregated_workloads;
};

struct usage *usage_new(unsigned max)
{
	struct usage *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->max = max;
	u->uses = calloc(max ? max : 1, sizeof(*u->uses));
	if (!u->uses) {
		free(u);
		return NULL;
	}
	u->other.workload.kind = "other";
	strcpy(u->other.workload.workload, "other");
	return u;
}

void usage_free(struct usage *u)
{
	if (!u)
		return;
	free(u->clients);
	free(u->uses);
	free(u->aggregated);
	free(u);
}

static void begin_use(struct use *use)
{
	use->clients = 0;
	use->n_regions = 0;
	use->n_accounted = 0;
}

void usage_begin(struct usage *u, uint64_t now)
{
	u->before = u->now;
	u->now = now;
	for (size_t i = 0; i < u->n_uses; i++)
		begin_use(&u->uses[i]);
	begin_use(&u->other);
	u->n_aggregated = 0;
}

static int compare_known(const void *a, const void *b)
{
	uint64_t x = ((const struct known *)a)->id, y = ((const struct known *)b)->id;

	return (x > y) - (x < y);
}

static struct known *find_client(struct usage *u, uint64_t id)
{
	const struct known key = { .id = id };
	struct known *found;

	/* They come in much the same order. */
	if (u->next < u->n_sorted && u->clients[u->next].id == id)
		return &u->clients[u->next++];
	found = u->n_sorted ? bsearch(&key, u->clients, u->n_sorted, sizeof(key), compare_known)
			    : NULL;
	if (found)
		u->next = (size_t)(found - u->clients) + 1;
	return found;
}

static struct known *add_client(struct usage *u, uint64_t id)
{
	if (!array_reserve(u->clients, &u->size, u->n_clients + 1))
		return NULL;
	u->clients[u->n_clients] = (struct known){ .id = id, .fresh = u->scans > 0 };
	return &u->clients[u->n_clients++];
}

/*
 * The slot of a workload; NULL when all slots are of live ones, or its owner has his share: then
 * those that are remembered stay, lest he have new ones at each scan.
 */
static struct use *find_use(struct usage *u, const struct workload *workload, uint64_t hash)
{
	struct use *oldest = NULL;
	unsigned owned = 0;

	for (size_t i = 0; i < u->n_uses; i++) {
		struct use *use = &u->uses[i];

		if (use->hash == hash && workload_equal(&use->workload, workload))
			return use;
		owned += workload->owner && use->workload.owner == workload->owner;
		/* A workload of the last scan may yet appear in this one. */
		if (use->clients == 0 && use->last_live < u->before &&
		    (!oldest || use->last_live < oldest->last_live))
			oldest = use;
	}
	if (workload->owner && owned >= WORKLOAD_SHARE(u->max))
		return NULL;
	if (u->n_uses < u->max)
		oldest = &u->uses[u->n_uses++];
	if (oldest)
		*oldest = (struct use){ .workload = *workload, .hash = hash };
	return oldest;
}

static int aggregate(struct usage *u, uint64_t hash)
{
	if (!array_reserve(u->aggregated, &u->aggregated_size, u->n_aggregated + 1))
		return -ENOMEM;
	u->aggregated[u->n_aggregated++] = hash;
	return 0;
}

/* i915: nanoseconds of all engines of the class. */
static uint64_t grown_ns(struct usage *u, struct known *known, const struct drm_client *client,
			 size_t class)
{
	const struct fdinfo_engine *engine = &client->info.engines[class];
	struct counter *counter = &known->counters[class];
	uint64_t capacity = fdinfo_capacity(engine), before = counter->total;

	if (!known->started[class]) {
		/* A new client has used nothing at the time of the scan before. */
		*counter = (struct counter){ .since = u->before * capacity };
		if (!known->fresh)
			*counter = (struct counter){ .raw = engine->ns,
						     .since = client->at * capacity };
		known->started[class] = true;
		before = 0;
	}
	return counter_hold_time(counter, engine->ns, client->at * capacity) - before;
}

/* Adds what two readings tell; one that tells nothing is skipped once, then it is the new base. */
static void add_cycles(struct usage *u, struct known *known, const struct drm_client *client,
		       size_t class)
{
	const struct fdinfo_engine *engine = &client->info.engines[class];
	uint64_t elapsed = client->at - known->xe[class].at, cycles, total;

	if (!known->started[class]) {
		/* A new client has used nothing at the time of the look before. */
		known->xe[class].cycles = known->fresh ? engine->cycles : 0;
		known->xe[class].since = u->before;
		known->started[class] = true;
	} else if (fdinfo_cycles_grown(&known->xe[class].engine, engine, elapsed, &cycles,
				       &total)) {
		known->xe[class].cycles += cycles;
		if (total > 0 && elapsed >= RATIO_NS)
			u->ns_per_cycle = (double)elapsed / (double)total;
	} else if (!known->xe[class].held) {
		known->xe[class].held = true;
		return;
	}
	known->xe[class].held = false;
	known->xe[class].engine = *engine;
	known->xe[class].at = client->at;
}

/*
 * xe: cycles of a clock that runs at a rate of its own, which two readings show. A new client
 * waits for the second one, unless another client has shown it.
 */
static uint64_t grown_cycles(struct usage *u, struct known *known, const struct drm_client *client,
			     size_t class)
{
	double ns, most;

	add_cycles(u, known, client, class);
	if (u->ns_per_cycle == 0 || known->xe[class].held)
		return 0;
	ns = (double)known->xe[class].cycles * u->ns_per_cycle;
	known->xe[class].cycles = 0;
	/* As for i915: no more than the engines of the class can do in the time. */
	most = (double)(client->at - known->xe[class].since) *
	       (double)fdinfo_capacity(&client->info.engines[class]);
	known->xe[class].since = client->at;
	return (uint64_t)(ns > 1.05 * most ? most : ns);
}

static void add_regions(struct use *use, const struct fdinfo *info)
{
	for (size_t i = 0; i < info->n_regions; i++) {
		size_t j = 0;

		while (j < use->n_regions &&
		       strcmp(use->regions[j].name, info->regions[i].name) != 0)
			j++;
		if (j == FDINFO_MAX_REGIONS)
			continue;
		if (j == use->n_regions)
			use->regions[use->n_regions++] = info->regions[i];
		else
			use->regions[j].bytes += info->regions[i].bytes;
	}
}

int usage_of(struct usage *u, const struct workload *workload, struct use **ret)
{
	uint64_t hash = workload ? workload_hash(workload) : 0;

	*ret = workload ? find_use(u, workload, hash) : &u->other;
	if (*ret)
		return 0;
	*ret = &u->other;
	return aggregate(u, hash);
}

int usage_add(struct usage *u, const struct drm_client *client, struct use *use)
{
	struct known *known = find_client(u, client->info.client_id);

	if (!known)
		known = add_client(u, client->info.client_id);
	if (!known)
		return -ENOMEM;
	use->clients++;
	use->last_live = u->now;
	add_regions(use, &client->info);
	for (size_t class = 0; class < FDINFO_CLASSES; class ++) {
		const struct fdinfo_engine *engine = &client->info.engines[class];

		if (engine->has_ns)
			use->busy_ns[class] += grown_ns(u, known, client, class);
		else if (engine->has_cycles)
			use->busy_ns[class] += grown_cycles(u, known, client, class);
		use->has_busy[class] |= engine->has_ns || engine->has_cycles;
	}
	known->at = client->at;
	known->fresh = false;
	known->missed = 0;
	known->pid = client->pid;
	return 0;
}

void usage_keep_denied(struct usage *u, const struct walk *walk)
{
	for (size_t i = 0; i < u->n_clients; i++)
		if (walk_denied(walk, u->clients[i].pid))
			u->clients[i].missed = 0;
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void end_clients(struct usage *u)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < u->n_clients; i++) {
		struct known *known = &u->clients[i];

		if (known->missed++ >= MISSED && u->now - known->at >= MISSING_NS)
			continue;
		sorted &= n == 0 || u->clients[n - 1].id < known->id;
		if (known != &u->clients[n])
			u->clients[n] = *known;
		n++;
	}
	u->n_clients = u->n_sorted = n;
	u->next = 0;
	if (!sorted)
		qsort(u->clients, n, sizeof(*u->clients), compare_known);
}

/* What a burst of clients took is given back. */
static void fit_clients(struct usage *u)
{
	size_t size = u->size / 2;
	struct known *fitted;

	if (size < 64 || u->n_clients > size / 2)
		return;
	fitted = realloc(u->clients, size * sizeof(*fitted));
	if (!fitted)
		return;
	u->clients = fitted;
	u->size = size;
}

void usage_end(struct usage *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n_uses; i++) {
		if (u->now - u->uses[i].last_live > FORGET_NS)
			continue;
		if (n != i)
			u->uses[n] = u->uses[i];
		n++;
	}
	u->n_uses = n;
	if (u->n_aggregated > 0)
		qsort(u->aggregated, u->n_aggregated, sizeof(*u->aggregated), compare_hashes);
	u->n_aggregated_workloads = 0;
	for (size_t i = 0; i < u->n_aggregated; i++)
		u->n_aggregated_workloads += i == 0 || u->aggregated[i] != u->aggregated[i - 1];
	end_clients(u);
	fit_clients(u);
	u->scans++;
}

const struct use *usage_all(const struct usage *u, size_t *ret_n)
{
	*ret_n = u->n_uses;
	return u->uses;
}

const struct use *usage_other(const struct usage *u, size_t *ret_aggregated)
{
	*ret_aggregated = u->n_aggregated_workloads;
	return u->other.last_live ? &u->other : NULL;
}

size_t usage_clients(const struct usage *u)
{
	return u->n_clients;
}
