// SPDX-License-Identifier: Apache-2.0
/*
 * A check reads what may never answer: sysfs of a sick driver, a cluster's file system. So each has
 * a thread and a deadline, and what it writes is its own until it has ended.
 */
#include "engine.h"

#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define MS 1000000u
/* Of a copy, whose files are the disk's: they answer, however busy the machine is. */
#define COPY_NS	  30000000000u
#define LIMIT_NS  (400 * MS)  /* of one read */
#define SLOW_NS	  (1200 * MS) /* of a program */
#define BUDGET_NS (1700 * MS) /* of all */

static const struct check_table *const tables[] = {
	&hardware_checks, &driver_checks, &cause_checks,  &bound_checks,
	&firmware_checks, &node_checks,	  &va_checks,	  &compute_checks,
	&iommu_checks,	  &gvt_checks,	  &sriov_checks,  &kubernetes_checks,
	&lxc_checks,	  &vm_checks,	  &config_checks, &health_checks,
};

const struct check *engine_check(size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (n < tables[i]->n)
			return &tables[i]->checks[n];
		n -= tables[i]->n;
	}
	return NULL;
}

/* end is that of all; where it is far away, a single read may take as long. */
static uint64_t deadline_of(uint64_t end, uint64_t allowed)
{
	uint64_t now = sys_monotonic_ns(), limit = now + allowed;

	if (end > now + BUDGET_NS)
		return end;

	return limit < end ? limit : end;
}

struct call {
	struct call *next; /* of those that have not ended in time: a thread uses them for ever */
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool done;
	atomic_ulong steps; /* files that the thread has opened or read */
	void (*run)(void *data);
	void *data;
};

static struct call *stuck_calls;

static void *run_call(void *arg)
{
	struct call *call = arg;

	fs_count_steps(&call->steps);
	call->run(call->data);
	pthread_mutex_lock(&call->lock);
	call->done = true;
	pthread_cond_signal(&call->ended);
	pthread_mutex_unlock(&call->lock);
	return NULL;
}

/*
 * False when it has not ended by then, or not read a file for as long as allowed: then the call and
 * its data are the thread's for ever. A slow machine reads slowly, but it reads.
 */
static bool bounded(void (*run)(void *data), void *data, uint64_t end, uint64_t allowed)
{
	unsigned long steps = 0;
	uint64_t quiet;
	struct call *call = calloc(1, sizeof(*call));
	pthread_t thread;
	bool done;

	if (!call)
		return false;
	call->run = run;
	call->data = data;
	pthread_mutex_init(&call->lock, NULL);
	thread_cond_init(&call->ended);
	if (thread_start(&thread, "check", run_call, call) < 0) {
		free(call);
		return false;
	}
	pthread_mutex_lock(&call->lock);
	quiet = deadline_of(end, allowed);
	while (!call->done && sys_monotonic_ns() < quiet) {
		thread_wait_until(&call->ended, &call->lock, quiet);
		if (atomic_load(&call->steps) == steps)
			continue;
		steps = atomic_load(&call->steps);
		quiet = deadline_of(end, allowed);
	}
	done = call->done;
	pthread_mutex_unlock(&call->lock);
	if (!done) {
		pthread_detach(thread);
		call->next = stuck_calls;
		stuck_calls = call;
		return false;
	}
	pthread_join(thread, NULL);
	pthread_cond_destroy(&call->ended);
	pthread_mutex_destroy(&call->lock);
	free(call);
	return true;
}

struct reading {
	struct machine machine;
	const struct fs *fs;
	const char *user, *why;
	bool quiet;
	int r;
};

static void read_first(void *data)
{
	struct reading *reading = data;

	reading->machine.quiet = reading->quiet;
	reading->r = machine_read(&reading->machine, reading->fs, reading->user, &reading->why);
	if (reading->r == 0)
		machine_read_gpus(&reading->machine);
}

static void read_pve(void *data)
{
	machine_read_pve(&((struct reading *)data)->machine);
}

static void read_log(void *data)
{
	machine_read_log(&((struct reading *)data)->machine);
}

static void find_purposes(void *data)
{
	machine_find_purposes(&((struct reading *)data)->machine);
}

/* One more part of the machine, read into a copy of what is known. */
static bool read_part(struct machine *m, void (*run)(void *data), uint64_t end)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (!reading)
		return false;
	reading->machine = *m;
	if (!bounded(run, reading, end, LIMIT_NS))
		return false;
	*m = reading->machine;
	free(reading);
	return true;
}

