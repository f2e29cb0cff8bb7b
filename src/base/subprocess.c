// SPDX-License-Identifier: Apache-2.0
/* Children through posix_spawn(3): fork(2) would copy the locks of every other thread. */
#include "base/subprocess.h"

#include "base/macros.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

extern char **environ;

static int spawn(char *const argv[], int output, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	r = posix_spawn(ret, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/* Until the end of file, the deadline or a full buffer. Returns the length or -errno. */
static int read_all(int fd, char *buf, size_t size, uint64_t deadline)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = sys_monotonic_ns();
		ssize_t n;

		if (now >= deadline)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		n = read(fd, buf + len, size - len);
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -E2BIG;
	}
	buf[len] = '\0';
	return (int)len;
}

/* False when the child still runs at the deadline. It is not reaped. */
static bool ends_by(pid_t pid, uint64_t deadline)
{
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = 0;

	while (n <= 0) {
		uint64_t now = sys_monotonic_ns();

		if (fd < 0 || now >= deadline)
			return fd < 0;
		n = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1);
		if (n < 0 && errno != EINTR)
			return true;
	}
	return true;
}

int subprocess_run(char *const argv[], char *buf, size_t size, uint64_t timeout_ns)
{
	uint64_t deadline = sys_monotonic_ns() + timeout_ns;
	int fds[2], status, n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	n = spawn(argv, fds[1], &pid);
	close(fds[1]);
	if (n < 0) {
		close(fds[0]);
		return n;
	}
	n = read_all(fds[0], buf, size, deadline);
	close(fds[0]);
	/* What has closed its output may still run: it has until the deadline, too. */
	if (n >= 0 && !ends_by(pid, deadline))
		n = -ETIMEDOUT;
	if (n < 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n >= 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return -ENOEXEC;
	return n;
}
