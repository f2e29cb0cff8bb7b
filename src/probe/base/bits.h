/* SPDX-License-Identifier: Apache-2.0 */
/* Bit by bit: writing and reading the headers of video streams. */
#ifndef PROBE_BASE_BITS_H
#define PROBE_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bit_writer {
	uint8_t data[512];
	size_t bits;
	bool overflow;
};

void bits_put(struct bit_writer *w, unsigned n, uint32_t value);
void bits_put_ue(struct bit_writer *w, uint32_t value); /* Exp-Golomb, unsigned */
void bits_put_se(struct bit_writer *w, int32_t value);
void bits_put_trailing(struct bit_writer *w); /* rbsp_trailing_bits: a one, and zeros to the byte */

/*
 * Wraps a payload in a NAL unit: start code, header bytes, emulation prevention. Returns the
 * length in bits, 0 when it does not fit. A payload that does not end at a byte keeps its length.
 */
size_t bits_nal(const struct bit_writer *payload, const uint8_t *header, size_t header_len,
		uint8_t *out, size_t size);

struct bit_reader {
	const uint8_t *data;
	size_t bits, at;
	bool overrun; /* sticky: read past the end, which gives zeros */
};

uint32_t bits_get(struct bit_reader *r, unsigned n);
uint32_t bits_get_ue(struct bit_reader *r);
int32_t bits_get_se(struct bit_reader *r);
int bits_get_su(struct bit_reader *r, unsigned n); /* two's complement of n bits and a sign */

/* The next NAL unit of an Annex B stream, without its start code; false at the end. */
struct nal {
	const uint8_t *data;
	size_t len;
};
bool bits_next_nal(const uint8_t *data, size_t len, size_t *at, struct nal *ret);

/* The payload behind header_len bytes without emulation prevention; at most size bytes. */
size_t bits_unescape(const struct nal *nal, size_t header_len, uint8_t *out, size_t size);

#endif
