/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs another program for a short time, with a deadline and a limit on its output. What it leaves
 * behind is killed at its end, also what has a session of its own and whose parents have ended:
 * from the first call on this process is the reaper of its descendants (PR_SET_CHILD_SUBREAPER),
 * and may have no children but those that are started here. Where proc(5) has no
 * task/<tid>/children, only the program's process group is killed.
 */
#ifndef BASE_SUBPROCESS_H
#define BASE_SUBPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum subprocess_end {
	SUBPROCESS_EXITED,	 /* code is its exit status */
	SUBPROCESS_SIGNALED,	 /* code is the signal */
	SUBPROCESS_TIMED_OUT,	 /* killed at the deadline */
	SUBPROCESS_OUTPUT_LIMIT, /* killed: its output was over the limit */
	SUBPROCESS_STUCK,	 /* killed, but it does not die: it waits in the kernel */
};

struct subprocess {
	enum subprocess_end end;
	int code;
	size_t len;  /* the output until then */
	pid_t stuck; /* for SUBPROCESS_STUCK: the caller's to reap, see subprocess_is_gone() */
};

/*
 * Starts argv (argv[0] is a path) with the environment envp (NULL: this process' own) and nothing
 * on its standard input; signals, descriptors and process group are as for a new program. Takes
 * its standard output: at most size - 1 bytes and a NUL. After timeout_ns it and its process group
 * are killed; one that does not die of that within a second is left alone. 0 with *ret filled in
 * when it was started, else -errno.
 */
int subprocess_watch(char *const argv[], char *const envp[], char *buf, size_t size,
		     uint64_t timeout_ns, struct subprocess *ret);

/* Reaps a stuck child if it has died meanwhile. */
bool subprocess_is_gone(pid_t pid);

/* Before the end of this process: kills all that runs, within 200 ms, and starts nothing more. */
void subprocess_end_all(void);

/*
 * The same for a trusted program. Returns the length when it exited with 0;
 * -ENOEXEC when it exited with anything else, -ETIMEDOUT, -E2BIG, or -errno.
 */
int subprocess_run(char *const argv[], char *buf, size_t size, uint64_t timeout_ns);

/* The path of another program in the directory of this one. 0, or -errno: it cannot be run. */
int subprocess_beside(const char *name, char *buf, size_t size);

#endif
