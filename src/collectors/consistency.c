// SPDX-License-Identifier: Apache-2.0
/*
 * Do the sources agree with each other? Only what other collectors of the round have read is
 * compared: PMU events that are open, and fdinfo of clients.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/gpu/gts.h"

#include <errno.h>
#include <string.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_inconsistent",
		.help = "Sources that have contradicted each other for five minutes: engines-rc6 "
			"busy engines of a GPU that sleeps, engines-clients busy engines without a "
			"client, clients-engines clients whose work no engine did, engines-clock "
			"busy engines without a clock; not there while they agree.",
		.type = GAUGE,
		.labels = { "pci", "between" },
	},
};

enum { ENGINES_RC6, ENGINES_CLIENTS, CLIENTS_ENGINES, ENGINES_CLOCK, COMPARISONS };

static const char *const names[COMPARISONS] = {
	[ENGINES_RC6] = "engines-rc6",
	[ENGINES_CLIENTS] = "engines-clients",
	[CLIENTS_ENGINES] = "clients-engines",
	[ENGINES_CLOCK] = "engines-clock",
};

enum verdict { NOT_KNOWN, AGREE, CONTRADICT };

#define SECOND	    UINT64_C(1000000000)
#define SHORTEST    (5 * SECOND)   /* in less than this counters of different ages differ */
#define LONG_ENOUGH (300 * SECOND) /* a contradiction may be a moment of a reset or a suspend */
#define WAIT	    (60 * SECOND)
#define ENOUGH	    10 /* scrapes: clients that live for a second are seen by then */
#define MAX_ENGINES 32
#define MAX_CLIENTS 256

struct totals {
	uint64_t at;
	size_t n_engines, n_rc6;
	uint64_t busy[MAX_ENGINES], rc6[GTS_MAX]; /* ns */
	bool has_clock;
	uint64_t mhz_s; /* of all GTs */
};

struct client {
	uint64_t id, busy_ns;
};

struct state {
	uint64_t wait_until; /* no events before */
	struct totals last;
	struct client clients[MAX_CLIENTS]; /* by id */
	size_t n_clients;
	bool clients_known;
	struct {
		uint64_t since;
		unsigned scrapes;
	} runs[COMPARISONS];
};

/* What an interval comes to; shares are of its time. */
struct interval {
	bool has_engines, has_rc6, has_clock;
	double busiest, rc6, mhz; /* rc6: of the GT that sleeps least */
	double engines;		  /* the sum of their shares */
	bool has_clients, has_growth;
	bool sees_all; /* no client is missing */
	size_t n_clients;
	double clients; /* what they have grown by */
};

static void add_event(void *data, const struct pmu_event *event, uint64_t total)
{
	struct totals *t = data;

	if (event->kind == PMU_BUSY && t->n_engines < MAX_ENGINES) {
		t->busy[t->n_engines++] = total;
	} else if (event->kind == PMU_RC6 && t->n_rc6 < GTS_MAX) {
		t->rc6[t->n_rc6++] = total;
	} else if (event->kind == PMU_ACTUAL_FREQUENCY) {
		t->has_clock = true;
		t->mhz_s += total;
	}
}

/* False when a counter has begun anew in between. */
static bool compare_totals(const struct totals *last, const struct totals *now, double ns,
			   struct interval *ret)
{
	if (last->at == 0 || last->n_engines != now->n_engines || last->n_rc6 != now->n_rc6 ||
	    last->has_clock != now->has_clock || now->mhz_s < last->mhz_s)
		return false;
	ret->has_engines = now->n_engines > 0;
	ret->has_rc6 = now->n_rc6 > 0;
	ret->has_clock = now->has_clock;
	ret->mhz = (double)(now->mhz_s - last->mhz_s) / (ns / 1e9);
	ret->rc6 = 1;
	for (size_t i = 0; i < now->n_engines; i++) {
		double share = (double)(now->busy[i] - last->busy[i]) / ns;

		if (now->busy[i] < last->busy[i])
			return false;
		ret->engines += share;
		if (share > ret->busiest)
			ret->busiest = share;
	}
	for (size_t i = 0; i < now->n_rc6; i++) {
		double share = (double)(now->rc6[i] - last->rc6[i]) / ns;

		if (now->rc6[i] < last->rc6[i])
			return false;
		if (share < ret->rc6)
			ret->rc6 = share;
	}
	return true;
}

static uint64_t busy_of(const struct drm_client *client)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < FDINFO_CLASSES; i++)
		if (client->info.engines[i].has_ns)
			sum += client->info.engines[i].ns;
	return sum;
}

/* What clients have grown by that were there before, too. Both lists are sorted by id. */
static void compare_clients(struct state *s, const struct drm_client *clients, size_t n, double ns,
			    struct interval *ret)
{
	uint64_t grown = 0;
	size_t old = 0;

