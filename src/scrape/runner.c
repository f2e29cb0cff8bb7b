// SPDX-License-Identifier: Apache-2.0
/*
 * DESIGN
 *
 * A read of a wedged GPU can block for ever, but it is rare, and a thread's hand-over costs more
 * than most collectors do. So one thread, the runner, runs all collectors in turn; one that is
 * stuck keeps the collector that it is stuck in and nothing else, and another runner takes over.
 *
 * Roles, not threads. The waiter's side, waiter.c, puts a struct scrape into `unplanned` and looks
 * at it when there is news and when it has said that it would. The current runner looks for GPUs,
 * plans the scrape (a slot for each job, idle jobs into the queue) and runs the queue: this file.
 * It is either the thread that has asked, for as long as there is work (scraper_work(); the web
 * thread, which has another one stand by for its connections meanwhile), or a thread of the
 * scraper's own (runner_call_locked()), whose hand-over costs as much as the reads of a small
 * machine do. Without work there is no current runner.
 *
 * The waiter also watches the runner: it looks when the runner has made no step for 50 ms while
 * work waits, and has another one take over. A step is a file that was opened or read
 * (fs_count_steps()): a walk of ten thousand processes is long, not stuck, nor is one that runs or
 * waits for a processor (thread_runs()), for ten times as long: where other processes have the
 * processors, it is not a read that has not ended. The old runner is no longer `current`, ends what
 * it is in, and answers who waits for that. Two threads of the scraper's own stand by: one may be
 * stuck at each scrape, and another take over, and no thread is made for it; more of them exit.
 *
 * A job is
 *   IDLE     in nobody's hands        -> QUEUED by the plan of a scrape that wants it
 *   QUEUED   in the queue             -> RUNNING by the runner; IDLE when its last waiter withdraws
 *   RUNNING  in a runner's hands      -> IDLE with the answer to all who wait for it
 * It is stuck when it has been RUNNING for longer than a scrape may take (--scrape.timeout), by its
 * own time and not by the deadline of somebody who waits: scrapes wait no longer for it, until it
 * returns by itself. A scrape that wants a job which is QUEUED or RUNNING waits for that run: a
 * collector runs once at a time.
 *
 * A scrape is unplanned (in `unplanned`), then planned with `pending` slots in the lists `waiters`
 * of their jobs, then done: pending is 0, or its deadline has passed and it is withdrawn. It is in
 * `active` all the time, for scraper_stop(). The discovery is one runner's at a time
 * (`discovering`); a runner that is stuck in it keeps it, and those that take over use the old
 * list. `current_discovers` is the same for the current runner only: it may take longer than a
 * collector.
 *
 * The lock guards everything in struct scraper, struct scrape and struct job but what their headers
 * name as constant. `gpus` and `jobs` are written by the one thread that discovers, under the lock,
 * so that this thread may read them without. Functions that end in _locked are called with the lock
 * held; discover_locked() and run_locked() release it while they read the machine.
 *
 * References. The list of jobs holds one of each job, the queue one that passes to the runner which
 * takes it out, each slot one. A job holds its GPU. A collector of the host gets a list of GPUs of
 * its own. So a stuck runner may outlive its scrape, the lists and the GPU. A result is held by
 * each slot that it answered; one that comes after the deadline has none, and is freed.
 */
#include "runner.h"

#include "base/sys.h"
#include "base/thread.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define RUNS_MAX 9 /* so many times without a step may it only have run */
#define SPARES	 2
/* What nobody has announced is found all the same, so much later. */
#define POLL_NS 60000000000u

struct runner {
	struct scraper *scraper;
	atomic_ulong steps;  /* by its own thread */
	unsigned long known; /* of those, when somebody last compared */
	unsigned runs;	     /* since then, times that it ran when somebody asked */
	pid_t tid;	     /* 0: it has not begun */
	pthread_cond_t turn; /* to be the current one; of the scraper's own threads */
	SLIST_ENTRY(runner) link;
};

static void signal_if_done_locked(struct scrape *scrape)
{
	if (scrape->planned && scrape->pending == 0)
		scrape->news(scrape->data);
}

static void enqueue_locked(struct scraper *s, struct job *job, uint64_t round)
{
	job->status = JOB_QUEUED;
	job->round = round;
	job_ref(job);
	TAILQ_INSERT_TAIL(&s->queue, job, link);
}

