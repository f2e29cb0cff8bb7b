// SPDX-License-Identifier: Apache-2.0
/* On the fixture of an Arc Pro B60: seven engines on two GTs, two virtual functions. */
#include "test.h"

#include "fake_sys.h"
#include "sources/gpu/pmu.h"
#include "tree.h"

#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define NAME   "xe_0000_03_00.0"
#define PCI    "0000:03:00.0"
#define NUMVFS "sys/bus/pci/devices/" PCI "/sriov_numvfs"
#define DIR    "sys/bus/event_source/devices/" NAME

static struct tree tree;
static struct fs *fs;
static struct pmu_set *set;
static struct pmu *pmu;
static struct fault fault;

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_copy(&tree, FIXTURE("battlemage-b60-sriov"));
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	set = pmu_set_new(fs, PMU_BUSY);
	pmu = pmu_new(set, NAME, PCI, false);
	assert_non_null(pmu);
	memset(&fault, 0, sizeof(fault));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pmu_unref(pmu);
	pmu_set_free(set);
	fs_free(fs);
	assert_int_equal(fake_counts().perf_fds, 0);
	tree_remove(&tree);
	return 0;
}

/* The totals of a round in ms: of engines, and of virtual functions. */
static struct seen {
	unsigned engines, functions;
	uint64_t engine_ms[16], function_ms[16][8];
	char names[16][16];
} seen;

static void remember(void *data, const struct pmu_event *event, uint64_t total)
{
	unsigned i = 0;

	(void)data;
	while (i < 16 && *seen.names[i] && strcmp(seen.names[i], event->engine) != 0)
		i++;
	strcpy(seen.names[i], event->engine);
	assert_string_equal(event->class, engine_class(event->engine));
	if (event->kind == PMU_BUSY) {
		seen.engines++;
		seen.engine_ms[i] = total / 1000000;
	} else {
		assert_int_equal(event->kind, PMU_VF_BUSY);
		assert_in_range(event->vf, 1, 7);
		seen.functions++;
		seen.function_ms[i][event->vf] = total / 1000000;
	}
}

static int visit(uint64_t round)
{
	memset(&seen, 0, sizeof(seen));
	return pmu_visit(pmu, round, PMU_BUSY | PMU_VF_BUSY, remember, NULL, &fault);
}

static unsigned find(const char *name)
{
	for (unsigned i = 0; i < 16; i++)
		if (strcmp(seen.names[i], name) == 0)
			return i;
	fail_msg("no %s", name);
	return 0;
}

static void assert_ms(const char *name, uint64_t whole, uint64_t vf1, uint64_t vf2)
{
	unsigned i = find(name);

	assert_int_equal(seen.engine_ms[i], whole);
	assert_int_equal(seen.function_ms[i][1], vf1);
	assert_int_equal(seen.function_ms[i][2], vf2);
}

static void functions_add_up(void **state)
{
	(void)state;
	/* The first values do not show the clock, so there is no time yet. */
	assert_int_equal(visit(1), 0);
	assert_int_equal(seen.engines + seen.functions, 0);
	/* An event for each engine's functions, and for what they are granted on each GT. */
	assert_int_equal(fake_counts().perf_opens, 7 * 3 + 2 * 3);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(2), 0);
	assert_int_equal(seen.engines, 7);
	assert_int_equal(seen.functions, 14);
	assert_ms("rcs0", 6500, 2500, 1000);
	assert_ms("bcs0", 575, 100, 50);
	assert_ms("ccs0", 10000, 10000, 0);
	assert_ms("vcs0", 7250, 4000, 2000);
	assert_ms("vcs1", 625, 0, 625);
	assert_ms("vecs0", 1000, 500, 200);
	assert_ms("vecs1", 0, 0, 0);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(3), 0);
	assert_ms("rcs0", 13000, 5000, 2000);
	assert_int_equal(fake_counts().perf_reads, 3);
	/* Once more in the round: nothing is read. */
	assert_int_equal(visit(3), 0);
	assert_ms("rcs0", 13000, 5000, 2000);
	assert_int_equal(fake_counts().perf_reads, 3);
}

static void values_of_less_than_a_second_show_no_clock(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	fake_clock_advance(SECOND - 1);
	assert_int_equal(visit(2), 0);
	assert_int_equal(seen.engines, 0);
	fake_clock_advance(9 * SECOND + 1);
	assert_int_equal(visit(3), 0);
	assert_ms("rcs0", 6500, 2500, 1000);
}

static void count(void *data, const char *class)
{
	unsigned *video = data;

	*video += strcmp(class, "video") == 0;
}

static void engines_are_listed(void **state)
{
	unsigned video = 0, vfs = 0;

	(void)state;
	assert_int_equal(pmu_visit_engines(pmu, 1, count, &video, &vfs, &fault), 0);
	assert_int_equal(video, 2);
	assert_int_equal(vfs, 2);
}

