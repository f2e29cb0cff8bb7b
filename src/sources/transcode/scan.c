// SPDX-License-Identifier: Apache-2.0
/*
 * A process is known by its number and its start time. One that is younger than 10 s, or was seen
 * for the first time less than 10 s ago, is unknown yet; what it takes of the CPU meanwhile waits
 * for the verdict. One that has come since the scan before had used nothing when it started: that
 * is its first sample, so that it has a verdict at its first scan if it is 10 s old by then.
 */
#include "sources/transcode/scan.h"

#include "base/array.h"
#include "base/sys.h"
#include "sources/proc/gpu_time.h"
#include "sources/proc/patient.h"
#include "sources/proc/process.h"

#include "choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CMDLINE_BYTES 65536
#define SLACK_NS      1000000000u /* of a start time, which has a hundredth of a second */

struct transcode {
	pid_t pid;
	uint64_t start_ticks, cpu_ticks;
	uint64_t waiting_ns; /* CPU time that no verdict has taken yet */
	bool seen, fresh, judged, foreign, told_all;
	enum coding coding;
	enum acceleration verdict;
	struct transcoder transcoder;
	struct workload workload;
	struct gpu_time gpu;
	struct acceleration_history history;
};

struct transcode_scan {
	const struct fs *fs;
	struct names *names;
	const char *more;
	uint64_t now, before;		/* of the last two scans; 0: none */
	uint64_t boot_now, boot_before; /* the same since boot, as processes' starts */
	struct transcode *all;		/* by pid */
	size_t n, size;
	struct candidates candidates;
	size_t over_limit; /* what has no room */
	struct transcode_totals totals;
	char *cmdline; /* CMDLINE_BYTES */
};

struct transcode_scan *transcode_scan_new(const struct fs *fs, struct names *names,
					  const char *more)
{
	struct transcode_scan *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->fs = fs;
	t->names = names;
	t->more = more;
	t->cmdline = malloc(CMDLINE_BYTES); /* not cleared: it takes no memory until it is used */
	if (!t->cmdline || transcode_totals_init(&t->totals) < 0) {
		free(t->cmdline);
		free(t);
		return NULL;
	}
	return t;
}

void transcode_scan_free(struct transcode_scan *t)
{
	if (!t)
		return;
	transcode_totals_done(&t->totals);
	free(t->cmdline);
	free(t->candidates.all);
	free(t->all);
	free(t);
}

const struct transcode_totals *transcode_scan_totals(const struct transcode_scan *t)
{
	return &t->totals;
}

void transcode_scan_count(const struct transcode_scan *t, unsigned ret[ACCELERATIONS])
{
	memset(ret, 0, ACCELERATIONS * sizeof(*ret));
	for (size_t i = 0; i < t->n; i++)
		ret[t->all[i].verdict]++;
	ret[ACCELERATION_UNKNOWN] += (unsigned)t->over_limit;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = ((const struct transcode *)a)->pid, y = ((const struct transcode *)b)->pid;

	return (x > y) - (x < y);
}

