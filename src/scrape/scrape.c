// SPDX-License-Identifier: Apache-2.0
/*
 * From a request to a body. What did not answer by the deadline is reported as a failure with
 * reason "timeout"; everything else is exported as if nothing had happened.
 */
#include "scrape/scrape.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/thread.h"
#include "exposition/text.h"
#include "runner.h"
#include "scrape/meta.h"
#include "sources/doctor/doctor_state.h"
#include "sources/kubelet/assignments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int scraper_new(struct scraper **ret, const struct scraper_options *options)
{
	struct scraper *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->options = *options;
	s->context.fs = options->fs;
	s->context.procs = procs_new(options->fs);
	s->context.names = names_new(options->fs);
	s->context.assignments = assignments_new(options->fs, options->kubelet);
	if (!s->context.procs || !s->context.names || !s->context.assignments) {
		procs_free(s->context.procs);
		names_free(s->context.names);
		assignments_free(s->context.assignments);
		free(s);
		return -ENOMEM;
	}
	s->context.client_max_workloads = options->client_max_workloads
						  ? options->client_max_workloads
						  : CLIENT_MAX_WORKLOADS;
	s->context.transcode_names = options->transcode_names;
	s->context.no_machine_uuid = options->no_machine_uuid;
	s->context.vaapi = options->vaapi;
	s->context.resets = options->resets;
	s->context.doctor = options->doctor;
	s->events = -1;
	TAILQ_INIT(&s->queue);
	pthread_mutex_init(&s->lock, NULL);
	*ret = s;
	return 0;
}

/* Cuts *timeout_ns to the configured one. */
static uint64_t deadline_of(const struct scraper *s, uint64_t timeout_ns)
{
	if (timeout_ns == 0 || timeout_ns > s->options.timeout_ns)
		timeout_ns = s->options.timeout_ns;
	return sys_monotonic_ns() + timeout_ns;
}

static enum reason slot_reason(const struct slot *slot)
{
	if (!slot->result)
		return REASON_TIMEOUT;
	return slot->result->fault.reason;
}

/* A collector may time out itself, with words of its own; without a result it is the scrape that
 * did. */
static const char *slot_detail(const struct slot *slot)
{
	return slot->result ? slot->result->fault.detail : "no answer by the deadline";
}

/* The collector has reported why a part is missing, and exports the rest. */
static bool is_partial(const struct slot *slot)
{
	return slot->result && slot->result->r >= 0;
}

static bool same_fault(const struct slot *a, const struct slot *b)
{
	return a->job->gpu == b->job->gpu && slot_reason(a) == slot_reason(b) &&
	       is_partial(a) == is_partial(b) && strcmp(slot_detail(a), slot_detail(b)) == 0;
}

/* One line for all collectors of a GPU that fail for the same cause: a PMU serves several. */
static void log_failing_locked(struct scrape *scrape, size_t first)
{
	const struct slot *slot = &scrape->slots[first];
	enum reason reason = slot_reason(slot);
	char names[256] = "";

	for (size_t i = first; i < scrape->n; i++) {
		struct job *job = scrape->slots[i].job;
		size_t used = strlen(names);

		if (job_is_absent(job) || !same_fault(slot, &scrape->slots[i]))
			continue;
		snprintf(names + used, sizeof(names) - used, "%s%s", used ? "," : "",
			 job->collector->name);
		job->logged = reason;
	}
	log_warn(is_partial(slot) ? "collector incomplete" : "collector failing", "collector",
		 names, "pci", slot->job->gpu ? slot->job->gpu->pci : NULL, "reason",
		 reason_name(reason), "err", slot_detail(slot), "remedy",
		 slot->result ? slot->result->fault.remedy : "stuck-read");
}

/* A client that did not wait as long as a scrape may take: no news about the collector. */
static bool is_hurry_locked(const struct scrape *scrape, const struct slot *slot, uint64_t now)
{
	return !slot->result && scrape->hurried &&
	       now < runner_patience_locked(scrape->scraper, slot->job);
}

/*
 * What this machine does not have is no news, whenever that shows; a remedy would make it news. Nor
 * is what no flag asks for.
 */
