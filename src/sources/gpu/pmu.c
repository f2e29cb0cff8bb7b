// SPDX-License-Identifier: Apache-2.0
/* When a PMU's events are open, who may close them, and one read of them for a round. */
#include "sources/gpu/pmu.h"

#include "base/ref.h"
#include "base/sys.h"
#include "pmu_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Before Linux 6.16 perf_event_open(2) keeps nothing from unregistering the PMU between the moment
 * when it has found it and the moment when the event is installed (kernel/events/core.c,
 * perf_init_event()): a thread that is preempted there for longer than the driver takes from
 * "unbind" to the PMU, 10 ms in the lab, panics the kernel. Nothing that a program may hold delays
 * an unbind. Whoever unbinds a driver right after it was bound would meet the first scrape's opens,
 * so these wait.
 */
#define SETTLE_NS UINT64_C(1000000000)

struct pmu_set *pmu_set_new(const struct fs *fs, unsigned kinds)
{
	struct pmu_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->fs = fs;
	set->kinds = kinds;
	set->watch = -1;
	pthread_mutex_init(&set->lock, NULL);
	return set;
}

void pmu_set_xe_mode(struct pmu_set *set, enum pmu_xe_mode mode)
{
	set->xe_mode = mode;
}

void pmu_set_free(struct pmu_set *set)
{
	if (!set)
		return;
	pthread_mutex_destroy(&set->lock);
	free(set);
}

static void lock_to_close(struct pmu_set *set)
{
	atomic_fetch_add(&set->closers, 1);
	pthread_mutex_lock(&set->lock);
	atomic_fetch_sub(&set->closers, 1);
}

static void close_all(struct pmu_set *set)
{
	struct pmu *pmu;

	LIST_FOREACH (pmu, &set->pmus, link)
		pmu_events_close(pmu);
}

void pmu_set_close(struct pmu_set *set, const char *name)
{
	struct pmu *pmu;

	lock_to_close(set);
	LIST_FOREACH (pmu, &set->pmus, link) {
		if (strcmp(pmu->name, name) != 0)
			continue;
		pmu_events_close(pmu);
		pmu->gone = true;
	}
	pthread_mutex_unlock(&set->lock);
}

void pmu_set_hold(struct pmu_set *set, uint64_t until_ns)
{
	lock_to_close(set);
	close_all(set);
	/* Lost uevents (until_ns 0) must not end the time that a VM's start has asked for. */
	if (until_ns > set->held_until)
		set->held_until = until_ns;
	pthread_mutex_unlock(&set->lock);
}

void pmu_set_unbind(struct pmu_set *set, uint64_t until_ns)
{
	lock_to_close(set);
	close_all(set);
	set->unbind_until = until_ns;
	pthread_mutex_unlock(&set->lock);
}

bool pmu_set_lost_driver(struct pmu_set *set)
{
	struct pmu *pmu;
	bool lost = false;

	lock_to_close(set);
	LIST_FOREACH (pmu, &set->pmus, link)
		lost |= pmu->n > 0 && !pmu_is_bound(pmu);
	pthread_mutex_unlock(&set->lock);
	return lost;
}

void pmu_set_watch(struct pmu_set *set, int watch, pmu_mover move, void *watcher)
{
	pthread_mutex_lock(&set->lock);
	set->watch = watch;
	set->move = move;
	set->watcher = watcher;
	pthread_mutex_unlock(&set->lock);
}

struct pmu *pmu_new(struct pmu_set *set, const char *name, const char *pci, bool is_new)
{
	struct pmu *pmu = calloc(1, sizeof(*pmu));

	if (!pmu)
		return NULL;
	pmu->set = set;
	pmu->refs = 1;
	pmu->settles_at = is_new ? sys_monotonic_ns() + SETTLE_NS : 0;
	pmu->driver = strncmp(name, "xe_", 3) == 0 ? &pmu_xe : &pmu_i915;
	snprintf(pmu->name, sizeof(pmu->name), "%s", name);
	snprintf(pmu->pci, sizeof(pmu->pci), "%s", pci);
	pthread_mutex_lock(&set->lock);
	LIST_INSERT_HEAD(&set->pmus, pmu, link);
	pmu->in_set = true;
	pthread_mutex_unlock(&set->lock);
	return pmu;
}

struct pmu *pmu_ref(struct pmu *pmu)
{
	ref_take(&pmu->refs);
	return pmu;
}

