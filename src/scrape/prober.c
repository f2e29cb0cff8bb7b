// SPDX-License-Identifier: Apache-2.0
/*
 * Only this thread starts children that run VA drivers, and it never ends: their death signal
 * (PR_SET_PDEATHSIG) comes when the thread ends that started them, not the process.
 */
#include "scrape/prober.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/subprocess.h"
#include "base/sys.h"
#include "base/thread.h"
#include "prober_log.h"
#include "rounds.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STUCK_CHECK_NS 1000000000u /* only while there is a child that does not die */

/* A child in state D outlives its GPU's entry here: whoever drives the device next waits, too. */
struct stuck {
	LIST_ENTRY(stuck) link;
	char pci[sizeof(((struct gpu *)NULL)->pci)];
	pid_t pid;
};

struct prober {
	const struct fs *fs;
	struct va_state *state;
	struct va_program program;
	bool progress;
	LIST_HEAD(, stuck) stuck;
};

static double unix_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_stuck(const struct prober *p, const char *pci)
{
	const struct stuck *s;

	LIST_FOREACH (s, &p->stuck, link)
		if (strcmp(s->pci, pci) == 0)
			return true;
	return false;
}

static void remember_stuck(struct prober *p, const char *pci, pid_t pid)
{
	struct stuck *s = calloc(1, sizeof(*s));

	if (!s)
		return;
	snprintf(s->pci, sizeof(s->pci), "%s", pci);
	s->pid = pid;
	LIST_INSERT_HEAD(&p->stuck, s, link);
}

static void reap_stuck_locked(struct prober *p)
{
	struct va_gpu *g;

	for (struct stuck *s = LIST_FIRST(&p->stuck), *next; s; s = next) {
		next = LIST_NEXT(s, link);
		if (!subprocess_is_gone(s->pid))
			continue;
		log_info("stuck probe has ended", "pci", s->pci);
		LIST_FOREACH (g, &p->state->gpus, link)
			if (strcmp(g->gpu->pci, s->pci) == 0 && g->due != UINT64_MAX)
				g->due = 0;
		LIST_REMOVE(s, link);
		free(s);
	}
}

/* Releases the lock while the child runs. */
static void run_step_locked(struct prober *p, struct va_gpu *g)
{
	struct va_state *state = p->state;
	struct va_capabilities *capabilities = calloc(1, sizeof(*capabilities));
	struct va_run run = { .outcome = { .result = VA_NO_DEVICE,
					   .detail = "the GPU has no render node" } };
	struct va_request request;
	int r = 0;

	if (!capabilities)
		return;
	if (rounds_request(state, g, sys_monotonic_ns(), &request)) {
		g->busy = true;
		pthread_mutex_unlock(&state->lock);
		r = va_child_run(&p->program, &request, request.list ? capabilities : NULL, &run);
		pthread_mutex_lock(&state->lock);
		g->busy = false;
	}
	if (run.stuck > 0)
		remember_stuck(p, g->gpu->pci, run.stuck);
	if (g->removed) {
		va_gpu_free(g);
	} else if (r < 0) {
		g->start_error = r;
		rounds_postpone(state, g, VA_NOT_SKIPPED, sys_monotonic_ns());
	} else {
		g->start_error = 0;
		prober_log_run(state, g, &request, &run, p->progress);
		if (rounds_record(state, g, &run, capabilities, sys_monotonic_ns(), unix_time()) &&
		    g->rounds == 1)
			prober_log_first_round(state, g);
		if (run.stuck > 0)
			rounds_postpone(state, g, VA_CHILD_STUCK, sys_monotonic_ns());
	}
	free(capabilities);
	pthread_cond_broadcast(&state->changed);
}

static enum va_skip why_not(const struct prober *p, struct va_gpu *g)
{
	enum gpu_power power = GPU_POWER_UNKNOWN;

	/* A passed-through GPU: the guest has its registers, and it has no node. */
	if (g->gpu->driver == GPU_OTHER_DRIVER && strcmp(g->gpu->driver_name, "vfio-pci") == 0)
		return VA_PASSTHROUGH;
	if (is_stuck(p, g->gpu->pci))
		return VA_CHILD_STUCK;
	gpu_power(p->fs, g->gpu, &power);
	return rounds_why_not(p->state, g, power, sys_monotonic_ns());
}

static struct va_gpu *earliest_locked(const struct va_state *state)
{
	struct va_gpu *best = LIST_FIRST(&state->gpus), *g;

	LIST_FOREACH (g, &state->gpus, link)
		if (g->due < best->due)
			best = g;
	return best;
}

/* Until the next step, a change of the list of GPUs, or a request. */
static void wait_until_locked(const struct prober *p, uint64_t due)
{
	uint64_t now = sys_monotonic_ns();

	if (!LIST_EMPTY(&p->stuck) && due > now + STUCK_CHECK_NS)
		due = now + STUCK_CHECK_NS;
	thread_wait_until(&p->state->changed, &p->state->lock, due);
}

static void *prober_main(void *data)
{
	struct prober *p = data;

	pthread_mutex_lock(&p->state->lock);
	for (;;) {
		struct va_gpu *g;
		enum va_skip skip;
		uint64_t due;

		reap_stuck_locked(p);
		g = earliest_locked(p->state);
		due = g ? g->due : UINT64_MAX;
		if (due < p->state->held_until)
			due = p->state->held_until;
		if (due > sys_monotonic_ns()) {
			wait_until_locked(p, due);
			continue;
		}
		skip = why_not(p, g);
		if (skip == VA_NOT_SKIPPED) {
			run_step_locked(p, g);
		} else {
			rounds_postpone(p->state, g, skip, sys_monotonic_ns());
			pthread_cond_broadcast(&p->state->changed);
		}
	}
	return NULL;
}

struct va_state *prober_start(const struct fs *fs, const struct va_options *options,
			      uint64_t timeout_ns, bool progress)
{
	struct prober *p = calloc(1, sizeof(*p));
	struct va_options checked = *options;
	int r;

	if (!p)
		return NULL;
	checked.driver_installed = va_driver_is_installed();
	*p = (struct prober){ .fs = fs,
			      .state = va_state_new(&checked),
			      .program.timeout_ns = timeout_ns,
			      .progress = progress };
	r = p->state ? va_program_find(&p->program) : -ENOMEM;
	if (r < 0)
		log_warn("VA-API tests cannot run", "path", p->program.path, "err", strerror(-r),
			 "remedy", "vaapi-probe");
	r = p->state ? thread_start(NULL, "prober", prober_main, p) : -ENOMEM;
	if (r < 0) {
		log_warn("VA-API tests cannot run", "err", strerror(-r), "remedy", "vaapi-probe");
		free(p);
		return NULL;
	}
	return p->state;
}

void prober_wait(struct va_state *state)
{
	bool waiting = true;
	const struct va_gpu *g;

	pthread_mutex_lock(&state->lock);
	while (waiting) {
		waiting = false;
		LIST_FOREACH (g, &state->gpus, link)
			waiting |=
				g->rounds == 0 && g->skip == VA_NOT_SKIPPED && g->start_error == 0;
		if (waiting)
			pthread_cond_wait(&state->changed, &state->lock);
	}
	pthread_mutex_unlock(&state->lock);
}
