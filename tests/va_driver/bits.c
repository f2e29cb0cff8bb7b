// SPDX-License-Identifier: Apache-2.0
/* Bits of a stream: writing, reading, Exp-Golomb codes, NAL units. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

static void make_room(struct bits *b, size_t more)
{
	if (b->size + more <= b->room)
		return;
	b->room = 2 * b->room + more + 256;
	b->data = xgrow(b->data, b->room);
}

void put_bits(struct bits *b, unsigned int n, uint32_t value)
{
	while (n > 0) {
		unsigned int take;
		uint32_t part;

		if (b->free == 0) {
			make_room(b, 1);
			b->data[b->size++] = 0;
			b->free = 8;
		}
		take = n < b->free ? n : b->free;
		part = (value >> (n - take)) & ((1U << take) - 1);
		b->data[b->size - 1] |= (uint8_t)(part << (b->free - take));
		b->free -= take;
		n -= take;
	}
}

void put_ue(struct bits *b, uint32_t value)
{
	uint64_t code = (uint64_t)value + 1;
	unsigned int len = 0;

	while (code >> (len + 1))
		len++;
	put_bits(b, len, 0);
	put_bits(b, 1, 1);
	put_bits(b, len, (uint32_t)code);
}

void put_se(struct bits *b, int32_t value)
{
	put_ue(b, value > 0 ? 2 * (uint32_t)value - 1 : 2 * (uint32_t)-value);
}

void put_align(struct bits *b)
{
	b->free = 0;
}

void put_bytes(struct bits *b, const void *data, size_t size)
{
	put_align(b);
	make_room(b, size);
	if (size > 0)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

void put_trailing(struct bits *b)
{
	put_bits(b, 1, 1);
	put_align(b);
}

/* A start code and the unit, with the bytes in it that keep it from looking like one. */
void put_nal(struct bits *out, const uint8_t *nal, size_t size)
{
	static const uint8_t start[] = { 0, 0, 0, 1 };
	unsigned int zeros = 0;
	size_t i;

	put_bytes(out, start, sizeof(start));
	make_room(out, size + size / 2 + 1);
	for (i = 0; i < size; i++) {
		if (zeros >= 2 && nal[i] <= 3) {
			out->data[out->size++] = 3;
			zeros = 0;
		}
		out->data[out->size++] = nal[i];
		zeros = nal[i] == 0 ? zeros + 1 : 0;
	}
	if (zeros > 0) /* a unit must not end in zeros: cabac_zero_word's rule */
		out->data[out->size++] = 3;
}

void bits_free(struct bits *b)
{
	free(b->data);
	*b = (struct bits){ 0 };
}

uint32_t get_bits(struct reader *r, unsigned int n)
{
	uint32_t value = 0;

	for (; n > 0; n--) {
		uint32_t bit = 0;

		if (r->pos < r->bits)
			bit = (r->data[r->pos / 8] >> (7 - r->pos % 8)) & 1;
		else
			r->over = true;
		r->pos++;
		value = (value << 1) | bit;
	}
	return value;
}

uint32_t get_ue(struct reader *r)
{
	unsigned int zeros = 0;

	while (!r->over && get_bits(r, 1) == 0)
		zeros++;
	if (r->over || zeros > 31) {
		r->over = true;
		return 0;
	}
	return (1U << zeros) - 1 + get_bits(r, zeros);
}

/* "to" may be "from". Returns the bytes that are left. */
size_t unescape(uint8_t *to, const uint8_t *from, size_t size)
{
	unsigned int zeros = 0;
	size_t i, n = 0;

	for (i = 0; i < size; i++) {
		if (zeros >= 2 && from[i] == 3) {
			zeros = 0;
			continue;
		}
		zeros = from[i] == 0 ? zeros + 1 : 0;
		to[n++] = from[i];
	}
	return n;
}

/* How many bytes of the data are a start code? */
size_t start_code(const uint8_t *data, size_t size)
{
	size_t zeros = 0;

	while (zeros < size && data[zeros] == 0)
		zeros++;
	return zeros >= 2 && zeros < size && data[zeros] == 1 ? zeros + 1 : 0;
}
