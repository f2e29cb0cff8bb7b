/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what runs in detached threads: nothing else says when they have ended. */
#ifndef TESTS_THREADS_H
#define TESTS_THREADS_H

#include <stdbool.h>

/* How many this process has. A sanitizer may have one of its own. */
unsigned threads_count(void);

/* Waits until there are no more than so many; false after 30 s. */
bool threads_end(unsigned wanted);

#endif
