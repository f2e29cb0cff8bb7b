// SPDX-License-Identifier: Apache-2.0
/* A table that is full: who stays, who goes, and that nothing is taken back. */
#include "test.h"

#include "sources/transcode/totals.h"

#include <stdio.h>
#include <string.h>

#define S UINT64_C(1000000000)

static struct transcode_uses uses;
static uint64_t now;

static int setup(void **state)
{
	(void)state;
	now = 1000 * S;
	return transcode_uses_init(&uses);
}

static int teardown(void **state)
{
	(void)state;
	transcode_uses_done(&uses);
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
	transcode_uses_begin(&uses, now);
}

/* Each uses a second of the CPU. */
static void add(unsigned from, unsigned to, enum acceleration acceleration)
{
	for (unsigned i = from; i < to; i++) {
		struct workload w = numbered(i);

		transcode_uses_add(&uses, "ffmpeg", acceleration, &w, 1, S);
	}
}

/* Its CPU time in seconds; -1 without a row. */
static int cpu(unsigned number, enum acceleration acceleration)
{
	struct workload w = numbered(number);

	for (size_t i = 0; i < uses.n; i++)
		if (uses.uses[i].acceleration == acceleration &&
		    workload_equal(&uses.uses[i].workload, &w))
			return (int)(uses.uses[i].cpu_ns / S);
	return -1;
}

static void full(void **state)
{
	const struct transcode_use *other = &uses.others[ACCELERATION_SOFTWARE];

	(void)state;
	begin(0);
	add(0, TRANSCODE_USES_MAX, ACCELERATION_SOFTWARE);
	add(1000, 1002, ACCELERATION_SOFTWARE);
	add(0, 1, ACCELERATION_MIXED);
	transcode_uses_end(&uses);
	assert_int_equal(uses.n, TRANSCODE_USES_MAX);
	assert_true(other->cpu_ns == 2 * S && other->processes == 2);
	assert_true(uses.others[ACCELERATION_MIXED].processes == 1);
	assert_true(uses.others[ACCELERATION_UNKNOWN].last_live == 0);
	assert_true(strcmp(other->workload.workload, "other") == 0);
	/* 0 is not seen now, and may yet be: its place is not another's before the next look. */
	begin(10);
	add(1000, 1001, ACCELERATION_SOFTWARE);
	add(1, TRANSCODE_USES_MAX, ACCELERATION_SOFTWARE);
	transcode_uses_end(&uses);
	assert_int_equal(cpu(0, ACCELERATION_SOFTWARE), 1);
	assert_int_equal(cpu(1, ACCELERATION_SOFTWARE), 2);
	assert_true(other->cpu_ns == 3 * S && other->processes == 1);
	begin(10);
	add(1000, 1001, ACCELERATION_SOFTWARE);
	add(1, TRANSCODE_USES_MAX, ACCELERATION_SOFTWARE);
	transcode_uses_end(&uses);
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
	transcode_uses_end(&uses);
	begin(900);
	add(1, 2, ACCELERATION_IDLE);
	transcode_uses_end(&uses);
	assert_int_equal(cpu(0, ACCELERATION_IDLE), 1);
	begin(1);
	transcode_uses_end(&uses);
	assert_int_equal(cpu(0, ACCELERATION_IDLE), -1);
	assert_int_equal(cpu(1, ACCELERATION_IDLE), 2);
	assert_int_equal(uses.uses[0].processes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full, setup, teardown),
		cmocka_unit_test_setup_teardown(forgets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
