// SPDX-License-Identifier: Apache-2.0
/*
 * From a request to a body. What did not answer by the deadline is reported as a failure with
 * reason "timeout"; everything else is exported as if nothing had happened.
 */
#include "scrape/scrape.h"

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "exposition/text.h"
#include "runner.h"
#include "scrape/meta.h"

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
	if (!s->context.procs || !s->context.names) {
		procs_free(s->context.procs);
		names_free(s->context.names);
		free(s);
		return -ENOMEM;
	}
	s->context.client_max_workloads = options->client_max_workloads
						  ? options->client_max_workloads
						  : CLIENT_MAX_WORKLOADS;
	s->context.transcode_names = options->transcode_names;
	s->context.vaapi = options->vaapi;
	TAILQ_INIT(&s->queue);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
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

/* The collector has reported why a part is missing, and exports the rest. */
static bool is_partial(const struct slot *slot)
{
	return slot->result && slot->result->r == 0;
}

static bool same_fault(const struct slot *a, const struct slot *b)
{
	return a->job->gpu == b->job->gpu && slot_reason(a) == slot_reason(b) &&
	       is_partial(a) == is_partial(b) &&
	       (!a->result || strcmp(a->result->fault.detail, b->result->fault.detail) == 0);
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

		if (job->init_r == -ENODEV || !same_fault(slot, &scrape->slots[i]))
			continue;
		snprintf(names + used, sizeof(names) - used, "%s%s", used ? "," : "",
			 job->collector->name);
		job->logged = reason;
	}
	log_warn(is_partial(slot) ? "collector incomplete" : "collector failing", "collector",
		 names, "pci", slot->job->gpu ? slot->job->gpu->pci : NULL, "reason",
		 reason_name(reason), "err",
		 slot->result ? slot->result->fault.detail : "no answer by the deadline", "remedy",
		 slot->result ? slot->result->fault.remedy : "stuck-read");
}

/* Says what has changed since the last scrape, and nothing else. */
static void log_changes_locked(struct scrape *scrape)
{
	for (size_t i = 0; i < scrape->n; i++) {
		struct job *job = scrape->slots[i].job;
		enum reason reason = slot_reason(&scrape->slots[i]);

		if (job->init_r == -ENODEV || reason == job->logged)
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

	if (r < 0)
		fault_errno(&fault, r, "discovery of GPUs");
	if (fault.reason == s->discovery_logged)
		return;
	s->discovery_logged = fault.reason;
	if (r < 0)
		log_warn("discovery failing", "reason", reason_name(fault.reason), "err",
			 fault.detail, "remedy", fault.remedy);
	else
		log_info("discovery recovered");
}

/* True when there is news for the log, which takes reads. Under the lock. */
static bool absence_changed_locked(struct scraper *s, enum absence *ret)
{
	if (!s->gpus || s->stopping)
		return false;
	*ret = absence_of(s->gpus);
	if (*ret == s->absence_logged)
		return false;
	s->absence_logged = *ret;
	return true;
}

/* The batches of each collector, in the registry's order, then the exporter's own. */
static int render(const struct scraper *s, const struct scrape *scrape, char **ret, size_t *ret_len)
{
	struct batch_group groups[COLLECTORS_MAX + 1];
	const struct batch **batches = calloc(scrape->n + 1, sizeof(struct batch *));
	size_t n = 0, n_groups = 0;
	struct batch *meta = NULL;
	int r;

	if (!batches)
		return -ENOMEM;
	for (unsigned c = 0; c < collectors_count; c++) {
		size_t first = n;

		for (size_t i = 0; i < scrape->n; i++) {
			const struct slot *slot = &scrape->slots[i];

			if (slot->job->index == c && slot->result && slot->result->r == 0)
				batches[n++] = slot->result->batch;
		}
		if (n > first)
			groups[n_groups++] = (struct batch_group){ collectors_all[c]->families,
								   collectors_all[c]->n_families,
								   &batches[first], n - first };
	}
	r = meta_collect(scrape, !s->options.no_self_metrics, &meta);
	if (r == 0) {
		batches[n] = meta;
		groups[n_groups++] =
			(struct batch_group){ meta_families, meta_families_count, &batches[n], 1 };
		r = text_render(groups, n_groups, ret, ret_len);
	}
	batch_free(meta);
	free(batches);
	return r;
}

int scraper_scrape(struct scraper *s, collector_set set, uint64_t timeout_ns, char **ret,
		   size_t *ret_len)
{
	struct scrape scrape = { .set = set & s->options.enabled };
	uint64_t deadline = deadline_of(s, timeout_ns);
	enum absence absence;
	bool news;
	int r;

	pthread_mutex_lock(&s->lock);
	waiter_collect_locked(s, &scrape, deadline);
	if (!s->stopping) {
		log_changes_locked(&scrape);
		log_discovery_locked(s, scrape.discovery);
	}
	news = absence_changed_locked(s, &absence);
	pthread_mutex_unlock(&s->lock);
	if (news)
		absence_log(s->options.fs, absence);

	r = scrape.error ? scrape.error : render(s, &scrape, ret, ret_len);
	for (size_t i = 0; i < scrape.n; i++) {
		result_unref(scrape.slots[i].result);
		job_unref(scrape.slots[i].job);
	}
	free(scrape.slots);
	return r;
}

int scraper_start(struct scraper *s)
{
	struct scrape scrape = { .set = 0 };
	enum absence absence;
	bool news;
	int r;

	pthread_mutex_lock(&s->lock);
	r = runner_start_locked(s);
	if (r == 0)
		waiter_collect_locked(s, &scrape, deadline_of(s, 0));
	news = absence_changed_locked(s, &absence);
	pthread_mutex_unlock(&s->lock);
	if (news)
		absence_log(s->options.fs, absence);
	free(scrape.slots);
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

static void describe_gpu(FILE *out, const struct gpu *gpu)
{
	const char *model = *gpu->model	    ? gpu->model
			    : gpu->platform ? gpu->platform->name
					    : "unknown model";
	char clean_model[4 * sizeof(gpu->model)], driver[4 * sizeof(gpu->driver_name)];

	text_clean(model, strlen(model), clean_model, sizeof(clean_model));
	text_clean(gpu->driver_name, strlen(gpu->driver_name), driver, sizeof(driver));
	fprintf(out, "%s  %s  driver %s", gpu->pci, clean_model, driver);
	if (*gpu->render)
		fprintf(out, "  %s%s", gpu->render,
			gpu->nodes_known && !gpu->render_node ? " (not in /dev/dri here)" : "");
	fputc('\n', out);
}

char *scraper_describe(struct scraper *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; s->gpus && i < s->gpus->n; i++)
		describe_gpu(out, s->gpus->gpus[i]);
	pthread_mutex_unlock(&s->lock);
	fclose(out);
	return text;
}

void scraper_rediscover(struct scraper *s)
{
	pthread_mutex_lock(&s->lock);
	s->rediscover = true;
	pthread_mutex_unlock(&s->lock);
}

void scraper_stop(struct scraper *s)
{
	struct scrape *scrape;

	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->work);
	LIST_FOREACH (scrape, &s->active, active)
		pthread_cond_signal(&scrape->done);
	pthread_mutex_unlock(&s->lock);
}
