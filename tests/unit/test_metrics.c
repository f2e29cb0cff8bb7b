// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "exposition/metrics.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct family families[] = {
	{ "x_bare", "Help.", GAUGE, { NULL } },
	{ "x_one", "Help.", GAUGE, { "a" } },
	{ "x_three", "Help.", GAUGE, { "a", "b", "c" } },
	{ "x_most",
	  "Help.",
	  GAUGE,
	  { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l" } },
};
static const struct family foreign = { "y", "Help.", GAUGE, { "a" } };

static struct batch *batch;

static int setup(void **state)
{
	(void)state;
	batch = batch_new(families, ARRAY_SIZE(families));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	batch_free(batch);
	batch_free(NULL);
	return 0;
}

static void assert_piece(const struct family *family, size_t *piece, const char *wanted)
{
	size_t len;
	const char *text = batch_piece(batch, family, piece, &len);

	if (!wanted) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_int_equal(len, strlen(wanted));
	assert_memory_equal(text, wanted, len);
}

static void number_formats(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ -1, "-1" },
		{ 0.1, "0.1" },
		{ 0.5, "0.5" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 630001000 / 1e9, "0.630001" },
		{ 1e-9, "1e-09" },
		{ 12345e-9, "1.2345e-05" },
		{ 99999e-9, "9.9999e-05" },
		{ 1e-4, "0.0001" },
		{ -1e-4, "-0.0001" },
		{ 100001e-9, "0.000100001" },
		{ 1.25e-10, "1.25e-10" },
		{ 999999.999999999, "999999.999999999" },
		{ 1792246127.37, "1792246127.37" },
		{ 99999999999.5, "99999999999.5" },
		{ 1200000000, "1200000000" },
		{ 999999999999999, "999999999999999" },
		{ -999999999999999, "-999999999999999" },
		{ 1e15, "1e+15" },
		{ 1e15 + 1, "1000000000000001" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 18446744073709551615.0, "1.8446744073709552e+19" },
		{ 1e300, "1e+300" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
		{ NAN, "NaN" },
		{ -NAN, "NaN" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[32];
		size_t n = metric_format_value(rows[i].value, out);

		assert_string_equal(out, rows[i].text);
		assert_int_equal(n, strlen(out));
	}
}

/* The formats' own words for it: the shortest of these that reads back. */
static void format_slowly(double value, char out[static 32])
{
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(out, 32, "%.*g", precision, value + 0.0);
		if (strtod(out, NULL) == value)
			return;
	}
}

static void numbers_read_back(void **state)
{
	static const double scales[] = { 1, 1e1, 1e3, 1e6, 1e9, 1e12, 3 };
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char out[32], wanted[32];
		double value;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		if (i & 1)
			memcpy(&value, &seed, sizeof(value));
		else
			value = (double)(int64_t)(seed >> i % 64) /
				scales[(size_t)i / 2 % ARRAY_SIZE(scales)];
		if (!isfinite(value))
			continue;
		metric_format_value(value, out);
		assert_row(strtod(out, NULL) == value, out);
		format_slowly(value, wanted);
		if (value != 0)
			assert_string_equal(out, wanted);
	}
}

static void samples(void **state)
{
	size_t bare = 0, three = 0;

	(void)state;
	put(batch, &families[0], 1.5);
	put(batch, &families[2], 2, "x", "y", "z");
	put(batch, &families[2], 3, "x", NULL, "z");
	put(batch, &families[2], 4, NULL, NULL, "z");
	put(batch, &families[2], 5, NULL, NULL, NULL);
	put(batch, &families[2], 6, "", "", "");
	assert_int_equal(batch_error(batch), 0);
	assert_piece(&families[0], &bare, "x_bare 1.5\n");
	assert_piece(&families[0], &bare, NULL);
	assert_piece(&families[2], &three,
		     "x_three{a=\"x\",b=\"y\",c=\"z\"} 2\n"
		     "x_three{a=\"x\",c=\"z\"} 3\n"
		     "x_three{c=\"z\"} 4\n"
		     "x_three 5\n"
		     "x_three{a=\"\",b=\"\",c=\"\"} 6\n");
	assert_piece(&families[2], &three, NULL);
}

