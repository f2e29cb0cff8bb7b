// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the i915 PMU through perf_event_open(2). Names, units and lifetime as in
 * drivers/gpu/drm/i915/i915_pmu.c and kernel/events/core.c of Linux 6.1 to 7.0.
 */
#include "sources/gpu/pmu.h"

#include "base/ref.h"
#include "base/sys.h"
#include "sources/gpu/counter.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#define MAX_EVENTS 256 /* a GPU with 64 engines and all kinds; a group read stays below 16 KiB */
#define PMU_DIR	   "sys/bus/event_source/devices/%s/"
/*
 * Before Linux 6.16 perf_event_open(2) keeps nothing from unregistering the PMU between the moment
 * when it has found it and the moment when the event is installed (kernel/events/core.c,
 * perf_init_event()): a thread that is preempted there for longer than the driver takes from
 * "unbind" to the PMU, 10 ms in the lab, panics the kernel. Nothing that a program may hold delays
 * an unbind. Whoever unbinds a driver right after it was bound would meet the first scrape's opens,
 * so these wait.
 */
#define SETTLE_NS UINT64_C(1000000000)

struct event_total {
	struct pmu_event event;
	struct counter counter;
	uint64_t total;
};

struct pmu {
	struct pmu_set *set;
	LIST_ENTRY(pmu) link;
	bool in_set;
	atomic_uint refs;
	char name[64], pci[24];
	bool gone;	     /* closed for good */
	uint64_t settles_at; /* monotonic ns */
	uint64_t round;
	int fds[MAX_EVENTS]; /* the first leads the group */
	size_t n;	     /* open events; 0 = closed */
	struct event_total *totals;
};

struct pmu_set {
	const struct fs *fs;
	unsigned kinds;
	pthread_mutex_t
		lock; /* of every PMU in the set: reads are short, and closing must not wait */
	LIST_HEAD(, pmu) pmus;
	atomic_uint closers; /* that wait for the lock: the thread that opens events must stop */
	uint64_t held_until, unbind_until; /* monotonic ns */
	int watch;			   /* -1: there is none */
	pmu_mover move;
	void *watcher;
};

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

void pmu_set_free(struct pmu_set *set)
{
	if (!set)
		return;
	pthread_mutex_destroy(&set->lock);
	free(set);
}

static void close_events(struct pmu *pmu)
{
	/* Siblings first: closing the leader would turn each of them into a group of its own. */
	while (pmu->n > 0)
		sys_perf_close(pmu->fds[--pmu->n]);
	free(pmu->totals);
	pmu->totals = NULL;
	pmu->round = 0;
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
		close_events(pmu);
}

