/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target needs: libFuzzer's entry point, and a check that NDEBUG does not remove.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A copy that ends with a NUL; for parsers with a length, exact() has nothing behind it. */
static inline char *terminated(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static inline char *exact(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	return text;
}

/* Ends with a NUL, behind which is more of anything. */
static inline char *padded(const uint8_t *data, size_t size, size_t slack)
{
	char *text = malloc(size + slack);

	CHECK(text);
	if (size > 0)
		memcpy(text, data, size);
	memset(text + size, 'x', slack);
	text[size] = '\0';
	return text;
}

#endif
