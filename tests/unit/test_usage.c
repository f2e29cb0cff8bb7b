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

static int add_client(const struct drm_client *client, const struct workload *w)
{
	struct use *use;
	int r = usage_of(usage, w, &use);

	return r < 0 ? r : usage_add(usage, client, use);
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
	assert_int_equal(add_client(&client, &w), 0);
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
	/* However long it stays below: a client does not start anew. */
	for (double t = 101; t <= 107; t++) {
		begin(10);
		add(1, "a", t);
		usage_end(usage);
	}
	assert_near(busy("a"), 7);
	begin(10);
	add(1, "a", 108);
	usage_end(usage);
	assert_near(busy("a"), 8);
	/* No engine does more than there is time, two of them twice that; nor does it later. */
	begin(10);
	add(1, "a", 1e6);
	usage_end(usage);
	assert_near(busy("a"), 2 * 120);
	begin(10);
	add(1, "a", 1e6 + 5);
	usage_end(usage);
	assert_near(busy("a"), 2 * 120 + 5);
	begin(1);
	add(1, "a", 2e6);
	usage_end(usage);
	assert_near(busy("a"), 2 * 131);
}

/* i915 on a vGPU: of a batch that runs a quarter is shown, the rest when it is over. */
static void batch_on_vgpu(void **state)
{
	const double interval = 2, batch = 10;
	struct fdinfo info = { 0 };
	struct fdinfo_engine *engine = &info.engines[FDINFO_VIDEO];

	(void)state;
	*engine = (struct fdinfo_engine){ .has_ns = true, .capacity = 1 };
	for (double at = 0; at <= 3 * batch; at += interval) {
		begin(at > 0 ? interval : 0);
		engine->ns = (uint64_t)((at < batch ? at / 4 : batch) * 1e9);
		add_info(1, "a", &info);
		usage_end(usage);
		assert_compare(busy("a"), <=, at);
	}
	assert_near(busy("a"), batch);
}

/*
 * A client that makes a context for each batch, as i915 accounts for it: a batch that runs is in
 * the sum; from its end, when its context is destroyed, until it is booked, it is not. Read 150
 * times a second, it must have used in the end what it used.
 */
#define BATCH 20.0 /* ms */

static double batches(double ms, double load)
{
	double whole = (double)(long)(ms * load / BATCH) * BATCH;
	double into = ms - whole / load; /* since the batch that is not over at full load began */

	return whole + (into < BATCH ? into : BATCH);
}

static double shown(double ms, double load, double late)
{
	double before = (double)(long)(ms * load / BATCH) * BATCH;
	double since = ms - before / load; /* since the end of the last that was destroyed */

	return since < late && before > 0 ? batches(ms, load) - BATCH : batches(ms, load);
}

static void dips_at_many_reads(void **state)
{
	static const struct {
		double load, late; /* share of time; ms until booked */
	} rows[] = { { 1, 7 }, { 1, 19 }, { 0.9, 20 }, { 0.5, 43 }, { 0.1, 43 } };
	double end = 3000;
	unsigned lower = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fdinfo info = { 0 };
		struct fdinfo_engine *engine = &info.engines[FDINFO_VIDEO];
		char name[8];

		snprintf(name, sizeof(name), "%zu", i);
		begin(1);
		*engine = (struct fdinfo_engine){ .has_ns = true, .capacity = 1 };
		add_info(10 + i, name, &info);
		usage_end(usage);
		for (unsigned read = 1; read <= 450; read++) {
			uint64_t last = engine->ns;

			engine->ns =
				(uint64_t)(shown(end / 450 * read, rows[i].load, rows[i].late) *
					   1e6);
			lower += engine->ns < last;
			begin(1 / 150.0);
			add_info(10 + i, name, &info);
			usage_end(usage);
		}
		/* All is booked in the end. */
		begin(1 / 150.0);
		engine->ns = (uint64_t)(batches(end, rows[i].load) * 1e6);
		add_info(10 + i, name, &info);
		usage_end(usage);
		print_message("load %.1f, booked after %.0f ms: %.4f of %.4f s\n", rows[i].load,
			      rows[i].late, busy(name), (double)engine->ns / 1e9);
		assert_near(busy(name), (double)engine->ns / 1e9);
	}
	assert_true(lower > 100);
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

