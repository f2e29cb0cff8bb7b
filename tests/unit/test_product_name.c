// SPDX-License-Identifier: Apache-2.0
/* intel_gpu_probe lies beside this test and is asked; the names are those of pci.ids. */
#include "base/sys.h"
#include "test.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A machine that is too busy is asked again: a sanitized probe takes 0.9 s alone. */
static int ask(uint16_t device_id, char *buf, size_t size)
{
	int err = -ETIMEDOUT;

	for (int i = 0; i < 60 && err == -ETIMEDOUT; i++) {
		err = sys_product_name(device_id, buf, size);
		if (err == -ETIMEDOUT)
			sleep(1);
	}
	return err;
}

static void known_device(void **state)
{
	char name[128];

	(void)state;
	/* Of the table of known names the second time. */
	for (int i = 0; i < 2; i++) {
		memset(name, 'x', sizeof(name));
		assert_int_equal(ask(0x1912, name, sizeof(name)), 0);
		assert_string_equal(name, "HD Graphics 530");
	}
}

static void unknown_device(void **state)
{
	char name[128];

	(void)state;
	for (int i = 0; i < 2; i++) {
		memset(name, 'x', sizeof(name));
		assert_int_equal(ask(0xffff, name, sizeof(name)), -ENOEXEC);
		assert_string_equal(name, "");
	}
}

static void small_buffer(void **state)
{
	char name[8];

	(void)state;
	assert_int_equal(ask(0x1912, name, sizeof(name)), 0);
	assert_string_equal(name, "HD Grap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_device),
		cmocka_unit_test(unknown_device),
		cmocka_unit_test(small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
