// SPDX-License-Identifier: Apache-2.0
/* On the Skylake fixture: four engines, three kinds of events each, five events of the GT. */
#include "test.h"

#include "fake_sys.h"
#include "sources/gpu/pmu.h"
#include "tree.h"

#include "base/sys.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECOND	  UINT64_C(1000000000)
#define ALL_KINDS 0xffu
#define DEFAULT	  (PMU_BUSY | PMU_RC6 | PMU_AWAKE | PMU_INTERRUPTS)

static struct tree tree;
static struct fs *fs;
static struct pmu_set *set;
static struct pmu *pmu;
static struct fault fault;

static void start(unsigned kinds)
{
	const char *bad;

	tree_copy(&tree, FIXTURE("skylake-6700k-gvtg"));
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	set = pmu_set_new(fs, kinds);
	pmu = pmu_new(set, "i915", "0000:00:02.0", false);
	assert_non_null(pmu);
	memset(&fault, 0, sizeof(fault));
}

static int setup(void **state)
{
	(void)state;
	start(DEFAULT);
	return 0;
}

static int setup_all(void **state)
{
	(void)state;
	start(ALL_KINDS);
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

struct visit {
	const char *name; /* "rcs0", or "" for the GT */
	unsigned kind;
	uint64_t total;
	size_t calls, found;
};

static void remember(void *data, const struct pmu_event *event, uint64_t total)
{
	struct visit *visit = data;

	visit->calls++;
	if (event->kind != visit->kind || strcmp(event->engine, visit->name) != 0)
		return;
	visit->found++;
	visit->total = total;
}

/* The total of one event in a round; the round must succeed. */
static uint64_t total_of(uint64_t round, unsigned kind, const char *name)
{
	struct visit visit = { .name = name, .kind = kind };

	assert_int_equal(pmu_visit(pmu, round, kind, remember, &visit, &fault), 0);
	assert_int_equal(visit.found, 1);
	return visit.total;
}

static int visit(uint64_t round)
{
	struct visit ignored = { .name = "" };

	return pmu_visit(pmu, round, DEFAULT, remember, &ignored, &fault);
}

static void opens_what_was_asked_for(void **state)
{
	struct visit seen = { .name = "rcs0", .kind = PMU_BUSY };

	(void)state;
	assert_int_equal(fake_counts().perf_opens, 0);
	assert_int_equal(pmu_visit(pmu, 1, ALL_KINDS, remember, &seen, &fault), 0);
	assert_int_equal(seen.calls, 4 + 3);
	assert_int_equal(seen.found, 1);
	assert_int_equal(fake_counts().perf_opens, 7);
	assert_int_equal(fake_counts().perf_cpu, 0);
	assert_int_equal(fake_counts().perf_reads, 1);
}

static void opens_every_kind(void **state)
{
	struct visit seen = { .name = "rcs0", .kind = PMU_WAIT };

	(void)state;
	assert_int_equal(pmu_visit(pmu, 1, PMU_WAIT, remember, &seen, &fault), 0);
	assert_int_equal(seen.calls, 4);
	assert_int_equal(fake_counts().perf_opens, 4 * 3 + 5);
}

static void one_read_a_round(void **state)
{
	(void)state;
	visit(1);
	total_of(1, PMU_BUSY, "rcs0");
	total_of(1, PMU_RC6, "");
	assert_int_equal(fake_counts().perf_reads, 1);
	total_of(2, PMU_BUSY, "rcs0");
	total_of(2, PMU_INTERRUPTS, "");
	assert_int_equal(fake_counts().perf_reads, 2);
	assert_int_equal(fake_counts().perf_opens, 7);
}

static void values(void **state)
{
	(void)state;
	assert_int_equal(total_of(1, PMU_BUSY, "rcs0"), 1000);
	fake_clock_advance(10 * SECOND);
	/* Within a round the values stand still. */
	assert_int_equal(total_of(1, PMU_BUSY, "rcs0"), 1000);
	assert_int_equal(total_of(2, PMU_BUSY, "rcs0"), 4250001000);
	assert_int_equal(total_of(2, PMU_BUSY, "bcs0"), 310001137);
	assert_int_equal(total_of(2, PMU_BUSY, "vcs0"), 1275001274);
	assert_int_equal(total_of(2, PMU_BUSY, "vecs0"), 90001411);
	assert_int_equal(total_of(2, PMU_RC6, ""), 4150002000);
	assert_int_equal(total_of(2, PMU_AWAKE, ""), 5850003000);
	assert_int_equal(total_of(2, PMU_INTERRUPTS, ""), 8453);
	fake_clock_advance(10 * SECOND);
	assert_int_equal(total_of(3, PMU_BUSY, "rcs0"), 8500001000);
}

static void dips_and_jumps(void **state)
{
	(void)state;
	total_of(1, PMU_BUSY, "rcs0");
	fake_clock_advance(10 * SECOND);
	assert_int_equal(total_of(2, PMU_BUSY, "rcs0"), 4250001000);
	fake_perf_set("i915", "rcs0-busy", 4000000000);
	fake_clock_advance(SECOND);
	assert_int_equal(total_of(3, PMU_BUSY, "rcs0"), 4250001000);
	fake_perf_set("i915", "rcs0-busy", 4750001000);
	fake_clock_advance(SECOND);
	assert_int_equal(total_of(4, PMU_BUSY, "rcs0"), 4750001000);
	/* A time is cut to the clock, a count is not. */
	fake_perf_set("i915", "rcs0-busy", UINT64_MAX);
	fake_perf_set("i915", "interrupts", 1000000000000);
	fake_clock_advance(SECOND);
	assert_int_equal(total_of(5, PMU_BUSY, "rcs0"), 5750001000);
	assert_int_equal(total_of(5, PMU_INTERRUPTS, ""), 1000000000000);
}

static void cpu_of_the_mask(void **state)
{
	(void)state;
	tree_write(&tree, "sys/bus/event_source/devices/i915/cpumask", "3-5,9\n");
	assert_int_equal(visit(1), 0);
	assert_int_equal(fake_counts().perf_cpu, 3);
	pmu_set_hold(set, 0);
	tree_write(&tree, "sys/bus/event_source/devices/i915/cpumask", "garbage\n");
	assert_int_equal(visit(2), -EINVAL);
	assert_int_equal(fault.reason, REASON_PARSE);
	tree_delete(&tree, "sys/bus/event_source/devices/i915/cpumask");
	assert_int_equal(visit(3), 0);
	assert_int_equal(fake_counts().perf_cpu, 0);
}

static void closed_by_name(void **state)
{
	struct pmu *other = pmu_new(set, "i915_0000_03_00.0", "0000:03:00.0", false);

	(void)state;
	assert_int_equal(visit(1), 0);
	pmu_set_close(set, "i915_0000_03_00.0");
	pmu_set_close(set, "i91");
	pmu_set_close(set, "");
	assert_int_equal(fake_counts().perf_fds, 7);
	pmu_set_close(set, "i915");
	assert_int_equal(fake_counts().perf_fds, 0);
	/* For good, whatever comes: the PMU that has the name next is another one. */
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	assert_int_equal(fake_counts().perf_opens, 7);
	pmu_unref(other);
}

static void held_for_a_time(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	pmu_set_hold(set, sys_monotonic_ns() + 30 * SECOND);
	assert_int_equal(fake_counts().perf_fds, 0);
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	assert_string_equal(fault.remedy, "pmu-released");
	fake_clock_advance(30 * SECOND - 1);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 7);
	fake_clock_advance(1);
	/* Opened anew: the counters begin at 0 again. */
	assert_int_equal(total_of(3, PMU_BUSY, "rcs0"), 1000);
	assert_int_equal(fake_counts().perf_opens, 14);
}