/* Half busy: 400 looks in which the clock of 36 bits and the cycles of 32 both go round. */
static void xe_goes_round(void **state)
{
	(void)state;
	for (uint64_t i = 0; i <= 400; i++) {
		struct fdinfo info = { 0 };

		begin(i ? 10 : 0);
		info.engines[FDINFO_VIDEO] = (struct fdinfo_engine){
			.has_cycles = true,
			.cycles = i * 96000000 % (1ull << 32),
			.total_cycles = (1000 + i * 192000000) % (1ull << 36),
			.capacity = 1,
		};
		add_info(1, "a", &info);
		usage_end(usage);
		assert_near(busy("a"), 5 * (double)i);
	}
}

static void xe_gap(void **state)
{
	static const struct {
		uint64_t cycles, total;
		double busy;
	} rows[] = {
		{ 0, 0, 0 },
		{ 96000000, 192000000, 5 },
		{ 90000000, 384000000, 5 }, /* a dip */
		{ 288000000, 576000000, 15 },
		{ 10, 100, 15 }, /* a reset */
		{ 20, 192000100, 15 },
		{ 96000020, 384000100, 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fdinfo info = { 0 };

		begin(i ? 10 : 0);
		info.engines[FDINFO_VIDEO] = (struct fdinfo_engine){ .has_cycles = true,
								     .cycles = rows[i].cycles,
								     .total_cycles = rows[i].total,
								     .capacity = 1 };
		add_info(1, "a", &info);
		usage_end(usage);
		assert_near(busy("a"), rows[i].busy);
	}
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

/* Somebody has as many workloads as he likes, other ones at each scan: all but a few are "other".
 */
static void one_owner(void **state)
{
	unsigned rows = 0;
	size_t n, aggregated;
	const struct use *all;

	(void)state;
	usage_free(usage);
	usage = usage_new(200);
	for (unsigned scan = 0; scan < 20; scan++) {
		begin(15);
		for (unsigned i = 0; i < 500; i++) {
			struct drm_client client = { .pid = 1, .at = now };
			char name[32];
			struct workload w;

			snprintf(name, sizeof(name), "%u.%u", scan, i);
			w = named(name);
			w.owner = 7;
			client.info.client_id = scan * 500 + i;
			assert_int_equal(add_client(&client, &w), 0);
		}
		if (scan == 10)
			add(99999, "pod", 1);
		usage_end(usage);
		all = usage_all(usage, &n);
		assert_int_equal(n, scan < 10 ? 25 : 26);
		assert_non_null(usage_other(usage, &aggregated));
		assert_int_equal(aggregated, scan == 0 ? 475 : 500);
	}
	for (size_t i = 0; i < n; i++)
		rows += strcmp(all[i].workload.workload, "service/pod") == 0;
	assert_int_equal(rows, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(base_line, setup, teardown),
		cmocka_unit_test_setup_teardown(end_and_return, setup, teardown),
		cmocka_unit_test_setup_teardown(dips, setup, teardown),
		cmocka_unit_test_setup_teardown(batch_on_vgpu, setup, teardown),
		cmocka_unit_test_setup_teardown(dips_at_many_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(late_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(xe, setup, teardown),
		cmocka_unit_test_setup_teardown(xe_first, setup, teardown),
		cmocka_unit_test_setup_teardown(xe_goes_round, setup, teardown),
		cmocka_unit_test_setup_teardown(xe_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(memory, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(first_come, setup, teardown),
		cmocka_unit_test_setup_teardown(forgotten, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
