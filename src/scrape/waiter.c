// SPDX-License-Identifier: Apache-2.0
/*
 * The waiter's side of a scrape: hands it to the runner, looks after the runner meanwhile, and
 * takes it back at the deadline. How the two sides work together is at the top of runner.c.
 */
#include "runner.h"

#include "base/sys.h"

#define TAKEOVER_NS 50000000u /* without a step, while work waits */
/* A GPU that came or went is worth waiting for: its name alone takes another process. */
#define DISCOVERY_NS 400000000u

void waiter_begin_locked(struct scraper *s, struct scrape *scrape)
{
	LIST_INSERT_HEAD(&s->unplanned, scrape, unplanned);
	LIST_INSERT_HEAD(&s->active, scrape, active);
	if (!s->current)
		s->progress = sys_monotonic_ns();
}

static uint64_t takeover_time_locked(const struct scraper *s)
{
	/* Before the first list there is nothing else to do. */
	if (s->current_discovers && !s->gpus)
		return UINT64_MAX;
	return s->progress + (s->current_discovers ? DISCOVERY_NS : TAKEOVER_NS);
}

/* Its deadline, or before that when all that it waits for are stuck. */
static uint64_t end_locked(const struct scraper *s, const struct scrape *scrape)
{
	uint64_t end = 0;

	if (!scrape->planned || scrape->pending == 0)
		return scrape->deadline;
	for (size_t i = 0; i < scrape->n; i++) {
		const struct slot *slot = &scrape->slots[i];

		if (slot->waiting && runner_patience_locked(s, slot->job) > end)
			end = runner_patience_locked(s, slot->job);
	}
	return end < scrape->deadline ? end : scrape->deadline;
}

/* When to look after the runner again. */
static uint64_t next_check_locked(const struct scraper *s, uint64_t end)
{
	uint64_t check = takeover_time_locked(s);

	return runner_has_work_locked(s) && check < end ? check : end;
}

/* Has another runner take over if work waits and the current one makes no step. */
static void check_runner_locked(struct scraper *s)
{
	if (s->stopping || !runner_has_work_locked(s) ||
	    sys_monotonic_ns() < takeover_time_locked(s))
		return;
	/* When no thread can be had, the deadline still holds. */
	if (runner_moves_locked(s) || runner_start_locked(s) < 0)
		s->progress = sys_monotonic_ns();
}

static void withdraw_job_locked(struct scraper *s, struct job *job)
{
	if (job->status != JOB_QUEUED || !LIST_EMPTY(&job->waiters))
		return;
	TAILQ_REMOVE(&s->queue, job, link);
	job->status = JOB_IDLE;
	job_unref(job);
}

void waiter_withdraw_locked(struct scraper *s, struct scrape *scrape)
{
	LIST_REMOVE(scrape, active);
	/* Never planned: slots are made so that each job is reported as failed. */
	if (!scrape->planned) {
		LIST_REMOVE(scrape, unplanned);
		runner_plan_locked(s, scrape);
	}
	for (size_t i = 0; scrape->pending > 0 && i < scrape->n; i++) {
		struct slot *slot = &scrape->slots[i];

		if (!slot->waiting)
			continue;
		LIST_REMOVE(slot, link);
		slot->waiting = false;
		withdraw_job_locked(s, slot->job);
	}
	scrape->pending = 0;
}

bool waiter_is_over_locked(struct scraper *s, struct scrape *scrape, uint64_t *ret_again)
{
	if (!s->stopping && !(scrape->planned && scrape->pending == 0)) {
		uint64_t end;

		check_runner_locked(s);
		end = end_locked(s, scrape);
		if (sys_monotonic_ns() < end) {
			*ret_again = next_check_locked(s, end);
			return false;
		}
	}
	waiter_withdraw_locked(s, scrape);
	return true;
}
