// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/workload/remainder.h"

#define N(n) (UINT64_C(n) * 1000000000)

static void what_is_left(void **state)
{
	/* The first one is the base. */
	static const struct {
		const char *what;
		uint64_t whole, parts, total;
	} rows[] = {
		{ "the base", N(100), N(40), 0 },
		{ "nobody works", N(100), N(40), 0 },
		{ "the guests alone", N(105), N(40), N(5) },
		{ "clients alone", N(110), N(45), N(5) },
		{ "both", N(120), N(50), N(10) },
		{ "clients were read later", N(121), N(53), N(10) },
		{ "and now they were not", N(125), N(55), N(10) },
		{ "that was no time of guests", N(127), N(56), N(11) },
		{ "the engines' events were opened anew", N(1), N(56), N(11) },
		{ "and go on", N(4), N(57), N(13) },
		{ "clients were counted anew", N(5), N(2), N(13) },
		{ "and go on, too", N(9), N(3), N(16) },
	};
	struct remainder r = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		remainder_add(&r, rows[i].whole, rows[i].parts);
		assert_row(r.total == rows[i].total, rows[i].what);
	}
}

/* A thousand readings whose instants differ by up to 50 ms, and no guest works. */
static void noise_adds_nothing(void **state)
{
	struct remainder r = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		remainder_add(&r, i * N(10) + (i * 7919 % 50) * 1000000, i * N(10));
	assert_in_range(r.total, 0, 50000000);
}

static void a_pause_is_not_counted(void **state)
{
	struct remainder r = { 0 };

	(void)state;
	remainder_add(&r, 0, 0);
	remainder_add(&r, N(3), 0);
	remainder_pause(&r);
	remainder_add(&r, N(50), N(1));
	assert_int_equal(r.total, N(3));
	remainder_add(&r, N(52), N(2));
	assert_int_equal(r.total, N(4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(noise_adds_nothing),
		cmocka_unit_test(a_pause_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
