// SPDX-License-Identifier: Apache-2.0
/* Virtual functions of xe: their time, profiles and use, on the fixture of an Arc Pro B60. */
#include "test.h"

#include "collected.h"
#include "collectors/registry.h"
#include "fake_sys.h"
#include "sources/gpu/sriov_profile.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	"0000:03:00.0"
#define DEVICE	"sys/bus/pci/devices/" PCI
#define ADMIN	DEVICE "/sriov_admin"
#define DEBUGFS "sys/kernel/debug/dri/" PCI
#define SECOND	UINT64_C(1000000000)

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

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_copy(&tree, FIXTURE("battlemage-b60-sriov"));
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	context = (struct context){ .fs = fs, .procs = procs_new(fs), .names = names_new(fs) };
	pmus = pmu_set_new(fs, PMU_VF_BUSY);
	assert_int_equal(gpu_discover(fs, pmus, NULL, &gpus), 0);
	collector = collectors_all[collector_find("sriov")];
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
	assert_int_equal(fake_counts().perf_fds, 0);
	tree_remove(&tree);
	return 0;
}

static int collect(void)
{
	struct batch *batch = batch_new(collector->families, collector->n_families);
	const struct round round = { .number = ++round_number };
	int r;

	fault = (struct fault){ 0 };
	r = collector->collect(&(struct collection){ .context = &context,
						     .collector = collector,
						     .gpu = gpus->gpus[0],
						     .state = collector_state,
						     .round = &round,
						     .batch = batch,
						     .fault = &fault });
	collected_text(batch, collector, text, sizeof(text));
	batch_free(batch);
	return r;
}

static bool has(const char *what)
{
	return strstr(text, what) != NULL;
}

static void time_of_functions(void **state)
{
	(void)state;
	assert_int_equal(collect(), 0);
	assert_false(has("busy_seconds"));
	fake_clock_advance(10 * SECOND);
	assert_int_equal(collect(), 0);
	assert_true(has("vf=\"1\",engine=\"ccs0\",class=\"compute\"} 10.00"));
	assert_true(has("vf=\"2\",engine=\"vcs0\",class=\"video\"} 2.00"));
	assert_false(has("vf=\"0\",engine"));
	assert_false(has("vf=\"3\",engine"));
	/* What is missing is said, and costs nothing else. */
	pmu_set_hold(pmus, 0);
	fake_error("perf_event_open", -EACCES);
	assert_int_equal(collect(), COLLECT_PARTIAL);
	assert_string_equal(fault.remedy, "perf-paranoid");
	assert_false(has("busy_seconds"));
	assert_true(has("vf_info{"));
	/* That no flag asks for it is no failure. */
	pmu_set_xe_mode(pmus, PMU_XE_OFF);
	assert_int_equal(collect(), 0);
	assert_int_equal(fault.reason, REASON_NONE);
}

static void profiles_are_read_once_a_minute(void **state)
{
	(void)state;
	assert_int_equal(collect(), 0);
	assert_true(has("exec_quantum_seconds{pci=\"" PCI "\",vf=\"0\"} 0.06\n"));
	assert_true(has("exec_quantum_seconds{pci=\"" PCI "\",vf=\"2\"} 0.02\n"));
	/* 0 is no limit. */
	assert_false(has("preempt_timeout_seconds"));
	assert_false(has("memory_quota"));
	tree_write(&tree, ADMIN "/vf1/profile/exec_quantum_ms", "0\n");
	tree_write(&tree, ADMIN "/vf2/profile/preempt_timeout_us", "640000\n");
	tree_write(&tree, ADMIN "/vf2/profile/vram_quota", "8589934592\n");
	fake_clock_advance(59 * SECOND);
	assert_int_equal(collect(), 0);
	assert_true(has("exec_quantum_seconds{pci=\"" PCI "\",vf=\"1\"} 0.02\n"));
	fake_clock_advance(SECOND);
	assert_int_equal(collect(), 0);
	assert_false(has("exec_quantum_seconds{pci=\"" PCI "\",vf=\"1\"}"));
	assert_true(has("preempt_timeout_seconds{pci=\"" PCI "\",vf=\"2\"} 0.64\n"));
	assert_true(has("memory_quota_bytes{pci=\"" PCI "\",vf=\"2\"} 8589934592\n"));
	/* Another number of functions: at once. */
	tree_write(&tree, DEVICE "/sriov_numvfs", "1\n");
	assert_int_equal(collect(), 0);
	assert_false(has("vf=\"2\"} 0.64"));
}

static struct sriov_profile profile(unsigned function)
{
	struct sriov_profile ret;