static bool is_missing(const struct slot *slot)
{
	return job_is_absent(slot->job) ||
	       (slot->result && slot->result->fault.reason == REASON_NOT_ENABLED) ||
	       (slot->result && slot->result->fault.reason == REASON_NOT_SUPPORTED &&
		!slot->result->fault.remedy);
}

/* Says what has changed since the last scrape, and nothing else. */
static void log_changes_locked(struct scrape *scrape)
{
	uint64_t now = sys_monotonic_ns();

	for (size_t i = 0; i < scrape->n; i++) {
		struct job *job = scrape->slots[i].job;
		enum reason reason = slot_reason(&scrape->slots[i]);

		if (is_missing(&scrape->slots[i])) {
			job->logged = REASON_NONE;
			continue;
		}
		if (reason == job->logged || is_hurry_locked(scrape, &scrape->slots[i], now))
			continue;
		if (reason != REASON_NONE) {
			log_failing_locked(scrape, i);
			continue;
		}
		job->logged = REASON_NONE;
		log_info("collector recovered", "collector", job->collector->name, "pci",
			 job->gpu ? job->gpu->pci : NULL);
	}
}

static void log_discovery_locked(struct scraper *s, int r)
{
	struct fault fault = { 0 };

	/* That there is nowhere to look is said once: absence_log(). */
	if (r < 0 && r != -ENOENT)
		fault_errno(&fault, r, "looking for GPUs");
	if (fault.reason == s->discovery_logged)
		return;
	s->discovery_logged = fault.reason;
	if (fault.reason != REASON_NONE)
		log_warn("discovery failing", "reason", reason_name(fault.reason), "err",
			 fault.detail, "remedy", fault.remedy);
	else
		log_info("discovery recovered");
}

/* The batches of each collector, in the registry's order, then the exporter's own. */
static int render(const struct scraper *s, const struct scrape *scrape, enum text_format format,
		  char **ret, size_t *ret_len)
{
	struct batch_group groups[COLLECTORS_MAX + 1];
	const struct batch **batches = calloc(scrape->n + 1, sizeof(struct batch *));
	size_t n = 0, n_groups = 0;
	struct batch *meta = NULL;
	int r;

	if (!batches)
		return -ENOMEM;
	/* The slots are in that order, too. */
	for (size_t i = 0; i < scrape->n; i++) {
		const struct collector *c = scrape->slots[i].job->collector;
		const struct result *result = scrape->slots[i].result;

		if (!result || result->r < 0)
			continue;
		if (n_groups == 0 || groups[n_groups - 1].families != c->families)
			groups[n_groups++] =
				(struct batch_group){ c->families, c->n_families, &batches[n], 0 };
		groups[n_groups - 1].n_batches++;
		batches[n++] = result->batch;
	}
	r = meta_collect(scrape, s->options.web_config, !s->options.no_self_metrics, &meta);
	if (r == 0) {
		batches[n] = meta;
		groups[n_groups++] =
			(struct batch_group){ meta_families, meta_families_count, &batches[n], 1 };
		r = text_render(groups, n_groups, format, ret, ret_len);
	}
	batch_free(meta);
	free(batches);
	return r;
}

int scraper_begin(struct scraper *s, collector_set set, uint64_t timeout_ns,
		  void (*news)(void *data), void *data, struct scrape **ret)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (!scrape)
		return -ENOMEM;
	scrape->scraper = s;
	scrape->set = set & s->options.enabled;
	scrape->deadline = deadline_of(s, timeout_ns);
	scrape->hurried = timeout_ns > 0 && timeout_ns < s->options.timeout_ns;
	scrape->news = news;
	scrape->data = data;
	pthread_mutex_lock(&s->lock);
	waiter_begin_locked(s, scrape);
	pthread_mutex_unlock(&s->lock);
	*ret = scrape;
	return 0;
}

void scraper_work(struct scraper *s)
{
	pthread_mutex_lock(&s->lock);
	runner_lend_locked(s);
	pthread_mutex_unlock(&s->lock);
}

void scraper_call_runner(struct scraper *s)
{
	pthread_mutex_lock(&s->lock);
	runner_call_locked(s);
	pthread_mutex_unlock(&s->lock);
}

