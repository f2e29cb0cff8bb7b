// SPDX-License-Identifier: Apache-2.0
/* What another user would be allowed: the kernel's answer, not arithmetic on modes. */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#define CANNOT_BECOME 255

static int try_open(const char *node)
{
	int fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno < CANNOT_BECOME ? errno : EIO;
	close(fd);
	return 0;
}

int sys_open_as(const char *node, uid_t uid, gid_t gid, const gid_t *groups, size_t n)
{
	int status;
	pid_t pid;

	if (geteuid() == uid)
		return -try_open(node);
	if (geteuid() != 0)
		return -ENOTSUP;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (setgroups(n, groups) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
			_exit(CANNOT_BECOME);
		_exit(try_open(node));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -EIO;
	return WEXITSTATUS(status) == CANNOT_BECOME ? -ENOTSUP : -WEXITSTATUS(status);
}
