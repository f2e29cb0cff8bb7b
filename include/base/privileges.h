/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up what the exporter does not need, before the first thread starts. */
#ifndef BASE_PRIVILEGES_H
#define BASE_PRIVILEGES_H

#include <stdbool.h>

/*
 * Drops every capability but CAP_PERFMON (perf_event_open(2) of a whole CPU), where the kernel
 * demands it for that, CAP_SYS_ADMIN, root's CAP_KILL, to end children of another user, and for
 * other users' descriptors and fdinfo CAP_SYS_PTRACE with CAP_DAC_READ_SEARCH, which gives no more
 * power than the former. Capabilities belong to a thread and its children: must be called before
 * others exist. 0 or -errno.
 */
int privileges_drop(bool keep_sys_admin, bool keep_processes);

/*
 * Drops what the checks of --check have no use for. Kept, where they are there: to read files, the
 * kernel's log and the environment of init, and to become a user, who tries to open a node.
 */
void privileges_drop_for_checks(void);

/* Drops every capability of the calling thread. */
void privileges_drop_all(void);

/* Raises the limit of open files to the hard one: a perf event is a file descriptor. */
void privileges_raise_files(void);

#endif