/* Who opens an event keeps the GPU awake: without virtual functions only on request. */
static void modes(void **state)
{
	static const struct {
		enum pmu_xe_mode mode;
		const char *vfs;
		bool opens;
	} rows[] = {
		{ PMU_XE_AUTO, "0\n", false }, { PMU_XE_AUTO, "2\n", true },
		{ PMU_XE_ON, "0\n", true },    { PMU_XE_ON, "2\n", true },
		{ PMU_XE_OFF, "0\n", false },  { PMU_XE_OFF, "2\n", false },
		{ PMU_XE_AUTO, NULL, false },  { PMU_XE_ON, NULL, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pmu_set_xe_mode(set, rows[i].mode);
		if (rows[i].vfs)
			tree_write(&tree, NUMVFS, rows[i].vfs);
		else if (rows[i - 1].vfs)
			tree_delete(&tree, NUMVFS);
		pmu_unref(pmu);
		pmu = pmu_new(set, NAME, PCI, false);
		if (rows[i].opens) {
			assert_int_equal(visit(1), 0);
			assert_true(fake_counts().perf_fds > 0);
			continue;
		}
		assert_int_equal(visit(1), -ENODEV);
		assert_int_equal(fault.reason, REASON_NOT_ENABLED);
		assert_string_equal(fault.remedy, "xe-engines");
		assert_int_equal(fake_counts().perf_fds, 0);
	}
}

/* A function's count while none is enabled is the whole device's: all is opened anew. */
static void number_of_functions_changes(void **state)
{
	(void)state;
	pmu_set_xe_mode(set, PMU_XE_ON);
	assert_int_equal(visit(1), 0);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(2), 0);
	assert_ms("rcs0", 6500, 2500, 1000);
	tree_write(&tree, NUMVFS, "0\n");
	assert_int_equal(visit(3), 0);
	assert_int_equal(fake_counts().perf_fds, 7 + 2);
	assert_int_equal(seen.engines, 7);
	assert_int_equal(seen.functions, 0);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(4), 0);
	assert_ms("rcs0", 3000, 0, 0);
	/* The clock is known from now on, whatever the functions are granted. */
	tree_write(&tree, NUMVFS, "1\n");
	assert_int_equal(visit(5), 0);
	assert_ms("rcs0", 0, 0, 0);
	assert_int_equal(fake_counts().perf_fds, 7 * 2 + 2 * 2);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(6), 0);
	assert_int_equal(seen.functions, 7);
	assert_ms("rcs0", 5500, 2500, 0);
	pmu_set_xe_mode(set, PMU_XE_AUTO);
	tree_write(&tree, NUMVFS, "0\n");
	assert_int_equal(visit(7), -ENODEV);
	assert_int_equal(fault.reason, REASON_NOT_ENABLED);
	assert_int_equal(fake_counts().perf_fds, 0);
}

static void disable(unsigned opens)
{
	if (opens == 20)
		tree_write(&tree, NUMVFS, "0\n");
}

/* Values that were read while the number changed belong to nobody. */
static void number_changes_meanwhile(void **state)
{
	(void)state;
	fake_knobs.perf_opened = disable;
	assert_int_equal(visit(1), -ENODEV);
	assert_string_equal(fault.remedy, "pmu-released");
	assert_int_equal(fake_counts().perf_fds, 0);
}

static void closed_at_an_unbind(void **state)
{
	(void)state;
	pmu_set_watch(set, -1, NULL, NULL);
	assert_int_equal(visit(1), 0);
	pmu_set_unbind(set, sys_monotonic_ns() + SECOND);
	assert_int_equal(fake_counts().perf_fds, 0);
	assert_int_equal(visit(2), -ENODEV);
	assert_string_equal(fault.remedy, "pmu-released");
	fake_clock_advance(SECOND);
	assert_int_equal(visit(3), 0);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(4), 0);
	assert_ms("rcs0", 6500, 2500, 1000);
	pmu_set_close(set, NAME);
	assert_int_equal(fake_counts().perf_fds, 0);
	assert_int_equal(visit(5), -ENODEV);
}

static int moves;

static void move(void *watcher, int cpu)
{
	(void)watcher, (void)cpu;
	moves++;
}

static void the_driver_is_watched(void **state)
{
	(void)state;
	tree_folder(&tree, "sys/bus/pci/drivers/xe");
	moves = 0;
	pmu_set_watch(set, sys_watch_open(), move, NULL);
	assert_int_equal(visit(1), 0);
	assert_string_equal(fake_counts().last_watched, "xe");
	assert_int_equal(moves, 1);
	tree_delete(&tree, "sys/bus/pci/devices/" PCI "/driver");
	assert_true(pmu_set_lost_driver(set));
}

