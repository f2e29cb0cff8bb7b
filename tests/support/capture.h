/* SPDX-License-Identifier: Apache-2.0 */
/* Catches what the process writes to stderr or stdout. */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include <stddef.h>

/* From now on what is written to fd goes to a file. One at a time. */
void capture_begin(int fd);

/* What was written since capture_begin() or the last capture_take(); valid until the next call. */
const char *capture_take(void);

/* The descriptor is as it was. Returns what capture_take() would. */
const char *capture_end(void);

/* How many times needle is in text. */
size_t count_of(const char *text, const char *needle);

#endif