uint64_t runner_patience_locked(const struct scraper *s, const struct job *job)
{
	return job->status == JOB_RUNNING ? job->started + s->options.timeout_ns : UINT64_MAX;
}

void runner_plan_locked(struct scraper *s, struct scrape *scrape)
{
	uint64_t round = ++s->rounds, now = sys_monotonic_ns();

	scrape->planned = true;
	scrape->has_gpus = s->gpus && !s->gpus->blind;
	scrape->discovery = s->discovering		? -ETIMEDOUT
			    : s->discovery_error	? s->discovery_error
			    : s->gpus && s->gpus->blind ? -ENOENT
							: 0;
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
		/* A stuck job is not waited for again; one that is not on this GPU never runs. */
		if (job_is_absent(job) || now >= runner_patience_locked(s, job))
			continue;
		if (job->status == JOB_IDLE)
			enqueue_locked(s, job, round);
		LIST_INSERT_HEAD(&job->waiters, slot, link);
		slot->waiting = true;
		scrape->pending++;
	}
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

/* Says that the last GPU went or the first one came, once. By the one who discovers. */
static void log_absence(struct scraper *s, const struct gpu_list *gpus)
{
	enum absence absence = absence_of(gpus);

	if (absence != s->absence_logged)
		absence_log(s->options.fs, absence);
	s->absence_logged = absence;
}

/*
 * Whether the list of GPUs has to be compared with what there is. Who handles an event has it
 * discovered anew, but may not have come to that yet: then the event still waits.
 */
static bool must_compare(struct scraper *s, const struct gpu_list *gpus)
{
	bool live = fs_is_live(s->options.fs), changed = fs_begin_round(s->options.fs);
	uint64_t now = sys_monotonic_ns();
	struct pollfd events = { .fd = atomic_load(&s->events), .events = POLLIN };

	if (!changed && (live ? events.fd >= 0 : gpus && gpus->followed) &&
	    now - s->compared < POLL_NS && (!live || poll(&events, 1, 0) == 0))
		return false;
	s->compared = now;
	fs_note_changes(s->options.fs);
	return true;
}

/* The first step of a round; releases the lock for the reads. */
static void discover_locked(struct scraper *s, const struct runner *me)
{
	struct gpu_list *gpus = NULL, *old_gpus = s->gpus;
	struct job_list *jobs = NULL, *old_jobs = s->jobs;
	bool due = s->rediscover || !old_gpus, compare;
	int r = 0;

	s->discovering = s->current_discovers = true;
	s->rediscover = false;
	pthread_mutex_unlock(&s->lock);
	compare = must_compare(s, old_gpus);
	if (due && !compare)
		fs_note_changes(s->options.fs);
	if (due || (compare && gpu_list_is_stale(s->options.fs, old_gpus)))
		r = rebuild(s, &gpus, &jobs);
	if (gpus) {
		close_departed(old_gpus, gpus);
		log_absence(s, gpus);
	}
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

static void answer_locked(struct job *job, struct result *result)
{
	struct slot *slot;

	while ((slot = LIST_FIRST(&job->waiters))) {
		LIST_REMOVE(slot, link);
		slot->waiting = false;
		slot->result = result ? result_ref(result) : NULL;
		slot->scrape->pending--;
		signal_if_done_locked(slot->scrape);
	}
}

/* A list of its own: the scraper's may be replaced while a collector is stuck. */
static struct gpu_list *hold_gpus_locked(const struct scraper *s)
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

/* Releases the lock while the collector reads. Drops the reference that was the queue's. */
static void run_locked(struct scraper *s, struct job *job)
{
	struct gpu_list *gpus = job->gpu ? NULL : hold_gpus_locked(s);
	const struct round round = { .number = job->round, .gpus = gpus };
	struct result *result = NULL;

	job->status = JOB_RUNNING;
	job->started = s->progress;
	pthread_mutex_unlock(&s->lock);
	if (job->gpu || gpus)
		result = job_run(&s->context, job, &round);
	gpu_list_free(gpus);
	pthread_mutex_lock(&s->lock);
	job->status = JOB_IDLE;
	/* Those who waited longer than their deadline are gone; nobody sees a late result later. */
	answer_locked(job, result);
	result_unref(result);
	job_unref(job);
}

/* The first list of GPUs is made also when who asked for it has gone before this thread ran. */
static bool is_first_locked(const struct scraper *s)
{
	return !s->discovered && !s->discovering;
}

static void work_locked(struct scraper *s, const struct runner *me)
{
	struct scrape *scrape;
	struct job *job;

	if (!LIST_EMPTY(&s->unplanned) || is_first_locked(s)) {
		/* A runner that is stuck in the discovery keeps it; the old list serves. */
		if (!s->discovering)
			discover_locked(s, me);
		while ((scrape = LIST_FIRST(&s->unplanned))) {
			LIST_REMOVE(scrape, unplanned);
			runner_plan_locked(s, scrape);
			signal_if_done_locked(scrape);
		}
		return;
	}
	job = TAILQ_FIRST(&s->queue);
	if (job) {
		TAILQ_REMOVE(&s->queue, job, link);
		run_locked(s, job);
	}
}

/* Until there is nothing left, or another one has taken over. */
static void work_off_locked(struct scraper *s, struct runner *me)
{
	while (s->current == me && !s->stopping && runner_has_work_locked(s)) {
		s->progress = sys_monotonic_ns();
		me->known = atomic_load_explicit(&me->steps, memory_order_relaxed);
		me->runs = 0;
		work_locked(s, me);
	}
	if (s->current == me)
		s->current = NULL;
}

/* False when it is not needed any more. */
static bool stand_by_locked(struct scraper *s, struct runner *me)
{
	if (s->n_spares >= SPARES || s->stopping)
		return false;
	SLIST_INSERT_HEAD(&s->spares, me, link);
	s->n_spares++;
	while (s->current != me && !s->stopping)
		pthread_cond_wait(&me->turn, &s->lock);
	return !s->stopping;
}

static void *runner_main(void *data)
{
	struct runner *me = data;
	struct scraper *s = me->scraper;

	fs_count_steps(&me->steps);
	pthread_mutex_lock(&s->lock);
	me->tid = gettid();
	do
		work_off_locked(s, me);
	while (stand_by_locked(s, me));
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&me->turn);
	free(me);
	return NULL;
}

