// SPDX-License-Identifier: Apache-2.0
#include "frame.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_BYTES 64u /* a number of 32, what is around it, and the rest of a word */
/* Of a value each byte may be escaped, and three are around it. */
#define LABEL_BYTES (2u * METRIC_LABEL_BYTES + 3)
/* A batch for each GPU of a large machine. One of many clients goes back to the kernel. */
#define SPARES	    16u
#define SPARE_BYTES (32u << 10)

struct spare {
	struct spare *next;
	size_t size;
};

static struct {
	pthread_mutex_t lock;
	struct frames *first;
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Adds a text and more to words; returns its length. */
static uint8_t add_words(struct word **words, const char *text, const char *more)
{
	size_t len = strlen(text) + strlen(more);

	memcpy(*words, text, strlen(text));
	memcpy((char *)*words + strlen(text), more, strlen(more));
	*words += frame_words(len);
	return (uint8_t)len;
}

/* Names are literals, of which a test says that they are no longer than this. */
static bool count_words(const struct family *family, size_t *total)
{
	bool fits = strlen(family->name) <= UINT8_MAX;

	*total += frame_words(strlen(family->name));
	for (size_t i = 0; i < METRIC_MAX_LABELS && family->labels[i]; i++) {
		fits &= strlen(family->labels[i]) + 2 <= UINT8_MAX;
		*total += frame_words(strlen(family->labels[i]) + 2);
	}
	return fits;
}

static struct frames *frames_new(const struct family *families, size_t n_families)
{
	struct frames *frames = calloc(1, sizeof(*frames) + n_families * sizeof(struct frame));
	size_t total = 1;
	struct word *words;
	bool fits = frames;

	for (size_t i = 0; fits && i < n_families; i++)
		fits = count_words(&families[i], &total);
	words = fits ? calloc(total, sizeof(*words)) : NULL;
	if (!words) {
		free(frames);
		return NULL;
	}
	frames->families = families;
	frames->n_families = n_families;
	frames->words = words;
	for (size_t i = 0; i < n_families; i++) {
		struct frame *frame = &frames->frames[i];

		frame->words = words;
		frame->name = add_words(&words, families[i].name, "");
		frame->most = frame->name + OTHER_BYTES;
		while (frame->n_labels < METRIC_MAX_LABELS && families[i].labels[frame->n_labels]) {
			frame->labels[frame->n_labels] =
				add_words(&words, families[i].labels[frame->n_labels], "=\"");
			frame->most += frame->labels[frame->n_labels] + LABEL_BYTES;
			frame->n_labels++;
		}
	}
	return frames;
}

struct frames *frames_of(const struct family *families, size_t n_families)
{
	struct frames *frames;

	pthread_mutex_lock(&known.lock);
	frames = known.first;
	while (frames && (frames->families != families || frames->n_families != n_families))
		frames = frames->next;
	if (!frames) {
		frames = frames_new(families, n_families);
		if (frames) {
			frames->next = known.first;
			known.first = frames;
		}
	}
	pthread_mutex_unlock(&known.lock);
	return frames;
}

void *frames_alloc(struct frames *frames, size_t *size)
{
	struct spare *spare;

	pthread_mutex_lock(&known.lock);
	spare = frames->spares;
	if (spare) {
		frames->spares = spare->next;
		frames->n_spares--;
	}
	pthread_mutex_unlock(&known.lock);
	if (spare && spare->size >= *size) {
		*size = spare->size;
		return spare;
	}
	free(spare);
	return malloc(*size);
}

void frames_free(struct frames *frames, void *memory, size_t size)
{
	struct spare *spare = memory;
	bool kept;

	pthread_mutex_lock(&known.lock);
	kept = size >= sizeof(*spare) && size <= SPARE_BYTES && frames->n_spares < SPARES;
	if (kept) {
		*spare = (struct spare){ frames->spares, size };
		frames->spares = spare;
		frames->n_spares++;
	}
	pthread_mutex_unlock(&known.lock);
	if (!kept)
		free(memory);
}
