// SPDX-License-Identifier: Apache-2.0
/* Listening sockets, made here so that IPv6 and IPv4 behave the same whatever libmicrohttpd's
 * version. */
#include "web/listen.h"

#include "base/macros.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	  1024
#define UNIX	  "unix://"
#define UNIX_MODE 0660
/* What a client that does not read can have of the kernel's memory: several answers. */
#define SEND_BUFFER (128 << 10)
/* How long the kernel keeps a connection without a request to itself. */
#define SILENCE_S 1

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
	int yes = 1, v6 = v6_only, send_buffer = SEND_BUFFER, silence = SILENCE_S;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	/* A restart must not wait for the last connections' TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* Its connections inherit it. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	/* Who opens thousands of connections a second without a request would take the places of an
	 * address before a scrape's request has come over the network (tcp(7), TCP_DEFER_ACCEPT).
	 */
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silence, sizeof(silence));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6, sizeof(v6));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* A name that a process has left behind; one that somebody answers to is in use. */
static void remove_left_over(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat s;

	if (fd < 0)
		return;
	if (lstat(address->sun_path, &s) == 0 && S_ISSOCK(s.st_mode) &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static int open_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (*path != '/' || strlen(path) >= sizeof(address.sun_path))
		return -EINVAL;
	strcpy(address.sun_path, path);
	remove_left_over(&address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* The name gets the descriptor's mode less the umask: never is it open to more. */
	fchmod(fd, UNIX_MODE);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    chmod(path, UNIX_MODE) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* "3" in LISTEN_FDS, for this process by LISTEN_PID: descriptors 3, 4 and 5. */
int listen_systemd(int *sockets, size_t size)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t number, n;

	if (!pid || !fds || text_parse_u64(pid, strlen(pid), &number) < 0 ||
	    number != (uint64_t)getpid() || text_parse_u64(fds, strlen(fds), &n) < 0 || n == 0)
		return -ENOENT;
	if (n > size)
		return -E2BIG;
	for (uint64_t i = 0; i < n; i++) {
		int fd = 3 + (int)i, listens = 0, type = 0;
		socklen_t len = sizeof(listens);

		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
			return -EINVAL;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		sockets[i] = fd;
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)n;
}

int listen_open(const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	const char *port;
	char host[256];
	int r;

	if (strncmp(address, UNIX, strlen(UNIX)) == 0)
		return open_unix(address + strlen(UNIX));
	r = split(address, host, sizeof(host), &port);
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

static int connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, r;

	if (*path != '/' || strlen(path) >= sizeof(address.sun_path))
		return -EINVAL;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd < 0 ? -errno : fd;
	r = -errno;
	close(fd);
	return r;
}

int listen_connect(const char *address)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	const char *port;
	char host[256];
	int fd, r;

	if (strncmp(address, UNIX, strlen(UNIX)) == 0)
		return connect_unix(address + strlen(UNIX));
	r = split(address, host, sizeof(host), &port);
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
		return "not " LISTEN_FORMS;
	case EHOSTUNREACH:
		return "the host's name does not resolve: see /etc/hosts and DNS, or write an "
		       "address";
	case EADDRINUSE:
		return "Address already in use: end what has the port (ss -ltnp names it), or "
		       "choose another with --web.listen-address=:PORT";
	case EADDRNOTAVAIL:
		return "Cannot assign requested address: this machine does not have it";
	case EACCES:
		return "Permission denied: a port below 1024 is for root or "
		       "CAP_NET_BIND_SERVICE, and a Unix socket for who may write in its "
		       "directory";
	default:
		return strerror(-r);
	}
}

/* As the kernel has it, for a socket that was opened elsewhere. */
static void print_taken(const struct sockaddr_storage *taken, socklen_t len, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN], port[NI_MAXSERV];
	bool v6 = taken->ss_family == AF_INET6;

	if (taken->ss_family == AF_UNIX)
		snprintf(buf, size, UNIX "%s", ((const struct sockaddr_un *)taken)->sun_path);
	else if (getnameinfo((const struct sockaddr *)taken, len, host, sizeof(host), port,
			     sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(buf, size, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	else
		snprintf(buf, size, "unknown");
}

void listen_name(int fd, const char *address, char *buf, size_t size)
{
	struct sockaddr_storage taken = { 0 };
	socklen_t len = sizeof(taken);
	char port[NI_MAXSERV];
	bool known = getsockname(fd, (struct sockaddr *)&taken, &len) == 0;

	if (!address)
		print_taken(&taken, len, buf, size);
	else if (!known || taken.ss_family == AF_UNIX ||
		 getnameinfo((struct sockaddr *)&taken, len, NULL, 0, port, sizeof(port),
			     NI_NUMERICSERV) != 0)
		snprintf(buf, size, "%s", address);
	else
		snprintf(buf, size, "%.*s:%s", (int)(strrchr(address, ':') - address), address,
			 port);
}
