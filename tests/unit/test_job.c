// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "fake_sys.h"
#include "scrape/job.h"
#include "toy_registry.h"

#include <errno.h>
#include <string.h>

static struct fs *fs;
static struct context context;
static struct pmu_set *pmus;
static struct gpu_list *gpus;
static const struct round first_round = { .number = 1 };

static int setup(void **state)
{
	const char *bad;

	(void)state;
	toys_reset();
	fake_sys_load(FIXTURE("uhd770-arc-a380"));
	if (fs_new(&fs, FIXTURE("uhd770-arc-a380"), NULL, NULL, &bad) < 0)
		return -1;
	context.fs = fs;
	pmus = pmu_set_new(fs, 0);
	return gpu_discover(fs, pmus, NULL, &gpus);
}

static int teardown(void **state)
{
	(void)state;
	gpu_list_free(gpus);
	pmu_set_free(pmus);
	fs_free(fs);
	assert_int_equal(toys_states(), 0);
	return 0;
}

static struct job_list *new_list(collector_set enabled, const struct job_list *old)
{
	struct job_list *list;

	assert_int_equal(job_list_new(&context, enabled, gpus, old, &list), 0);
	return list;
}

static void one_job_for_host_or_gpu(void **state)
{
	struct job_list *list = new_list(ALL_TOYS, NULL);

	(void)state;
	assert_int_equal(list->n, TOYS - 1 + 2);
	assert_null(list->jobs[0]->gpu);
	assert_ptr_equal(list->jobs[TOY_GPU]->gpu, gpus->gpus[0]);
	assert_ptr_equal(list->jobs[TOY_GPU + 1]->gpu, gpus->gpus[1]);
	assert_int_equal(list->jobs[TOY_ABSENT]->init_r, -ENODEV);
	assert_int_equal(list->jobs[TOY_BROKEN]->init_r, -EIO);
	job_list_free(list);
	job_list_free(NULL);

	list = new_list(TOY(QUICK), NULL);
	assert_int_equal(list->n, 1);
	assert_int_equal(list->jobs[0]->index, TOY_QUICK);
	job_list_free(list);
}

static void jobs_are_taken_over(void **state)
{
	struct job_list *old = new_list(ALL_TOYS, NULL), *list;
	struct job *gpu0 = old->jobs[TOY_GPU], *gpu1 = old->jobs[TOY_GPU + 1];

	(void)state;
	/* One GPU is found anew; a collector whose init failed is asked again. */
	gpus->gpus[1]->driver_inode++;
	{
		struct gpu_list *fresh;

		assert_int_equal(gpu_discover(fs, pmus, gpus, &fresh), 0);
		gpu_list_free(gpus);
		gpus = fresh;
	}
	toys_init_error(TOY_ABSENT, 0);
	list = new_list(ALL_TOYS, old);
	assert_ptr_equal(list->jobs[TOY_QUICK], old->jobs[TOY_QUICK]);
	assert_ptr_equal(list->jobs[TOY_GPU], gpu0);
	assert_ptr_not_equal(list->jobs[TOY_GPU + 1], gpu1);
	assert_ptr_not_equal(list->jobs[TOY_ABSENT], old->jobs[TOY_ABSENT]);
	assert_int_equal(list->jobs[TOY_ABSENT]->init_r, 0);
	assert_int_equal(toys_states(), 4);
	job_list_free(old);
	assert_int_equal(toys_states(), 3);
	job_list_free(list);
}

static void job_outlives_its_list_and_gpu(void **state)
{
	struct job_list *list = new_list(TOY(GPU), NULL);
	struct job *job = job_ref(list->jobs[1]);
	struct result *result;

	(void)state;
	job_list_free(list);
	gpu_list_free(gpus);
	gpus = NULL;
	result = job_run(&context, job, &first_round);
	assert_int_equal(result->r, 0);
	assert_string_equal(job->gpu->pci, "0000:03:00.0");
	result_ref(result);
	result_unref(result);
	result_unref(result);
	result_unref(NULL);
	job_unref(job);
	job_unref(NULL);
}

static void results(void **state)
{
	struct job_list *list = new_list(ALL_TOYS, NULL);
	struct result *result;
	size_t piece = 0, len;

	(void)state;
	result = job_run(&context, list->jobs[TOY_QUICK], &first_round);
	assert_int_equal(result->r, 0);
	assert_memory_equal(
		batch_piece(result->batch, collectors_all[TOY_QUICK]->families, &piece, &len),
		"toy_quick 1\n", 12);
	result_unref(result);

	toys_fail(-EACCES, "cause");
	result = job_run(&context, list->jobs[TOY_FAILER], &first_round);
	assert_int_equal(result->r, -EACCES);
	assert_int_equal(result->fault.reason, REASON_PERMISSION);
	result_unref(result);

	/* An init that failed is the failure of each run. */
	result = job_run(&context, list->jobs[TOY_BROKEN], &first_round);
	assert_int_equal(result->r, -EIO);
	assert_int_equal(result->fault.reason, REASON_IO);
	assert_int_equal(toys_runs(TOY_BROKEN), 0);
	result_unref(result);
	job_list_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_job_for_host_or_gpu, setup, teardown),
		cmocka_unit_test_setup_teardown(jobs_are_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(job_outlives_its_list_and_gpu, setup, teardown),
		cmocka_unit_test_setup_teardown(results, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
