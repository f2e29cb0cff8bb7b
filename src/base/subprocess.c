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
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define REAP_TIMEOUT_NS 1000000000u /* from SIGKILL to the end of a child that can be killed */

static int spawn(char *const argv[], char *const envp[], int output, pid_t *ret)
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
	/* Ours are close-on-exec; this is for what a library opened without. */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	r = posix_spawn(ret, argv[0], &actions, &attr, argv, envp ? envp : environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/* Waits for something to read, or the end of a process. 1, 0 at the deadline. */
static int wait_for(int fd, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = sys_monotonic_ns();
		int n;

		if (now >= deadline)
			return 0;
		n = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1);
		if (n > 0)
			return 1;
	}
}

/* Until the end of file: EXITED, TIMED_OUT or OUTPUT_LIMIT. */
static enum subprocess_end read_all(int fd, char *buf, size_t size, uint64_t deadline,
				    size_t *ret_len)
{
	enum subprocess_end end = SUBPROCESS_EXITED;
	size_t len = 0;

	while (end == SUBPROCESS_EXITED) {
		ssize_t n;

		if (!wait_for(fd, deadline)) {
			end = SUBPROCESS_TIMED_OUT;
			break;
		}
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
		if (len == size) {
			len--;
			end = SUBPROCESS_OUTPUT_LIMIT;
		}
	}
	buf[len] = '\0';
	*ret_len = len;
	return end;
}

/* Kills the child if necessary and reaps it. Until then it may run with its output closed. */
static void finish(pid_t pid, uint64_t deadline, struct subprocess *ret)
{
	_cleanup_close_ int fd = pidfd_open(pid, 0);
	int status;

	if (ret->end == SUBPROCESS_EXITED && !wait_for(fd, deadline))
		ret->end = SUBPROCESS_TIMED_OUT;
	/* The child or its group: the pid is not reused before the child is reaped. */
	kill(-pid, SIGKILL);
	if (!wait_for(fd, sys_monotonic_ns() + REAP_TIMEOUT_NS)) {
		ret->end = SUBPROCESS_STUCK;
		ret->stuck = pid;
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret->end == SUBPROCESS_EXITED && WIFSIGNALED(status))
		ret->end = SUBPROCESS_SIGNALED;
	ret->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

int subprocess_watch(char *const argv[], char *const envp[], char *buf, size_t size,
		     uint64_t timeout_ns, struct subprocess *ret)
{
	uint64_t deadline = sys_monotonic_ns() + timeout_ns;
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	r = spawn(argv, envp, fds[1], &pid);
	close(fds[1]);
	if (r == 0) {
		*ret = (struct subprocess){ 0 };
		ret->end = read_all(fds[0], buf, size, deadline, &ret->len);
		finish(pid, deadline, ret);
	}
	close(fds[0]);
	return r;
}

bool subprocess_is_gone(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

int subprocess_run(char *const argv[], char *buf, size_t size, uint64_t timeout_ns)
{
	struct subprocess child;
	int r = subprocess_watch(argv, NULL, buf, size, timeout_ns, &child);

	if (r < 0)
		return r;
	switch (child.end) {
	case SUBPROCESS_EXITED:
		return child.code == 0 ? (int)child.len : -ENOEXEC;
	case SUBPROCESS_SIGNALED:
		return -ENOEXEC;
	case SUBPROCESS_OUTPUT_LIMIT:
		return -E2BIG;
	default:
		return -ETIMEDOUT;
	}
}

int subprocess_beside(const char *name, char *buf, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	slash = strrchr(buf, '/');
	if (!slash || (size_t)(slash + 1 - buf) + strlen(name) >= size)
		return -ENAMETOOLONG;
	strcpy(slash + 1, name);
	return access(buf, X_OK) == 0 ? 0 : -errno;
}
