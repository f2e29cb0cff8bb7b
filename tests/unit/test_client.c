// SPDX-License-Identifier: Apache-2.0
/* The collector on a machine made of files, scrape after scrape. */
#include "test.h"

#include "collectors/registry.h"
#include "fake_sys.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct tree tree;
static struct fs *fs;
static struct context context;
static struct fault fault;
static struct gpu gpu;
static void *state;
static uint64_t round_number;
static struct batch *batch;

static const struct collector *collector(void)
{
	return collectors_all[collector_find("client")];
}

static int setup(void **unused)
{
	const char *bad;

	(void)unused;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_kthreadd(&tree);
	tree_folder(&tree, "sys");
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	context = (struct context){
		.fs = fs, .procs = procs_new(fs), .names = names_new(fs), .client_max_workloads = 2
	};
	gpu = (struct gpu){
		.pci = "0000:00:02.0", .driver = GPU_I915, .card = "card0", .render = "renderD128"
	};
	batch = NULL;
	return collector()->init(&context, &gpu, &state);
}

static int teardown(void **unused)
{
	(void)unused;
	batch_free(batch);
	collector()->destroy(state);
	names_free(context.names);
	procs_free(context.procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void write_client(int pid, const char *service, unsigned id, const char *engines)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "proc/%d/fd/5", pid);
	tree_link(&tree, path, "/dev/dri/renderD128");
	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "0::/system.slice/%s.service\n", service);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/fdinfo/5", pid);
	snprintf(text, sizeof(text),
		 "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n"
		 "drm-resident-system0:\t4 KiB\n%s",
		 id, engines);
	tree_write(&tree, path, text);
}

static int collect(void)
{
	const struct round round = { .number = ++round_number };

	batch_free(batch);
	batch = batch_new(collector()->families, collector()->n_families);
	fault = (struct fault){ 0 };
	fake_clock_advance(10000000000u);
	return collector()->collect(&(struct collection){ .context = &context,
							  .gpu = &gpu,
							  .state = state,
							  .round = &round,
							  .batch = batch,
							  .fault = &fault });
}

/* The one sample of a family whose line has this text in it; -1: none. */
static double value(size_t family, const char *with)
{
	size_t piece = 0, len;
	const char *text;

	while ((text = batch_piece(batch, &collector()->families[family], &piece, &len)))
		for (const char *line = text; line < text + len;) {
			const char *end = memchr(line, '\n', (size_t)(text + len - line));
			const char *found = memmem(line, (size_t)(end - line), with, strlen(with));

			if (found)
				return strtod(strrchr(strndupa(line, (size_t)(end - line)), ' '),
					      NULL);
			line = end + 1;
		}
	return -1;
}

enum { BUSY, MEMORY, CLIENTS, AGGREGATED };

#define VIDEO(service) "class=\"video\",workload=\"service/" service ".service\""

static void counts(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "drm-engine-video:\t5000000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(BUSY, VIDEO("a")), ==, 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	assert_compare(value(MEMORY, "region=\"system0\""), ==, 4096);
	assert_compare(value(AGGREGATED, "pci"), ==, 0);
	write_client(10, "a", 1, "drm-engine-video:\t7000000000 ns\n");
	write_client(11, "b", 2, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(BUSY, VIDEO("a")), ==, 2);
	assert_compare(value(BUSY, VIDEO("b")), ==, 1);
	/* The client ends, and its pid is another's. */
	write_client(10, "b", 3, "drm-engine-video:\t500000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(BUSY, VIDEO("a")), ==, 2);
	assert_compare(value(CLIENTS, "a.service"), ==, 0);
	assert_compare(value(BUSY, VIDEO("b")), ==, 1.5);
	assert_compare(value(CLIENTS, "b.service"), ==, 2);
	/* A third workload has no room. */
	write_client(12, "c", 4, "drm-engine-video:\t1 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "c.service"), ==, 1);
	write_client(13, "d", 5, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, -1);
	assert_compare(value(CLIENTS, "d.service"), ==, -1);
	assert_true(
		value(BUSY, "workload=\"other\",workload_kind=\"other\",namespace=\"\",pod=\"\"") ==
		1);
	assert_compare(value(AGGREGATED, "pci"), ==, 1);
}

static void no_engines(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "");
	assert_int_equal(collect(), 0);
	assert_compare(value(BUSY, "pci"), ==, -1);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	assert_string_equal(fault.remedy, "client-no-engines");
	/* One that has them is enough to say that the kernel does. */
	write_client(11, "a", 2, "drm-engine-video:\t1 ns\n");
	assert_int_equal(collect(), 0);
	assert_int_equal(fault.reason, REASON_NONE);
	tree_write(&tree, "proc/10/fdinfo/5", "pos:\t0\n");
	tree_write(&tree, "proc/11/fdinfo/5", "pos:\t0\n");
	assert_int_equal(collect(), -EOPNOTSUPP);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
}

