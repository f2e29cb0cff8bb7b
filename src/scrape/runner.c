// SPDX-License-Identifier: Apache-2.0
/*
 * Why one runner, and not a thread for each collector: a read of a wedged GPU can block for ever,
 * but it is rare, and a thread's hand-over costs more than most collectors do. So one thread does
 * everything, and a stuck one keeps the collector that it is stuck in and nothing else.
 */
#include "runner.h"

#include "base/sys.h"

#include <errno.h>

#define TAKEOVER_NS 50000000u /* without progress, while work waits */
/* A GPU that came or went is worth waiting for: its name alone takes another process. */
#define DISCOVERY_NS 400000000u

struct runner {
	struct scraper *scraper;
};

static void signal_if_done(struct scrape *scrape)
{
	if (scrape->planned && scrape->pending == 0)
		pthread_cond_signal(&scrape->done);
}

static void enqueue(struct scraper *s, struct job *job, uint64_t round)
{
	job->status = JOB_QUEUED;
	job->round = round;
	job->next = NULL;
	*s->queue_tail = job_ref(job);
	s->queue_tail = &job->next;
}

static struct job *dequeue(struct scraper *s)
{
	struct job *job = s->queue;

	if (job) {
		s->queue = job->next;
		if (!s->queue)
			s->queue_tail = &s->queue;
	}
	return job;
}

static void remove_from_queue(struct scraper *s, struct job *job)
{
	for (struct job **p = &s->queue; *p; p = &(*p)->next) {
		if (*p != job)
			continue;
		*p = job->next;
		if (!*p)
			s->queue_tail = p;
		job->status = JOB_IDLE;
		job_unref(job);
		return;
	}
}

static bool remove_waiter(struct job *job, struct slot *slot)
{
	for (struct slot **p = &job->waiters; *p; p = &(*p)->next) {
		if (*p == slot) {
			*p = slot->next;
			return true;
		}
	}
	return false;
}

/* Makes the scrape's slots and queues the jobs that nobody runs yet. */
static void plan(struct scraper *s, struct scrape *scrape)
{
	uint64_t round = ++s->rounds;

	scrape->planned = true;
	scrape->discovery = s->discovering ? -ETIMEDOUT : s->discovery_error;
	scrape->looked = s->gpus != NULL;
	scrape->n_gpus = s->gpus ? s->gpus->n : 0;
	if (!s->jobs)
		return;
	scrape->slots = calloc(s->jobs->n ? s->jobs->n : 1, sizeof(*scrape->slots));
	if (!scrape->slots) {
		scrape->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < s->jobs->n; i++) {
		struct job *job = s->jobs->jobs[i];
		struct slot *slot = &scrape->slots[scrape->n];

		if (!(scrape->set >> job->index & 1))
			continue;
		slot->job = job_ref(job);
		slot->scrape = scrape;
		scrape->n++;
		/* Who is stuck is not waited for again; who is not on this GPU has nothing to run.
		 */
		if (job->stuck || job->init_r == -ENODEV)
			continue;
		if (job->status == JOB_IDLE)
			enqueue(s, job, round);
		slot->next = job->waiters;
		job->waiters = slot;
		scrape->pending++;
	}
}

static struct scrape *take_unplanned(struct scraper *s)
{
	struct scrape *scrape = s->unplanned;

	if (scrape)
		s->unplanned = scrape->next_unplanned;
	return scrape;
}

/* Everything that a change of the list of GPUs makes necessary, without the lock. */
static int rebuild(struct scraper *s, struct gpu_list **ret_gpus, struct job_list **ret_jobs)
{
	int r = gpu_discover(s->options.fs, s->options.pmus, s->gpus, ret_gpus);

	if (r < 0)
		return r;
	r = job_list_new(&s->context, s->options.enabled, *ret_gpus, s->jobs, ret_jobs);
	if (r < 0) {
		gpu_list_free(*ret_gpus);
		*ret_gpus = NULL;
	}
	return r;
}

/* The events of a GPU that left the list are closed now, however long its last user lives. */
static void close_departed(const struct gpu_list *before, const struct gpu_list *now)
{
	for (size_t i = 0; before && i < before->n; i++) {
		bool stays = false;

		for (size_t j = 0; j < now->n; j++)
			stays |= now->gpus[j] == before->gpus[i];
		if (!stays && before->gpus[i]->pmu)
			pmu_close(before->gpus[i]->pmu);
	}
}

/* The first step of a round. The lock is held at entry and exit, and released for the reads. */
static void discover(struct scraper *s, const struct runner *me)
{
	struct gpu_list *gpus = NULL, *old_gpus = s->gpus;
	struct job_list *jobs = NULL, *old_jobs = s->jobs;
	bool look = s->rediscover || !old_gpus;
	int r = 0;

	s->discovering = s->current_discovers = true;
	s->rediscover = false;
	pthread_mutex_unlock(&s->lock);
	if (look || gpu_list_is_stale(s->options.fs, old_gpus))
		r = rebuild(s, &gpus, &jobs);
	if (gpus)
		close_departed(old_gpus, gpus);
	pthread_mutex_lock(&s->lock);
	s->discovering = false;
	if (s->current == me)
		s->current_discovers = false;
	s->discovered = true;
	s->discovery_error = r;
	if (r < 0)
		s->rediscover = true;
	if (!gpus)
		return;
	s->gpus = gpus;
	s->jobs = jobs;
	job_list_free(old_jobs);
	gpu_list_free(old_gpus);
}

