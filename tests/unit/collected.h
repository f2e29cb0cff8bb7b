/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector has put, as text: for tests of collectors by themselves. */
#ifndef TESTS_COLLECTED_H
#define TESTS_COLLECTED_H

#include "test.h"

#include "collectors/collector.h"

#include <string.h>

/* The samples of a batch, family after family, in text. */
static inline void collected_text(const struct batch *batch, const struct collector *collector,
				  char *text, size_t size)
{
	size_t n = 0;

	assert_int_equal(batch_error(batch), 0);
	for (size_t i = 0; i < collector->n_families; i++) {
		size_t piece = 0, len;
		const char *s;

		while ((s = batch_piece(batch, &collector->families[i], &piece, &len))) {
			assert_true(n + len < size);
			memcpy(text + n, s, len);
			n += len;
		}
	}
	text[n] = '\0';
}

#endif
