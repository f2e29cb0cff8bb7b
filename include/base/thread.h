/* SPDX-License-Identifier: Apache-2.0 */
/* What POSIX threads need several lines for: a named thread, a wait until a monotonic deadline. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Starts a thread with a name of at most 15 bytes. Without ret it is detached; else *ret is to be
 * joined, unless it never ends. 0 or -errno.
 */
int thread_start(pthread_t *ret, const char *name, void *(*main)(void *data), void *data);

/* A condition for thread_wait_until(): its clock is that of sys_monotonic_ns(). */
void thread_cond_init(pthread_cond_t *cond);

/* Waits for the condition, at most until then; UINT64_MAX: for ever. May also wake without a
 * reason.
 */
void thread_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t until_ns);

/*
 * Whether a thread of this process runs or waits for a processor ("R" in proc(5)'s stat), and not
 * for anything else. False also when that cannot be read.
 */
bool thread_runs(pid_t tid);

#endif
