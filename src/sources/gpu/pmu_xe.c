// SPDX-License-Identifier: Apache-2.0
/*
 * The events of xe's PMU are made of fields: which count, GT, class, instance and function
 * (drivers/gpu/drm/xe/xe_pmu.c). Before Linux 6.16 there is no function, and perf core does not
 * survive a PMU that goes while events are open.
 *
 * While virtual functions are enabled, each function, 0 for the physical one, has counts of its
 * own, and an engine's time is their sum. While none is enabled, every function's count is the
 * whole device's. So all is opened anew when their number changes, and a reading during which it
 * has changed is no reading.
 */
#include "pmu_state.h"

#include "base/array.h"
#include "base/text.h"
#include "sources/gpu/xe_ticks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	      "sys/bus/pci/devices/%s"
#define MAX_GTS	      16
#define MAX_ENGINES   64
#define MAX_INSTANCES 16
#define LEARN_NS      UINT64_C(1000000000) /* a shorter time says too little of a clock */
#define LEARN_DOUBLED 4			   /* times */

/* By DRM_XE_ENGINE_CLASS_*, as the directories of tileT/gtG/engines call them. */
static const char *const prefixes[] = { "rcs", "bcs", "vcs", "vecs", "ccs" };

enum { EVENT, GT, CLASS, INSTANCE, FUNCTION, FIELDS };
static const char *const field_names[FIELDS] = { "event", "gt", "engine_class", "engine_instance",
						 "function" };

struct known {
	bool supported;
	struct pmu_field fields[FIELDS];
	uint64_t active, total; /* numbers of events */
	int numvfs;		/* descriptor */
	uint64_t round;		/* of vfs */
	unsigned vfs;
	uint64_t clocks[MAX_GTS]; /* by number, Hz; 0: not known yet */
};

struct engine {
	char name[16];
	const char *class;
	unsigned gt;
	size_t first; /* event: the physical function's */
};

struct gt {
	unsigned tile, number;
	bool counts;	    /* it has an engine */
	size_t first;	    /* event: the physical function's total */
	uint64_t at;	    /* of the totals that the next ones are compared with */
	bool read, unclear; /* there are such; those since did not show the clock */
	unsigned tries;	    /* that did not */
};

struct state {
	unsigned vfs;
	bool apart, alike; /* see enum xe_sharing */
	struct gt gts[MAX_GTS];
	size_t n_gts;
	struct engine engines[MAX_ENGINES];
	size_t n_engines;
	struct xe_active events[]; /* of a total: its last value as ticks */
};

static void forget(void *data)
{
	struct known *known = data;

	close_fdp(&known->numvfs);
	free(known);
}

static bool read_field(const struct pmu *pmu, const char *name, struct pmu_field *ret)
{
	char text[64];
	int n = fs_read(pmu->set->fs, text, sizeof(text), PMU_DIR "format/%s", pmu->name, name);

	return n >= 0 && pmu_field_parse(text, (size_t)n, ret) == 0;
}

static bool read_number(const struct pmu *pmu, const char *name, uint64_t *ret)
{
	char text[64];
	int n = fs_read(pmu->set->fs, text, sizeof(text), PMU_DIR "events/%s", pmu->name, name);

	return n >= 0 && pmu_event_number_parse(text, (size_t)n, ret) == 0;
}

static struct known *known_new(const struct pmu *pmu)
{
	struct known *known = calloc(1, sizeof(*known));

	if (!known)
		return NULL;
	known->numvfs = -1;
	known->supported = read_number(pmu, "engine-active-ticks", &known->active) &&
			   read_number(pmu, "engine-total-ticks", &known->total);
	for (size_t i = 0; i < FIELDS && known->supported; i++)
		known->supported = read_field(pmu, field_names[i], &known->fields[i]);
	return known;
}

