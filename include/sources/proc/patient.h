/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of /proc/<pid> that are in the memory of the process: cmdline, environ. The kernel takes
 * the lock of its memory map for them, and who maps a file of FUSE can hold that for ever.
 */
#ifndef SOURCES_PROC_PATIENT_H
#define SOURCES_PROC_PATIENT_H

#include "base/fs.h"

#define PATIENT_WAIT_NS 100000000u
#define PATIENT_STUCK	16 /* threads that wait for ever, at most */

/*
 * Reads such a file as fs_read() does, in another thread, and waits for a short time. -ETIMEDOUT
 * when it has not answered by then: meanwhile nothing is read of the processes of its user, and
 * nobody waits for them.
 */
int patient_read(const struct fs *fs, pid_t pid, const char *file, char *buf, size_t size);

/* Ends the thread, if it is not late; the next read makes another one. */
void patient_end(void);

#endif