/* Lost uevents close everything, but must not end a time that was asked for. */
static void hold_is_never_shortened(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	pmu_set_hold(set, sys_monotonic_ns() + 30 * SECOND);
	pmu_set_hold(set, 0);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fake_counts().perf_fds, 0);
}

static void held_before_it_was_opened(void **state)
{
	(void)state;
	pmu_set_hold(set, UINT64_MAX);
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 0);
}

/* The two times are apart; a driver's takes what was said last. */
static void unbind_is_over(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	pmu_set_unbind(set, sys_monotonic_ns() + 60 * SECOND);
	assert_int_equal(fake_counts().perf_fds, 0);
	pmu_set_hold(set, 0);
	assert_int_equal(visit(2), -ENODEV);
	assert_string_equal(fault.remedy, "pmu-released");
	pmu_set_unbind(set, sys_monotonic_ns() + SECOND);
	assert_int_equal(visit(3), -ENODEV);
	pmu_set_hold(set, sys_monotonic_ns() + 2 * SECOND);
	fake_clock_advance(SECOND);
	assert_int_equal(visit(4), -ENODEV);
	fake_clock_advance(SECOND);
	assert_int_equal(visit(5), 0);
}

/* A kernel before 6.16 has no lock between opening an event and an unbind that follows the bind. */
static void just_bound(void **state)
{
	struct pmu *fresh = pmu_new(set, "i915", "0000:00:02.0", true), *old = pmu;

	(void)state;
	pmu = fresh;
	assert_int_equal(visit(1), -ENODEV);
	assert_string_equal(fault.remedy, "pmu-released");
	fake_clock_advance(SECOND - 1000000);
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 0);
	fake_clock_advance(1000000);
	assert_int_equal(visit(3), 0);
	pmu = old;
	pmu_unref(fresh);
}

