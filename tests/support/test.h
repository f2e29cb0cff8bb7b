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

/* Numbers of any type: assert_compare(took, >=, deadline) says both when it fails. */
#define assert_compare(a, op, b)                                                                   \
	do {                                                                                       \
		__typeof__(a) left_ = (a);                                                         \
		if (!(left_ op(b)))                                                                \
			fail_msg("not %s %s %s: %.15g and %.15g", #a, #op, #b, (double)left_,      \
				 (double)(b));                                                     \
	} while (0)

/* Seconds, to the millisecond. */
#define assert_near(a, b)                                                                          \
	do {                                                                                       \
		double a_ = (a), b_ = (b);                                                         \
		if (!(a_ - b_ < 1e-3 && b_ - a_ < 1e-3))                                           \
			fail_msg("%s is %.15g and not %s, %.15g", #a, a_, #b, b_);                 \
	} while (0)

#endif
