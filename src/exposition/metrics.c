// SPDX-License-Identifier: Apache-2.0
/*
 * Batches: text of samples, chained by family. A sample's line is the same in text format 0.0.4
 * and in OpenMetrics 1.0 (its label escapes and numbers are), so it is rendered when it is put.
 */
#include "exposition/metrics.h"

#include "base/array.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Consecutive samples of a family share a piece. */
struct piece {
	size_t family; /* index in the table */
	size_t start, end;
};

/* Where a sample's name and labels are; len 0: a free slot. */
struct series {
	size_t start, len;
};

struct batch {
	const struct family *families;
	size_t n_families;
	char *text;
	size_t len, size;
	struct piece *pieces;
	size_t n_pieces, pieces_size;
	struct series *series; /* by the hash of name and labels */
	size_t n_series, series_size, refused;
	int error;
};

struct batch *batch_new(const struct family *families, size_t n_families)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch) {
		batch->families = families;
		batch->n_families = n_families;
	}
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->text);
	free(batch->pieces);
	free(batch->series);
	free(batch);
}

int batch_error(const struct batch *batch)
{
	return batch->error;
}

size_t batch_refused(const struct batch *batch)
{
	return batch->refused;
}

static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return hash;
}

/* The slot of this series, or the free one where it belongs. */
static struct series *find_series(const struct batch *batch, struct series wanted)
{
	const char *text = batch->text;
	size_t mask = batch->series_size - 1;
	size_t i = hash_of(text + wanted.start, wanted.len) & mask;

	while (batch->series[i].len > 0 &&
	       (batch->series[i].len != wanted.len ||
		memcmp(text + batch->series[i].start, text + wanted.start, wanted.len) != 0))
		i = (i + 1) & mask;
	return &batch->series[i];
}

/* Half of the slots stay free. */
static bool grow_series(struct batch *batch)
{
	size_t old_size = batch->series_size, size = old_size ? 2 * old_size : 64;
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
	free(old);
	return true;
}

/* False when the batch has it already. */
static bool add_series(struct batch *batch, size_t start)
{
	const struct series added = { start, batch->len - start };
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

static bool reserve(struct batch *batch, size_t bytes)
{
	size_t wanted = batch->len + bytes > 1024 ? batch->len + bytes : 1024;

	if (batch->len + bytes > BATCH_MAX_BYTES) {
		batch->error = -E2BIG;
		return false;
	}
	if (!array_reserve(batch->text, &batch->size, wanted)) {
		batch->error = -ENOMEM;
		return false;
	}
	return true;
}

static bool extend_piece(struct batch *batch, size_t family, size_t start)
{
	struct piece *last = batch->n_pieces ? &batch->pieces[batch->n_pieces - 1] : NULL;

	if (last && last->family == family) {
		last->end = batch->len;
		return true;
	}
	if (!array_reserve(batch->pieces, &batch->pieces_size, batch->n_pieces + 1)) {
		batch->error = -ENOMEM;
		return false;
	}
	batch->pieces[batch->n_pieces++] = (struct piece){ family, start, batch->len };
	return true;
}

static void append(struct batch *batch, const char *text, size_t len)
{
	memcpy(batch->text + batch->len, text, len);
	batch->len += len;
}

static void append_label(struct batch *batch, const char *name, const char *value, bool first)
{
	char clean[METRIC_LABEL_BYTES];
	size_t n = text_clean(value, strlen(value), clean, sizeof(clean));

	append(batch, first ? "{" : ",", 1);
	append(batch, name, strlen(name));
	append(batch, "=\"", 2);
	/* text_clean() has left no newline; the other two escapes remain. */
	for (size_t i = 0; i < n; i++) {
		if (clean[i] == '"' || clean[i] == '\\')
			append(batch, "\\", 1);
		append(batch, &clean[i], 1);
	}
	append(batch, "\"", 1);
}

static size_t count_labels(const struct family *family)
{
	size_t n = 0;

	while (n < METRIC_MAX_LABELS && family->labels[n])
		n++;
	return n;
}

void batch_put(struct batch *batch, const struct family *family, double value,
	       const char *const *labels, size_t n_labels)
{
	size_t start = batch->len, bytes = strlen(family->name) + 64;
	char number[32];
	bool first = true;

	if (batch->error)
		return;
	if (family < batch->families || family >= batch->families + batch->n_families ||
	    n_labels != count_labels(family)) {
		batch->error = -EINVAL;
		return;
	}
	for (size_t i = 0; i < n_labels; i++)
		bytes += strlen(family->labels[i]) + 2 * METRIC_LABEL_BYTES + 4;
	if (!reserve(batch, bytes))
		return;

	append(batch, family->name, strlen(family->name));
	for (size_t i = 0; i < n_labels; i++) {
		if (!labels[i])
			continue;
		append_label(batch, family->labels[i], labels[i], first);
		first = false;
	}
	if (!first)
		append(batch, "}", 1);
	if (!add_series(batch, start)) {
		batch->len = start;
		return;
	}
	append(batch, " ", 1);
	append(batch, number, metric_format_value(value, number));
	append(batch, "\n", 1);
	if (!extend_piece(batch, (size_t)(family - batch->families), start))
		batch->len = start;
}

const char *batch_piece(const struct batch *batch, const struct family *family, size_t *state,
			size_t *ret_len)
{
	size_t wanted = (size_t)(family - batch->families);

	while (*state < batch->n_pieces) {
		const struct piece *piece = &batch->pieces[(*state)++];

		if (piece->family != wanted)
			continue;
		*ret_len = piece->end - piece->start;
		return batch->text + piece->start;
	}
	return NULL;
}

static size_t format_integer(uint64_t value, bool negative, char *out)
{
	char digits[24];
	size_t n = 0, len = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10));
	if (negative)
		out[len++] = '-';
	while (n > 0)
		out[len++] = digits[--n];
	out[len] = '\0';
	return len;
}

size_t metric_format_value(double value, char out[static 32])
{
	int n = 0;

	if (isnan(value))
		return (size_t)snprintf(out, 32, "NaN");
	if (isinf(value))
		return (size_t)snprintf(out, 32, value < 0 ? "-Inf" : "+Inf");
	/* Most values are whole numbers, and %.15g of one below 10^15 is its digits. */
	if (fabs(value) < 1e15 && value == trunc(value))
		return format_integer((uint64_t)fabs(value), value < 0, out);
	for (int precision = 15; precision <= 17; precision++) {
		n = snprintf(out, 32, "%.*g", precision, value);
		if (strtod(out, NULL) == value)
			break;
	}
	return (size_t)n;
}