static void lose_driver(unsigned opens)
{
	if (opens == 5)
		tree_delete(&tree, "sys/bus/pci/devices/" PCI "/driver");
}

static void driver_goes_meanwhile(void **state)
{
	(void)state;
	fake_knobs.perf_opened = lose_driver;
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 5);
	assert_int_equal(fake_counts().perf_fds, 0);
}

/* Linux 6.15 has no functions, and does not survive a PMU that goes while events are open. */
static void what_is_not_supported(void **state)
{
	static const char *const files[] = {
		DIR "/format/function",
		DIR "/format/engine_class",
		DIR "/events/engine-total-ticks",
		DIR "/events/engine-active-ticks",
	};

	(void)state;
	pmu_set_xe_mode(set, PMU_XE_ON);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char text[64];
		int n = fs_read(fs, text, sizeof(text), "%s", files[i]);

		assert_true(n > 0);
		for (int broken = 0; broken < 2; broken++) {
			if (broken)
				tree_write(&tree, files[i], "garbage\n");
			else
				tree_delete(&tree, files[i]);
			pmu_unref(pmu);
			pmu = pmu_new(set, NAME, PCI, false);
			assert_int_equal(visit(1), -ENODEV);
			assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
			assert_int_equal(fake_counts().perf_opens, 0);
		}
		tree_write_bytes(&tree, files[i], text, (size_t)n);
	}
}

/* Where the fields are is read, not known. */
static void fields_elsewhere(void **state)
{
	(void)state;
	tree_write(&tree, DIR "/format/engine_class", "config:28-35\n");
	assert_int_equal(visit(1), 0);
	/* rcs0 alone has class 0, whose bits are nowhere. */
	assert_int_equal(fake_counts().perf_opens, 3 + 3);
	tree_write(&tree, DIR "/format/function", "config:44\n");
	pmu_unref(pmu);
	pmu = pmu_new(set, NAME, PCI, false);
	/* There is no room for function 2. */
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fake_counts().perf_fds, 0);
}

static void bad_number_of_functions(void **state)
{
	static const char *const texts[] = { "lots\n", "-1\n", "99999\n", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_write(&tree, NUMVFS, texts[i]);
		assert_compare(visit(i + 1), <, 0);
		assert_int_equal(fault.reason, REASON_PARSE);
		assert_int_equal(fake_counts().perf_fds, 0);
	}
}

/* The driver could not allocate its buffers: each function counts the whole device. */
static void functions_that_count_the_device(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	fake_perf_set(NAME, "engine-active-ticks", 96000000);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	assert_string_equal(fault.remedy, "xe-functions");
	assert_int_equal(seen.engines + seen.functions, 0);
}

static void quotas_that_do_not_add_up(void **state)
{
	(void)state;
	fake_perf_set(NAME, "engine-total-ticks", 7000000);
	assert_int_equal(visit(1), 0);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fault.reason, REASON_NOT_SUPPORTED);
	assert_string_equal(fault.remedy, "xe-clock");
}

/* A busy machine: values and their time are not of one instant, which a longer time makes good. */
static void values_that_are_late(void **state)
{
	(void)state;
	pmu_set_xe_mode(set, PMU_XE_ON);
	tree_write(&tree, NUMVFS, "0\n");
	fake_perf_set(NAME, "engine-total-ticks", 0);
	assert_int_equal(visit(1), 0);
	fake_perf_set(NAME, "engine-total-ticks", 20000000);
	fake_clock_advance(SECOND);
	assert_int_equal(visit(2), -ENODEV);
	fake_perf_set(NAME, "engine-total-ticks", 20000000 + 38400000);
	fake_clock_advance(2 * SECOND - 1);
	assert_int_equal(visit(3), -ENODEV);
	assert_string_equal(fault.remedy, "xe-clock");
	fake_clock_advance(1);
	assert_int_equal(visit(4), 0);
	assert_int_equal(seen.engines, 7);
}

static void denied(void **state)
{
	(void)state;
	fake_error("perf_event_open", -EACCES);
	assert_int_equal(visit(1), -EACCES);
	assert_string_equal(fault.remedy, "perf-paranoid");
	fake_error("perf_event_open", 0);
	assert_int_equal(visit(2), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(functions_add_up),
		TEST(values_of_less_than_a_second_show_no_clock),
		TEST(values_that_are_late),
		TEST(engines_are_listed),
		TEST(modes),
		TEST(number_of_functions_changes),
		TEST(number_changes_meanwhile),
		TEST(closed_at_an_unbind),
		TEST(the_driver_is_watched),
		TEST(driver_goes_meanwhile),
		TEST(what_is_not_supported),
		TEST(fields_elsewhere),
		TEST(bad_number_of_functions),
		TEST(functions_that_count_the_device),
		TEST(quotas_that_do_not_add_up),
		TEST(denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
