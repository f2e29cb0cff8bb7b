// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool have_ipv6(void)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6,
					.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static struct sockaddr_storage bound_to(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return address;
}

static int port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)address)->sin6_port
			     : ((const struct sockaddr_in *)address)->sin_port);
}

/* 0 when the port of this address takes a connection. */
static int try_connect(int family, int port)
{
	_cleanup_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int r = family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
				  : connect(fd, (struct sockaddr *)&v6, sizeof(v6));

	return r < 0 ? -errno : 0;
}

static void wrong_addresses(void **state)
{
	static const char *const rows[] = {
		"",	     "localhost",
		"127.0.0.1", "127.0.0.1:",
		":",	     ":http",
		":65536",    ":-1",
		":+1",	     ":1 ",
		":1\n",	     ":99999999999999999999",
		"::1:80",    "[::1]",
		"[::1]80",   "[::1:80",
		"::1]:80",   "[:80",
		":0x50",     "fe80::1:80",
		"[name]:80", "[127.0.0.1]:0x",
	};
	char host[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(listen_open(rows[i]) == -EINVAL, rows[i]);
	memset(host, 'a', sizeof(host));
	strcpy(host + sizeof(host) - 4, ":80");
	assert_int_equal(listen_open(host), -EINVAL);
}

static void addresses_that_are_not_here(void **state)
{
	(void)state;
	assert_int_equal(listen_open("192.0.2.1:0"), -EADDRNOTAVAIL);
	assert_int_equal(listen_open("999.1.1.1:0"), -EHOSTUNREACH);
	assert_int_equal(listen_open("name.invalid:0"), -EHOSTUNREACH);
	assert_int_equal(listen_open("[not-an-address]:0"), -EINVAL);
}

static void errors_have_a_remedy(void **state)
{
	static const struct {
		int r;
		const char *said;
	} rows[] = {
		{ -EINVAL, "[IPV6]:PORT" },
		{ -EHOSTUNREACH, "name does not resolve" },
		{ -EADDRINUSE, "--web.listen-address" },
		{ -EADDRNOTAVAIL, "this machine" },
		{ -EACCES, "CAP_NET_BIND_SERVICE" },
		{ -EMFILE, "Too many open files" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(strstr(listen_error(rows[i].r), rows[i].said), rows[i].said);
}

/* What is logged can be asked, also where any port was wanted. */
static void name_with_the_port_taken(void **state)
{
	static const char *const addresses[] = { ":0", "127.0.0.1:0", "[::1]:0" };
	char name[64], wanted[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses) - !have_ipv6(); i++) {
		_cleanup_close_ int fd = listen_open(addresses[i]);
		struct sockaddr_storage address;

		assert_compare(fd, >=, 0);
		address = bound_to(fd);
		assert_compare(port_of(&address), >, 0);
		snprintf(wanted, sizeof(wanted), "%.*s%d", (int)strlen(addresses[i]) - 1,
			 addresses[i], port_of(&address));
		listen_name(fd, addresses[i], name, sizeof(name));
		assert_string_equal(name, wanted);
	}
}

static void ipv4_only(void **state)
{
	_cleanup_close_ int fd = listen_open("127.0.0.1:0");
	struct sockaddr_storage address;

	(void)state;
	assert_compare(fd, >=, 0);
	address = bound_to(fd);
	assert_int_equal(address.ss_family, AF_INET);
	assert_int_equal(try_connect(AF_INET, port_of(&address)), 0);
}

static void ipv6_only(void **state)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_storage address;

	(void)state;
	if (!have_ipv6()) {
		print_message("no IPv6 on this machine\n");
		return;
	}
	fd = listen_open("[::1]:0");
	assert_compare(fd, >=, 0);
	address = bound_to(fd);
	assert_int_equal(address.ss_family, AF_INET6);
	assert_int_equal(try_connect(AF_INET6, port_of(&address)), 0);
	assert_int_equal(try_connect(AF_INET, port_of(&address)), -ECONNREFUSED);
	close(fd);
	/* Every address of IPv6, and none of IPv4: 0.0.0.0 may be another flag's. */
	fd = listen_open("[::]:0");
	assert_compare(fd, >=, 0);
	address = bound_to(fd);
	assert_int_equal(try_connect(AF_INET6, port_of(&address)), 0);
	assert_int_equal(try_connect(AF_INET, port_of(&address)), -ECONNREFUSED);
}

static void every_address(void **state)
{
	_cleanup_close_ int fd = listen_open(":0");
	struct sockaddr_storage address;

	(void)state;
	assert_compare(fd, >=, 0);
	address = bound_to(fd);
	assert_int_equal(try_connect(AF_INET, port_of(&address)), 0);
	if (have_ipv6())
		assert_int_equal(try_connect(AF_INET6, port_of(&address)), 0);
}

static void names(void **state)
{
	_cleanup_close_ int fd = -1;
	struct addrinfo *info = NULL;

	(void)state;
	/* A bare chroot has no /etc/hosts, and nobody to ask. */
	if (getaddrinfo("localhost", NULL, NULL, &info) != 0)
		skip();
	freeaddrinfo(info);
	fd = listen_open("localhost:0");
	assert_compare(fd, >=, 0);
}

static void port_in_use(void **state)
{
	_cleanup_close_ int first = listen_open("127.0.0.1:0");
	struct sockaddr_storage address;
	char again[64];
	int fd;

	(void)state;
	assert_compare(first, >=, 0);
	address = bound_to(first);
	snprintf(again, sizeof(again), "127.0.0.1:%d", port_of(&address));
	assert_int_equal(listen_open(again), -EADDRINUSE);
	snprintf(again, sizeof(again), ":%d", port_of(&address));
	assert_int_equal(listen_open(again), -EADDRINUSE);
	/* Free at once when it was closed. */
	close(first);
	first = -1;
	snprintf(again, sizeof(again), "127.0.0.1:%d", port_of(&address));
	fd = listen_open(again);
	assert_compare(fd, >=, 0);
	close(fd);
}

static void not_inherited_and_not_blocking(void **state)
{
	_cleanup_close_ int fd = listen_open("127.0.0.1:0");

	(void)state;
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_addresses),
		cmocka_unit_test(addresses_that_are_not_here),
		cmocka_unit_test(ipv4_only),
		cmocka_unit_test(ipv6_only),
		cmocka_unit_test(every_address),
		cmocka_unit_test(names),
		cmocka_unit_test(port_in_use),
		cmocka_unit_test(not_inherited_and_not_blocking),
		cmocka_unit_test(errors_have_a_remedy),
		cmocka_unit_test(name_with_the_port_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
