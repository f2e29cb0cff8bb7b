// SPDX-License-Identifier: Apache-2.0
/* Runs a program under a seccomp filter like a container's: one system call is refused. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
#define CALL(name)                                                                                 \
	{                                                                                          \
#name, SYS_##name                                                                  \
	}
	CALL(perf_event_open),	 CALL(pidfd_open), CALL(statx),	      CALL(inotify_init1),
	CALL(inotify_add_watch), CALL(clone3),	   CALL(close_range), CALL(prlimit64),
	CALL(sched_setaffinity), CALL(waitid),	   CALL(prctl),	      CALL(signalfd4),
#undef CALL
};

static int usage(void)
{
	fprintf(stderr, "usage: deny CALL EPERM|ENOSYS PROGRAM [ARGUMENT…]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	size_t i = 0, n = sizeof(calls) / sizeof(calls[0]);

	while (argc > 3 && i < n && strcmp(calls[i].name, argv[1]) != 0)
		i++;
	if (argc < 4 || i == n)
		return usage();
	filter[1].k = calls[i].number;
	filter[2].k |= strcmp(argv[2], "ENOSYS") == 0 ? ENOSYS : EPERM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("seccomp");
		return 1;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 1;
}
