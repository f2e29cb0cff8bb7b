/* SPDX-License-Identifier: Apache-2.0 */
/* Runs another program for a short time, with a deadline and a limit on what it may say. */
#ifndef BASE_SUBPROCESS_H
#define BASE_SUBPROCESS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Starts argv (argv[0] is a path), with nothing on its standard input, and takes its standard
 * output, at most size - 1 bytes and a NUL. Signals and descriptors are as for a new program. A
 * program that is not done after timeout_ns is killed. Returns the length when it exited with 0;
 * -ENOEXEC when it exited with anything else, -ETIMEDOUT, -E2BIG, or -errno.
 */
int subprocess_run(char *const argv[], char *buf, size_t size, uint64_t timeout_ns);

#endif