/* Among the first n, which are sorted. */
static struct transcode *find(struct transcode_scan *t, size_t n, pid_t pid)
{
	const struct transcode *all = t->all;
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].pid == pid)
			return &t->all[middle];
		if (all[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The process was not there at the scan before, under any name. */
static bool has_come(const struct transcode_scan *t, const struct process_stat *stat)
{
	return t->before > 0 && stat->start_ticks * PROCESS_TICK_NS + SLACK_NS >= t->boot_before;
}

static struct transcode *append(struct transcode_scan *t, pid_t pid,
				const struct process_stat *stat)
{
	struct transcode *added;

	if (!array_reserve(t->all, &t->size, t->n + 1))
		return NULL;
	added = &t->all[t->n++];
	*added = (struct transcode){ .pid = pid,
				     .start_ticks = stat->start_ticks,
				     .fresh = has_come(t, stat),
				     .verdict = ACCELERATION_UNKNOWN };
	/* What it had used before the first scan of all, or under another name, counts for no
	 * workload. */
	added->cpu_ticks = added->fresh ? 0 : stat->cpu_ticks;
	return added;
}

static int read_name(const struct fs *fs, pid_t pid, char *buf, size_t size)
{
	int n = fs_read(fs, buf, size, "proc/%d/comm", (int)pid);

	if (n > 0 && buf[n - 1] == '\n')
		buf[n - 1] = '\0';
	return n;
}

static bool has_ended(int r)
{
	return r == -ENOENT || r == -ESRCH;
}

/* The application, read once: from the link exe, or without the right to it from the parent. */
static void refine(const struct transcode_scan *t, struct transcode *p, pid_t parent)
{
	char program[256] = "", name[32] = "";

	if (fs_read_link(t->fs, program, sizeof(program), "proc/%d/exe", (int)p->pid) < 0)
		program[0] = '\0';
	if (parent <= 0 || read_name(t->fs, parent, name, sizeof(name)) < 0)
		name[0] = '\0';
	transcode_match_refine(&p->transcoder, program, name);
}

/* Just after its exec a process has its name and no command line yet: it is read each time. */
static enum coding read_coding(struct transcode_scan *t, const struct transcode *p)
{
	int n = patient_read(t->fs, p->pid, "cmdline", t->cmdline, CMDLINE_BYTES);

	return transcode_match_coding(p->transcoder.kind, t->cmdline, n > 0 ? (size_t)n : 0);
}

static int look_at(struct transcode_scan *t, size_t known, pid_t pid,
		   const struct transcoder *named, struct fault *fault)
{
	struct transcode *p = find(t, known, pid);
	struct process_stat stat;
	char text[1024];
	int n = fs_read(t->fs, text, sizeof(text), "proc/%d/stat", (int)pid);

	if (has_ended(n))
		return 0;
	if (n < 0 || (n = process_stat_parse(text, (size_t)n, &stat)) < 0)
		return fault_errno(fault, n, "proc/%d/stat", (int)pid);
	if (!p || p->start_ticks != stat.start_ticks) {
		if (stat.ended)
			return 0;
		p = append(t, pid, &stat);
		if (!p)
			return fault_errno(fault, -ENOMEM, "transcoders");
		p->transcoder = *named;
		refine(t, p, stat.parent);
	}
	if (stat.cpu_ticks > p->cpu_ticks) {
		p->waiting_ns += (stat.cpu_ticks - p->cpu_ticks) * PROCESS_TICK_NS;
		p->cpu_ticks = stat.cpu_ticks;
	}
	/* A zombie: its parent has not reaped it yet and may never do so. */
	if (stat.ended)
		return 0;
	n = workload_of(t->fs, t->names, pid, &p->workload);
	if (has_ended(n))
		return 0;
	if (n < 0)
		return fault_errno(fault, n, "proc/%d/cgroup", (int)pid);
	p->coding = read_coding(t, p);
	p->seen = true;
	return 0;
}

static int look_at_all(struct transcode_scan *t, const struct walk *walk, struct fault *fault)
{
	struct candidates *candidates = &t->candidates;
	size_t known = t->n;
	int r = candidates_find(candidates, walk, t->more, fault);

	for (size_t i = 0; i < candidates->n; i++)
		candidates->all[i].known = find(t, known, candidates->all[i].pid);
	t->over_limit = candidates_limit(candidates, TRANSCODE_SCAN_MAX, t->fs, t->names, walk);
	for (size_t i = 0; r == 0 && i < candidates->n; i++)
		r = look_at(t, known, candidates->all[i].pid, &candidates->all[i].named, fault);
	return r;
}

/* CPU time of a process that ended before its verdict stays unknown. */
static void end_missing(struct transcode_scan *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct transcode *p = &t->all[i];

		if (!p->seen) {
			if (*p->workload.workload)
				transcode_totals_add(&t->totals, p->transcoder.application,
						     p->verdict, &p->workload, 0, p->waiting_ns);
			continue;
		}
		if (n != i)
			t->all[n] = *p;
		n++;
	}
	t->n = n;
	if (n > 0)
		qsort(t->all, n, sizeof(*t->all), compare_pids);
}

static void look_at_held(struct transcode_scan *t, struct walk *walk, const struct gpu *gpu)
{
	const struct drm_client *clients;
	const struct held *held;
	size_t n_clients, n_held, silent;
	struct fault fault;
	int r = walk_clients(walk, gpu, &clients, &n_clients, &silent, &fault);

	if (r == 0)
		r = walk_held(walk, gpu, &held, &n_held, &fault);
	/* Other processes are judged all the same. */
	for (size_t i = 0; r < 0 && i < t->n; i++)
		if (walk_holds(walk, t->all[i].pid, gpu) > 0)
			t->all[i].told_all = false;
	for (size_t i = 0; r == 0 && i < n_held; i++) {
		struct transcode *p = find(t, t->n, held[i].pid);

		if (p && held[i].client == HELD_SILENT)
			p->told_all = false;
		else if (p)
			gpu_time_add(&p->gpu, gpu->pci, &clients[held[i].client],
				     p->fresh || p->history.n > 0);
	}
}

/* fdinfo wakes a GPU of xe; a sleeping GPU has done no work. */
static bool must_not_wake(const struct transcode_scan *t, const struct gpu *gpu)
{
	enum gpu_power power;

	return gpu->driver == GPU_XE && gpu_power(t->fs, gpu, &power) == 0 &&
	       power == GPU_SUSPENDED;
}

static void look_at_gpu(struct transcode_scan *t, struct walk *walk, const struct gpu *gpu)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++)
		any |= walk_holds(walk, t->all[i].pid, gpu) > 0;
	if (!any)
		return;
	if (!must_not_wake(t, gpu)) {
		look_at_held(t, walk, gpu);
		return;
	}
	for (size_t i = 0; i < t->n; i++)
		if (walk_holds(walk, t->all[i].pid, gpu) > 0)
			gpu_time_sleeps(&t->all[i].gpu, gpu->pci);
}

