// SPDX-License-Identifier: Apache-2.0
/*
 * Jobs and their results are reference-counted: a runner that is stuck in a read may outlive the
 * scrape that asked, the list of jobs and the GPU.
 */
#include "job.h"

#include "base/sys.h"

#include <errno.h>

struct result *result_ref(struct result *result)
{
	ref_take(&result->refs);
	return result;
}

void result_unref(struct result *result)
{
	if (!result || !ref_drop(&result->refs))
		return;
	batch_free(result->batch);
	free(result);
}

struct job *job_new(const struct context *context, unsigned index, struct gpu *gpu)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->refs = 1;
	job->collector = collectors_all[index];
	job->index = index;
	job->gpu = gpu ? gpu_ref(gpu) : NULL;
	if (job->collector->init)
		job->init_r = job->collector->init(context, gpu, &job->state);
	return job;
}

bool job_is_absent(const struct job *job)
{
	return job->init_r == -ENODEV || job->init_r == -EOPNOTSUPP;
}

struct job *job_ref(struct job *job)
{
	ref_take(&job->refs);
	return job;
}

void job_unref(struct job *job)
{
	if (!job || !ref_drop(&job->refs))
		return;
	if (job->state && job->collector->destroy)
		job->collector->destroy(job->state);
	else
		free(job->state);
	gpu_unref(job->gpu);
	free(job);
}

struct result *job_run(const struct context *context, const struct job *job,
		       const struct round *round)
{
	struct result *result = malloc(sizeof(*result));
	uint64_t start = sys_monotonic_ns();

	if (!result)
		return NULL;
	result->refs = 1;
	result->fault.reason = REASON_NONE;
	result->fault.remedy = NULL;
	result->fault.detail[0] = '\0';
	result->batch = batch_new(job->collector->families, job->collector->n_families);
	if (!result->batch) {
		free(result);
		return NULL;
	}
	result->r = job->init_r;
	if (result->r < 0)
		fault_errno(&result->fault, result->r, "preparing the collector");
	else
		result->r = job->collector->collect(&(struct collection){
			.context = context,
			.collector = job->collector,
			.gpu = job->gpu,
			.state = job->state,
			.round = round,
			.batch = result->batch,
			.fault = &result->fault,
		});
	if (result->r >= 0 && batch_error(result->batch))
		result->r = fault_errno(&result->fault, batch_error(result->batch),
					"samples of the collector");
	if (result->r >= 0 && result->fault.reason == REASON_NONE && batch_refused(result->batch))
		fault_set(&result->fault, REASON_PARSE, "unexpected-text", 0,
			  "%zu samples have the labels of another one and are left out",
			  batch_refused(result->batch));
	if (result->r < 0 && result->fault.reason == REASON_NONE)
		fault_errno(&result->fault, result->r, "the collector");
	result->seconds = (double)(sys_monotonic_ns() - start) / 1e9;
	return result;
}

static struct job *find_old(const struct job_list *old, unsigned index, const struct gpu *gpu)
{
	for (size_t i = 0; old && i < old->n; i++)
		if (old->jobs[i]->index == index && old->jobs[i]->gpu == gpu &&
		    old->jobs[i]->init_r == 0)
			return old->jobs[i];
	return NULL;
}

static int add_job(struct job_list *list, const struct context *context, unsigned index,
		   struct gpu *gpu, const struct job_list *old)
{
	struct job *before = find_old(old, index, gpu);
	struct job *job = before ? job_ref(before) : job_new(context, index, gpu);

	if (!job)
		return -ENOMEM;
	list->jobs[list->n++] = job;
	return 0;
}

int job_list_new(const struct context *context, collector_set enabled, const struct gpu_list *gpus,
		 const struct job_list *old, struct job_list **ret)
{
	struct job_list *list = calloc(1, sizeof(*list));
	int r = 0;

	if (!list)
		return -ENOMEM;
	list->jobs = calloc(collectors_count * (gpus->n + 1), sizeof(*list->jobs));
	if (!list->jobs)
		r = -ENOMEM;
	for (unsigned i = 0; r == 0 && i < collectors_count; i++) {
		if (!(enabled >> i & 1))
			continue;
		if (collectors_all[i]->scope == HOST)
			r = add_job(list, context, i, NULL, old);
		for (size_t j = 0; r == 0 && collectors_all[i]->scope == PER_GPU && j < gpus->n;
		     j++)
			r = add_job(list, context, i, gpus->gpus[j], old);
	}
	if (r < 0) {
		job_list_free(list);
		return r;
	}
	*ret = list;
	return 0;
}

void job_list_free(struct job_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		job_unref(list->jobs[i]);
	free(list->jobs);
	free(list);
}