/* 0, or -ENOMEM; then or else *ret_why says what is wrong, if anything is. */
static int read_machine(const struct fs *fs, const struct check_options *options,
			struct machine **ret, const char **ret_why, uint64_t end)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct machine *m = calloc(1, sizeof(*m));

	if (!reading || !m) {
		free(reading);
		free(m);
		return -ENOMEM;
	}
	*ret = m;
	reading->fs = fs;
	reading->user = options->user;
	reading->quiet = options->format == CHECK_ROWS;
	if (!bounded(read_first, reading, end, LIMIT_NS)) {
		*ret_why = "the machine's files do not answer";
		return 0;
	}
	*m = reading->machine;
	*ret_why = reading->r < 0 ? reading->why : NULL;
	free(reading);
	if (*ret_why)
		return 0;
	if (!read_part(m, read_pve, end))
		m->pve = DOES_NOT_ANSWER;
	if (!read_part(m, find_purposes, end))
		m->pve = DOES_NOT_ANSWER;
	if (!read_part(m, read_log, end))
		m->log_known = DOES_NOT_ANSWER;
	if (m->bus != KNOWN)
		*ret_why =
			"there is no /sys/bus/pci/devices here: nobody knows which GPUs there are";
	return 0;
}

struct running {
	struct finding finding;
	const struct machine *machine;
};

static void run_check(void *data)
{
	struct running *running = data;

	running->finding.check->run(&running->finding, running->machine, running->finding.target);
}

/* What a failed check of the same GPU, or of the machine, says about this one. */
static const struct check *failed_before(const struct report *report, const struct finding *f)
{
	for (const char *const *id = f->check->depends; *id; id++) {
		for (size_t i = 0; i < report->n; i++) {
			const struct finding *other = &report->findings[i];

			if (strcmp(other->check->id, *id) != 0 ||
			    (other->target && f->target && other->target != f->target))
				continue;
			if (other->stops || (other->status == FAILED && other->severity == ERROR &&
					     !other->ignored))
				return other->check;
			if (other->status == SKIPPED)
				return other->because;
		}
	}
	return NULL;
}

/*
 * A program that loads a driver is for people who ask, as the collector vaapi runs it anyway; and
 * in a container of its own the exporter has not what an application has in its.
 */
static const char *why_not_now(const struct machine *m, const struct check *check)
{
	static const char *const areas[] = { "node", "VA-API", "compute" };

	if (!m->quiet)
		return NULL;
	if (check->slow)
		return "when somebody asks";
	for (size_t i = 0; m->layer == IN_CONTAINER && !m->lxc && i < ARRAY_SIZE(areas); i++)
		if (strcmp(check->area, areas[i]) == 0)
			return "in the application's container";
	return NULL;
}

static bool applies(const struct machine *m, const struct check *check, const struct target *target)
{
	return (!check->layers || check->layers & m->layer) &&
	       (!check->purposes || (target && check->purposes >> target->purpose & 1));
}

static void run_one(struct report *report, const struct check *check, const struct target *target,
		    const char *ignore, uint64_t end)
{
	struct finding *f = &report->findings[report->n];
	struct running *running;
	const char *where = why_not_now(report->machine, check);

	*f = (struct finding){ .check = check, .target = target, .status = NOT_APPLICABLE };
	if (!applies(report->machine, check, target)) {
		/* Of no use here, whatever else is wrong. */
	} else if ((f->because = failed_before(report, f))) {
		f->status = SKIPPED;
	} else if (where) {
		finding_unknown(f, where, "not now");
	} else {
		running = calloc(1, sizeof(*running));
		if (!running || sys_monotonic_ns() >= end) {
			finding_unknown(f, "again, when the machine answers faster",
					"no time was left");
			free(running);
		} else {
			running->machine = report->machine;
			running->finding = *f;
			if (bounded(run_check, running, end, check->slow ? SLOW_NS : LIMIT_NS)) {
				*f = running->finding;
				free(running);
			} else {
				finding_unknown(f, "when what it reads answers",
						"no answer in time");
			}
		}
	}
	if (f->status == FAILED && ignore && parse_list_has(ignore, check->id)) {
		f->ignored = true;
		f->severity = NOTE;
	}
	report->n++;
}

int engine_run(const struct fs *fs, const struct check_options *options, struct report *ret)
{
	uint64_t end = sys_monotonic_ns() + (fs_is_live(fs) ? BUDGET_NS : COPY_NS);
	struct report report = { 0 };
	const struct check *check;
	size_t n = 0;
	const char *ignore = options->ignore;
	int r = read_machine(fs, options, &report.machine, &report.why_not, end);

	if (r < 0)
		return r;
	while (engine_check(n))
		n++;
	report.findings = calloc(n * MAX_TARGETS, sizeof(*report.findings));
	if (!report.findings)
		return -ENOMEM;
	for (size_t i = 0; !report.why_not && (check = engine_check(i)); i++) {
		if (check->of_machine)
			run_one(&report, check, NULL, ignore, end);
		for (size_t t = 0; !check->of_machine && t < report.machine->n_targets; t++)
			run_one(&report, check, &report.machine->targets[t], ignore, end);
	}
	*ret = report;
	return 0;
}
