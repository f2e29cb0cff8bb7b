// SPDX-License-Identifier: Apache-2.0
#include "base/notify.h"
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What a manager that listens at that address hears. */
static void check_message(const char *address, const char *state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	size_t len = strlen(address);
	char heard[64] = "";

	memcpy(to.sun_path, address, len);
	if (address[0] == '@')
		to.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	setenv("NOTIFY_SOCKET", address, 1);
	assert_int_equal(notify_send(state), 0);
	assert_int_equal(recv(fd, heard, sizeof(heard), 0), strlen(state));
	assert_string_equal(heard, state);
	close(fd);
}

static void test_send(void **state)
{
	char path[64], name[64];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_send("READY=1"), 0);
	snprintf(path, sizeof(path), "/tmp/test-notify.%d", (int)getpid());
	check_message(path, "READY=1");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(notify_send("READY=1"), -ENOENT);
	snprintf(name, sizeof(name), "@test-notify.%d", (int)getpid());
	check_message(name, "WATCHDOG=1");
}

static void test_bad_address(void **state)
{
	char path[200];

	(void)state;
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i < 3; i++) {
		setenv("NOTIFY_SOCKET", (const char *[]){ "", "relative", path }[i], 1);
		assert_int_equal(notify_send("READY=1"), -EINVAL);
	}
}

static void check_watchdog(const char *usec, const char *pid, uint64_t wanted)
{
	usec ? setenv("WATCHDOG_USEC", usec, 1) : unsetenv("WATCHDOG_USEC");
	pid ? setenv("WATCHDOG_PID", pid, 1) : unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_ns(), wanted);
}

static void test_watchdog(void **state)
{
	char pid[16];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	check_watchdog(NULL, NULL, 0);
	check_watchdog("60000000", NULL, 60000000000u);
	check_watchdog("60000000", pid, 60000000000u);
	check_watchdog("60000000", "1", 0);
	check_watchdog("60000000", "", 0);
	check_watchdog(NULL, pid, 0);
	check_watchdog("", pid, 0);
	check_watchdog("-1", pid, 0);
	check_watchdog("1m", pid, 0);
	check_watchdog("18446744073709551615", pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_bad_address),
		cmocka_unit_test(test_watchdog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
