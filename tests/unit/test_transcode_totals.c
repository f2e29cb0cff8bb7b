// SPDX-License-Identifier: Apache-2.0
/* A table that is full: who stays, who goes, and that nothing is taken back. */
#include "test.h"

#include "sources/transcode/totals.h"

#include <stdio.h>
#include <string.h>

#define S UINT64_C(1000000000)

static struct transcode_totals totals;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	now = 1000 * S;
	return transcode_totals_init(&totals);
}

static int teardown(void **state)
{
	(void)state;
	transcode_totals_done(&totals);
	return 0;
}

static struct workload numbered(unsigned number)
{
	struct workload w = { .kind = "service" };

	snprintf(w.workload, sizeof(w.workload), "service/%u", number);
	return w;
}

static void begin(uint64_t seconds)
{
	now += seconds * S;
	transcode_totals_begin(&totals, now);
}

/* Each uses a second of the CPU. */
static void add(unsigned from, unsigned to, enum acceleration acceleration)
{
	for (unsigned i = from; i < to; i++) {
		struct workload w = numbered(i);

		transcode_totals_add(&totals, "ffmpeg", acceleration, &w, 1, S);
	}
}

/* Its CPU time in seconds; -1 without a row. */
static int cpu(unsigned number, enum acceleration acceleration)
{
	struct workload w = numbered(number);

	for (size_t i = 0; i < totals.n; i++)
		if (totals.rows[i].acceleration == acceleration &&
		    workload_equal(&totals.rows[i].workload, &w))
			return (int)(totals.rows[i].cpu_ns / S);
	return -1;
}

static void full(void **state)
{
	const struct transcode_total *other = &totals.others[ACCELERATION_SOFTWARE];

	(void)state;
	begin(0);
	add(0, TRANSCODE_TOTALS_MAX, ACCELERATION_SOFTWARE);
	add(1000, 1002, ACCELERATION_SOFTWARE);
	add(0, 1, ACCELERATION_MIXED);
	transcode_totals_end(&totals);
	assert_int_equal(totals.n, TRANSCODE_TOTALS_MAX);
	assert_true(other->cpu_ns == 2 * S && other->processes == 2);
	assert_compare(totals.others[ACCELERATION_MIXED].processes, ==, 1);
	assert_compare(totals.others[ACCELERATION_UNKNOWN].last_live, ==, 0);
	assert_compare(strcmp(other->workload.workload, "other"), ==, 0);
	/* 0 is not seen now, and may yet be: its place is not another's before the next look. */
	begin(10);
	add(1000, 1001, ACCELERATION_SOFTWARE);
	add(1, TRANSCODE_TOTALS_MAX, ACCELERATION_SOFTWARE);
	transcode_totals_end(&totals);
	assert_int_equal(cpu(0, ACCELERATION_SOFTWARE), 1);
	assert_int_equal(cpu(1, ACCELERATION_SOFTWARE), 2);
	assert_true(other->cpu_ns == 3 * S && other->processes == 1);
	begin(10);
	add(1000, 1001, ACCELERATION_SOFTWARE);
	add(1, TRANSCODE_TOTALS_MAX, ACCELERATION_SOFTWARE);
	transcode_totals_end(&totals);
	assert_int_equal(cpu(0, ACCELERATION_SOFTWARE), -1);
	assert_int_equal(cpu(1000, ACCELERATION_SOFTWARE), 1);
	/* What was added up as others' stays theirs. */
	assert_true(other->cpu_ns == 3 * S && other->processes == 0);
}

static void forgets(void **state)
{
	(void)state;
	begin(0);
	add(0, 2, ACCELERATION_IDLE);
	transcode_totals_end(&totals);
	begin(900);
	add(1, 2, ACCELERATION_IDLE);
	transcode_totals_end(&totals);
	assert_int_equal(cpu(0, ACCELERATION_IDLE), 1);
	begin(1);
	transcode_totals_end(&totals);
	assert_int_equal(cpu(0, ACCELERATION_IDLE), -1);
	assert_int_equal(cpu(1, ACCELERATION_IDLE), 2);
	assert_int_equal(totals.rows[0].processes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
