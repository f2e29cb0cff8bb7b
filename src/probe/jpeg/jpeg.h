/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of a baseline JPEG with one interleaved scan of 4:2:0 (ITU-T T.81, Annex B). */
#ifndef PROBE_JPEG_H
#define PROBE_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JPEG_COMPONENTS 3
#define JPEG_HEADER_MAX 768 /* with four tables of each kind: 761 */

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

/* Annex K's tables, one of each for luma and one for chroma. */
void jpeg_defaults(struct jpeg *jpeg, unsigned width, unsigned height);
/* From SOI to SOS. Returns the length. */
size_t jpeg_write(const struct jpeg *jpeg, uint8_t out[static JPEG_HEADER_MAX]);
/* A whole stream from SOI to EOI. False with the reason in why. */
bool jpeg_read(struct jpeg *jpeg, const uint8_t *data, size_t len, char *why, size_t size);
unsigned jpeg_mcus(const struct jpeg *jpeg);

#endif
