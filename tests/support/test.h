/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka with the headers that it needs before it. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"

/* A literal with its length, which may hold NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1

#define FIXTURE(name) FIXTURES "/" name

/* For table-driven tests: says which row is at fault. */
#define assert_row(condition, row)                                                                 \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("row \"%s\": %s", row, #condition);                               \
	} while (0)

#endif