static void deny(const char *process, int error)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%s/fd", process);
	fake_error(path, error);
	snprintf(path, sizeof(path), "proc/%s/fdinfo", process);
	fake_error(path, error);
}

static void denied(void **unused)
{
	(void)unused;
	tree_folder(&tree, "proc/2/fd");
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	deny("10", -EACCES);
	deny("2", -EACCES);
	assert_int_equal(collect(), -EACCES);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	write_client(10, "a", 1, "drm-engine-video:\t4000000000 ns\n");
	deny("10", 0);
	deny("2", 0);
	assert_int_equal(collect(), 0);
	assert_compare(value(BUSY, VIDEO("a")), ==, 3);
}

/* One process that cannot be listed: the others are there, and what it has is not forgotten. */
static void one_denied(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	write_client(11, "b", 2, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	deny("10", -EACCES);
	for (int i = 2; i < 8; i++) {
		char engines[64];

		snprintf(engines, sizeof(engines), "drm-engine-video:\t%d000000000 ns\n", i);
		write_client(11, "b", 2, engines);
		assert_int_equal(collect(), 0);
		assert_int_equal(fault.reason, REASON_PERMISSION);
		assert_string_equal(fault.remedy, "client-rights");
		assert_compare(value(BUSY, VIDEO("b")), ==, i - 1);
	}
	write_client(10, "a", 1, "drm-engine-video:\t4000000000 ns\n");
	deny("10", 0);
	assert_int_equal(collect(), 0);
	assert_int_equal(fault.reason, REASON_NONE);
	assert_compare(value(BUSY, VIDEO("a")), ==, 3);
}

static void hidden(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	tree_delete(&tree, "proc/2");
	assert_int_equal(collect(), -EACCES);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "hidden-processes");
	/* An LXC container is a machine to those who use it. */
	tree_write(&tree, "run/systemd/container", "lxc\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	deny("10", -EACCES);
	assert_int_equal(collect(), -EACCES);
	assert_string_equal(fault.remedy, "client-rights");
}

#define CLIENTS_HEADER "             command  tgid dev master a   uid      magic"
#define CLIENTS_ROW    "%20s %5d 128   n    n     0          0"

/* One client of several processes: never the lowest number's. */
static void shared(void **unused)
{
	char text[512];

	(void)unused;
	gpu.driver = GPU_I915;
	write_client(10, "thief", 1, "drm-engine-video:\t1000000000 ns\n");
	write_client(11, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	write_client(12, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "thief"), ==, -1);
	assert_compare(value(CLIENTS, "a.service"), ==, -1);
	assert_compare(value(CLIENTS, "workload=\"other\""), ==, 1);
	assert_compare(value(AGGREGATED, "pci"), ==, 0);
	/* The kernel says who opened it, if no other holder has a file of its own. */
	snprintf(text, sizeof(text), CLIENTS_HEADER "\n" CLIENTS_ROW "\n" CLIENTS_ROW "\n",
		 "x 11 0 n n 0 0", 99, "ffmpeg", 12);
	tree_write(&tree, "sys/kernel/debug/dri/0/clients", text);
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	assert_compare(value(CLIENTS, "workload=\"other\""), ==, 0);
	snprintf(text, sizeof(text), CLIENTS_HEADER "\n" CLIENTS_ROW "\n" CLIENTS_ROW "\n", "thief",
		 10, "ffmpeg", 12);
	tree_write(&tree, "sys/kernel/debug/dri/0/clients", text);
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "workload=\"other\""), ==, 1);
	/* Later kernels name the client. */
	snprintf(text, sizeof(text),
		 CLIENTS_HEADER "  name client-id\n" CLIENTS_ROW " <unset>     2\n" CLIENTS_ROW
				" a 9 name     1\n",
		 "thief", 10, "ffmpeg", 12);
	tree_write(&tree, "sys/kernel/debug/dri/0/clients", text);
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	/* Holders of one workload need no such list, and one that ends is none. */
	tree_delete(&tree, "sys/kernel/debug/dri/0/clients");
	tree_delete(&tree, "proc/10/cgroup");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	assert_compare(value(CLIENTS, "workload=\"other\""), ==, 0);
}

/* xe would wake its GPU to answer. */
static void asleep(void **unused)
{
	unsigned opens;

	(void)unused;
	gpu.driver = GPU_XE;
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "suspended\n");
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/control", "auto\n");
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	fake_error("proc/10/fdinfo/5", -EIO);
	opens = fake_counts().file_opens;
	assert_int_equal(collect(), 0);
	assert_compare(fake_counts().file_opens, >, opens);
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "active\n");
	assert_int_equal(collect(), -EIO);
	/* i915 answers without. */
	gpu.driver = GPU_I915;
	tree_write(&tree, "sys/bus/pci/devices/0000:00:02.0/power/runtime_status", "suspended\n");
	assert_int_equal(collect(), -EIO);
}

