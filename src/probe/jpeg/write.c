// SPDX-License-Identifier: Apache-2.0
/* Writes the header of a JPEG (ITU-T T.81, Annex B). */
#include "jpeg.h"

#include <string.h>

struct writer {
	uint8_t *data;
	size_t len;
};

static void put(struct writer *w, unsigned byte)
{
	w->data[w->len++] = (uint8_t)byte;
}

static void put_bytes(struct writer *w, const void *data, size_t len)
{
	memcpy(w->data + w->len, data, len);
	w->len += len;
}

static void put_marker(struct writer *w, unsigned marker)
{
	put(w, 0xff);
	put(w, marker);
}

/* len: what follows the length itself, which counts too. */
static void put_segment(struct writer *w, unsigned marker, size_t len)
{
	put_marker(w, marker);
	put(w, (unsigned)(len + 2) >> 8);
	put(w, (unsigned)(len + 2));
}

static void put_tables(struct writer *w, const struct jpeg *jpeg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(jpeg->quantisers); i++) {
		if (!jpeg->has_quantiser[i])
			continue;
		put_segment(w, JPEG_DQT, 1 + sizeof(jpeg->quantisers[i]));
		put(w, i);
		put_bytes(w, jpeg->quantisers[i], sizeof(jpeg->quantisers[i]));
	}
	for (unsigned i = 0; i < 2 * JPEG_CLASSES; i++) {
		const struct jpeg_huffman *table = &jpeg->huffman[i % 2][i / 2];

		if (!table->present)
			continue;
		put_segment(w, JPEG_DHT, 1 + sizeof(table->counts) + jpeg_num_values(table));
		put(w, i % 2 << 4 | i / 2);
		put_bytes(w, table->counts, sizeof(table->counts));
		put_bytes(w, table->values, jpeg_num_values(table));
	}
}

static void put_frame(struct writer *w, const struct jpeg *jpeg)
{
	put_segment(w, JPEG_SOF0, 6 + 3 * JPEG_COMPONENTS);
	put(w, 8); /* bits of a sample */
	put(w, jpeg->height >> 8);
	put(w, jpeg->height);
	put(w, jpeg->width >> 8);
	put(w, jpeg->width);
	put(w, JPEG_COMPONENTS);
	for (size_t i = 0; i < JPEG_COMPONENTS; i++) {
		const struct jpeg_component *c = &jpeg->components[i];

		put(w, c->id);
		put(w, (unsigned)c->horizontal << 4 | c->vertical);
		put(w, c->quantiser);
	}
}

static void put_scan(struct writer *w, const struct jpeg *jpeg)
{
	put_segment(w, JPEG_SOS, 4 + 2 * JPEG_COMPONENTS);
	put(w, JPEG_COMPONENTS);
	for (size_t i = 0; i < JPEG_COMPONENTS; i++) {
		const struct jpeg_component *c = &jpeg->components[i];

		put(w, c->id);
		put(w, (unsigned)c->tables[JPEG_DC] << 4 | c->tables[JPEG_AC]);
	}
	put(w, 0);  /* Ss */
	put(w, 63); /* Se */
	put(w, 0);  /* Ah, Al */
}

size_t jpeg_write(const struct jpeg *jpeg, uint8_t out[static JPEG_HEADER_MAX])
{
	/* Version 1.1, pixels without a size, no thumbnail: says that the colours are YCbCr. */
	static const uint8_t jfif[] = { 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0 };
	struct writer w = { .data = out };

	put_marker(&w, JPEG_SOI);
	put_segment(&w, JPEG_APP0, sizeof(jfif));
	put_bytes(&w, jfif, sizeof(jfif));
	put_tables(&w, jpeg);
	put_frame(&w, jpeg);
	put_scan(&w, jpeg);
	return w.len;
}
