// SPDX-License-Identifier: Apache-2.0
/*
 * Batches: text of samples, chained by family. A sample's line is the same in text format 0.0.4
 * and in OpenMetrics 1.0 (its label escapes and numbers are), so it is rendered when it is put.
 */
#include "exposition/metrics.h"

#include "base/text.h"
#include "frame.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Consecutive samples of a family share a piece. */
struct piece {
	uint32_t start, end;
	uint32_t next; /* of the family; numbers of pieces count from 1, and 0 is none */
};

struct chain {
	uint32_t first, last;
};

/* Where a sample's name and labels are; len 0: a free slot. */
struct series {
	uint32_t start, len, hash;
};

struct batch {
	struct frames *frames;
	const struct family *families;
	size_t n_families, bytes; /* of its block */
	char *text, *first_text;
	size_t len, size, reserved;
	struct piece *pieces, *first_pieces;
	size_t n_pieces, pieces_size;
	struct series *series, *first_series; /* by the hash of name and labels */
	size_t n_series, series_size, refused;
	int error;
	struct chain chains[]; /* one for each family; behind them is what is first_ */
};

#define LEAST 8 /* pieces, or series */

static size_t load(const atomic_size_t *size)
{
	return atomic_load_explicit(size, memory_order_relaxed);
}

static void store(atomic_size_t *size, size_t value)
{
	atomic_store_explicit(size, value, memory_order_relaxed);
}

struct batch *batch_new(const struct family *families, size_t n_families)
{
	struct frames *frames = frames_of(families, n_families);
	size_t pieces = LEAST, series = LEAST, cleared, before_text, bytes;
	struct batch *batch;

	if (!frames)
		return NULL;
	while (pieces < load(&frames->pieces))
		pieces *= 2;
	/* Half of the slots stay free. */
	while (series < 2 * load(&frames->series))
		series *= 2;
	cleared =
		sizeof(*batch) + n_families * sizeof(struct chain) + series * sizeof(struct series);
	before_text = cleared + pieces * sizeof(struct piece);
	bytes = before_text + load(&frames->text);
	batch = frames_alloc(frames, &bytes);
	if (!batch)
		return NULL;
	memset(batch, 0, cleared);
	batch->bytes = bytes;
	batch->frames = frames;
	batch->families = families;
	batch->n_families = n_families;
	batch->series = batch->first_series = (struct series *)&batch->chains[n_families];
	batch->series_size = series;
	batch->pieces = batch->first_pieces = (struct piece *)&batch->series[series];
	batch->pieces_size = pieces;
	batch->text = batch->first_text = (char *)&batch->pieces[pieces];
	batch->size = bytes - before_text;
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	store(&batch->frames->text, batch->reserved);
	store(&batch->frames->pieces, batch->n_pieces);
	store(&batch->frames->series, batch->n_series);
	if (batch->text != batch->first_text)
		free(batch->text);
	if (batch->pieces != batch->first_pieces)
		free(batch->pieces);
	if (batch->series != batch->first_series)
		free(batch->series);
	frames_free(batch->frames, batch, batch->bytes);
}

int batch_error(const struct batch *batch)
{
	return batch->error;
}

size_t batch_refused(const struct batch *batch)
{
	return batch->refused;
}

static inline uint64_t word_at(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return word;
}

static inline uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

static uint32_t hash_of(const char *text, size_t len, uint64_t seed)
{
	uint64_t hash = mix(len, seed);

	if (len >= sizeof(hash)) {
		const char *last = text + len - sizeof(hash);

		for (; text < last; text += sizeof(hash))
			hash = mix(hash, word_at(text));
		return (uint32_t)mix(hash, word_at(last));
	}
	while (len > 0)
		hash = mix(hash, (unsigned char)text[--len]);
	return (uint32_t)hash;
}

/* The slot of this series, or the free one where it belongs. */
static inline struct series *find_series(const struct batch *batch, struct series wanted)
{
	const char *text = batch->text;
	size_t mask = batch->series_size - 1, i = wanted.hash & mask;
	const struct series *slot;

	while ((slot = &batch->series[i])->len > 0 &&
	       (slot->hash != wanted.hash || slot->len != wanted.len ||
		memcmp(text + slot->start, text + wanted.start, wanted.len) != 0))
		i = (i + 1) & mask;
	return &batch->series[i];
}

