// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/guest.h"

#include <errno.h>
#include <string.h>

static void values(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: not there */
	} rows[] = {
		{ "name: win11\n", "win11" },
		{ "#name: notes\nboot: order=scsi0\nname: win11\nnet0: x\n", "win11" },
		{ "name:win11", "win11" },
		{ "name: \t two words \r\n", "two words" },
		{ "vmname: a\nname: b\n", "b" },
		{ "name2: a\n", NULL },
		{ " name: a\n", NULL },
		{ "name\n", NULL },
		{ "name:\n", NULL },
		{ "name:   \nx: y\n", NULL },
		{ "name", NULL },
		{ "", NULL },
		/* What a snapshot had. */
		{ "[before]\nname: old\n", NULL },
		{ "memory: 1\n\n[PENDING]\nname: next\n", NULL },
		{ "name: now\n[before]\nname: old\n", "now" },
		{ "name: \xff\x01\n", "\\xff\\x01" },
	};
	char buf[GUEST_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = guest_conf_find(rows[i].text, strlen(rows[i].text), "name", buf,
					sizeof(buf));

		assert_row(r == (rows[i].value ? 0 : -ENOENT), rows[i].text);
		assert_row(r < 0 || strcmp(buf, rows[i].value) == 0, rows[i].text);
	}
	assert_int_equal(guest_conf_find(BYTES("name: 123456789"), "name", buf, 5), 0);
	assert_string_equal(buf, "1234");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
