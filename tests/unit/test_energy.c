// SPDX-License-Identifier: Apache-2.0
/* Joules over wraps, jumps by a whole wrap, failed reads and restarts. */
#include "test.h"

#include "sources/gpu/energy.h"

#define S    UINT64_C(1000000000) /* ns, and uJ of 1000 W in a second */
#define J    UINT64_C(1000000)
#define WRAP ENERGY_HWMON_WRAP

static void from_the_first_value(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	energy_add(&e, 98114203515, 100 * S, ENERGY_RAN);
	assert_int_equal(e.total, 0);
	energy_add(&e, 98114203515 + 3000 * J, 115 * S, ENERGY_RAN);
	assert_int_equal(e.total, 3000 * J);
	/* The driver extends the register: its wraps are no event. */
	energy_add(&e, 98114203515 + 6000 * J, 130 * S, ENERGY_SUSPENDED);
	assert_int_equal(e.total, 6000 * J);
}

/* 200 W over 100 wraps of the register, within 0.1 %. */
static void programmed_energy_over_wraps(void **unused)
{
	struct energy e = { 0 };
	uint64_t at = 0, uj = WRAP - 1500 * J;
	double wanted, got;

	(void)unused;
	for (uint64_t n = 0; n < 100 * WRAP / (3000 * J); n++) {
		energy_add(&e, uj, at, ENERGY_RAN);
		at += 15 * S;
		uj += 3000 * J;
	}
	wanted = (double)(uj - 3000 * J - (WRAP - 1500 * J));
	got = (double)e.total;
	assert_true(got > wanted * 0.999 && got < wanted * 1.001);
}

static void no_value(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	/* A sensor that does not work. */
	energy_add(&e, 0, 10 * S, ENERGY_RAN);
	energy_add(&e, 0, 20 * S, ENERGY_RAN);
	assert_false(e.known);
	energy_add(&e, 500 * J, 30 * S, ENERGY_RAN);
	assert_true(e.known);
	/* A read that failed, once and for long. */
	energy_add(&e, 600 * J, 40 * S, ENERGY_RAN);
	energy_add(&e, 0, 50 * S, ENERGY_RAN);
	energy_add(&e, 0, 60 * S, ENERGY_RAN);
	energy_add(&e, 700 * J, 70 * S, ENERGY_RAN);
	assert_int_equal(e.total, 200 * J);
}

static void jump_of_d3cold(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	/* In D3cold between two scrapes: the register had 200 kJ, and has 5 J now. */
	energy_add(&e, 200000 * J, 100 * S, ENERGY_RAN);
	energy_add(&e, 200000 * J + (WRAP - 200000 * J) + 5 * J, 115 * S, ENERGY_SUSPENDED);
	assert_int_equal(e.total, 0);
	/* It goes on from there. */
	energy_add(&e, WRAP + 1005 * J, 130 * S, ENERGY_RAN);
	assert_int_equal(e.total, 1000 * J);
	/* Short before a wrap the jump is as small as what a card may use. */
	energy_add(&e, 2 * WRAP - 2 * J, 400 * S, ENERGY_RAN);
	assert_int_equal(e.total, 262137 * J);
	energy_add(&e, 2 * WRAP + 3 * J, 415 * S, ENERGY_SUSPENDED);
	assert_int_equal(e.total, 262137 * J);
	/* Hours asleep: more time than a wrap takes at 1000 W. */
	energy_add(&e, 3 * WRAP + 7 * J, 90000 * S, ENERGY_SUSPENDED);
	assert_int_equal(e.total, 262137 * J);
	/* Nor is a real wrap one, as long as the card was awake. */
	energy_add(&e, 4 * WRAP - 100 * J, 90300 * S, ENERGY_RAN);
	energy_add(&e, 4 * WRAP + 100 * J, 90315 * S, ENERGY_RAN);
	assert_int_equal(e.total, 262137 * J + 262037 * J + 200 * J);
}

static void more_than_a_card_uses(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	energy_add(&e, 1000 * J, 100 * S, ENERGY_RAN);
	energy_add(&e, 1000 * J + 17000 * J, 115 * S, ENERGY_RAN);
	assert_int_equal(e.total, 0);
	energy_add(&e, 18000 * J + 15000 * J, 130 * S, ENERGY_RAN);
	assert_int_equal(e.total, 15000 * J);
	/* Two scrapes within a millisecond, and a sensor of 10 values a second. */
	energy_add(&e, 33020 * J, 130 * S + 1000000, ENERGY_RAN);
	assert_int_equal(e.total, 15020 * J);
	/* A clock that stands, or worse. */
	energy_add(&e, 33021 * J, 120 * S, ENERGY_RAN);
	assert_int_equal(e.total, 15021 * J);
	energy_add(&e, UINT64_MAX, 121 * S, ENERGY_RAN);
	energy_add(&e, 1, 122 * S, ENERGY_RAN);
	energy_add(&e, 1 + 7 * J, 123 * S, ENERGY_RAN);
	energy_add(&e, 1 + 9 * J, 124 * S, ENERGY_RAN);
	assert_int_equal(e.total, 15023 * J);
}

