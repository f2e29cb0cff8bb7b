/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metric families (constant tables) and batches of samples (made afresh by every collect).
 * A batch renders each sample once, when it is put; an exposition only copies.
 */
#ifndef EXPOSITION_METRICS_H
#define EXPOSITION_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#define METRIC_MAX_LABELS  12
#define METRIC_LABEL_BYTES 256	      /* longest label value; more is cut at a character */
#define BATCH_MAX_BYTES	   (4u << 20) /* of one collect; more makes the collect fail */

enum metric_type { GAUGE, COUNTER, INFO };

struct family {
	const char *name; /* whole and literal, with its suffix */
	const char *help; /* one sentence that names the source */
	enum metric_type type;
	const char *labels[METRIC_MAX_LABELS + 1]; /* NULL-terminated */
	const char *opt_in; /* flag without which it is not exported, or NULL */
	const void *source; /* what its collector reads it from; nobody else's business */
};

/*
 * The samples of one collect. Append-only; the first failure (out of memory, too large, a family
 * or number of labels that is not the table's) sticks and batch_error() returns it. Of samples with
 * the same labels, which would make an exposition invalid, the first stays; batch_refused() counts
 * the others.
 */
struct batch;

/* For samples of these families only. NULL when memory is out. Freed with batch_free(). */
struct batch *batch_new(const struct family *families, size_t n_families);
void batch_free(struct batch *batch);
int batch_error(const struct batch *batch);
size_t batch_refused(const struct batch *batch);

/*
 * Appends a sample. Values are in the family's base unit; labels in the family's order, NULL for
 * an absent one. Label values may be any bytes: they are cleaned (text_clean()) and escaped.
 */
void batch_put(struct batch *batch, const struct family *family, double value,
	       const char *const *labels, size_t n_labels);

#define put(batch, family, value, ...)                                                             \
	batch_put(batch, family, value, (const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) "" },    \
		  sizeof((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) "" }) /                 \
				  sizeof(const char *) -                                           \
			  1)

/* The batches of one table of families, for the writers of exposition/. */
struct batch_group {
	const struct family *families;
	size_t n_families;
	const struct batch *const *batches;
	size_t n_batches;
};

/* The rendered samples of one family, piece by piece: NULL ends. *state starts as 0. */
const char *batch_piece(const struct batch *batch, const struct family *family, size_t *state,
			size_t *ret_len);

/* How long all its samples are. */
size_t batch_len(const struct batch *batch);

/* Number as the formats want it: shortest of %.15g to %.17g that reads back. Returns the length. */
size_t metric_format_value(double value, char out[static 32]);

#endif
