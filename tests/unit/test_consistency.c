// SPDX-License-Identifier: Apache-2.0
/* Sources that contradict each other, scrape after scrape, on the Skylake fixture's PMU. */
#include "test.h"

#include "collected.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000000)
#define STEP   30 /* s from a scrape to the next */

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct pmu_set *set;
static struct gpu gpu;
static void *state;
static uint64_t round_number, video, rc6, clock_mhz_s;
static bool walk_is_read, client_is_off;
static char text[512];

static const struct collector *collector(const char *name)
{
	return collectors_all[collector_find(name)];
}

static int setup(void **unused)
{
	const char *bad;

	(void)unused;
	tree_copy(&tree, FIXTURE("skylake-6700k-gvtg"));
	tree_delete(&tree, "proc");
	tree_delete(&tree, "sys/bus/pci/devices/0000:00:02.0/mdev_supported_types");
	tree_folder(&tree, "proc");
	tree_kthreadd(&tree);
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	set = pmu_set_new(fs, PMU_BUSY | PMU_RC6 | PMU_ACTUAL_FREQUENCY);
	context = (struct context){ .fs = fs, .procs = procs_new(fs), .names = names_new(fs) };
	gpu = (struct gpu){
		.pci = "0000:00:02.0", .driver = GPU_I915, .card = "card0", .render = "renderD128"
	};
	gpu.pmu = pmu_new(set, "i915", "0000:00:02.0", false);
	video = rc6 = clock_mhz_s = 1;
	round_number = 0;
	walk_is_read = true;
	client_is_off = false;
	return collector("consistency")->init(&context, &gpu, &state);
}