static void look_at_gpus(struct transcode_scan *t, struct walk *walk, const struct gpu_list *gpus)
{
	for (size_t i = 0; i < t->n; i++) {
		gpu_time_begin(&t->all[i].gpu, t->all[i].fresh);
		t->all[i].told_all =
			!walk_denied(walk, t->all[i].pid) && !walk_is_cut(walk, t->all[i].pid);
	}
	for (size_t i = 0; gpus && i < gpus->n; i++)
		look_at_gpu(t, walk, gpus->gpus[i]);
	for (size_t i = 0; i < t->n; i++) {
		struct transcode *p = &t->all[i];
		size_t ours = 0;

		/* A client that could not be read is kept, or its past would count twice. */
		if (p->told_all)
			gpu_time_end(&p->gpu);
		for (size_t j = 0; gpus && j < gpus->n; j++)
			ours += walk_holds(walk, p->pid, gpus->gpus[j]);
		p->foreign = walk_holds(walk, p->pid, NULL) > ours;
	}
}

/* The start of a process that was not there at the scan before. */
static void add_start(const struct transcode_scan *t, struct transcode *p)
{
	uint64_t start_ns = p->start_ticks * PROCESS_TICK_NS, age = t->boot_now - start_ns;
	struct acceleration_sample start = { .gpu_known = p->told_all && p->gpu.known &&
							  p->gpu.since_start };

	if (start_ns > t->boot_now || age > t->now)
		return;
	start.at = t->now - age;
	/* Unless the machine has slept since. */
	if (start.gpu_known && start.at + SLACK_NS >= t->before)
		acceleration_add(&p->history, &start);
}

static void judge(struct transcode_scan *t, struct transcode *p)
{
	const struct acceleration_sample now = { .at = t->now,
						 .cpu_ns = p->cpu_ticks * PROCESS_TICK_NS,
						 .video_ns = p->gpu.video_ns,
						 .other_ns = p->gpu.other_ns,
						 .gpu_known = p->told_all && p->gpu.known &&
							      !p->gpu.gap };
	enum acceleration verdict = ACCELERATION_UNKNOWN;

	if (p->fresh)
		add_start(t, p);
	p->fresh = false;
	p->judged = acceleration_judge(&p->history, &now, p->coding, &verdict);
	/* Another maker's GPU may do what this one does not. */
	if (verdict == ACCELERATION_SOFTWARE && p->foreign)
		verdict = ACCELERATION_UNKNOWN;
	p->verdict = verdict;
	acceleration_add(&p->history, &now);
	transcode_totals_add(&t->totals, p->transcoder.application, verdict, &p->workload, 1,
			     p->judged ? p->waiting_ns : 0);
	if (p->judged)
		p->waiting_ns = 0;
}

/* Why some are unknown although they are old enough. */
static void say_hidden(const struct transcode_scan *t, const struct walk *walk, struct fault *fault)
{
	size_t denied = 0, hidden = 0;

	for (size_t i = 0; i < t->n; i++) {
		denied += walk_denied(walk, t->all[i].pid);
		hidden += !t->all[i].told_all || !t->all[i].gpu.known;
	}
	if (t->over_limit > 0)
		fault_set(fault, REASON_LIMIT, "limits", 0,
			  "there are more than %d transcoders: %zu are not scanned",
			  TRANSCODE_SCAN_MAX, t->over_limit);
	else if (denied > 0)
		fault_set(fault, REASON_PERMISSION, "client-rights", 0,
			  "descriptors of %zu of %zu transcoders may not be listed", denied, t->n);
	else if (hidden > 0)
		fault_set(fault, REASON_NOT_SUPPORTED, "client-no-engines", 0,
			  "what %zu of %zu transcoders use of the GPU cannot be read", hidden,
			  t->n);
}

int transcode_scan_run(struct transcode_scan *t, struct walk *walk, const struct gpu_list *gpus,
		       struct fault *fault)
{
	uint64_t last = t->now, boot_last = t->boot_now;
	size_t known = t->n;
	int r;

	for (size_t i = 0; i < t->n; i++)
		t->all[i].seen = false;
	t->before = t->now;
	t->now = sys_monotonic_ns();
	t->boot_before = t->boot_now;
	t->boot_now = sys_boottime_ns();
	r = look_at_all(t, walk, fault);
	if (r < 0) {
		/* Those that it has found are found again. */
		t->n = known;
		t->now = last;
		t->boot_now = boot_last;
		return r;
	}
	transcode_totals_begin(&t->totals, t->now);
	end_missing(t);
	look_at_gpus(t, walk, gpus);
	for (size_t i = 0; i < t->n; i++)
		judge(t, &t->all[i]);
	transcode_totals_end(&t->totals);
	say_hidden(t, walk, fault);
	return 0;
}