/* The owner ends between the walk and the look at its control group. */
static void ended(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	tree_delete(&tree, "proc/10/cgroup");
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 0);
}

/*
 * Below a user's slice, or in a container with a tree of its own, anybody can make a path that is
 * too long for the kernel to print.
 */
static void long_path(void **unused)
{
	(void)unused;
	write_client(10, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	write_client(11, "b", 2, "drm-engine-video:\t1000000000 ns\n");
	tree_write(&tree, "proc/11/comm", "deep\n");
	fake_error("proc/11/cgroup", -ENAMETOOLONG);
	assert_int_equal(collect(), 0);
	assert_compare(value(CLIENTS, "a.service"), ==, 1);
	assert_compare(value(CLIENTS, "workload=\"process/deep\""), ==, 1);
}

static void not_here(void **unused)
{
	struct gpu passed = { .driver = GPU_OTHER_DRIVER };
	void *none = NULL;

	(void)unused;
	assert_int_equal(collector()->init(&context, &passed, &none), -ENODEV);
	assert_null(none);
}

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DMEM	"sys/fs/cgroup/docker/" ID "/dmem.current"
#define IN_VRAM "region=\"vram0\""

/* VRAM of a container is what its control group says, where it does; of others what fdinfo says. */
static void accounted(void **unused)
{
	(void)unused;
	gpu.driver = GPU_XE;
	gpu.discrete = true;
	write_client(10, "a", 1, "drm-resident-vram0:\t8 KiB\n");
	write_client(11, "b", 2, "drm-resident-vram0:\t8 KiB\ndrm-cycles-rcs:\t1\n");
	write_client(12, "b", 3, "drm-resident-vram0:\t8 KiB\n");
	tree_write(&tree, "proc/11/cgroup", "0::/docker/" ID "\n");
	tree_write(&tree, "proc/12/cgroup", "0::/docker/" ID "/b\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(MEMORY, "workload=\"service/a.service\""), ==, 4096);
	assert_compare(value(MEMORY, IN_VRAM), ==, 8192);
	tree_write(&tree, "sys/fs/cgroup/cgroup.subtree_control", "dmem\n");
	tree_write(&tree, DMEM, "drm/0000:02:00.0/vram0 5\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(MEMORY, "container/0123456789ab"), ==, 8192);
	assert_compare(value(MEMORY, "container=\"0123456789ab\",vmid=\"\",guest=\"\"," IN_VRAM),
		       ==, 16384);
	tree_write(&tree, DMEM, "drm/0000:00:02.0/vram0 12288\ndrm/0000:00:02.0/vram1 0\n");
	assert_int_equal(collect(), 0);
	assert_compare(value(MEMORY, "container=\"0123456789ab\",vmid=\"\",guest=\"\"," IN_VRAM),
		       ==, 12288);
	assert_compare(value(MEMORY, "region=\"vram1\""), ==, 0);
	assert_compare(value(MEMORY, "container/0123456789ab"), ==, 8192);
	assert_compare(value(CLIENTS, "container/0123456789ab"), ==, 2);
}

/* Inside a GVT-g guest the kernel takes the timestamps for four times slower than they are. */
static void inside_a_vgpu(void **unused)
{
	(void)unused;
	gpu.fdinfo_divisor = 4;
	write_client(100, "a", 1, "drm-engine-video:\t1000000000 ns\n");
	assert_int_equal(collect(), 0);
	write_client(100, "a", 1, "drm-engine-video:\t3417537043 ns\n");
	assert_int_equal(collect(), 0);
	assert_true(value(0, "class=\"video\"") == 0.60438426);
	assert_int_equal(fault.reason, REASON_NONE);
	gpu.maybe_vgpu = true;
	write_client(100, "a", 1, "drm-engine-video:\t9000000000 ns\n");
	assert_int_equal(collect(), 0);
	assert_true(value(0, "class=\"video\"") <= 0.60438426);
	assert_string_equal(fault.remedy, "render-node");
	assert_int_equal(fault.reason, REASON_PERMISSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts, setup, teardown),
		cmocka_unit_test_setup_teardown(inside_a_vgpu, setup, teardown),
		cmocka_unit_test_setup_teardown(no_engines, setup, teardown),
		cmocka_unit_test_setup_teardown(denied, setup, teardown),
		cmocka_unit_test_setup_teardown(one_denied, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(shared, setup, teardown),
		cmocka_unit_test_setup_teardown(asleep, setup, teardown),
		cmocka_unit_test_setup_teardown(ended, setup, teardown),
		cmocka_unit_test_setup_teardown(long_path, setup, teardown),
		cmocka_unit_test_setup_teardown(accounted, setup, teardown),
		cmocka_unit_test_setup_teardown(not_here, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