static void answer(struct job *job, struct result *result)
{
	struct slot *slot = job->waiters;

	job->waiters = NULL;
	while (slot) {
		struct slot *next = slot->next;

		slot->result = result ? result_ref(result) : NULL;
		slot->scrape->pending--;
		signal_if_done(slot->scrape);
		slot = next;
	}
}

/* A list of its own: the scraper's may be replaced while a collector is stuck. Under the lock. */
static struct gpu_list *hold_gpus(const struct scraper *s)
{
	struct gpu_list *held = calloc(1, sizeof(*held));
	size_t n = s->gpus ? s->gpus->n : 0;

	if (held)
		held->gpus = calloc(n ? n : 1, sizeof(*held->gpus));
	if (!held || !held->gpus) {
		free(held);
		return NULL;
	}
	while (held->n < n) {
		held->gpus[held->n] = gpu_ref(s->gpus->gpus[held->n]);
		held->n++;
	}
	return held;
}

static void run(struct scraper *s, struct job *job)
{
	struct gpu_list *gpus = job->gpu ? NULL : hold_gpus(s);
	const struct round round = { .number = job->round, .gpus = gpus };
	struct result *result = NULL;

	job->status = JOB_RUNNING;
	pthread_mutex_unlock(&s->lock);
	if (job->gpu || gpus)
		result = job_run(&s->context, job, &round);
	gpu_list_free(gpus);
	pthread_mutex_lock(&s->lock);
	job->status = JOB_IDLE;
	job->stuck = false;
	/* Those who waited longer than their deadline are gone; nobody sees a late result later. */
	answer(job, result);
	result_unref(result);
	job_unref(job);
}

static void work(struct scraper *s, const struct runner *me)
{
	struct scrape *scrape;
	struct job *job;

	if (s->unplanned) {
		/* Whoever is stuck in the discovery keeps it; the old list serves. */
		if (!s->discovering)
			discover(s, me);
		while ((scrape = take_unplanned(s))) {
			plan(s, scrape);
			signal_if_done(scrape);
		}
		return;
	}
	job = dequeue(s);
	if (job)
		run(s, job);
}

static void *runner_main(void *data)
{
	struct runner *me = data;
	struct scraper *s = me->scraper;

	pthread_mutex_lock(&s->lock);
	while (s->current == me && !s->stopping) {
		s->busy = s->unplanned || s->queue;
		if (!s->busy) {
			pthread_cond_wait(&s->work, &s->lock);
			continue;
		}
		s->progress = sys_monotonic_ns();
		work(s, me);
	}
	pthread_mutex_unlock(&s->lock);
	free(me);
	return NULL;
}

int runner_start(struct scraper *s)
{
	struct runner *runner = calloc(1, sizeof(*runner));
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (!runner)
		return -ENOMEM;
	runner->scraper = s;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, runner_main, runner);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		free(runner);
		return -r;
	}
	pthread_setname_np(thread, "runner");
	s->current = runner;
	s->current_discovers = false;
	s->busy = true;
	s->progress = sys_monotonic_ns();
	return 0;
}

void runner_submit(struct scraper *s, struct scrape *scrape)
{
	scrape->next_unplanned = s->unplanned;
	s->unplanned = scrape;
	scrape->next_active = s->active;
	s->active = scrape;
	if (!s->busy) {
		s->busy = true;
		s->progress = sys_monotonic_ns();
	}
	pthread_cond_signal(&s->work);
}

static uint64_t takeover_time(const struct scraper *s)
{
	/* Before the first list there is nothing else to do. */
	if (s->current_discovers && !s->gpus)
		return UINT64_MAX;
	return s->progress + (s->current_discovers ? DISCOVERY_NS : TAKEOVER_NS);
}

uint64_t runner_next_check(const struct scraper *s, uint64_t deadline)
{
	uint64_t check = takeover_time(s);

	return (s->unplanned || s->queue) && check < deadline ? check : deadline;
}

void runner_check(struct scraper *s)
{
	if (s->stopping || !(s->unplanned || s->queue) || sys_monotonic_ns() < takeover_time(s))
		return;
	/* When no thread can be had, the deadline still holds. */
	if (runner_start(s) < 0)
		s->progress = sys_monotonic_ns();
}

static void remove_scrape(struct scraper *s, struct scrape *scrape)
{
	for (struct scrape **p = &s->unplanned; *p; p = &(*p)->next_unplanned) {
		if (*p == scrape) {
			*p = scrape->next_unplanned;
			break;
		}
	}
	for (struct scrape **p = &s->active; *p; p = &(*p)->next_active) {
		if (*p == scrape) {
			*p = scrape->next_active;
			break;
		}
	}
}

void runner_withdraw(struct scraper *s, struct scrape *scrape)
{
	remove_scrape(s, scrape);
	/* Not even planned: its jobs are named, so that their failure can be. */
	if (!scrape->planned)
		plan(s, scrape);
	for (size_t i = 0; scrape->pending > 0 && i < scrape->n; i++) {
		struct slot *slot = &scrape->slots[i];
		struct job *job = slot->job;

		/* It waits for those only that were not stuck already. */
		if (!remove_waiter(job, slot))
			continue;
		if (job->status == JOB_RUNNING)
			job->stuck = true;
		else if (job->status == JOB_QUEUED && !job->waiters)
			remove_from_queue(s, job);
	}
	scrape->pending = 0;
}