static bool grow_series(struct batch *batch)
{
	size_t old_size = batch->series_size, size = 2 * old_size;
	struct series *old = batch->series, *grown;

	if (2 * (batch->n_series + 1) <= old_size)
		return true;
	grown = calloc(size, sizeof(*grown));
	if (!grown) {
		batch->error = -ENOMEM;
		return false;
	}
	batch->series = grown;
	batch->series_size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].len > 0)
			*find_series(batch, old[i]) = old[i];
	if (old != batch->first_series)
		free(old);
	return true;
}

/* False when the batch has it already. The name, which is the family's, need not be hashed. */
static bool add_series(struct batch *batch, size_t start, size_t end, size_t family)
{
	const size_t labels = start + batch->frames->frames[family].name;
	const struct series added = { (uint32_t)start, (uint32_t)(end - start),
				      hash_of(batch->text + labels, end - labels, family) };
	struct series *slot;

	if (!grow_series(batch))
		return false;
	slot = find_series(batch, added);
	if (slot->len > 0) {
		batch->refused++;
		return false;
	}
	*slot = added;
	batch->n_series++;
	return true;
}

/* More room for what is in the batch's own block at first. NULL when memory is out. */
static void *grow(struct batch *batch, void *array, const void *first, size_t used, size_t size)
{
	void *grown = realloc(array == first ? NULL : array, size);

	if (!grown)
		batch->error = -ENOMEM;
	else if (array == first)
		memcpy(grown, first, used);
	return grown;
}

static bool grow_text(struct batch *batch, size_t wanted)
{
	size_t size = 2 * batch->size;
	char *grown;

	if (wanted > BATCH_MAX_BYTES) {
		batch->error = -E2BIG;
		return false;
	}
	if (size < wanted)
		size = wanted;
	if (size > BATCH_MAX_BYTES)
		size = BATCH_MAX_BYTES;
	grown = grow(batch, batch->text, batch->first_text, batch->len, size);
	if (!grown)
		return false;
	batch->text = grown;
	batch->size = size;
	return true;
}

static bool reserve(struct batch *batch, size_t bytes)
{
	size_t wanted = batch->len + bytes;

	if (wanted > batch->size && !grow_text(batch, wanted))
		return false;
	batch->reserved = wanted;
	return true;
}

static bool grow_pieces(struct batch *batch)
{
	size_t size = 2 * batch->pieces_size;
	struct piece *grown;

	if (batch->n_pieces < batch->pieces_size)
		return true;
	grown = grow(batch, batch->pieces, batch->first_pieces, batch->n_pieces * sizeof(*grown),
		     size * sizeof(*grown));
	if (!grown)
		return false;
	batch->pieces = grown;
	batch->pieces_size = size;
	return true;
}

static bool extend_piece(struct batch *batch, size_t family, size_t end)
{
	struct chain *chain = &batch->chains[family];

	if (chain->last > 0 && chain->last == batch->n_pieces) {
		batch->pieces[chain->last - 1].end = (uint32_t)end;
		return true;
	}
	if (!grow_pieces(batch))
		return false;
	batch->pieces[batch->n_pieces++] =
		(struct piece){ .start = (uint32_t)batch->len, .end = (uint32_t)end };
	*(chain->last ? &batch->pieces[chain->last - 1].next : &chain->first) =
		(uint32_t)batch->n_pieces;
	chain->last = (uint32_t)batch->n_pieces;
	return true;
}

/* Sixteen bytes of which none is a control character, above 0x7e, a quote or a backslash. */
static inline bool is_plain(uint64_t first, uint64_t second)
{
	typedef int8_t bytes __attribute__((vector_size(16)));
	typedef uint64_t words __attribute__((vector_size(16)));
	const bytes text = (bytes)(words){ first, second };
	/* What is above 0x7f is negative. */
	const words bad = (words)((text < 0x20) | (text == 0x7f) | (text == '"') | (text == '\\'));

	return (bad[0] | bad[1]) == 0;
}