#define DRIVER "sys/bus/pci/devices/0000:00:02.0/driver"

/* An unbind that takes long, for a vGPU that is in use, is announced only at its beginning. */
static void nothing_is_opened_without_a_driver(void **state)
{
	(void)state;
	tree_delete(&tree, DRIVER);
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	assert_int_equal(fake_counts().perf_opens, 0);
	tree_link(&tree, DRIVER, "../../../bus/pci/drivers/i915");
	assert_int_equal(visit(2), 0);
}

static void lose_driver(unsigned opens)
{
	if (opens == 3)
		tree_delete(&tree, DRIVER);
}

static void driver_goes_meanwhile(void **state)
{
	(void)state;
	fake_knobs.perf_opened = lose_driver;
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fake_counts().perf_opens, 3);
	assert_int_equal(fake_counts().perf_fds, 0);
}

static pthread_t announcer;

static void *announce(void *data)
{
	(void)data;
	pmu_set_unbind(set, sys_monotonic_ns() + SECOND);
	return NULL;
}

static void announce_and_go_on(unsigned opens)
{
	struct timespec rest = { 0, 200000000 };

	if (opens == 3)
		assert_int_equal(pthread_create(&announcer, NULL, announce, NULL), 0);
	if (opens >= 3)
		nanosleep(&rest, NULL);
}

/* Some forty events may be left to open: whoever has to close them must not wait for that. */
static void announced_meanwhile(void **state)
{
	(void)state;
	fake_knobs.perf_opened = announce_and_go_on;
	assert_int_equal(visit(1), -ENODEV);
	assert_string_equal(fault.remedy, "pmu-released");
	assert_in_range(fake_counts().perf_opens, 3, 6);
	pthread_join(announcer, NULL);
	assert_int_equal(fake_counts().perf_fds, 0);
	assert_int_equal(visit(2), -ENODEV);
}

static void revoked_by_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	fake_knobs.perf_revoked = true;
	assert_int_equal(visit(2), -ENODEV);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	assert_int_equal(fake_counts().perf_fds, 0);
	fake_knobs.perf_revoked = false;
	assert_int_equal(visit(3), 0);
}

static void read_errors(void **state)
{
	(void)state;
	assert_int_equal(visit(1), 0);
	fake_knobs.perf_error = -EIO;
	assert_int_equal(visit(2), -EIO);
	assert_int_equal(fault.reason, REASON_IO);
	fake_knobs.perf_error = 0;
	fake_knobs.perf_missing = 8;
	assert_int_equal(visit(3), -EIO);
	assert_int_equal(fault.reason, REASON_IO);
	fake_knobs.perf_missing = 3;
	assert_int_equal(visit(4), -EIO);
	fake_knobs.perf_missing = 0;
	/* No counter restarted meanwhile. */
	fake_clock_advance(10 * SECOND);
	assert_int_equal(total_of(5, PMU_BUSY, "rcs0"), 4250001000);
	assert_int_equal(fake_counts().perf_opens, 7);
}

/* A round whose read failed has no values of the round before. */
static void failed_round_shows_nothing(void **state)
{
	struct visit seen = { .name = "" };

	(void)state;
	assert_int_equal(visit(1), 0);
	fake_knobs.perf_error = -EIO;
	assert_int_equal(pmu_visit(pmu, 2, DEFAULT, remember, &seen, &fault), -EIO);
	assert_int_equal(seen.calls, 0);
}

static void denied_by_the_sysctl(void **state)
{
	(void)state;
	fake_error("perf_event_open", -EACCES);
	assert_int_equal(visit(1), -EACCES);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "perf-paranoid");
	assert_non_null(strstr(fault.detail, "kernel.perf_event_paranoid is 4"));
	assert_non_null(strstr(fault.detail, "no CAP_PERFMON"));
	fake_knobs.capabilities = UINT64_C(1) << CAP_PERFMON;
	assert_int_equal(visit(2), -EACCES);
	assert_non_null(strstr(fault.detail, "only CAP_PERFMON"));
	fake_knobs.capabilities |= UINT64_C(1) << CAP_SYS_ADMIN;
	assert_int_equal(visit(3), -EACCES);
	assert_non_null(strstr(fault.detail, "CAP_SYS_ADMIN"));
	tree_delete(&tree, "proc/sys/kernel/perf_event_paranoid");
	assert_int_equal(visit(4), -EACCES);
	assert_non_null(strstr(fault.detail, "kernel.perf_event_paranoid is unreadable"));
	/* The message is whole: nothing of it was cut. */
	assert_compare(strlen(fault.detail), <, sizeof(fault.detail) - 1);
	/* It is tried again at each scrape: a sysctl that was fixed needs no restart. */
	fake_error("perf_event_open", 0);
	assert_int_equal(visit(5), 0);
}

