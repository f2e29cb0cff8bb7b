// SPDX-License-Identifier: Apache-2.0
/*
 * The protocol of sd_notify(3) is stable and documented for use without libsystemd, which would be
 * a library in the daemon for one datagram.
 */
#include "base/notify.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;
	size_t len;

	if (!path)
		return 0;
	len = strlen(path);
	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, len);
	/* An abstract name begins with a zero, which an environment cannot hold. */
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return 0;
}

uint64_t notify_watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	uint64_t n;

	/* WATCHDOG_PID names another process, from which this one has the environment. */
	if (pid && (text_parse_u64(pid, strlen(pid), &n) < 0 || n != (uint64_t)getpid()))
		return 0;
	if (!usec || text_parse_u64(usec, strlen(usec), &n) < 0 || n > UINT64_MAX / 1000)
		return 0;
	return n * 1000;
}