	ret->n_clients = n;
	ret->has_growth = s->clients_known && n <= MAX_CLIENTS;
	for (size_t i = 0; ret->has_growth && i < n; i++) {
		uint64_t busy = busy_of(&clients[i]);

		while (old < s->n_clients && s->clients[old].id < clients[i].info.client_id)
			old++;
		if (old < s->n_clients && s->clients[old].id == clients[i].info.client_id &&
		    busy > s->clients[old].busy_ns)
			grown += busy - s->clients[old].busy_ns;
	}
	ret->clients = (double)grown / ns;
	s->clients_known = n <= MAX_CLIENTS;
	s->n_clients = s->clients_known ? n : 0;
	for (size_t i = 0; i < s->n_clients; i++)
		s->clients[i] = (struct client){ clients[i].info.client_id, busy_of(&clients[i]) };
}

static void read_clients(const struct collection *c, double ns, struct interval *ret)
{
	struct state *s = c->state;
	const struct drm_client *clients = NULL;
	struct walk *walk;
	size_t n = 0;

	ret->has_clients = procs_known_clients(c->context->procs, c->round->number, c->gpu, &walk,
					       &clients, &n, &ret->sees_all);
	if (!ret->has_clients) {
		s->clients_known = false;
		return;
	}
	compare_clients(s, clients, n, ns, ret);
	walk_unref(walk);
}

/* Engines count the work of GVT-g's guests, too, who are no clients here. */
static bool has_guests(const struct collection *c)
{
	uint64_t inode;

	return fs_inode(c->context->fs, &inode, "sys/bus/pci/devices/%s/mdev_supported_types",
			c->gpu->pci) == 0;
}

static enum verdict judge(const struct collection *c, int comparison, const struct interval *i)
{
	bool contradict = false;

	switch (comparison) {
	case ENGINES_RC6:
		if (!i->has_engines || !i->has_rc6)
			return NOT_KNOWN;
		/* An engine works only while its GT is awake. */
		contradict = i->busiest > 0.15 && i->busiest + i->rc6 > 1.1;
		break;
	case ENGINES_CLIENTS:
		if (!i->has_engines || !i->has_clients || !i->sees_all)
			return NOT_KNOWN;
		/* Half of the time: clients between two scrapes would have been seen at one of
		 * them. */
		contradict = i->n_clients == 0 && i->busiest > 0.5;
		if (contradict && has_guests(c))
			return NOT_KNOWN;
		break;
	case CLIENTS_ENGINES:
		if (!i->has_engines || !i->has_growth)
			return NOT_KNOWN;
		contradict = i->clients > 0.15 && i->engines < i->clients / 10;
		break;
	case ENGINES_CLOCK:
		if (!i->has_engines || !i->has_clock)
			return NOT_KNOWN;
		/* The lowest clock of all is 100 MHz. */
		contradict = i->busiest > 0.5 && i->mhz < 10;
		break;
	}
	return contradict ? CONTRADICT : AGREE;
}

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)context;
	if (gpu->driver == GPU_XE)
		return -EOPNOTSUPP;
	if (!gpu->pmu)
		return *gpu->pmu_name && !gpu->pmu_is_unclear ? -EOPNOTSUPP : -ENODEV;
	*ret_state = calloc(1, sizeof(struct state));
	return *ret_state ? 0 : -ENOMEM;
}

static int collect(const struct collection *c)
{
	struct state *s = c->state;
	struct totals now = { .at = sys_monotonic_ns() };
	uint64_t ns = now.at - s->last.at;
	struct interval interval = { 0 };
	struct fault ignored = { 0 };

	if (now.at < s->wait_until)
		return 0;
	if (s->last.at != 0 && ns < SHORTEST) {
		ns = 0;
	} else if (pmu_visit(c->gpu->pmu, c->round->number,
			     PMU_BUSY | PMU_RC6 | PMU_ACTUAL_FREQUENCY, add_event, &now,
			     &ignored) < 0) {
		/*
		 * The collectors whose events these are have said so. Where there are none, each
		 * try would list the PMU's events.
		 */
		memset(s, 0, sizeof(*s));
		s->wait_until = now.at + WAIT;
		return 0;
	}
	if (ns > 0) {
		bool comparable = compare_totals(&s->last, &now, (double)ns, &interval);

		read_clients(c, (double)ns, &interval);
		for (int i = 0; i < COMPARISONS; i++) {
			if (!comparable || judge(c, i, &interval) != CONTRADICT)
				s->runs[i].scrapes = 0;
			else if (s->runs[i].scrapes++ == 0)
				s->runs[i].since = s->last.at;
		}
		s->last = now;
	}
	for (int i = 0; i < COMPARISONS; i++)
		if (s->runs[i].scrapes >= ENOUGH && s->last.at - s->runs[i].since >= LONG_ENOUGH)
			put(c->batch, &families[0], 1, c->gpu->pci, names[i]);
	return 0;
}

const struct collector consistency_collector = {
	.name = "consistency",
	.help = "sources that contradict each other for minutes: PMU, RC6, clock and fdinfo",
	.needs_baseline = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