static int read_vfs(const struct pmu *pmu, struct known *known, unsigned *ret, struct fault *fault)
{
	char text[32];
	uint64_t vfs = 0;
	int n = fs_read_kept(pmu->set->fs, &known->numvfs, text, sizeof(text), PCI "/sriov_numvfs",
			     pmu->pci);

	/* Without SR-IOV there is no such file. */
	if (n >= 0)
		n = text_parse_u64(text, (size_t)n, &vfs);
	if (n >= 0 && vfs >= PMU_MAX_EVENTS)
		n = -ERANGE;
	if (n < 0 && n != -ENOENT)
		return fault_errno(fault, n, PCI "/sriov_numvfs", pmu->pci);
	*ret = (unsigned)vfs;
	return 0;
}

static int not_enabled(const struct pmu *pmu, struct fault *fault)
{
	return fault_set(fault, REASON_NOT_ENABLED, "xe-engines", -ENODEV,
			 "events of PMU %s are not open: %s", pmu->name,
			 pmu->set->xe_mode == PMU_XE_AUTO
				 ? "they would keep the GPU awake, and no virtual function does"
				 : "no flag asks for them");
}

static int check(struct pmu *pmu, uint64_t round, struct fault *fault)
{
	const struct state *state = pmu->state;
	struct known *known = pmu->known;
	int r;

	if (!known)
		pmu->known = known = known_new(pmu);
	if (!known)
		return fault_errno(fault, -ENOMEM, "PMU %s", pmu->name);
	if (!known->supported)
		return fault_set(fault, REASON_NOT_SUPPORTED, "xe-engines", -ENODEV,
				 "PMU %s has no events of engines and functions", pmu->name);
	if (known->round != round) {
		r = read_vfs(pmu, known, &known->vfs, fault);
		if (r < 0)
			return r;
		known->round = round;
	}
	if (pmu->set->xe_mode == PMU_XE_OFF || !(pmu->set->kinds & (PMU_BUSY | PMU_VF_BUSY)) ||
	    (pmu->set->xe_mode == PMU_XE_AUTO && known->vfs == 0)) {
		pmu_events_close(pmu);
		return not_enabled(pmu, fault);
	}
	if (pmu->n > 0 && state->vfs != known->vfs)
		pmu_events_close(pmu);
	return 0;
}

/* Numbers below MAX_GTS of the entries "<prefix>N" in a directory, as bits. */
static unsigned list_numbers(const struct fs *fs, const char *prefix, const char *path)
{
	_cleanup_list_ char **names = NULL;
	size_t len = strlen(prefix);
	unsigned numbers = 0;
	uint64_t number;

	if (fs_list(fs, &names, "%s", path) < 0)
		return 0;
	for (char **name = names; name && *name; name++)
		if (strncmp(*name, prefix, len) == 0 &&
		    text_parse_u64(*name + len, strlen(*name + len), &number) == 0 &&
		    number < MAX_GTS)
			numbers |= 1u << number;
	return numbers;
}

static void find_gts(const struct pmu *pmu, struct state *state)
{
	const struct fs *fs = pmu->set->fs;
	char path[96];
	unsigned tiles, gts;

	snprintf(path, sizeof(path), PCI, pmu->pci);
	tiles = list_numbers(fs, "tile", path);
	for (unsigned t = 0; t < MAX_GTS; t++) {
		if (!(tiles >> t & 1))
			continue;
		snprintf(path, sizeof(path), PCI "/tile%u", pmu->pci, t);
		gts = list_numbers(fs, "gt", path);
		for (unsigned g = 0; g < MAX_GTS && state->n_gts < MAX_GTS; g++)
			if (gts >> g & 1)
				state->gts[state->n_gts++] = (struct gt){ .tile = t, .number = g };
	}
}

/* 1, 0: there is no such engine; -errno. */
static int open_one(struct pmu *pmu, uint64_t event, const struct gt *gt, size_t class,
		    unsigned instance, unsigned function, struct fault *fault)
{
	const struct known *known = pmu->known;
	const uint64_t values[FIELDS] = { event, gt->number, class, instance, function };
	uint64_t config = 0;

	for (size_t i = 0; i < FIELDS; i++)
		if (pmu_field_put(&known->fields[i], values[i], &config) < 0)
			return 0;
	return pmu_events_open(pmu, config, fault);
}