static void pieces_in_order(void **state)
{
	size_t one = 0;

	(void)state;
	put(batch, &families[1], 1, "a");
	put(batch, &families[0], 2);
	put(batch, &families[1], 3, "b");
	put(batch, &families[1], 4, "c");
	assert_piece(&families[1], &one, "x_one{a=\"a\"} 1\n");
	assert_piece(&families[1], &one, "x_one{a=\"b\"} 3\nx_one{a=\"c\"} 4\n");
	assert_piece(&families[1], &one, NULL);
}

static void label_values(void **state)
{
	static const struct {
		const char *value, *printed;
	} rows[] = {
		{ "say \"hi\"", "say \\\"hi\\\"" },
		{ "back\\slash", "back\\\\slash" },
		{ "line\nfeed", "line\\\\x0afeed" },
		{ "\xff\xc0\x80", "\\\\xff\\\\xc0\\\\x80" },
		{ "\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80" },
		{ "{a=\"b\"} 1", "{a=\\\"b\\\"} 1" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
	};
	char wanted[128];
	size_t piece = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(batch, &families[1], 1, rows[i].value);
		/* So that each has a piece of its own. */
		put(batch, &families[2], 1, rows[i].value, NULL, NULL);
		snprintf(wanted, sizeof(wanted), "x_one{a=\"%s\"} 1\n", rows[i].printed);
		assert_piece(&families[1], &piece, wanted);
	}
}

static void long_label_is_cut_at_a_character(void **state)
{
	char value[METRIC_LABEL_BYTES + 50], wanted[2 * METRIC_LABEL_BYTES];
	size_t piece = 0;

	(void)state;
	/* The last place that fits is in the middle of a character. */
	memset(value, 'a', sizeof(value));
	memcpy(value + METRIC_LABEL_BYTES - 3, "\xe2\x82\xac", 3);
	value[sizeof(value) - 1] = '\0';
	put(batch, &families[1], 1, value);
	snprintf(wanted, sizeof(wanted), "x_one{a=\"%.*s\"} 1\n", METRIC_LABEL_BYTES - 3, value);
	assert_piece(&families[1], &piece, wanted);
}

/* As long as anything can be: escapes in every label of the widest family, again and again. */
static void widest_samples(void **state)
{
	char value[METRIC_LABEL_BYTES + 1];

	(void)state;
	memset(value, '"', sizeof(value));
	value[METRIC_LABEL_BYTES] = '\0';
	for (int i = 0; i < 100; i++) {
		value[i] = 'x';
		put(batch, &families[3], -DBL_MAX, value, value, value, value, value, value, value,
		    value, value, value, value, value);
		value[i] = '"';
	}
	assert_int_equal(batch_error(batch), 0);
	assert_int_equal(batch_refused(batch), 0);
}

static void wrong_number_of_labels_sticks(void **state)
{
	size_t piece = 0;

	(void)state;
	put(batch, &families[1], 1, "a");
	put(batch, &families[1], 1, "a", "b");
	assert_int_equal(batch_error(batch), -EINVAL);
	put(batch, &families[1], 2, "c");
	assert_int_equal(batch_error(batch), -EINVAL);
	assert_piece(&families[1], &piece, "x_one{a=\"a\"} 1\n");
	assert_piece(&families[1], &piece, NULL);
}

static void missing_label_sticks(void **state)
{
	(void)state;
	put(batch, &families[2], 1, "a", "b");
	assert_int_equal(batch_error(batch), -EINVAL);
}

static void foreign_family_sticks(void **state)
{
	(void)state;
	put(batch, &foreign, 1, "a");
	assert_int_equal(batch_error(batch), -EINVAL);
	put(batch, &families[0], 1);
	assert_int_equal(batch_error(batch), -EINVAL);
}

static void limit_of_a_batch(void **state)
{
	char value[201];
	size_t piece = 0, len, n = 0;

	(void)state;
	memset(value, 'a', 200);
	value[200] = '\0';
	while (!batch_error(batch) && n < 100000) {
		value[snprintf(value, sizeof(value), "%06zu", n)] = 'a';
		put(batch, &families[1], 1, value);
		n++;
	}
	assert_int_equal(batch_error(batch), -E2BIG);
	assert_non_null(batch_piece(batch, &families[1], &piece, &len));
	assert_compare(len, <=, BATCH_MAX_BYTES);
	assert_compare(len, >, BATCH_MAX_BYTES - 2048);
}