static void denied_by_seccomp(void **state)
{
	static const int errors[] = { -EPERM, -ENOSYS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fake_error("perf_event_open", errors[i]);
		assert_int_equal(visit(1), errors[i]);
		assert_int_equal(fault.reason, REASON_SECCOMP);
		assert_string_equal(fault.remedy, "perf-seccomp");
		assert_non_null(strstr(fault.detail, "perf_event_open"));
		assert_compare(strlen(fault.detail), <, sizeof(fault.detail) - 1);
	}
}

static void out_of_descriptors(void **state)
{
	(void)state;
	fake_error("perf_event_open", -EMFILE);
	assert_int_equal(visit(1), -EMFILE);
	assert_int_equal(fault.reason, REASON_LIMIT);
}

/* The kernel knows no such config: the event is left out and the others stay. */
static void sibling_that_fails_is_skipped(void **state)
{
	struct visit seen = { .name = "vcs9", .kind = PMU_BUSY };

	(void)state;
	tree_write(&tree, "sys/bus/event_source/devices/i915/events/vcs9-busy", "config=0x2090\n");
	/* The first by name leads the group. */
	tree_write(&tree, "sys/bus/event_source/devices/i915/events/bcs0-busy", "config=0x1990\n");
	tree_write(&tree, "sys/bus/event_source/devices/i915/events/rcs1-busy", "garbage\n");
	tree_write(&tree, "sys/bus/event_source/devices/i915/events/unheard-of", "config=0x0\n");
	tree_folder(&tree, "sys/bus/event_source/devices/i915/events/vcs8-busy");
	assert_int_equal(pmu_visit(pmu, 1, DEFAULT, remember, &seen, &fault), 0);
	assert_int_equal(seen.found, 0);
	assert_int_equal(seen.calls, 6);
	assert_int_equal(total_of(1, PMU_BUSY, "rcs0"), 1000);
}

static void no_event_is_accepted(void **state)
{
	(void)state;
	fake_error("perf_event_open", -ENOENT);
	assert_int_equal(visit(1), -ENODEV);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
	fake_error("perf_event_open", 0);
	tree_write(&tree, "sys/bus/event_source/devices/i915/type", "4294967296\n");
	assert_int_equal(visit(2), -ERANGE);
	tree_write(&tree, "sys/bus/event_source/devices/i915/type", "");
	assert_int_equal(visit(3), -ENODATA);
	tree_delete(&tree, "sys/bus/event_source/devices/i915");
	assert_int_equal(visit(4), -ENOENT);
	assert_int_equal(fault.reason, REASON_NO_DEVICE);
}

static void taken_out_of_the_set(void **state)
{
	struct pmu *reference = pmu_ref(pmu);

	(void)state;
	assert_int_equal(visit(1), 0);
	pmu_close(pmu);
	assert_int_equal(fake_counts().perf_fds, 0);
	assert_int_equal(visit(2), -ENODEV);
	pmu_close(pmu);
	pmu_set_close(set, "i915");
	pmu_set_hold(set, 0);
	pmu_unref(reference);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opens_what_was_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(opens_every_kind, setup_all, teardown),
		cmocka_unit_test_setup_teardown(one_read_a_round, setup, teardown),
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(dips_and_jumps, setup, teardown),
		cmocka_unit_test_setup_teardown(cpu_of_the_mask, setup, teardown),
		cmocka_unit_test_setup_teardown(closed_by_name, setup, teardown),
		cmocka_unit_test_setup_teardown(held_for_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(hold_is_never_shortened, setup, teardown),
		cmocka_unit_test_setup_teardown(held_before_it_was_opened, setup, teardown),
		cmocka_unit_test_setup_teardown(just_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(unbind_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_opened_without_a_driver, setup,
						teardown),
		cmocka_unit_test_setup_teardown(driver_goes_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(announced_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(revoked_by_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(read_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(failed_round_shows_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(denied_by_the_sysctl, setup, teardown),
		cmocka_unit_test_setup_teardown(denied_by_seccomp, setup, teardown),
		cmocka_unit_test_setup_teardown(out_of_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(sibling_that_fails_is_skipped, setup, teardown),
		cmocka_unit_test_setup_teardown(no_event_is_accepted, setup, teardown),
		cmocka_unit_test_setup_teardown(taken_out_of_the_set, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
