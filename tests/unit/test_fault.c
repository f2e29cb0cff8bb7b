// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "base/fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void reasons_by_errno(void **state)
{
	static const struct {
		int r;
		enum reason reason;
		const char *remedy;
	} rows[] = {
		{ -EACCES, REASON_PERMISSION, "file-permission" },
		{ -EPERM, REASON_PERMISSION, "file-permission" },
		{ -ENODEV, REASON_NO_DEVICE, "device-gone" },
		{ -ENOENT, REASON_NO_DEVICE, "device-gone" },
		{ -ENXIO, REASON_NO_DEVICE, "device-gone" },
		{ -EINVAL, REASON_PARSE, "unexpected-text" },
		{ -ERANGE, REASON_PARSE, "unexpected-text" },
		{ -EISDIR, REASON_PARSE, "unexpected-text" },
		{ -EMSGSIZE, REASON_PARSE, "unexpected-text" },
		{ -ENOMEM, REASON_LIMIT, "limits" },
		{ -E2BIG, REASON_LIMIT, "limits" },
		{ -EMFILE, REASON_LIMIT, "limits" },
		{ -ETIMEDOUT, REASON_TIMEOUT, "stuck-read" },
		{ -EIO, REASON_IO, "read-error" },
		{ -EBUSY, REASON_IO, "read-error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fault fault = { 0 };
		char wanted[128];

		assert_int_equal(fault_errno(&fault, rows[i].r, "file %d", 7), rows[i].r);
		assert_int_equal(fault.reason, rows[i].reason);
		assert_string_equal(fault.remedy, rows[i].remedy);
		snprintf(wanted, sizeof(wanted), "file 7: %s", strerror(-rows[i].r));
		assert_string_equal(fault.detail, wanted);
	}
}

static void long_details_are_cut(void **state)
{
	struct fault fault;
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t skip = 0; skip < 200; skip++) {
		memset(&fault, 'Q', sizeof(fault));
		fault_errno(&fault, -EIO, "%s", name + skip);
		assert_compare(strnlen(fault.detail, sizeof(fault.detail)), <,
			       sizeof(fault.detail));
	}
	assert_int_equal(fault_set(&fault, REASON_SECCOMP, "x", -1, "%s", name), -1);
	assert_int_equal(strlen(fault.detail), sizeof(fault.detail) - 1);
}

static void add_up(void **state)
{
	struct fault fault = { 0 }, more;

	(void)state;
	fault_set(&more, REASON_IO, "read-error", -EIO, "a");
	fault_add(&fault, &more);
	assert_int_equal(fault.reason, REASON_IO);
	assert_string_equal(fault.remedy, "read-error");
	fault_set(&more, REASON_LIMIT, "limits", 0, "b");
	fault_add(&fault, &more);
	assert_int_equal(fault.reason, REASON_IO);
	assert_string_equal(fault.remedy, "read-error");
	assert_string_equal(fault.detail, "a; b");
	for (int i = 0; i < 200; i++)
		fault_add(&fault, &more);
	assert_int_equal(strlen(fault.detail), sizeof(fault.detail) - 1);
}

/* Alerts match on these names. */
static void names(void **state)
{
	static const char *const wanted[] = { "none",	       "permission", "seccomp", "no_device",
					      "timeout",       "io",	     "parse",	"limit",
					      "not_supported", "not_enabled" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(reason_name((enum reason)i), wanted[i]);
	assert_int_equal(ARRAY_SIZE(wanted), REASON_NOT_ENABLED + 1);
	assert_true(reason_is_absence(REASON_NOT_SUPPORTED) &&
		    reason_is_absence(REASON_NOT_ENABLED));
	assert_false(reason_is_absence(REASON_NONE) || reason_is_absence(REASON_LIMIT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_by_errno),
		cmocka_unit_test(long_details_are_cut),
		cmocka_unit_test(add_up),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
