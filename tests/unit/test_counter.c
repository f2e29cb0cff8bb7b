// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/gpu/counter.h"

#define SECOND UINT64_C(1000000000)

static void starts_at_zero(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add(&counter, 5), 5);
	assert_int_equal(counter_add(&counter, 5), 5);
	assert_int_equal(counter_add(&counter, 12), 12);
}

static void dip_of_one_read_is_held(void **state)
{
	static const uint64_t raw[] = { 100, 200, 150, 400, 500 };
	static const uint64_t total[] = { 100, 200, 200, 400, 500 };
	struct counter counter = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		assert_int_equal(counter_add(&counter, raw[i]), total[i]);
}

static void two_dips_apart_are_two_dips(void **state)
{
	static const uint64_t raw[] = { 100, 90, 110, 90, 120 };
	static const uint64_t total[] = { 100, 100, 110, 110, 120 };
	struct counter counter = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		assert_int_equal(counter_add(&counter, raw[i]), total[i]);
}

/* The rate between the third read after the restart and the second is the true one. */
static void lasting_restart(void **state)
{
	static const uint64_t raw[] = { 1000, 10, 20, 30, 40 };
	static const uint64_t total[] = { 1000, 1000, 1000, 1010, 1020 };
	struct counter counter = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		assert_int_equal(counter_add(&counter, raw[i]), total[i]);
}

static void restart_to_zero(void **state)
{
	static const uint64_t raw[] = { 1000, 0, 0, 0, 7 };
	static const uint64_t total[] = { 1000, 1000, 1000, 1000, 1007 };
	struct counter counter = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(raw); i++)
		assert_int_equal(counter_add(&counter, raw[i]), total[i]);
}

static void time_within_the_clock(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add_time(&counter, SECOND / 2, SECOND), SECOND / 2);
	assert_int_equal(counter_add_time(&counter, SECOND, 2 * SECOND), SECOND);
	/* Exactly 1.05 times the elapsed time is kept. */
	assert_int_equal(counter_add_time(&counter, SECOND + SECOND / 20 * 21, 3 * SECOND),
			 SECOND + SECOND / 20 * 21);
}

static void jump_is_cut_to_the_clock(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add_time(&counter, SECOND, SECOND), SECOND);
	assert_int_equal(counter_add_time(&counter, SECOND + SECOND / 20 * 21 + 1, 2 * SECOND),
			 2 * SECOND);
	assert_int_equal(counter_add_time(&counter, UINT64_MAX, 3 * SECOND), 3 * SECOND);
	/* It was accepted as the base: what is then below it is a dip first. */
	assert_int_equal(counter_add_time(&counter, 10 * SECOND, 4 * SECOND), 3 * SECOND);
	assert_int_equal(counter_add_time(&counter, 11 * SECOND, 5 * SECOND), 3 * SECOND);
	assert_int_equal(counter_add_time(&counter, 12 * SECOND, 6 * SECOND), 4 * SECOND);
}

/* After a held read the elapsed time counts from the last that was accepted. */
static void time_after_a_dip(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add_time(&counter, SECOND, SECOND), SECOND);
	assert_int_equal(counter_add_time(&counter, SECOND / 2, 2 * SECOND), SECOND);
	assert_int_equal(counter_add_time(&counter, 3 * SECOND, 3 * SECOND), 3 * SECOND);
}

static void time_after_a_restart(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add_time(&counter, 50 * SECOND, 100 * SECOND), 50 * SECOND);
	assert_int_equal(counter_add_time(&counter, 0, 110 * SECOND), 50 * SECOND);
	assert_int_equal(counter_add_time(&counter, 5 * SECOND, 120 * SECOND), 50 * SECOND);
	assert_int_equal(counter_add_time(&counter, 10 * SECOND, 130 * SECOND), 55 * SECOND);
	assert_int_equal(counter_add_time(&counter, 15 * SECOND, 140 * SECOND), 60 * SECOND);
}

static void clock_that_stands(void **state)
{
	struct counter counter = { 0 };

	(void)state;
	assert_int_equal(counter_add_time(&counter, 10, 100), 10);
	assert_int_equal(counter_add_time(&counter, 10, 100), 10);
	assert_int_equal(counter_add_time(&counter, 11, 100), 10);
	assert_int_equal(counter_add_time(&counter, 12, 90), 10);
}

/* Whatever the raw values are: never down, and a time never more than the clock and 5 %. */
static void never_falls(void **state)
{
	struct counter count = { 0 }, time = { 0 };
	uint64_t last_count = 0, last_time = 0, at = 0, seed = 1;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t raw, step, total;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		step = seed >> 44;
		raw = seed >> (seed & 31);
		at += step;
		total = counter_add_time(&time, raw, at);
		assert_compare(total, >=, last_time);
		assert_compare(total, <=, at + at / 20);
		last_time = total;
		total = counter_add(&count, raw >> 20);
		assert_compare(total, >=, last_count);
		last_count = total;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_at_zero),
		cmocka_unit_test(dip_of_one_read_is_held),
		cmocka_unit_test(two_dips_apart_are_two_dips),
		cmocka_unit_test(lasting_restart),
		cmocka_unit_test(restart_to_zero),
		cmocka_unit_test(time_within_the_clock),
		cmocka_unit_test(jump_is_cut_to_the_clock),
		cmocka_unit_test(time_after_a_dip),
		cmocka_unit_test(time_after_a_restart),
		cmocka_unit_test(clock_that_stands),
		cmocka_unit_test(never_falls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
