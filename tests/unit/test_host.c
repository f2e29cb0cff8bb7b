// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "web/host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void names(void **state)
{
	static const char *const ours[] = {
		NULL,
		"",
		"localhost",
		"LOCALHOST:10057",
		"127.0.0.1",
		"127.0.0.1",
		"192.168.1.7:10057",
		"[::1]",
		"[::1]:10057",
		"[fe80::1]:80",
		"gpu.localhost",
		"gpu.localhost:1",
		"localhost:",
		"nas",
		"nas:10057",
		"my-gpu_1",
	};
	static const char *const others[] = {
		"evil.example",
		"evil.example:10057",
		"localhost.evil.example",
		"nas.",
		".localhost",
		"127.0.0.1.evil",
		"[::1].evil",
		"[::1",
		"127.0.0.1:80:evil",
		"1.2.3",
		"localhost:80evil",
		"[evil]",
		" localhost",
		"na s",
		":10057",
		"n\xc3\xa4s",
	};
	char own[256] = "", with_domain[300];

	(void)state;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_row(host_is_ours(ours[i]), ours[i] ? ours[i] : "NULL");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_row(!host_is_ours(others[i]), others[i]);
	assert_int_equal(gethostname(own, sizeof(own) - 1), 0);
	assert_true(host_is_ours(own));
	own[strcspn(own, ".")] = '\0';
	snprintf(with_domain, sizeof(with_domain), "%s.evil.example", own);
	assert_false(host_is_ours(with_domain));
	memset(with_domain, 'a', sizeof(with_domain) - 1);
	with_domain[sizeof(with_domain) - 1] = '\0';
	assert_false(host_is_ours(with_domain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