void pmu_close(struct pmu *pmu)
{
	struct pmu_set *set = pmu->set;

	pthread_mutex_lock(&set->lock);
	if (pmu->in_set)
		LIST_REMOVE(pmu, link);
	pmu->in_set = false;
	pmu_events_close(pmu);
	pmu->gone = true;
	pthread_mutex_unlock(&set->lock);
}

void pmu_unref(struct pmu *pmu)
{
	if (!pmu || !ref_drop(&pmu->refs))
		return;
	pmu_close(pmu);
	if (pmu->known)
		pmu->driver->forget(pmu->known);
	free(pmu);
}

static int open_events(struct pmu *pmu, struct fault *fault)
{
	int r = pmu_events_prepare(pmu, fault);
	int *fitted;

	if (r == 0)
		r = pmu->driver->open(pmu, fault);
	if (r == 0 && pmu->n == 0)
		r = fault_errno(fault, -ENODEV, "PMU %s accepts none of its events", pmu->name);
	if (r == 0) {
		pmu->values = calloc(2 + pmu->n, sizeof(*pmu->values));
		if (!pmu->values)
			r = fault_errno(fault, -ENOMEM, "events of PMU %s", pmu->name);
	}
	if (r < 0) {
		pmu_events_close(pmu);
		return r;
	}
	/* A PMU has a few dozen events; most of the room was for the largest one. */
	fitted = realloc(pmu->fds, pmu->n * sizeof(*fitted));
	if (fitted)
		pmu->fds = fitted;
	return 0;
}

static int read_group(struct pmu *pmu, struct fault *fault)
{
	uint64_t *buf = pmu->values;
	ssize_t n = sys_perf_read(pmu->fds[0], buf, (2 + pmu->n) * sizeof(buf[0]));

	if (n == 0) {
		/* The driver goes (an error state), or has gone (revoked, Linux 6.16 and later). */
		pmu_events_close(pmu);
		return fault_errno(fault, -ENODEV, "PMU %s was unregistered", pmu->name);
	}
	if (n < 0)
		return fault_errno(fault, (int)n, "read of PMU %s", pmu->name);
	if ((size_t)n != (2 + pmu->n) * sizeof(buf[0]) || buf[0] != pmu->n)
		return fault_set(fault, REASON_IO, "read-error", -EIO,
				 "PMU %s answered %zd bytes for %zu events", pmu->name, n, pmu->n);
	return pmu->driver->add(pmu, buf + 2, buf[1], fault);
}

static int refresh(struct pmu *pmu, uint64_t round, struct fault *fault)
{
	int r;

	if (pmu->gone)
		return fault_errno(fault, -ENODEV, "PMU %s was unregistered", pmu->name);
	r = pmu->driver->check ? pmu->driver->check(pmu, round, fault) : 0;
	if (r < 0)
		return r;
	if (pmu->n == 0) {
		uint64_t now = sys_monotonic_ns();

		if (now < pmu->set->held_until || now < pmu->set->unbind_until ||
		    now < pmu->settles_at)
			return fault_set(fault, REASON_NO_DEVICE, "pmu-released", -ENODEV,
					 "PMU %s is closed for a while: its driver is about to be "
					 "unbound or was just bound, or SIGUSR2 has come",
					 pmu->name);
		r = open_events(pmu, fault);
		if (r < 0)
			return r;
	}
	if (pmu->round == round)
		return 0;
	r = read_group(pmu, fault);
	if (r == 0)
		pmu->round = round;
	return r;
}

int pmu_visit(struct pmu *pmu, uint64_t round, unsigned kinds, pmu_visitor visit, void *data,
	      struct fault *fault)
{
	int r;

	pthread_mutex_lock(&pmu->set->lock);
	r = refresh(pmu, round, fault);
	if (r == 0)
		r = pmu->driver->visit(pmu, kinds, visit, data, fault);
	pthread_mutex_unlock(&pmu->set->lock);
	return r;
}

int pmu_visit_engines(struct pmu *pmu, uint64_t round, void (*visit)(void *data, const char *class),
		      void *data, unsigned *ret_vfs, struct fault *fault)
{
	int r;

	if (pmu->driver != &pmu_xe)
		return -EOPNOTSUPP;
	pthread_mutex_lock(&pmu->set->lock);
	r = refresh(pmu, round, fault);
	if (r == 0)
		pmu_xe_engines(pmu, visit, data, ret_vfs);
	pthread_mutex_unlock(&pmu->set->lock);
	return r;
}
