// SPDX-License-Identifier: Apache-2.0
/* Clients come, go, dip and move: what was counted stays, and nothing counts twice. */
#include "test.h"

#include "sources/workload/usage.h"

#include <stdio.h>
#include <string.h>

#define S UINT64_C(1000000000)

static struct usage *usage;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	usage = usage_new(4);
	now = 1000 * S;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	usage_free(usage);
	return 0;
}

static void begin(double seconds)
{
	now += (uint64_t)(seconds * 1e9);
	usage_begin(usage, now);
}

static struct workload named(const char *name)
{
	struct workload w = { .kind = "service" };

	snprintf(w.workload, sizeof(w.workload), "service/%s", name);
	return w;
}

static void add_info(uint64_t id, const char *name, const struct fdinfo *info)
{
	struct drm_client client = { .pid = 1, .at = now, .info = *info };
	struct workload w = named(name);

	client.info.client_id = id;
	client.info.has_client_id = true;
	assert_int_equal(usage_add(usage, &client, &w), 0);
}

/* i915's video engines, two of them. */
static void add(uint64_t id, const char *name, double seconds)
{
	struct fdinfo info = { 0 };

	info.engines[FDINFO_VIDEO] = (struct fdinfo_engine){ .has_ns = true,
							     .ns = (uint64_t)(seconds * 1e9),
							     .capacity = 2 };
	add_info(id, name, &info);
}

static void add_xe(uint64_t id, const char *name, double seconds)
{
	struct fdinfo info = { 0 };

	/* A clock of 19.2 MHz. */
	info.engines[FDINFO_VIDEO] =
		(struct fdinfo_engine){ .has_cycles = true,
					.cycles = (uint64_t)(seconds * 19.2e6),
					.total_cycles = (uint64_t)((double)now / 1e9 * 19.2e6),
					.capacity = 1 };
	add_info(id, name, &info);
}

static const struct use *find(const char *name)
{
	struct workload w = named(name);
	size_t n;
	const struct use *all = usage_all(usage, &n);

	for (size_t i = 0; i < n; i++)
		if (workload_equal(&all[i].workload, &w))
			return &all[i];
	return NULL;
}

static double busy(const char *name)
{
	const struct use *use = find(name);

	return use ? (double)use->busy_ns[FDINFO_VIDEO] / 1e9 : -1;
}

static double other(size_t *aggregated)
{
	const struct use *use = usage_other(usage, aggregated);

	return use ? (double)use->busy_ns[FDINFO_VIDEO] / 1e9 : -1;
}

static void base_line(void **state)
{
	(void)state;
	begin(0);
	add(1, "a", 500);
	usage_end(usage);
	assert_near(busy("a"), 0);
	assert_true(find("a")->has_busy[FDINFO_VIDEO] && !find("a")->has_busy[FDINFO_RENDER]);
	begin(10);
	add(1, "a", 507);
	/* Came since: counts whole. */
	add(2, "a", 3);
	add(3, "b", 4);
	usage_end(usage);
	assert_near(busy("a"), 10);
	assert_near(busy("b"), 4);
	assert_int_equal(find("a")->clients, 2);
}

static void end_and_return(void **state)
{
	(void)state;
	begin(0);
	usage_end(usage);
	begin(10);
	add(1, "a", 8);
	usage_end(usage);
	/* Its descriptor is on the way between two processes. */
	begin(10);
	usage_end(usage);
	assert_near(busy("a"), 8);
	assert_int_equal(find("a")->clients, 0);
	begin(10);
	add(1, "b", 9);
	usage_end(usage);
	assert_near(busy("a"), 8);
	assert_near(busy("b"), 1);
	/* Many scans are no long time. */
	for (int i = 0; i < 8; i++) {
		begin(1);
		usage_end(usage);
	}
	begin(1);
	add(1, "b", 10);
	usage_end(usage);
	assert_near(busy("b"), 2);
	/* Gone for good: nothing is taken back, and it is forgotten. */
	for (int i = 0; i < 4; i++) {
		begin(10);
		usage_end(usage);
	}
	assert_near(busy("a"), 8);
	assert_int_equal(usage_clients(usage), 0);
}

static void dips(void **state)
{
	(void)state;
	begin(0);
	add(1, "a", 100);
	usage_end(usage);
	begin(10);
	add(1, "a", 105);
	usage_end(usage);
	begin(10);
	add(1, "a", 103);
	usage_end(usage);
	assert_near(busy("a"), 5);
	begin(10);
	add(1, "a", 107);
	usage_end(usage);
	assert_near(busy("a"), 7);
	/* Below for good: a new base. */
	for (double t = 1; t <= 3; t++) {
		begin(10);
		add(1, "a", t);
		usage_end(usage);
	}
	assert_near(busy("a"), 8);
	/* No engine does more than there is time, two of them twice that. */
	begin(10);
	add(1, "a", 1e6);
	usage_end(usage);
	assert_near(busy("a"), 28);
}