void pmu_set_close(struct pmu_set *set, const char *name)
{
	struct pmu *pmu;

	lock_to_close(set);
	LIST_FOREACH (pmu, &set->pmus, link) {
		if (strcmp(pmu->name, name) != 0)
			continue;
		close_events(pmu);
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

/*
 * An unbind removes the link first of all (drivers/base/dd.c, __device_release_driver()), and may
 * then wait for long, for whoever uses a vGPU, before it comes to the PMU.
 */
static bool is_bound(const struct pmu *pmu)
{
	uint64_t inode;

	return fs_inode(pmu->set->fs, &inode, "sys/bus/pci/devices/%s/driver", pmu->pci) != -ENOENT;
}

bool pmu_set_lost_driver(struct pmu_set *set)
{
	struct pmu *pmu;
	bool lost = false;

	lock_to_close(set);
	LIST_FOREACH (pmu, &set->pmus, link)
		lost |= pmu->n > 0 && !is_bound(pmu);
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
	close_events(pmu);
	pmu->gone = true;
	pthread_mutex_unlock(&set->lock);
}

void pmu_unref(struct pmu *pmu)
{
	if (!pmu || !ref_drop(&pmu->refs))
		return;
	pmu_close(pmu);
	free(pmu);
}

static int read_cpu(const struct pmu *pmu)
{
	char buf[256];
	int cpu = 0, n;

	n = fs_read(pmu->set->fs, buf, sizeof(buf), PMU_DIR "cpumask", pmu->name);
	/* Without the file, CPU 0: it is always there, and kernels that have a mask have the file.
	 */
	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n;
	n = pmu_cpumask_parse(buf, (size_t)n, &cpu);
	return n < 0 ? n : cpu;
}

static int denied(const struct pmu *pmu, int r, struct fault *fault)
{
	uint64_t level = 0;
	bool known = fs_read_u64(pmu->set->fs, &level, "proc/sys/kernel/perf_event_paranoid") == 0;
	char text[24] = "unreadable";

	if (r == -EPERM || r == -ENOSYS)
		return fault_set(fault, REASON_SECCOMP, "perf-seccomp", r,
				 "a seccomp filter forbids perf_event_open; give the container "
				 "CAP_PERFMON or allow the system call");
	if (known)
		snprintf(text, sizeof(text), "%llu", (unsigned long long)level);
	return fault_set(fault, REASON_PERMISSION, "perf-paranoid", r,
			 "kernel.perf_event_paranoid is %s and the process has %s; set it to 2 "
			 "and give CAP_PERFMON",
			 text,
			 sys_has_capability(CAP_SYS_ADMIN) ? "CAP_SYS_ADMIN"
			 : sys_has_capability(CAP_PERFMON) ? "only CAP_PERFMON"
							   : "no CAP_PERFMON");
}

/* Opens one event as the group's leader or a sibling; 0 also when the GPU does not have it. */
static int open_event(struct pmu *pmu, uint32_t type, int cpu, const struct pmu_event *event,
		      struct fault *fault)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED,
		/*
		 * A driver that is being unbound refuses the event. Perf core then puts a pinned
		 * group into an error state, which reads as 0 bytes. For any other group it starts
		 * its timer for rotation, in memory that the end of the unbind frees with the timer
		 * still armed. Only a leader can be pinned.
		 */
		.pinned = pmu->n == 0,
	};
	int fd = sys_perf_open(&attr, cpu, pmu->n > 0 ? pmu->fds[0] : -1);

	if (fd == -ENOENT || fd == -ENODEV || fd == -EINVAL || fd == -EOPNOTSUPP)
		return 0;
	if (fd == -EACCES || fd == -EPERM || fd == -ENOSYS)
		return denied(pmu, fd, fault);
	if (fd < 0)
		return fault_errno(fault, fd, "perf_event_open of %s", pmu->name);
	pmu->totals[pmu->n].event = *event;
	pmu->fds[pmu->n++] = fd;
	return 0;
}

/* "i915_0000_03_00.0" is a PMU of the driver i915. After a reload its directory is another one. */
static void watch_driver(const struct pmu *pmu)
{
	if (pmu->set->watch >= 0)
		fs_watch_dir(pmu->set->fs, pmu->set->watch, "sys/bus/pci/drivers/%.*s",
			     (int)strcspn(pmu->name, "_"), pmu->name);
}

/* Whether events may be open. */
static int check_bound(const struct pmu *pmu, struct fault *fault)
{
	if (atomic_load(&pmu->set->closers) == 0 && is_bound(pmu))
		return 0;
	return fault_set(fault, REASON_NO_DEVICE, "pmu-released", -ENODEV,
			 "PMU %s is closed for a while: its driver is about to be unbound",
			 pmu->name);
}