/* An event for each function; 0: there is none for the physical one. */
static int open_functions(struct pmu *pmu, uint64_t event, const struct gt *gt, size_t class,
			  unsigned instance, struct fault *fault)
{
	const struct state *state = pmu->state;

	for (unsigned function = 0; function <= state->vfs; function++) {
		int r = open_one(pmu, event, gt, class, instance, function, fault);

		if (r == 0 && function > 0)
			return fault_errno(fault, -ENODEV, "PMU %s, function %u", pmu->name,
					   function);
		if (r <= 0)
			return r;
	}
	return 1;
}

/* The events of a class, from instance 0 on; *number counts a class's engines over all GTs. */
static int open_class(struct pmu *pmu, struct gt *gt, size_t class, unsigned *number,
		      struct fault *fault)
{
	const struct known *known = pmu->known;
	struct state *state = pmu->state;
	size_t before = state->n_engines;
	int r = 1;

	for (unsigned i = 0; i < MAX_INSTANCES && state->n_engines < MAX_ENGINES; i++) {
		struct engine *engine = &state->engines[state->n_engines];

		*engine = (struct engine){ .gt = gt->number, .first = pmu->n };
		r = open_functions(pmu, known->active, gt, class, i, fault);
		if (r <= 0)
			break;
		snprintf(engine->name, sizeof(engine->name), "%s%u", prefixes[class], (*number)++);
		engine->class = engine_class(engine->name);
		state->n_engines++;
	}
	if (r < 0 || gt->counts || state->n_engines == before)
		return r;
	gt->first = pmu->n;
	r = open_functions(pmu, known->total, gt, class, 0, fault);
	gt->counts = r > 0;
	return r;
}

static int open_gt(struct pmu *pmu, struct gt *gt, unsigned numbers[], struct fault *fault)
{
	for (size_t class = 0; class < ARRAY_SIZE(prefixes); class ++) {
		uint64_t inode;
		int r;

		if (fs_inode(pmu->set->fs, &inode, PCI "/tile%u/gt%u/engines/%s", pmu->pci,
			     gt->tile, gt->number, prefixes[class]) < 0)
			continue;
		r = open_class(pmu, gt, class, &numbers[class], fault);
		if (r < 0)
			return r;
	}
	return 0;
}

static int open_xe(struct pmu *pmu, struct fault *fault)
{
	const struct known *known = pmu->known;
	struct state *state = calloc(1, sizeof(*state) + PMU_MAX_EVENTS * sizeof(state->events[0]));
	unsigned numbers[ARRAY_SIZE(prefixes)] = { 0 };

	pmu->state = state;
	if (!state)
		return fault_errno(fault, -ENOMEM, "events of PMU %s", pmu->name);
	state->vfs = known->vfs;
	find_gts(pmu, state);
	for (size_t i = 0; i < state->n_gts; i++) {
		int r = open_gt(pmu, &state->gts[i], numbers, fault);

		if (r < 0)
			return r;
	}
	state = realloc(state, sizeof(*state) + pmu->n * sizeof(state->events[0]));
	if (state)
		pmu->state = state;
	return 0;
}

/*
 * A GT's clock, from what its functions were granted since the last values. A longer time says
 * more, but quotas may change in it: where a time does not show the clock, as values and time were
 * not read at one instant on a busy machine, the next one is twice as long.
 */
static void learn(struct state *state, struct gt *gt, const uint64_t *values, uint64_t at,
		  uint64_t *clock)
{
	struct xe_active *totals = &state->events[gt->first];
	size_t n = (size_t)state->vfs + 1;
	uint64_t granted[PMU_MAX_EVENTS];

	if (!gt->counts || *clock || (gt->read && at - gt->at < LEARN_NS << gt->tries))
		return;
	for (size_t i = 0; i < n; i++)
		granted[i] = values[gt->first + i] - totals[i].ticks;
	if (gt->read) {
		*clock = xe_clock_of(granted, n, at - gt->at);
		gt->unclear = *clock == 0;
		gt->tries += gt->unclear && gt->tries < LEARN_DOUBLED;
	}
	for (size_t i = 0; i < n; i++)
		totals[i].ticks = values[gt->first + i];
	gt->read = true;
	gt->at = at;
}

