// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "web/query.h"

#include <errno.h>
#include <string.h>

/* Everything but cycles. */
static collector_set enabled(void)
{
	return collectors_default();
}

static collector_set bit(const char *name)
{
	int index = collector_find(name);

	assert_compare(index, >=, 0);
	return (collector_set)1 << index;
}

static collector_set result(const struct query *query)
{
	collector_set set = 0;
	char message[128];

	assert_int_equal(query_result(query, enabled(), &set, message, sizeof(message)), 0);
	return set;
}

static void assert_refused(const struct query *query, const char *wanted)
{
	collector_set set = 77;
	char message[128];

	assert_int_equal(query_result(query, enabled(), &set, message, sizeof(message)), -EINVAL);
	assert_int_equal(set, 77);
	assert_string_equal(message, wanted);
}

static void without_arguments(void **state)
{
	struct query query = { 0 };

	(void)state;
	query_add(&query, enabled(), "name", "engine");
	query_add(&query, enabled(), "collect", "engine");
	query_add(&query, enabled(), "Collect[]", "engine");
	query_add(&query, enabled(), "", NULL);
	assert_int_equal(result(&query), enabled());
}

static void collect(void **state)
{
	struct query query = { 0 };

	(void)state;
	query_add(&query, enabled(), "collect[]", "engine");
	assert_int_equal(result(&query), bit("engine"));
	query_add(&query, enabled(), "collect[]", "info");
	query_add(&query, enabled(), "collect[]", "info");
	assert_int_equal(result(&query), bit("engine") | bit("info"));
}

static void exclude(void **state)
{
	struct query query = { 0 };

	(void)state;
	query_add(&query, enabled(), "exclude[]", "vgpu");
	assert_int_equal(result(&query), enabled() & ~bit("vgpu"));
}

static void both(void **state)
{
	struct query query = { 0 };

	(void)state;
	query_add(&query, enabled(), "exclude[]", "vgpu");
	query_add(&query, enabled(), "collect[]", "info");
	assert_refused(&query, "Combined collect and exclude queries are not allowed.\n");
}

static void unknown_names(void **state)
{
	static const struct {
		const char *value, *message;
	} rows[] = {
		{ "engin", "Unknown or disabled collector: engin\n" },
		{ "Engine", "Unknown or disabled collector: Engine\n" },
		{ "cycles", "Unknown or disabled collector: cycles\n" },
		{ "", "Unknown or disabled collector: (empty)\n" },
		{ NULL, "Unknown or disabled collector: (empty)\n" },
		{ "a\nb\xff", "Unknown or disabled collector: a\\x0ab\\xff\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct query query = { 0 };

		query_add(&query, enabled(), "collect[]", rows[i].value);
		query_add(&query, enabled(), "collect[]", "another");
		query_add(&query, enabled(), "collect[]", "info");
		assert_refused(&query, rows[i].message);
	}
}

static void long_names_are_cut(void **state)
{
	struct query query = { 0 };
	char name[4096];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	query_add(&query, enabled(), "collect[]", name);
	assert_int_equal(strlen(query.unknown), sizeof(query.unknown) - 1);
}

static void timeouts(void **state)
{
	static const struct {
		const char *header;
		uint64_t ns;
	} rows[] = {
		{ "10", 9500000000 },
		{ "2.5", 2000000000 },
		{ "1.000000", 500000000 },
		{ "0.6", 100000000 },
		{ "0.5", 100000000 },
		{ "0.001", 100000000 },
		{ "86400", 86399500000000 },
		{ "86401", 0 },
		{ "0", 0 },
		{ "0.0", 0 },
		{ "-1", 0 },
		{ "+1", 0 },
		{ " 1", 0 },
		{ "1 ", 0 },
		{ "1s", 0 },
		{ "1e9", 0 },
		{ "inf", 0 },
		{ "nan", 0 },
		{ "0x10", 0 },
		{ "1.2.3", 0 },
		{ ".", 0 },
		{ "", 0 },
		{ NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t ns = query_timeout(rows[i].header);

		/* The conversion from text is in binary: a nanosecond up or down. */
		assert_row(ns + 1 >= rows[i].ns && ns <= rows[i].ns + 1, rows[i].header);
		assert_row((ns == 0) == (rows[i].ns == 0), rows[i].header);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments), cmocka_unit_test(collect),
		cmocka_unit_test(exclude),	     cmocka_unit_test(both),
		cmocka_unit_test(unknown_names),     cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