static int open_events(struct pmu *pmu, struct fault *fault)
{
	const struct fs *fs = pmu->set->fs;
	_cleanup_list_ char **names = NULL;
	uint64_t type;
	int r, cpu;

	watch_driver(pmu);
	r = check_bound(pmu, fault);
	if (r < 0)
		return r;
	r = fs_read_u64(fs, &type, PMU_DIR "type", pmu->name);
	if (r == 0 && type > UINT32_MAX)
		r = -ERANGE;
	if (r < 0)
		return fault_errno(fault, r, "type of PMU %s", pmu->name);
	cpu = read_cpu(pmu);
	if (cpu < 0)
		return fault_errno(fault, cpu, "cpumask of PMU %s", pmu->name);
	if (pmu->set->watch >= 0)
		pmu->set->move(pmu->set->watcher, cpu);
	r = fs_list(fs, &names, PMU_DIR "events", pmu->name);
	if (r < 0)
		return fault_errno(fault, r, "events of PMU %s", pmu->name);
	pmu->totals = calloc(MAX_EVENTS, sizeof(*pmu->totals));
	if (!pmu->totals)
		return fault_errno(fault, -ENOMEM, "events of PMU %s", pmu->name);

	for (char **name = names; name && *name && pmu->n < MAX_EVENTS; name++) {
		struct pmu_event event;
		char content[128];
		int n = fs_read(fs, content, sizeof(content), PMU_DIR "events/%s", pmu->name,
				*name);

		if (n < 0 || pmu_event_parse(*name, content, (size_t)n, &event) < 0 ||
		    !(event.kind & pmu->set->kinds))
			continue;
		r = open_event(pmu, (uint32_t)type, cpu, &event, fault);
		if (r == 0)
			r = check_bound(pmu, fault);
		if (r < 0) {
			close_events(pmu);
			return r;
		}
	}
	if (pmu->n == 0) {
		close_events(pmu);
		return fault_errno(fault, -ENODEV, "PMU %s accepts none of its events", pmu->name);
	}
	/* A PMU has a few dozen events; most of the room was for the largest one. */
	void *fitted = realloc(pmu->totals, pmu->n * sizeof(*pmu->totals));

	if (fitted)
		pmu->totals = fitted;
	return 0;
}

static uint64_t add_value(struct event_total *event, uint64_t raw, uint64_t enabled_ns)
{
	switch (event->event.kind) {
	case PMU_BUSY:
	case PMU_WAIT:
	case PMU_SEMAPHORE:
	case PMU_RC6:
	case PMU_AWAKE:
		return counter_add_time(&event->counter, raw, enabled_ns);
	default:
		return counter_add(&event->counter, raw);
	}
}

static int read_group(struct pmu *pmu, struct fault *fault)
{
	uint64_t buf[2 +
		     MAX_EVENTS]; /* number of events, time enabled, values in order of opening */
	ssize_t n = sys_perf_read(pmu->fds[0], buf, sizeof(buf));

	if (n == 0) {
		/* The driver goes (an error state), or has gone (revoked, Linux 6.16 and later). */
		close_events(pmu);
		return fault_errno(fault, -ENODEV, "PMU %s was unregistered", pmu->name);
	}
	if (n < 0)
		return fault_errno(fault, (int)n, "read of PMU %s", pmu->name);
	if ((size_t)n != (2 + pmu->n) * sizeof(buf[0]) || buf[0] != pmu->n)
		return fault_set(fault, REASON_IO, "read-error", -EIO,
				 "PMU %s answered %zd bytes for %zu events", pmu->name, n, pmu->n);
	for (size_t i = 0; i < pmu->n; i++)
		pmu->totals[i].total = add_value(&pmu->totals[i], buf[2 + i], buf[1]);
	return 0;
}

static int refresh(struct pmu *pmu, uint64_t round, struct fault *fault)
{
	int r;

	if (pmu->gone)
		return fault_errno(fault, -ENODEV, "PMU %s was unregistered", pmu->name);
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
	for (size_t i = 0; r == 0 && i < pmu->n; i++)
		if (pmu->totals[i].event.kind & kinds)
			visit(data, &pmu->totals[i].event, pmu->totals[i].total);
	pthread_mutex_unlock(&pmu->set->lock);
	return r;
}
