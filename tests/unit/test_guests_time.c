// SPDX-License-Identifier: Apache-2.0
/*
 * The time of all vGPUs together, on the fixture of a Skylake host: its engines work 4.25, 0.31,
 * 1.275 and 0.09 s in 10 s.
 */
#include "test.h"

#include "collected.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI    "0000:00:02.0"
#define SECOND UINT64_C(1000000000)

static struct tree tree;
static struct fs *fs;
static struct pmu_set *pmus;
static struct gpu_list *gpus;
static struct context context;
static const struct collector *collector;
static void *collector_state;
static struct fault fault;
static uint64_t round_number;
static char text[65536];

/* A client of the host that has used the render engine for this time. */
static void write_client(unsigned id, uint64_t ns)
{
	char fdinfo[512];

	snprintf(fdinfo, sizeof(fdinfo),
		 "drm-driver:\ti915\ndrm-pdev:\t" PCI "\ndrm-client-id:\t%u\n"
		 "drm-engine-render:\t%llu ns\n",
		 id, (unsigned long long)ns);
	tree_write(&tree, "proc/900/fdinfo/5", fdinfo);
}

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_copy(&tree, FIXTURE("skylake-6700k-gvtg"));
	tree_link(&tree, "proc/900/fd/5", "/dev/dri/renderD128");
	tree_write(&tree, "proc/900/cgroup", "0::/system.slice/a.service\n");
	tree_write(&tree, "proc/900/comm", "a\n");
	write_client(900, 7 * SECOND);
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	context = (struct context){ .fs = fs, .procs = procs_new(fs), .names = names_new(fs) };
	pmus = pmu_set_new(fs, PMU_BUSY);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
	collector = collectors_all[collector_find("vgpu")];
	assert_int_equal(collector->init(&context, gpus->gpus[0], &collector_state), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	collector->destroy(collector_state);
	gpu_list_free(gpus);
	pmu_set_free(pmus);
	names_free(context.names);
	procs_free(context.procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void collect(void)
{
	struct batch *batch = batch_new(collector->families, collector->n_families);
	const struct round round = { .number = ++round_number };

	fault = (struct fault){ 0 };
	collector->collect(&(struct collection){ .context = &context,
						 .collector = collector,
						 .gpu = gpus->gpus[0],
						 .state = collector_state,
						 .round = &round,
						 .batch = batch,
						 .fault = &fault });
	collected_text(batch, collector, text, sizeof(text));
	batch_free(batch);
	fake_clock_advance(10 * SECOND);
}

/* In ms; -1: absent. */
static long guests(const char *class)
{
	char start[128];
	const char *line;

	snprintf(start, sizeof(start),
		 "intel_gpu_guests_engine_busy_seconds_total{pci=\"" PCI "\",class=\"%s\"} ",
		 class);
	line = strstr(text, start);
	return line ? (long)(strtod(line + strlen(start), NULL) * 1000 + 0.5) : -1;
}

static void engines_less_clients(void **state)
{
	(void)state;
	collect();
	assert_int_equal(guests("render"), 0);
	write_client(900, 8 * SECOND);
	collect();
	assert_int_equal(guests("render"), 3250);
	assert_int_equal(guests("copy"), 310);
	assert_int_equal(guests("video"), 1275);
	assert_int_equal(guests("video-enhance"), 90);
	assert_int_equal(guests("compute"), -1);
	/* A new client, which counts whole. */
	write_client(901, 2 * SECOND);
	collect();
	assert_int_equal(guests("render"), 8500 - 1000 - 2000);
}

/* A client may be missing: then nobody knows what is the guests'. */
static void only_if_all_are_seen(void **state)
{
	(void)state;
	collect();
	fake_error("proc/900/fd", -EACCES);
	fake_error("proc/900/fdinfo", -EACCES);
	collect();
	assert_int_equal(guests("render"), -1);
	fake_error("proc/900/fd", 0);
	fake_error("proc/900/fdinfo", 0);
	collect();
	/* The time in between is not the guests' alone. */
	assert_int_equal(guests("render"), 0);
	tree_delete(&tree, "proc/2");
	collect();
	assert_int_equal(guests("render"), -1);
	/* A container shows its own processes: enough for who uses the GPU there, and not here. */
	tree_write_bytes(&tree, "proc/1/environ", BYTES("container=lxc\0"));
	collect();
	assert_int_equal(guests("render"), -1);
}

static void only_with_the_time_of_clients(void **state)
{
	(void)state;
	tree_write(&tree, "proc/900/fdinfo/5",
		   "drm-driver:\ti915\ndrm-pdev:\t" PCI "\ndrm-client-id:\t7\n");
	collect();
	assert_int_equal(guests("render"), -1);
	tree_write(&tree, "proc/900/fdinfo/5", "pos:\t0\n");
	collect();
	assert_int_equal(guests("render"), -1);
}

static void only_with_the_time_of_engines(void **state)
{
	(void)state;
	fake_error("perf_event_open", -EACCES);
	collect();
	assert_int_equal(guests("render"), -1);
	/* That is the collector engine's to say. */
	assert_int_equal(fault.reason, REASON_NONE);
}

static void only_with_guests(void **state)
{
	static const char *const types[] = { "i915-GVTg_V5_4", "i915-GVTg_V5_8" };
	char path[160];

	(void)state;
	collect();
	assert_int_equal(guests("render"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		snprintf(path, sizeof(path),
			 "sys/bus/pci/devices/" PCI "/mdev_supported_types/%s/devices", types[i]);
		tree_delete(&tree, path);
		tree_folder(&tree, path);
	}
	collect();
	assert_int_equal(guests("render"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(engines_less_clients),
		TEST(only_if_all_are_seen),
		TEST(only_with_the_time_of_clients),
		TEST(only_with_the_time_of_engines),
		TEST(only_with_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
