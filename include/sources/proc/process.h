/* SPDX-License-Identifier: Apache-2.0 */
/* A process in /proc/<pid>/stat and status (proc_pid_stat(5), proc_pid_status(5)). */
#ifndef SOURCES_PROC_PROCESS_H
#define SOURCES_PROC_PROCESS_H

#include "base/fs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel's unit for all architectures that Linux runs Intel GPUs on (USER_HZ). */
#define PROCESS_TICK_NS 10000000u

struct process_stat {
	pid_t parent;
	bool ended;	      /* a zombie: its parent has not asked for its exit code */
	uint64_t cpu_ticks;   /* user and system time of all its threads, ended ones too */
	uint64_t start_ticks; /* since boot; with the pid it names a process for ever */
};

/* The real user id in /proc/<pid>/status, whose beginning is enough. 0 or -EINVAL. */
int process_uid_parse(const char *text, size_t len, uid_t *ret);

/*
 * Reads it: /proc/<pid> itself is root's if its process forbids to be dumped. 0 or -errno, *ret
 * untouched.
 */
int process_uid(const struct fs *fs, pid_t pid, uid_t *ret);

/* Parses a whole file; the name in it may be any bytes. 0 or -EINVAL. */
int process_stat_parse(const char *text, size_t len, struct process_stat *ret);

#endif