	sriov_profile_read(fs, PCI, function, &ret);
	return ret;
}

static void profiles_in_debugfs(void **state)
{
	(void)state;
	tree_delete(&tree, ADMIN);
	assert_int_equal(profile(1).quantum_ms, 0);
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/gt0/exec_quantum_ms", "32\n");
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/gt1/exec_quantum_ms", "32\n");
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/gt0/preempt_timeout_us", "1000\n");
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/vram_quota", "4294967296\n");
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile1/vram_quota", "4294967296\n");
	assert_int_equal(profile(1).quantum_ms, 32);
	assert_int_equal(profile(1).preempt_us, 1000);
	assert_true(profile(1).has_memory);
	assert_int_equal(profile(1).memory, 8589934592);
	/* Those of GTs differ: there is no figure of the function. */
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/gt1/exec_quantum_ms", "64\n");
	assert_int_equal(profile(1).quantum_ms, 0);
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/gt1/exec_quantum_ms", "much\n");
	assert_int_equal(profile(1).quantum_ms, 0);
	/* Before 6.19. */
	tree_write(&tree, DEBUGFS "/gt0/vf2/exec_quantum_ms", "16\n");
	tree_write(&tree, DEBUGFS "/gt1/vf2/exec_quantum_ms", "16\n");
	tree_write(&tree, DEBUGFS "/gt0/pf/exec_quantum_ms", "48\n");
	assert_int_equal(profile(2).quantum_ms, 16);
	assert_int_equal(profile(0).quantum_ms, 48);
	assert_false(profile(2).has_memory || profile(0).has_memory);
	/* Not root's: nothing is known, and that is no failure. */
	fake_error(DEBUGFS "/gt0/vf2/exec_quantum_ms", -EACCES);
	assert_int_equal(profile(2).quantum_ms, 0);
	assert_int_equal(collect(), 0);
}

static void sums_that_do_not_fit(void **state)
{
	(void)state;
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile0/vram_quota", "18446744073709551615\n");
	tree_write(&tree, DEBUGFS "/sriov/vf1/tile1/vram_quota", "1\n");
	assert_false(profile(1).has_memory);
}

static void in_use(void **state)
{
	(void)state;
	assert_int_equal(collect(), 0);
	assert_true(has("vf_in_use{pci=\"" PCI "\",vf=\"1\"} 0\n"));
	/* A QEMU of nobody's: LXD's, or KubeVirt's in a pod. */
	tree_link(&tree, "proc/900/fd/7", "/dev/vfio/31");
	tree_write(&tree, "proc/900/cgroup", "0::/user.slice/a.scope\n");
	tree_write(&tree, "proc/900/cmdline", "qemu-system-x86_64");
	tree_write(&tree, "proc/900/comm", "qemu-system-x86\n");
	tree_write(&tree, "proc/900/stat",
		   "900 (qemu-system-x86) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0\n");
	assert_int_equal(collect(), 0);
	assert_true(has("vf_in_use{pci=\"" PCI "\",vf=\"1\"} 1\n"));
	assert_true(has("vf_in_use{pci=\"" PCI "\",vf=\"2\"} 0\n"));
	/* Not all processes are seen: nobody can say that a function is not in use. */
	tree_delete(&tree, "proc/2");
	assert_int_equal(collect(), 0);
	assert_false(has("vf_in_use"));
	assert_int_equal(fault.reason, REASON_PERMISSION);
}

static void in_use_by_driver(void **state)
{
	(void)state;
	tree_delete(&tree, "sys/bus/pci/devices/0000:03:00.1/driver");
	tree_link(&tree, "sys/bus/pci/devices/0000:03:00.2/driver", "../../../bus/pci/drivers/xe");
	assert_int_equal(collect(), 0);
	assert_true(has("vf_in_use{pci=\"" PCI "\",vf=\"1\"} 0\n"));
	assert_false(has("vf_in_use{pci=\"" PCI "\",vf=\"2\"}"));
	/* Linux 6.19 and later have xe's own. */
	tree_link(&tree, "sys/bus/pci/devices/0000:03:00.2/driver",
		  "../../../bus/pci/drivers/xe-vfio-pci");
	assert_int_equal(collect(), 0);
	assert_true(has("vf_in_use{pci=\"" PCI "\",vf=\"2\"} 0\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(time_of_functions),
		TEST(profiles_are_read_once_a_minute),
		TEST(profiles_in_debugfs),
		TEST(sums_that_do_not_fit),
		TEST(in_use),
		TEST(in_use_by_driver),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
