// SPDX-License-Identifier: Apache-2.0
/* Children through posix_spawn(3): fork(2) would copy the locks of every other thread. */
#include "base/subprocess.h"

#include "base/macros.h"
#include "base/sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define REAP_TIMEOUT_NS 1000000000u /* from SIGKILL to the end of a child that can be killed */
#define NAP_NS		500000	    /* the first of the waits for an end; each is twice as long */
#define LONGEST_NAP_NS	32000000
#define MAX_STARTED	64
#define MAX_SEEN	256
#define ROUNDS		200 /* of 1 ms, for what is killed to end */

/*
 * This process is the reaper of what its children leave behind, however often that has forked:
 * every child that is not among these is somebody's orphan, and is killed. The lock is held while a
 * child is started, so that no other thread takes it for one.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t started[MAX_STARTED];
static size_t n_started;
static bool ended; /* nothing is started any more */

static bool is_started(pid_t pid)
{
	for (size_t i = 0; i < n_started; i++)
		if (started[i] == pid)
			return true;
	return false;
}

static void forget(pid_t pid)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n_started; i++)
		if (started[i] == pid)
			started[i] = started[--n_started];
	pthread_mutex_unlock(&lock);
}

/* Children of this process, from proc(5)'s task/<tid>/children; how many are in pids. */
static size_t list_children(pid_t pids[static MAX_SEEN])
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	size_t n = 0;

	while (tasks && (task = readdir(tasks))) {
		char path[sizeof("/proc/self/task//children") + sizeof(task->d_name)];
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/children", task->d_name);
		f = *task->d_name == '.' ? NULL : fopen(path, "re");
		while (f && n < MAX_SEEN && fscanf(f, "%d", &pids[n]) == 1)
			n++;
		if (f)
			fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return n;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid == pid;
}

/* Kills and reaps orphans; how many are left, and with all how many that were started, too. */
static size_t kill_orphans_locked(bool all)
{
	pid_t pids[MAX_SEEN];
	size_t n = list_children(pids), left = 0;

	for (size_t i = 0; i < n; i++) {
		if (is_started(pids[i])) {
			left += all && !has_ended(pids[i]);
			continue;
		}
		left++;
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, WNOHANG);
	}
	return left;
}

/*
 * What an orphan had forked is an orphan in the next round. One that the kernel does not end yet
 * keeps nobody else from starting a child.
 *
 * all: those that were started are waited for, too; they are reaped by whoever started them.
 */
static void kill_orphans(bool all)
{
	struct timespec ms = { 0, 1000000 };

	for (int round = 0; round < ROUNDS; round++) {
		size_t left;

		pthread_mutex_lock(&lock);
		left = kill_orphans_locked(all);
		pthread_mutex_unlock(&lock);
		if (left == 0)
			return;
		nanosleep(&ms, NULL);
	}
}

void subprocess_end_all(void)
{
	pthread_mutex_lock(&lock);
	ended = true;
	for (size_t i = 0; i < n_started; i++)
		kill(-started[i], SIGKILL);
	pthread_mutex_unlock(&lock);
	kill_orphans(true);
}

static int start_locked(pid_t *ret, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	int r;

	if (ended || n_started == MAX_STARTED)
		return EAGAIN;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r = posix_spawn(ret, argv[0], actions, attr, argv, envp ? envp : environ);
	if (r == 0)
		started[n_started++] = *ret;
	return r;
}

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
	pthread_mutex_lock(&lock);
	r = start_locked(ret, &actions, &attr, argv, envp);
	pthread_mutex_unlock(&lock);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return -r;
}

/* Waits for something to read. 1, 0 at the deadline. */
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
		if (n < 0 && errno != EINTR)
			return 0;
	}
}

/* Waits for the end of a child, which stays to be reaped. Not by a pidfd: a filter may refuse
 * those. */
static bool wait_end(pid_t pid, uint64_t deadline)
{
	struct timespec nap = { 0, NAP_NS };

	while (!has_ended(pid)) {
		if (sys_monotonic_ns() >= deadline)
			return false;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < LONGEST_NAP_NS)
			nap.tv_nsec *= 2;
	}
	return true;
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
	int status = 0;

	if (ret->end == SUBPROCESS_EXITED && !wait_end(pid, deadline))
		ret->end = SUBPROCESS_TIMED_OUT;
	/* The child or its group: the pid is not reused before the child is reaped. */
	kill(-pid, SIGKILL);
	if (!wait_end(pid, sys_monotonic_ns() + REAP_TIMEOUT_NS)) {
		ret->end = SUBPROCESS_STUCK;
		ret->stuck = pid;
		kill_orphans(false);
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	forget(pid);
	kill_orphans(false);
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
	if (waitpid(pid, NULL, WNOHANG) == 0)
		return false;
	forget(pid);
	kill_orphans(false);
	return true;
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
