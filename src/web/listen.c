// SPDX-License-Identifier: Apache-2.0
/* Listening sockets, made here so that IPv6 and IPv4 behave the same whatever libmicrohttpd's
 * version. */
#include "web/listen.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG 1024
/* What a client that does not read can have of the kernel's memory: several answers. */
#define SEND_BUFFER (128 << 10)

static int split(const char *address, char *host, size_t size, const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : 0;
	uint64_t port;

	if (!colon || len >= size || text_parse_u64(colon + 1, strlen(colon + 1), &port) < 0 ||
	    port > 65535 || strchr(colon, '\n'))
		return -EINVAL;
	memcpy(host, address, len);
	host[len] = '\0';
	if (host[0] == '[') {
		if (len < 3 || host[len - 1] != ']')
			return -EINVAL;
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	} else if (strchr(host, ':')) {
		return -EINVAL; /* an IPv6 address without brackets */
	}
	*ret_port = colon + 1;
	return 0;
}

static int open_one(const struct addrinfo *info, bool v6_only)
{
	int yes = 1, v6 = v6_only, send_buffer = SEND_BUFFER;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	/* A restart must not wait for the last connections' TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* Its connections inherit it. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6, sizeof(v6));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int listen_open(const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	const char *port;
	char host[256];
	int r = split(address, host, sizeof(host), &port);

	if (r < 0)
		return r;
	if (address[0] == '[')
		hints.ai_flags |= AI_NUMERICHOST;
	if (!*host) {
		/* One socket for both families, unless the kernel has no IPv6. */
		hints.ai_family = AF_INET6;
		if (getaddrinfo("::", port, &hints, &info) == 0) {
			r = open_one(info, false);
			freeaddrinfo(info);
			if (r != -EAFNOSUPPORT)
				return r;
		}
		hints.ai_family = AF_INET;
		strcpy(host, "0.0.0.0");
	}
	if (getaddrinfo(host, port, &hints, &info) != 0)
		return address[0] == '[' ? -EINVAL : -EHOSTUNREACH;
	r = open_one(info, true);
	freeaddrinfo(info);
	return r;
}

int listen_connect(const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	const char *port;
	char host[256];
	int fd, r = split(address, host, sizeof(host), &port);

	if (r < 0 || strtoul(port, NULL, 10) == 0)
		return -EINVAL;
	/* A socket of both families takes it, and Linux takes 0.0.0.0 and :: for this machine. */
	if (!*host)
		strcpy(host, "127.0.0.1");
	if (getaddrinfo(host, port, &hints, &info) != 0)
		return -EHOSTUNREACH;
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : fd;
	if (fd >= 0 && connect(fd, info->ai_addr, info->ai_addrlen) < 0 && errno != EINPROGRESS) {
		r = -errno;
		close(fd);
	}
	freeaddrinfo(info);
	return r;
}

const char *listen_error(int r)
{
	switch (-r) {
	case EINVAL:
		return "not HOST:PORT, [IPV6]:PORT or :PORT";
	case EHOSTUNREACH:
		return "the host's name does not resolve: see /etc/hosts and DNS, or write an "
		       "address";
	case EADDRINUSE:
		return "Address already in use: end what has the port (ss -ltnp names it), or "
		       "choose another with --web.listen-address=:PORT";
	case EADDRNOTAVAIL:
		return "Cannot assign requested address: this machine does not have it";
	case EACCES:
		return "Permission denied: a port below 1024 is for root or CAP_NET_BIND_SERVICE";
	default:
		return strerror(-r);
	}
}

void listen_name(int fd, const char *address, char *buf, size_t size)
{
	struct sockaddr_storage taken = { 0 };
	socklen_t len = sizeof(taken);
	char port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&taken, &len) < 0 ||
	    getnameinfo((struct sockaddr *)&taken, len, NULL, 0, port, sizeof(port),
			NI_NUMERICSERV) != 0)
		snprintf(buf, size, "%s", address);
	else
		snprintf(buf, size, "%.*s:%s", (int)(strrchr(address, ':') - address), address,
			 port);
}