void runner_lend_locked(struct scraper *s)
{
	static _Thread_local pid_t tid;
	struct runner me = { .scraper = s };

	if (s->current || s->stopping)
		return;
	if (tid == 0)
		tid = gettid();
	me.tid = tid;
	s->current = &me;
	fs_count_steps(&me.steps);
	work_off_locked(s, &me);
	fs_count_steps(NULL);
}

bool runner_has_work_locked(const struct scraper *s)
{
	return !LIST_EMPTY(&s->unplanned) || !TAILQ_EMPTY(&s->queue) || is_first_locked(s);
}

bool runner_moves_locked(struct scraper *s)
{
	struct runner *runner = s->current;
	unsigned long steps;
	bool moves;

	if (!runner)
		return false;
	steps = atomic_load_explicit(&runner->steps, memory_order_relaxed);
	moves = steps != runner->known;
	runner->known = steps;
	if (moves)
		runner->runs = 0;
	else if (runner->runs < RUNS_MAX && (runner->tid == 0 || thread_runs(runner->tid)))
		moves = ++runner->runs;
	return moves;
}

static int new_runner(struct scraper *s, struct runner **ret)
{
	struct runner *runner = calloc(1, sizeof(*runner));
	int r;

	if (!runner)
		return -ENOMEM;
	runner->scraper = s;
	pthread_cond_init(&runner->turn, NULL);
	r = thread_start(NULL, "runner", runner_main, runner);
	if (r < 0)
		free(runner);
	else
		*ret = runner;
	return r;
}

int runner_start_locked(struct scraper *s)
{
	struct runner *runner = SLIST_FIRST(&s->spares);
	int r;

	if (runner) {
		SLIST_REMOVE_HEAD(&s->spares, link);
		s->n_spares--;
		pthread_cond_signal(&runner->turn);
	} else {
		r = new_runner(s, &runner);
		if (r < 0)
			return r;
	}
	s->current = runner;
	s->current_discovers = false;
	s->progress = sys_monotonic_ns();
	return 0;
}

void runner_call_locked(struct scraper *s)
{
	/* Without a thread the deadline still holds, and the waiter tries again. */
	if (!s->current && !s->stopping && runner_has_work_locked(s))
		runner_start_locked(s);
}

void runner_stop_locked(struct scraper *s)
{
	struct runner *runner;

	while ((runner = SLIST_FIRST(&s->spares))) {
		SLIST_REMOVE_HEAD(&s->spares, link);
		pthread_cond_signal(&runner->turn);
	}
	s->n_spares = 0;
}
