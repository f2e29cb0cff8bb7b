// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "exposition/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct family first[] = {
	{ "a_info", "Who \\ what\nwhere.", INFO, { "x" } },
	{ "a_seconds_total", "Time.", COUNTER, { "x" } },
	{ "a_empty", "Nothing.", GAUGE, { "x" } },
};
static const struct family second[] = {
	{ "b", "B.", GAUGE, { NULL } },
};

static char *render(const struct batch_group *groups, size_t n)
{
	char *text = NULL;
	size_t len = 0;

	assert_int_equal(text_render(groups, n, TEXT_PROMETHEUS, &text, &len), 0);
	text = realloc(text, len + 1);
	text[len] = '\0';
	return text;
}

static void families_are_contiguous(void **state)
{
	struct batch *gpu0 = batch_new(first, ARRAY_SIZE(first));
	struct batch *gpu1 = batch_new(first, ARRAY_SIZE(first));
	struct batch *other = batch_new(second, 1);
	const struct batch *const firsts[] = { gpu0, gpu1 };
	const struct batch *const others[] = { other };
	const struct batch_group groups[] = { { first, ARRAY_SIZE(first), firsts, 2 },
					      { second, 1, others, 1 } };
	_cleanup_free_ char *text = NULL;

	(void)state;
	put(gpu0, &first[1], 1, "0");
	put(gpu0, &first[0], 1, "0");
	put(gpu0, &first[1], 2, "0b");
	put(gpu1, &first[0], 1, "1");
	put(gpu1, &first[1], 3, "1");
	put(other, &second[0], 7);
	text = render(groups, 2);
	assert_string_equal(text, "# HELP a_info Who \\\\ what\\nwhere.\n"
				  "# TYPE a_info gauge\n"
				  "a_info{x=\"0\"} 1\n"
				  "a_info{x=\"1\"} 1\n"
				  "# HELP a_seconds_total Time.\n"
				  "# TYPE a_seconds_total counter\n"
				  "a_seconds_total{x=\"0\"} 1\n"
				  "a_seconds_total{x=\"0b\"} 2\n"
				  "a_seconds_total{x=\"1\"} 3\n"
				  "# HELP b B.\n"
				  "# TYPE b gauge\n"
				  "b 7\n");
	batch_free(gpu0);
	batch_free(gpu1);
	batch_free(other);
}

static void nothing_at_all(void **state)
{
	struct batch *empty = batch_new(second, 1);
	const struct batch *const batches[] = { empty };
	const struct batch_group group = { second, 1, batches, 1 };
	_cleanup_free_ char *with_batch = render(&group, 1);
	_cleanup_free_ char *without = render(NULL, 0);

	(void)state;
	assert_string_equal(with_batch, "");
	assert_string_equal(without, "");
	batch_free(empty);
}

static void grows_beyond_its_first_size(void **state)
{
	struct batch *batch = batch_new(first, ARRAY_SIZE(first));
	const struct batch *const batches[] = { batch };
	const struct batch_group group = { first, ARRAY_SIZE(first), batches, 1 };
	_cleanup_free_ char *text = NULL;
	char value[16];
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(value, sizeof(value), "%d", i);
		put(batch, &first[0], i, value);
	}
	text = render(&group, 1);
	for (const char *c = text; (c = strchr(c, '\n')); c++)
		lines++;
	assert_int_equal(lines, 20002);
	assert_non_null(strstr(text, "\na_info{x=\"19999\"} 19999\n"));
	batch_free(batch);
}

static void limit_of_a_body(void **state)
{
	struct batch *batch = batch_new(first, ARRAY_SIZE(first));
	const struct batch *many[8];
	const struct batch_group group = { first, ARRAY_SIZE(first), many, ARRAY_SIZE(many) };
	char *text = NULL, value[16];
	size_t len = 0, piece = 0, bytes, n = 0;

	(void)state;
	do {
		snprintf(value, sizeof(value), "%zu", n++);
		put(batch, &first[0], 1, value);
	} while (piece = 0, batch_piece(batch, &first[0], &piece, &bytes) && bytes < 4000000);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = batch;
	assert_int_equal(text_render(&group, 1, TEXT_PROMETHEUS, &text, &len), -E2BIG);
	assert_null(text);
	batch_free(batch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_contiguous),
		cmocka_unit_test(nothing_at_all),
		cmocka_unit_test(grows_beyond_its_first_size),
		cmocka_unit_test(limit_of_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
