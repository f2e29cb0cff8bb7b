/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a baseline JPEG with one interleaved scan of 4:2:0 (ITU-T T.81, Annex B). */
#ifndef PROBE_JPEG_H
#define PROBE_JPEG_H

#include "probe/base/common.h"

#define JPEG_COMPONENTS 3
#define JPEG_HEADER_MAX 768 /* with four tables of each kind: 761 */

/* Markers, behind 0xff (Table B.1). */
enum {
	JPEG_SOF0 = 0xc0,
	JPEG_DHT = 0xc4,
	JPEG_RST0 = 0xd0,
	JPEG_RST7 = 0xd7,
	JPEG_SOI = 0xd8,
	JPEG_EOI = 0xd9,
	JPEG_SOS = 0xda,
	JPEG_DQT = 0xdb,
	JPEG_DRI = 0xdd,
	JPEG_APP0 = 0xe0,
	JPEG_APP15 = 0xef,
	JPEG_COM = 0xfe
};

enum { JPEG_DC, JPEG_AC, JPEG_CLASSES };

/* counts: codes of each length from 1 to 16. A DC table has 12 values at most. */
struct jpeg_huffman {
	bool present;
	uint8_t counts[16], values[162];
};

struct jpeg_component {
	uint8_t id, horizontal, vertical; /* sampling factors */
	uint8_t quantiser, tables[JPEG_CLASSES];
};

struct jpeg {
	unsigned width, height, restart_interval;
	struct jpeg_component components[JPEG_COMPONENTS];
	bool has_quantiser[4];
	uint8_t quantisers[4][64]; /* in zig-zag order */
	struct jpeg_huffman huffman[JPEG_CLASSES][2];
	size_t scan, scan_len; /* entropy-coded data */
};

/* tables.c: Annex K's tables, one of each for luma and one for chroma. */
void jpeg_defaults(struct jpeg *jpeg, unsigned width, unsigned height);
size_t jpeg_num_values(const struct jpeg_huffman *table);
/* write.c: from SOI to SOS. Returns the length. */
size_t jpeg_write(const struct jpeg *jpeg, uint8_t out[static JPEG_HEADER_MAX]);
/* parse.c: a whole stream from SOI to EOI. False with the reason in why. */
bool jpeg_parse(struct jpeg *jpeg, const uint8_t *data, size_t len, char *why, size_t size);
unsigned jpeg_mcus(const struct jpeg *jpeg);

/* va_encode.c, va_decode.c */
void jpeg_add_huffman(const struct jpeg *jpeg, struct buffers *buffers);
void jpeg_encode(const struct encoding *encoding, struct buffers *buffers);
bool jpeg_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *buffers);

#endif
