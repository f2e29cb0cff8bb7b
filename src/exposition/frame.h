/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples of a family have in common, written once. */
#ifndef EXPOSITION_FRAME_H
#define EXPOSITION_FRAME_H

#include "exposition/metrics.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * What is the same in every sample of a family: its name, and 'label="' of each label. Each text
 * begins a word of eight bytes, so that it can be copied by words.
 */
struct frame {
	const uint64_t *words; /* of the name; those of the labels follow */
	uint8_t name, labels[METRIC_MAX_LABELS], n_labels; /* lengths in bytes */
};

/*
 * The frames of a table of families. Constant once it is in the list, and there for ever, but for
 * what the table's last batch took: most scrapes are like the one before, so that the next batch
 * has room for as much from the beginning and need not grow.
 */
struct frames {
	const struct family *families;
	size_t n_families;
	struct frames *next;
	uint64_t *words;
	atomic_size_t text, pieces, series;
	struct frame frames[];
};

/* The frames of a table that lives as long as the process. NULL when memory is out. */
struct frames *frames_of(const struct family *families, size_t n_families);

static inline size_t frame_words(size_t bytes)
{
	return (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

#endif
