// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/macros.h"
#include "capture.h"
#include "fake_sys.h"
#include "scrape/unbind.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

/* One event as the kernel writes it, with the name filled up to a multiple of 16. */
static size_t put_event(char *buf, uint32_t mask, const char *name)
{
	size_t room = name ? (strlen(name) / 16 + 1) * 16 : 0;
	struct inotify_event event = { .wd = 1, .mask = mask, .len = (uint32_t)room };

	memcpy(buf, &event, sizeof(event));
	memset(buf + sizeof(event), 0, room);
	if (name)
		memcpy(buf + sizeof(event), name, strlen(name));
	return sizeof(event) + room;
}

static void names(void **state)
{
	static const struct {
		uint32_t mask;
		const char *name;
		enum unbind_state state;
	} rows[] = {
		{ IN_OPEN, "unbind", UNBIND_BEGINS },
		{ IN_CLOSE_WRITE, "unbind", UNBIND_IS_OVER },
		{ IN_CLOSE_NOWRITE, "unbind", UNBIND_IS_OVER },
		{ IN_OPEN, "bind", UNBIND_NOTHING },
		{ IN_CLOSE_WRITE, "bind", UNBIND_NOTHING },
		{ IN_OPEN, "unbind_all", UNBIND_NOTHING },
		{ IN_OPEN, "unbin", UNBIND_NOTHING },
		{ IN_OPEN, "new_id", UNBIND_NOTHING },
		{ IN_OPEN | IN_ISDIR, NULL, UNBIND_NOTHING },
		{ IN_IGNORED, NULL, UNBIND_NOTHING },
		{ IN_Q_OVERFLOW, NULL, UNBIND_UNCLEAR },
	};
	char buf[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(unbind_parse(buf, put_event(buf, rows[i].mask, rows[i].name)),
				 rows[i].state);
}

static void among_others(void **state)
{
	char buf[512];
	size_t n;

	(void)state;
	n = put_event(buf, IN_OPEN, "bind");
	n += put_event(buf + n, IN_OPEN, NULL);
	n += put_event(buf + n, IN_OPEN, "unbind");
	assert_int_equal(unbind_parse(buf, n), UNBIND_BEGINS);
	/* Cut off: nothing is read behind the end. */
	assert_int_equal(unbind_parse(buf, n - 1), UNBIND_NOTHING);
	assert_int_equal(unbind_parse(buf, sizeof(struct inotify_event) - 1), UNBIND_NOTHING);
	assert_int_equal(unbind_parse(buf, 0), UNBIND_NOTHING);
	/* The last word counts. */
	n += put_event(buf + n, IN_CLOSE_WRITE, "unbind");
	n += put_event(buf + n, IN_CLOSE_WRITE, "bind");
	assert_int_equal(unbind_parse(buf, n), UNBIND_IS_OVER);
	n += put_event(buf + n, IN_OPEN, "unbind");
	assert_int_equal(unbind_parse(buf, n), UNBIND_BEGINS);
	/* What was lost after it does not make it unclear. */
	n += put_event(buf + n, IN_Q_OVERFLOW, NULL);
	assert_int_equal(unbind_parse(buf, n), UNBIND_BEGINS);
	n = put_event(buf, IN_CLOSE_WRITE, "unbind");
	n += put_event(buf + n, IN_Q_OVERFLOW, NULL);
	assert_int_equal(unbind_parse(buf, n), UNBIND_UNCLEAR);
}

static void ignore(void *data, const struct pmu_event *event, uint64_t total)
{
	(void)data, (void)event, (void)total;
}

static void advance_a_ms(void)
{
	struct timespec ms = { 0, 1000000 };

	fake_clock_advance(1000000);
	nanosleep(&ms, NULL);
}

static int open_descriptors_after_ms(int wanted, int limit)
{
	struct timespec ms = { 0, 1000000 };

	for (int i = 0; i < limit && fake_counts().perf_fds != wanted; i++)
		nanosleep(&ms, NULL);
	return fake_counts().perf_fds;
}

static int open_descriptors_after(int wanted)
{
	return open_descriptors_after_ms(wanted, 2000);
}

/* What matters for the host: no event is open without a watch, and all close before it begins. */
static void watch_closes_events(void **state)
{
	static struct pmu_set *pmus; /* the thread uses it as long as the program runs */
	static struct fs *fs;
	static struct tree tree;
	struct pmu *integrated, *discrete;
	struct fault fault;
	char buf[128];
	const char *bad;
	int all, waited;

	(void)state;
	tree_copy(&tree, FIXTURE("uhd770-arc-a380"));
	fake_sys_load(tree.root);
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	pmus = pmu_set_new(fs, PMU_BUSY);
	integrated = pmu_new(pmus, "i915", "0000:00:02.0", false);
	discrete = pmu_new(pmus, "i915_0000_03_00.0", "0000:03:00.0", false);
	assert_int_equal(unbind_start(pmus), 0);
	assert_int_equal(fake_counts().watched, 0);
	capture_begin(STDERR_FILENO);
	assert_int_equal(pmu_visit(integrated, 1, PMU_BUSY, ignore, NULL, &fault), 0);
	assert_int_equal(pmu_visit(discrete, 1, PMU_BUSY, ignore, NULL, &fault), 0);
	all = fake_counts().perf_fds;
	assert_int_equal(all, 6 + 7);
	assert_int_equal(fake_counts().watched, 2);
	assert_string_equal(fake_counts().last_watched, "i915");
	assert_int_equal(fake_counts().pinned_cpu, 0);
	assert_string_equal(capture_end(), "");
	/* An open group is read without another word. */
	assert_int_equal(pmu_visit(integrated, 2, PMU_BUSY, ignore, NULL, &fault), 0);
	assert_int_equal(fake_counts().watched, 2);

	fake_opened(buf, put_event(buf, IN_OPEN, "bind"));
	fake_opened(buf, put_event(buf, IN_OPEN, "unbind"));
	assert_int_equal(open_descriptors_after(0), 0);
	/* A scrape right then must not open them again. */
	assert_compare(pmu_visit(integrated, 3, PMU_BUSY, ignore, NULL, &fault), <, 0);
	assert_string_equal(fault.remedy, "pmu-released");
	assert_int_equal(fake_counts().perf_fds, 0);
	/* Nor as long as the file is open. */
	fake_clock_advance(30 * SECOND);
	assert_compare(pmu_visit(integrated, 4, PMU_BUSY, ignore, NULL, &fault), <, 0);
	/* After its end not at once: more drivers may follow. */
	fake_opened(buf, put_event(buf, IN_CLOSE_WRITE, "unbind"));
	waited = 0;
	while (pmu_visit(integrated, 5, PMU_BUSY, ignore, NULL, &fault) < 0 && waited++ < 20000)
		advance_a_ms();
	assert_in_range(waited, 1000, 19999);
	assert_int_equal(fake_counts().watched, 3);
	assert_int_equal(pmu_visit(discrete, 5, PMU_BUSY, ignore, NULL, &fault), 0);

	/* Lost events alone close nothing; a driver that goes after them, all. */
	fake_opened(buf, put_event(buf, IN_Q_OVERFLOW, NULL));
	assert_int_equal(open_descriptors_after_ms(0, 50), all);
	tree_delete(&tree, "sys/bus/pci/devices/0000:00:02.0/driver");
	assert_int_equal(open_descriptors_after(0), 0);
	tree_link(&tree, "sys/bus/pci/devices/0000:00:02.0/driver",
		  "../../../bus/pci/drivers/i915");
	fake_clock_advance(2 * SECOND);

	/* A thread that may not run there is said once. */
	fake_error("sched_setaffinity", -EINVAL);
	capture_begin(STDERR_FILENO);
	assert_int_equal(pmu_visit(integrated, 6, PMU_BUSY, ignore, NULL, &fault), 0);
	assert_int_equal(pmu_visit(discrete, 6, PMU_BUSY, ignore, NULL, &fault), 0);
	assert_int_equal(count_of(capture_end(), "may not run on the CPU of perf events"), 1);
	pmu_unref(integrated);
	pmu_unref(discrete);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(among_others),
		cmocka_unit_test(watch_closes_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
