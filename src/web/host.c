// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_address(const char *host)
{
	struct in6_addr address;
	size_t len = strlen(host);

	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		char inner[INET6_ADDRSTRLEN];

		return (size_t)snprintf(inner, sizeof(inner), "%.*s", (int)len - 2, host + 1) <
			       sizeof(inner) &&
		       inet_pton(AF_INET6, inner, &address) == 1;
	}
	return inet_pton(AF_INET, host, &address) == 1;
}

/* "nas": only what is this machine's or its network's can lead it here, since public name servers
 * have no names of one part. */
static bool is_local_name(const char *host)
{
	size_t len = strlen(host);

	return len > 0 &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		       len;
}

/* The machine's name with its domain. */
static bool is_own_name(const char *host)
{
	char own[256] = "";

	return gethostname(own, sizeof(own) - 1) == 0 && *own && strcasecmp(host, own) == 0;
}

bool host_is_ours(const char *header)
{
	static const char local[] = ".localhost";
	char host[256];
	size_t len = header ? strlen(header) : 0;
	char *port;

	if (!header || len == 0)
		return true;
	if (len >= sizeof(host))
		return false;
	memcpy(host, header, len + 1);
	port = strrchr(host, ':');
	if (port && strspn(port + 1, "0123456789") == strlen(port + 1))
		*port = '\0';
	len = strlen(host);
	return is_address(host) || is_local_name(host) ||
	       (len > sizeof(local) - 1 &&
		strcasecmp(host + len - (sizeof(local) - 1), local) == 0) ||
	       is_own_name(host);
}

bool host_is_loopback(int socket)
{
	struct sockaddr_storage address = { 0 };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
	socklen_t len = sizeof(address);

	if (getsockname(socket, (struct sockaddr *)&address, &len) < 0)
		return false;
	switch (address.ss_family) {
	case AF_INET:
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	default:
		return address.ss_family == AF_UNIX;
	}
}