static int teardown(void **unused)
{
	(void)unused;
	free(state);
	names_free(context.names);
	procs_free(context.procs);
	pmu_unref(gpu.pmu);
	pmu_set_free(set);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void write_client(unsigned id, uint64_t busy_ns)
{
	char fdinfo[256];

	tree_link(&tree, "proc/10/fd/5", "/dev/dri/renderD128");
	tree_write(&tree, "proc/10/cgroup", "0::/system.slice/a.service\n");
	snprintf(fdinfo, sizeof(fdinfo),
		 "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n"
		 "drm-engine-video:\t%llu ns\n",
		 id, (unsigned long long)busy_ns);
	tree_write(&tree, "proc/10/fdinfo/5", fdinfo);
}

static void run(const char *name, void *of, const struct round *round)
{
	const struct collector *c = collector(name);
	struct batch *batch = batch_new(c->families, c->n_families);
	struct fault fault = { 0 };

	assert_int_equal(c->collect(&(struct collection){ .context = &context,
							  .collector = c,
							  .gpu = &gpu,
							  .state = of,
							  .round = round,
							  .batch = batch,
							  .fault = &fault }),
			 0);
	assert_int_equal(fault.reason, REASON_NONE);
	collected_text(batch, c, text, sizeof(text));
	batch_free(batch);
}

/*
 * A scrape, after so many seconds in which the video engine was busy and the GT slept for these
 * shares, and had this clock. Other collectors have read before.
 */
static const char *scrape(unsigned seconds, double busy, double sleeping, double mhz)
{
	const struct round round = { .number = ++round_number };
	struct fault fault = { 0 };
	struct walk *walk;
	const struct drm_client *clients;
	size_t n, silent;

	fake_clock_advance(seconds * SECOND);
	video += (uint64_t)(busy * seconds * SECOND);
	rc6 += (uint64_t)(sleeping * seconds * SECOND);
	clock_mhz_s += (uint64_t)(mhz * seconds);
	fake_perf_set("i915", "vcs0-busy", video);
	fake_perf_set("i915", "rc6-residency", rc6);
	fake_perf_set("i915", "actual-frequency", clock_mhz_s);
	if (!client_is_off) {
		assert_int_equal(procs_walk_partial(context.procs, round.number, &walk, &fault), 0);
		if (walk_is_read)
			assert_int_equal(walk_clients(walk, &gpu, &clients, &n, &silent, &fault),
					 0);
		walk_unref(walk);
	}
	run("consistency", state, &round);
	return text;
}

/* Ten minutes of the same; the client, if there is one, is busy for a share. */
static const char *minutes(double busy, double sleeping, double mhz, double client)
{
	static uint64_t used = 1;

	for (unsigned i = 0; i < 20; i++) {
		if (client >= 0) {
			used += (uint64_t)(client * STEP * SECOND);
			write_client(1, used);
		}
		scrape(STEP, busy, sleeping, mhz);
	}
	return text;
}

#define ROW(between) "intel_gpu_inconsistent{pci=\"0000:00:02.0\",between=\"" between "\"} 1\n"

static void agree(void **unused)
{
	(void)unused;
	assert_string_equal(minutes(0.6, 0.4, 600, 0.6), "");
	assert_string_equal(minutes(0, 1, 0, 0), "");
	/* What an estimate of RC6 and two clocks that are not read at one moment differ by. */
	assert_string_equal(minutes(0.12, 0.97, 40, 0.1), "");
	/* A client whose time comes late, and one between two scrapes. */
	assert_string_equal(minutes(0.3, 0.7, 300, 0), "");
	tree_delete(&tree, "proc/10");
	assert_string_equal(minutes(0.4, 0.6, 400, -1), "");
}

static void engines_and_rc6(void **unused)
{
	(void)unused;
	/* The first one is the baseline. */
	for (unsigned i = 0; i < 10; i++)
		assert_string_equal(scrape(STEP, 0.5, 0.99, 500), "");
	assert_string_equal(scrape(STEP, 0.5, 0.99, 500), ROW("engines-rc6"));
	assert_string_equal(scrape(STEP, 0.5, 0.5, 500), "");
	assert_string_equal(scrape(STEP, 0.5, 0.99, 500), "");
}

static void engines_without_client(void **unused)
{
	(void)unused;
	assert_string_equal(minutes(0.9, 0, 900, -1), ROW("engines-clients"));
	write_client(1, 1);
	assert_string_equal(scrape(STEP, 0.9, 0, 900), "");
	tree_delete(&tree, "proc/10");
	/* The guests of GVT-g work on the same engines. */
	tree_folder(&tree, "sys/bus/pci/devices/0000:00:02.0/mdev_supported_types");
	assert_string_equal(minutes(0.9, 0, 900, -1), "");
}

/* Who does not see every process does not know that there is no client. */
static void hidden_processes(void **unused)
{
	(void)unused;
	fake_error("proc/10/fd", -EACCES);
	fake_error("proc/10/fdinfo", -EACCES);
	tree_folder(&tree, "proc/10/fd");
	tree_folder(&tree, "proc/10/fdinfo");
	assert_string_equal(minutes(0.9, 0, 900, -1), "");
}

static void clients_without_engines(void **unused)
{
	(void)unused;
	assert_string_equal(minutes(0, 0, 300, 0.8), ROW("clients-engines"));
	assert_string_equal(minutes(0.8, 0, 300, 0.8), "");
	/* Of a vGPU the kernel's times are not known. */
	gpu.maybe_vgpu = true;
	assert_string_equal(minutes(0, 0, 300, 0.8), "");
}

static void engines_without_clock(void **unused)
{
	(void)unused;
	assert_string_equal(minutes(0.9, 0, 0, 0.9), ROW("engines-clock"));
	assert_string_equal(minutes(0.9, 0, 300, 0.9), "");
}

/* Nothing is read that nobody else has read: no /proc, no fdinfo, no events of other kinds. */
static void reads_nothing(void **unused)
{
	unsigned opens, reads;

	(void)unused;
	write_client(1, 1);
	scrape(STEP, 0.1, 0.5, 100);
	client_is_off = true;
	opens = fake_counts().file_opens;
	reads = fake_counts().perf_reads;
	scrape(STEP, 0.1, 0.5, 100);
	scrape(STEP, 0.1, 0.5, 100);
	assert_int_equal(fake_counts().file_opens, opens);
	assert_int_equal(fake_counts().perf_reads, reads + 2);
	/* Two who scrape at once: no time has passed. */
	scrape(1, 1, 1, 0);
	assert_int_equal(fake_counts().perf_reads, reads + 2);
	client_is_off = false;
	walk_is_read = false;
	write_client(1, 5 * SECOND);
	scrape(STEP, 0.1, 0.5, 100);
	opens = fake_counts().file_opens;
	run("consistency", state, &(struct round){ .number = round_number });
	assert_int_equal(fake_counts().file_opens, opens);
}

static void long_intervals_and_resets(void **unused)
{
	(void)unused;
	/* A scrape in ten minutes: five minutes are not ten scrapes. */
	for (unsigned i = 0; i < 10; i++)
		assert_string_equal(scrape(600, 0.5, 0.99, 500), "");
	assert_string_equal(scrape(600, 0.5, 0.99, 500), ROW("engines-rc6"));
	/* The driver goes, and what comes is another life of its counters. */
	fake_knobs.perf_error = -ENODEV;
	assert_string_equal(scrape(STEP, 0.5, 0.99, 500), "");
	fake_knobs.perf_error = 0;
	assert_string_equal(scrape(STEP, 0.5, 0.99, 500), "");
	assert_string_equal(scrape(STEP, 0.5, 0.99, 500), "");
}

static void other_gpus(void **unused)
{
	struct gpu xe = { .pci = "0000:03:00.0", .driver = GPU_XE, .pmu_name = "xe_0000_03_00.0" };
	struct gpu none = { .pci = "0000:03:00.0" };
	void *nothing = NULL;

	(void)unused;
	assert_int_equal(collector("consistency")->init(&context, &xe, &nothing), -EOPNOTSUPP);
	assert_int_equal(collector("consistency")->init(&context, &none, &nothing), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agree, setup, teardown),
		cmocka_unit_test_setup_teardown(engines_and_rc6, setup, teardown),
		cmocka_unit_test_setup_teardown(engines_without_client, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(clients_without_engines, setup, teardown),
		cmocka_unit_test_setup_teardown(engines_without_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(long_intervals_and_resets, setup, teardown),
		cmocka_unit_test_setup_teardown(other_gpus, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
