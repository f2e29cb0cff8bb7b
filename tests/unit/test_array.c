// SPDX-License-Identifier: Apache-2.0
#include "base/array.h"
#include "test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void keeps_what_is_in_it(void **state)
{
	int *numbers = NULL;
	size_t n = 0, size = 0;

	(void)state;
	for (; n < 1000; n++) {
		assert_true(array_reserve(numbers, &size, n + 1));
		assert_true(size > n && size <= 16 + 2 * n);
		numbers[n] = (int)n;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

static void many_at_once(void **state)
{
	char *text = NULL;
	size_t size = 0;

	(void)state;
	assert_true(array_reserve(text, &size, 1000));
	assert_int_equal(size, 1024);
	memset(text, 'x', size);
	assert_true(array_reserve(text, &size, 10));
	assert_int_equal(size, 1024);
	free(text);
}

static void out_of_memory(void **state)
{
	uint64_t *numbers = NULL, *before;
	size_t size = 0;

	(void)state;
	assert_true(array_reserve(numbers, &size, 1));
	before = numbers;
	assert_false(array_reserve(numbers, &size, SIZE_MAX));
	assert_ptr_equal(numbers, before);
	assert_int_equal(size, 16);
	free(numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_in_it),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
