/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what runs in detached threads: nothing else says when they have ended. */
#ifndef TESTS_THREADS_H
#define TESTS_THREADS_H

#include <stdbool.h>

/*
 * Waits until no thread has a name of its own, as the program's have: one that a sanitizer has
 * started goes by the program's. False after 30 s.
 */
bool threads_end(void);

#endif