/* A driver that lists something twice does not make the exposition invalid. */
static void equal_series(void **state)
{
	char label[16], wanted[64];
	size_t piece = 0;

	(void)state;
	put(batch, &families[0], 1);
	put(batch, &families[0], 2);
	put(batch, &families[1], 1, "a");
	put(batch, &families[1], 1, "a ");
	put(batch, &families[1], 1, NULL);
	put(batch, &families[1], 1, "a");
	assert_int_equal(batch_refused(batch), 2);
	assert_piece(&families[0], &piece, "x_bare 1\n");
	piece = 0;
	assert_piece(&families[1], &piece, "x_one{a=\"a\"} 1\nx_one{a=\"a \"} 1\nx_one 1\n");
	/* Among many, whatever grows meanwhile. */
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 5000; i++) {
			snprintf(label, sizeof(label), "%d", i);
			put(batch, &families[2], i, label, "b", NULL);
		}
	assert_int_equal(batch_refused(batch), 5002);
	assert_int_equal(batch_error(batch), 0);
	piece = 0;
	for (size_t len, n = 0;;) {
		const char *text = batch_piece(batch, &families[2], &piece, &len);

		if (!text) {
			assert_int_equal(n, 5000);
			break;
		}
		for (const char *s = text; s < text + len; n++) {
			snprintf(wanted, sizeof(wanted), "x_three{a=\"%zu\",b=\"b\"} %zu\n", n, n);
			assert_memory_equal(s, wanted, strlen(wanted));
			s += strlen(wanted);
		}
	}
}

/* What the last batch took is room that the next one begins with, and no more than that. */
static void batches_of_other_sizes(void **state)
{
	static const int sizes[] = { 1, 3000, 1, 0, 9, 3000 };
	char label[16], wanted[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t piece = 0, len, n = 0;
		const char *text;

		batch_free(batch);
		batch = batch_new(families, ARRAY_SIZE(families));
		for (int j = 0; j < sizes[i]; j++) {
			snprintf(label, sizeof(label), "%d", j);
			put(batch, &families[1], j, label);
			put(batch, &families[2], j, label, NULL, NULL);
			put(batch, &families[1], j, label);
		}
		assert_int_equal(batch_error(batch), 0);
		assert_int_equal(batch_refused(batch), sizes[i]);
		while ((text = batch_piece(batch, &families[1], &piece, &len)))
			for (const char *s = text; s < text + len; s += strlen(wanted)) {
				snprintf(wanted, sizeof(wanted), "x_one{a=\"%zu\"} %zu\n", n, n);
				assert_memory_equal(s, wanted, strlen(wanted));
				n++;
			}
		assert_int_equal(n, sizes[i]);
	}
}

/* Memory of batches is used again, and nothing of what was in them is. */
static void memory_is_used_again(void **state)
{
	struct batch *many[40];
	size_t piece;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
			many[i] = batch;
			batch = batch_new(families, ARRAY_SIZE(families));
			assert_non_null(batch);
			assert_int_equal(batch_len(batch), 0);
			piece = 0;
			assert_piece(&families[1], &piece, NULL);
			/* As many as make some of them grow, and one as before. */
			for (size_t j = 0; j <= i * 20; j++) {
				char label[16];

				snprintf(label, sizeof(label), "%zu", j);
				put(batch, &families[1], (double)j, label);
			}
			put(batch, &families[1], 1, "0");
			assert_int_equal(batch_error(batch), 0);
			assert_int_equal(batch_refused(batch), 1);
			piece = 0;
			if (i == 0)
				assert_piece(&families[1], &piece, "x_one{a=\"0\"} 0\n");
		}
		/* The ones that are alive have their own. */
		for (size_t i = 0; i < ARRAY_SIZE(many); i++)
			batch_free(many[i]);
		assert_int_equal(batch_refused(batch), 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_formats),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test_setup_teardown(equal_series, setup, teardown),
		cmocka_unit_test_setup_teardown(batches_of_other_sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(samples, setup, teardown),
		cmocka_unit_test_setup_teardown(pieces_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(label_values, setup, teardown),
		cmocka_unit_test_setup_teardown(long_label_is_cut_at_a_character, setup, teardown),
		cmocka_unit_test_setup_teardown(widest_samples, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_number_of_labels_sticks, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_label_sticks, setup, teardown),
		cmocka_unit_test_setup_teardown(foreign_family_sticks, setup, teardown),
		cmocka_unit_test_setup_teardown(limit_of_a_batch, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_is_used_again, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
