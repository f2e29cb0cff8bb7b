/* SPDX-License-Identifier: Apache-2.0 */
/* What the samples of a family have in common, written once. */
#ifndef EXPOSITION_FRAME_H
#define EXPOSITION_FRAME_H

#include "exposition/metrics.h"

#include <stdatomic.h>
#include <stdint.h>

/* What is copied at a time. */
struct word {
	char bytes[16];
};

/*
 * What is the same in every sample of a family: its name, and 'label="' of each label. Each text
 * begins a word, so that it can be copied by words.
 */
struct frame {
	const struct word *words; /* of the name; those of the labels follow */
	uint8_t name, labels[METRIC_MAX_LABELS], n_labels; /* lengths in bytes */
	unsigned most; /* bytes of a sample, and what is written behind it */
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
	struct word *words;
	atomic_size_t text, pieces, series;
	struct spare *spares; /* of its batches: memory for the next ones */
	unsigned n_spares;
	struct frame frames[];
};

/* The frames of a table that lives as long as the process. NULL when memory is out. */
struct frames *frames_of(const struct family *families, size_t n_families);

/* Memory of at least so many bytes, as from malloc(3). *size becomes what it has. Or NULL. */
void *frames_alloc(struct frames *frames, size_t *size);
/* Takes it back; what few batches need is kept for the next ones. */
void frames_free(struct frames *frames, void *memory, size_t size);

static inline size_t frame_words(size_t bytes)
{
	return (bytes + sizeof(struct word) - 1) / sizeof(struct word);
}

#endif