/* Copies what needs neither cleaning nor an escape, as nearly all values do. False: it does. */
static inline bool copy_plain(char *out, const char *text, size_t len)
{
	const uint64_t blanks = UINT64_C(0x2020202020202020);
	uint64_t first = blanks, second = blanks;
	bool plain = true;

	if (len >= sizeof(first)) {
		for (; len > 2 * sizeof(first) && plain; len -= sizeof(first)) {
			first = word_at(text);
			memcpy(out, &first, sizeof(first));
			plain = is_plain(first, blanks);
			text += sizeof(first);
			out += sizeof(first);
		}
		/* The two overlap when it is no multiple of a word. */
		first = word_at(text);
		second = word_at(text + len - sizeof(second));
		memcpy(out, &first, sizeof(first));
		memcpy(out + len - sizeof(second), &second, sizeof(second));
	} else if (len >= sizeof(uint32_t)) {
		memcpy(&first, text, sizeof(uint32_t));
		memcpy(&second, text + len - sizeof(uint32_t), sizeof(uint32_t));
		memcpy(out, &first, sizeof(uint32_t));
		memcpy(out + len - sizeof(uint32_t), &second, sizeof(uint32_t));
	} else {
		for (size_t i = 0; i < len; i++) {
			out[i] = text[i];
			first = first << 8 | (unsigned char)text[i];
		}
	}
	return plain && is_plain(first, second);
}

static char *add_cleaned(char *out, const char *value, size_t len)
{
	char clean[METRIC_LABEL_BYTES];
	size_t n = text_clean(value, len, clean, sizeof(clean));

	/* text_clean() has left no newline; the other two escapes remain. */
	for (size_t i = 0; i < n; i++) {
		if (clean[i] == '"' || clean[i] == '\\')
			*out++ = '\\';
		*out++ = clean[i];
	}
	return out;
}

static inline char *add_value(char *out, const char *value)
{
	size_t len = strlen(value);

	if (len < METRIC_LABEL_BYTES && copy_plain(out, value, len))
		return out + len;
	return add_cleaned(out, value, len);
}

/* Copies whole words: up to fifteen bytes behind the text are written, too. */
static inline char *add_words(char *out, const struct word **words, size_t len)
{
	for (size_t i = 0; i < len; i += sizeof(**words))
		memcpy(out + i, (*words)++, sizeof(**words));
	return out + len;
}

static char *add_labels(char *out, const struct frame *frame, const struct word *words,
			const char *const *labels)
{
	char before = '{';

	for (size_t i = 0; i < frame->n_labels; i++) {
		if (!labels[i]) {
			words += frame_words(frame->labels[i]);
			continue;
		}
		*out++ = before;
		out = add_words(out, &words, frame->labels[i]);
		out = add_value(out, labels[i]);
		*out++ = '"';
		before = ',';
	}
	if (before == ',')
		*out++ = '}';
	return out;
}

void batch_put(struct batch *batch, const struct family *family, double value,
	       const char *const *labels, size_t n_labels)
{
	const size_t number = (size_t)(family - batch->families);
	const struct frame *frame;
	const struct word *words;
	char *out;

	if (batch->error)
		return;
	if (family < batch->families || number >= batch->n_families ||
	    n_labels != batch->frames->frames[number].n_labels) {
		batch->error = -EINVAL;
		return;
	}
	frame = &batch->frames->frames[number];
	if (!reserve(batch, frame->most))
		return;

	words = frame->words;
	out = add_words(batch->text + batch->len, &words, frame->name);
	out = add_labels(out, frame, words, labels);
	if (!add_series(batch, batch->len, (size_t)(out - batch->text), number))
		return;
	*out++ = ' ';
	out += metric_format_value(value, out);
	*out++ = '\n';
	if (extend_piece(batch, number, (size_t)(out - batch->text)))
		batch->len = (size_t)(out - batch->text);
}

size_t batch_len(const struct batch *batch)
{
	return batch->len;
}

const char *batch_piece(const struct batch *batch, const struct family *family, size_t *state,
			size_t *ret_len)
{
	uint32_t number = *state ? batch->pieces[*state - 1].next
				 : batch->chains[family - batch->families].first;
	const struct piece *piece;

	if (number == 0)
		return NULL;
	piece = &batch->pieces[number - 1];
	*state = number;
	*ret_len = piece->end - piece->start;
	return batch->text + piece->start;
}
