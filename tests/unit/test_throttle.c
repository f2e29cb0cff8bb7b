// SPDX-License-Identifier: Apache-2.0
/* A GPU that may sleep is asked once for each use, and never otherwise. */
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <stdio.h>
#include <string.h>

#define PMU_NAME "i915"
#define AWAKE	 "software-gt-awake-time"

static struct tree tree;
static struct fs *fs;
static struct pmu_set *pmus;
static struct gpu_list *list;
static struct context context;
static void *state;
static struct batch *batch;
static uint64_t round_number;

static const struct collector *collector(void)
{
	return collectors_all[collector_find("throttle")];
}

static void write_power(const char *status, const char *control)
{
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", status);
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", control);
}

static int setup(void **unused)
{
	const char *bad;

	(void)unused;
	tree_copy(&tree, FIXTURE("uhd770-arc-a380"));
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	pmus = pmu_set_new(fs, PMU_AWAKE);
	if (gpu_discover(fs, pmus, NULL, &list) < 0)
		return -1;
	context = (struct context){ .fs = fs };
	round_number = 0;
	batch = NULL;
	fake_perf_set(PMU_NAME, AWAKE, 0);
	write_power("active\n", "auto\n");
	tree_write(&tree, "sys/class/drm/card1/gt/gt0/rps_act_freq_mhz", "0\n");
	return collector()->init(&context, list->gpus[0], &state);
}

static int teardown(void **unused)
{
	(void)unused;
	batch_free(batch);
	free(state);
	gpu_list_free(list);
	pmu_set_free(pmus);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* Whether a scrape tells; it is the only thing here that opens throttle_reason_*. */
static bool tells(void)
{
	const struct round round = { .number = ++round_number };
	struct fault fault = { 0 };
	size_t piece = 0, len;

	fake_clock_advance(10000000000u);
	batch_free(batch);
	batch = batch_new(collector()->families, collector()->n_families);
	assert_int_equal(collector()->collect(&(struct collection){ .context = &context,
								    .collector = collector(),
								    .gpu = list->gpus[0],
								    .state = state,
								    .round = &round,
								    .batch = batch,
								    .fault = &fault }),
			 0);
	return batch_piece(batch, &collector()->families[0], &piece, &len) != NULL;
}

static void once_for_each_use(void **unused)
{
	(void)unused;
	assert_false(tells());
	/* It worked between two scrapes, and rests at both: 10 ms in every 100 are enough. */
	fake_perf_set(PMU_NAME, AWAKE, 10000000);
	assert_true(tells());
	assert_false(tells());
	assert_false(tells());
	fake_perf_set(PMU_NAME, AWAKE, 20000000);
	assert_true(tells());
	/* Opened anew: what it counts since is new. */
	pmu_set_hold(pmus, 0);
	fake_perf_set(PMU_NAME, AWAKE, 5000000);
	assert_true(tells());
	assert_false(tells());
}

static void asleep_or_told_to_stay_awake(void **unused)
{
	(void)unused;
	write_power("suspended\n", "auto\n");
	fake_perf_set(PMU_NAME, AWAKE, 10000000);
	assert_false(tells());
	write_power("active\n", "on\n");
	assert_true(tells());
	assert_true(tells());
}

static void without_the_pmu(void **unused)
{
	(void)unused;
	fake_error("perf_event_open", -13);
	assert_false(tells());
	tree_write(&tree, "sys/class/drm/card1/gt/gt0/rps_act_freq_mhz", "300\n");
	assert_true(tells());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(once_for_each_use, setup, teardown),
		cmocka_unit_test_setup_teardown(asleep_or_told_to_stay_awake, setup, teardown),
		cmocka_unit_test_setup_teardown(without_the_pmu, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