static void add_engine(struct state *state, const struct engine *engine, const uint64_t *values,
		       uint64_t at, uint64_t clock)
{
	struct xe_active *functions = &state->events[engine->first];
	uint64_t before = functions->at;

	xe_active_add(functions, state->vfs + 1u, values + engine->first, at, clock);
	switch (xe_sharing_of(functions, state->vfs + 1u, at - before, clock)) {
	case XE_APART:
		state->apart = true;
		break;
	case XE_ALIKE:
		state->alike = true;
		break;
	case XE_NOTHING_SAID:
		break;
	}
}

static int add(struct pmu *pmu, const uint64_t *values, uint64_t enabled_ns, struct fault *fault)
{
	struct known *known = pmu->known;
	struct state *state = pmu->state;
	unsigned vfs;
	int r = read_vfs(pmu, known, &vfs, fault);

	if (r < 0)
		return r;
	if (vfs != state->vfs) {
		pmu_events_close(pmu);
		return fault_set(fault, REASON_NO_DEVICE, "pmu-released", -ENODEV,
				 "PMU %s: the number of virtual functions has just changed",
				 pmu->name);
	}
	for (size_t i = 0; i < state->n_gts; i++)
		learn(state, &state->gts[i], values, enabled_ns,
		      &known->clocks[state->gts[i].number]);
	for (size_t i = 0; i < state->n_engines; i++) {
		const struct engine *engine = &state->engines[i];

		if (known->clocks[engine->gt])
			add_engine(state, engine, values, enabled_ns, known->clocks[engine->gt]);
	}
	return 0;
}

static void visit_engine(const struct state *state, const struct engine *engine, uint64_t clock,
			 unsigned kinds, pmu_visitor visit, void *data)
{
	struct pmu_event event = { .class = engine->class, .gt = engine->gt };
	uint64_t sum = 0;

	memcpy(event.engine, engine->name, sizeof(event.engine));
	event.kind = PMU_VF_BUSY;
	for (unsigned i = 0; i <= state->vfs; i++) {
		uint64_t ticks = state->events[engine->first + i].ticks;

		sum += ticks;
		event.vf = i;
		if (i > 0 && kinds & PMU_VF_BUSY)
			visit(data, &event, xe_ticks_ns(ticks, clock));
	}
	event.kind = PMU_BUSY;
	event.vf = 0;
	if (kinds & PMU_BUSY)
		visit(data, &event, xe_ticks_ns(sum, clock));
}

static int visit_events(struct pmu *pmu, unsigned kinds, pmu_visitor visit, void *data,
			struct fault *fault)
{
	const struct known *known = pmu->known;
	const struct state *state = pmu->state;

	for (size_t i = 0; i < state->n_gts; i++)
		if (state->gts[i].unclear)
			return fault_set(fault, REASON_NOT_SUPPORTED, "xe-clock", -ENODEV,
					 "the clock of GT %u is not known: no total of PMU %s "
					 "shows it",
					 state->gts[i].number, pmu->name);
	if (state->alike && !state->apart)
		return fault_set(fault, REASON_NOT_SUPPORTED, "xe-functions", -ENODEV,
				 "all functions of PMU %s count the same: the whole device",
				 pmu->name);
	for (size_t i = 0; i < state->n_engines; i++) {
		const struct engine *engine = &state->engines[i];

		if (known->clocks[engine->gt])
			visit_engine(state, engine, known->clocks[engine->gt], kinds, visit, data);
	}
	return 0;
}

void pmu_xe_engines(const struct pmu *pmu, void (*visit)(void *data, const char *class), void *data,
		    unsigned *ret_vfs)
{
	const struct state *state = pmu->state;

	for (size_t i = 0; i < state->n_engines; i++)
		visit(data, state->engines[i].class);
	*ret_vfs = state->vfs;
}

const struct pmu_driver pmu_xe = {
	.name = "xe",
	.check = check,
	.open = open_xe,
	.add = add,
	.visit = visit_events,
	.forget = forget,
};