static void below_the_last(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	energy_add(&e, 5000 * J, 100 * S, ENERGY_RAN);
	energy_add(&e, 6000 * J, 115 * S, ENERGY_RAN);
	/* A dip. */
	energy_add(&e, 5900 * J, 130 * S, ENERGY_RAN);
	assert_int_equal(e.total, 1000 * J);
	energy_add(&e, 6500 * J, 145 * S, ENERGY_RAN);
	assert_int_equal(e.total, 1500 * J);
	/* A restart: held once, then the new base. */
	energy_add(&e, 10 * J, 160 * S, ENERGY_RAN);
	energy_add(&e, 20 * J, 175 * S, ENERGY_RAN);
	energy_add(&e, 50 * J, 190 * S, ENERGY_RAN);
	assert_int_equal(e.total, 1530 * J);
}

static void the_machine_slept(void **unused)
{
	struct energy e = { 0 };

	(void)unused;
	energy_add(&e, 1000 * J, 100 * S, ENERGY_RAN);
	energy_add(&e, 1400 * J, 115 * S, ENERGY_POWERED_OFF);
	assert_int_equal(e.total, 0);
	energy_add(&e, 1500 * J, 130 * S, ENERGY_RAN);
	assert_int_equal(e.total, 100 * J);
}

static void range_of_powercap(void **unused)
{
	const uint64_t range = 262143328850;
	struct energy e = { 0 };

	(void)unused;
	/* It may be 0. */
	energy_add_wrapping(&e, 0, range, 100 * S, ENERGY_RAN);
	assert_true(e.known);
	energy_add_wrapping(&e, 75 * J, range, 115 * S, ENERGY_RAN);
	assert_int_equal(e.total, 75 * J);
	energy_add_wrapping(&e, range - 10 * J, range, 4000 * S, ENERGY_RAN);
	energy_add_wrapping(&e, 65 * J, range, 4015 * S, ENERGY_RAN);
	assert_int_equal(e.total, range + 65 * J);
	/* S3: the counter has restarted. */
	energy_add_wrapping(&e, 1 * J, range, 4030 * S, ENERGY_POWERED_OFF);
	assert_int_equal(e.total, range + 65 * J);
	/* The same, where nobody could say: not 262 kJ in 15 s. */
	energy_add_wrapping(&e, 100 * J, range, 4045 * S, ENERGY_RAN);
	energy_add_wrapping(&e, 2 * J, range, 4060 * S, ENERGY_RAN);
	assert_int_equal(e.total, range + 164 * J);
	/* perf: 64 bits, which restart when the event is opened anew. */
	e = (struct energy){ 0 };
	energy_add_wrapping(&e, 0, 0, 1 * S, ENERGY_RAN);
	energy_add_wrapping(&e, 3 * J, 0, 2 * S, ENERGY_RAN);
	energy_add_wrapping(&e, 0, 0, 3 * S, ENERGY_RAN);
	energy_add_wrapping(&e, 4 * J, 0, 4 * S, ENERGY_RAN);
	assert_int_equal(e.total, 7 * J);
}

/* Whatever comes, it never falls. */
static void never_falls(void **unused)
{
	struct energy hwmon = { 0 }, powercap = { 0 };
	uint64_t seed = 1, last[2] = { 0 };

	(void)unused;
	for (uint64_t i = 0; i < 200000; i++) {
		uint64_t uj, at;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		uj = seed >> (seed >> 58);
		at = i * S - (seed >> 40) % S;
		energy_add(&hwmon, uj, at, (enum energy_gap)(seed >> 33) % 3);
		energy_add_wrapping(&powercap, uj, seed >> 20, at,
				    (enum energy_gap)(seed >> 35) % 3);
		assert_true(hwmon.total >= last[0] && powercap.total >= last[1]);
		last[0] = hwmon.total;
		last[1] = powercap.total;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_first_value),
		cmocka_unit_test(programmed_energy_over_wraps),
		cmocka_unit_test(no_value),
		cmocka_unit_test(jump_of_d3cold),
		cmocka_unit_test(more_than_a_card_uses),
		cmocka_unit_test(below_the_last),
		cmocka_unit_test(the_machine_slept),
		cmocka_unit_test(range_of_powercap),
		cmocka_unit_test(never_falls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