/* A class whose key appears later has a past that nobody knows. */
static void late_keys(void **state)
{
	struct fdinfo none = { 0 };

	(void)state;
	begin(0);
	usage_end(usage);
	begin(10);
	add_info(1, "a", &none);
	usage_end(usage);
	assert_false(find("a")->has_busy[FDINFO_VIDEO]);
	begin(10);
	add(1, "a", 5);
	usage_end(usage);
	assert_near(busy("a"), 0);
	begin(10);
	add(1, "a", 6);
	usage_end(usage);
	assert_near(busy("a"), 1);
}

static void xe(void **state)
{
	(void)state;
	begin(0);
	add_xe(1, "a", 100);
	usage_end(usage);
	/* The clock's rate is not known for a client that came with it. */
	begin(10);
	add_xe(1, "a", 104);
	add_xe(2, "b", 3);
	usage_end(usage);
	assert_near(busy("a"), 4);
	assert_near(busy("b"), 3);
	begin(10);
	add_xe(1, "a", 1e5);
	usage_end(usage);
	assert_near(busy("a"), 14);
}

/* The first client of all: its cycles wait until the rate is known. */
static void xe_first(void **state)
{
	(void)state;
	begin(0);
	usage_end(usage);
	begin(10);
	add_xe(1, "a", 8);
	usage_end(usage);
	assert_near(busy("a"), 0);
	begin(10);
	add_xe(1, "a", 17);
	usage_end(usage);
	assert_near(busy("a"), 17);
	begin(10);
	add_xe(1, "a", 18);
	usage_end(usage);
	assert_near(busy("a"), 18);
}

static void memory(void **state)
{
	struct fdinfo info = { .regions = { { "system0", 100 }, { "local0", 0 } }, .n_regions = 2 };
	struct fdinfo more = { .regions = { { "stolen", 5 }, { "system0", 11 } }, .n_regions = 2 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(10);
		add_info(1, "a", &info);
		add_info(2, "a", &more);
		usage_end(usage);
		assert_int_equal(find("a")->n_regions, 3);
		assert_string_equal(find("a")->regions[0].name, "system0");
		assert_int_equal(find("a")->regions[0].bytes, 111);
		assert_int_equal(find("a")->regions[2].bytes, 5);
	}
	begin(10);
	usage_end(usage);
	assert_int_equal(find("a")->n_regions, 0);
}

/* Four places: live ones first, the rest together, and no sum ever falls. */
static void many(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	size_t aggregated;

	(void)state;
	begin(0);
	usage_end(usage);
	assert_true(usage_other(usage, &aggregated) == NULL && aggregated == 0);
	for (int look = 1; look <= 3; look++) {
		begin(10);
		for (size_t i = 0; i < 6; i++)
			add(i, names[i], look);
		add(6, "f", look);
		usage_end(usage);
	}
	assert_near(busy("d"), 3);
	assert_null(find("e"));
	assert_near(other(&aggregated), 9);
	assert_int_equal(aggregated, 2);
	assert_int_equal(usage_other(usage, &aggregated)->clients, 3);
	/* a and b end; at the next look but one there is room for e and f. */
	for (int look = 4; look <= 6; look++) {
		begin(10);
		for (size_t i = 2; i < 6; i++)
			add(i, names[i], look);
		usage_end(usage);
	}
	assert_null(find("a"));
	assert_near(busy("c"), 6);
	assert_true(busy("e") >= 1 && busy("f") >= 1);
	assert_near(other(&aggregated) + busy("e") + busy("f"), 15);
	assert_int_equal(aggregated, 0);
	assert_int_equal(usage_other(usage, &aggregated)->clients, 0);
}

/* A new workload does not take the slot of one that is scanned later. */
static void first_come(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };

	(void)state;
	begin(0);
	usage_end(usage);
	for (int look = 1; look <= 3; look++) {
		begin(10);
		if (look > 1)
			add(9, "e", look);
		for (size_t i = 0; i < 4; i++)
			add(i, names[i], look);
		usage_end(usage);
	}
	for (size_t i = 0; i < 4; i++)
		assert_near(busy(names[i]), 3);
	assert_null(find("e"));
}

static void forgotten(void **state)
{
	(void)state;
	begin(0);
	usage_end(usage);
	begin(10);
	add(1, "a", 5);
	usage_end(usage);
	begin(899);
	usage_end(usage);
	assert_near(busy("a"), 5);
	begin(2);
	usage_end(usage);
	assert_null(find("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(base_line, setup, teardown),
		cmocka_unit_test_setup_teardown(end_and_return, setup, teardown),
		cmocka_unit_test_setup_teardown(dips, setup, teardown),
		cmocka_unit_test_setup_teardown(late_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(xe, setup, teardown),
		cmocka_unit_test_setup_teardown(xe_first, setup, teardown),
		cmocka_unit_test_setup_teardown(memory, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(first_come, setup, teardown),
		cmocka_unit_test_setup_teardown(forgotten, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