bool scraper_is_over(struct scrape *scrape, uint64_t *ret_again)
{
	struct scraper *s = scrape->scraper;
	bool over;

	pthread_mutex_lock(&s->lock);
	over = waiter_is_over_locked(s, scrape, ret_again);
	if (over && !s->stopping) {
		log_changes_locked(scrape);
		log_discovery_locked(s, scrape->discovery);
	}
	pthread_mutex_unlock(&s->lock);
	return over;
}

static void scrape_free(struct scrape *scrape)
{
	for (size_t i = 0; i < scrape->n; i++) {
		result_unref(scrape->slots[i].result);
		job_unref(scrape->slots[i].job);
	}
	free(scrape->slots);
	free(scrape);
}

int scraper_end(struct scrape *scrape, enum text_format format, char **ret, size_t *ret_len)
{
	int r = scrape->error ? scrape->error
			      : render(scrape->scraper, scrape, format, ret, ret_len);

	scrape_free(scrape);
	return r;
}

void scraper_cancel(struct scrape *scrape)
{
	pthread_mutex_lock(&scrape->scraper->lock);
	waiter_withdraw_locked(scrape->scraper, scrape);
	pthread_mutex_unlock(&scrape->scraper->lock);
	scrape_free(scrape);
}

struct wait {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool news;
};

static void wake(void *data)
{
	struct wait *wait = data;

	pthread_mutex_lock(&wait->lock);
	wait->news = true;
	pthread_cond_signal(&wait->changed);
	pthread_mutex_unlock(&wait->lock);
}

/* Has it collected in the runner's thread while this one waits. */
static int collect(struct scraper *s, collector_set set, uint64_t timeout_ns, struct scrape **ret)
{
	struct wait wait = { .lock = PTHREAD_MUTEX_INITIALIZER };
	uint64_t again;
	int r;

	thread_cond_init(&wait.changed);
	r = scraper_begin(s, set, timeout_ns, wake, &wait, ret);
	if (r == 0)
		scraper_call_runner(s);
	while (r == 0 && !scraper_is_over(*ret, &again)) {
		pthread_mutex_lock(&wait.lock);
		while (!wait.news && sys_monotonic_ns() < again)
			thread_wait_until(&wait.changed, &wait.lock, again);
		wait.news = false;
		pthread_mutex_unlock(&wait.lock);
	}
	pthread_cond_destroy(&wait.changed);
	return r;
}

int scraper_scrape(struct scraper *s, collector_set set, uint64_t timeout_ns, char **ret,
		   size_t *ret_len)
{
	struct scrape *scrape;
	int r = collect(s, set, timeout_ns, &scrape);

	return r < 0 ? r : scraper_end(scrape, TEXT_PROMETHEUS, ret, ret_len);
}

int scraper_start(struct scraper *s)
{
	struct scrape *scrape;
	int r;

	pthread_mutex_lock(&s->lock);
	r = runner_start_locked(s);
	pthread_mutex_unlock(&s->lock);
	if (r == 0)
		r = collect(s, 0, 0, &scrape);
	if (r == 0)
		scrape_free(scrape);
	return r;
}

collector_set scraper_enabled(const struct scraper *s)
{
	return s->options.enabled;
}

bool scraper_is_ready(struct scraper *s, size_t *ret_gpus)
{
	bool ready;

	pthread_mutex_lock(&s->lock);
	ready = s->discovered && !s->stopping;
	*ret_gpus = s->gpus ? s->gpus->n : 0;
	pthread_mutex_unlock(&s->lock);
	return ready;
}

void scraper_rediscover(struct scraper *s)
{
	pthread_mutex_lock(&s->lock);
	s->rediscover = true;
	pthread_mutex_unlock(&s->lock);
	if (s->context.doctor)
		doctor_state_news(s->context.doctor, sys_monotonic_ns());
}

void scraper_follow(struct scraper *s, int events)
{
	atomic_store(&s->events, events);
}

void scraper_stop(struct scraper *s)
{
	struct scrape *scrape;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	runner_stop_locked(s);
	LIST_FOREACH (scrape, &s->active, active)
		scrape->news(scrape->data);
	pthread_mutex_unlock(&s->lock);
}
