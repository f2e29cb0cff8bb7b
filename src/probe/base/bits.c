// SPDX-License-Identifier: Apache-2.0
/* Bits, Exp-Golomb codes and NAL units of ITU-T H.264 (7.2, 7.3.1, 9.1, Annex B) and H.265. */
#include "bits.h"

#include <string.h>

void bits_put(struct bit_writer *w, unsigned n, uint32_t value)
{
	while (n-- > 0) {
		if (w->bits / 8 >= sizeof(w->data)) {
			w->overflow = true;
			return;
		}
		if (w->bits % 8 == 0)
			w->data[w->bits / 8] = 0;
		w->data[w->bits / 8] |= (uint8_t)((value >> n & 1) << (7 - w->bits % 8));
		w->bits++;
	}
}

void bits_put_ue(struct bit_writer *w, uint32_t value)
{
	unsigned length = 31 - (unsigned)__builtin_clz(value + 1);

	bits_put(w, length, 0);
	bits_put(w, length + 1, value + 1);
}

void bits_put_se(struct bit_writer *w, int32_t value)
{
	bits_put_ue(w, value > 0 ? 2 * (uint32_t)value - 1 : 2 * (uint32_t)-value);
}

void bits_put_trailing(struct bit_writer *w)
{
	bits_put(w, 1, 1);
	while (w->bits % 8 != 0)
		bits_put(w, 1, 0);
}

size_t bits_nal(const struct bit_writer *payload, const uint8_t *header, size_t header_len,
		uint8_t *out, size_t size)
{
	static const uint8_t start_code[] = { 0, 0, 0, 1 };
	size_t bytes = (payload->bits + 7) / 8, n = 0;
	unsigned zeros = 0;

	if (payload->overflow || size < sizeof(start_code) + header_len + bytes * 3 / 2 + 1)
		return 0;
	memcpy(out, start_code, sizeof(start_code));
	n += sizeof(start_code);
	memcpy(out + n, header, header_len);
	n += header_len;
	for (size_t i = 0; i < bytes; i++) {
		if (zeros == 2 && payload->data[i] <= 3) {
			out[n++] = 3;
			zeros = 0;
		}
		zeros = payload->data[i] == 0 ? zeros + 1 : 0;
		out[n++] = payload->data[i];
	}
	return n * 8 - (bytes * 8 - payload->bits);
}

uint32_t bits_get(struct bit_reader *r, unsigned n)
{
	uint32_t value = 0;

	while (n-- > 0) {
		unsigned bit = 0;

		if (r->at >= r->bits)
			r->overrun = true;
		else
			bit = r->data[r->at / 8] >> (7 - r->at % 8) & 1;
		r->at++;
		value = value << 1 | bit;
	}
	return value;
}

uint32_t bits_get_ue(struct bit_reader *r)
{
	unsigned zeros = 0;

	while (zeros < 32 && bits_get(r, 1) == 0 && !r->overrun)
		zeros++;
	if (zeros == 32 || r->overrun) {
		r->overrun = true;
		return 0;
	}
	return (uint32_t)((1ull << zeros) - 1 + bits_get(r, zeros));
}

int32_t bits_get_se(struct bit_reader *r)
{
	uint32_t value = bits_get_ue(r);

	return value & 1 ? (int32_t)(value / 2 + 1) : -(int32_t)(value / 2);
}

static size_t find_start_code(const uint8_t *data, size_t len, size_t at)
{
	for (; at + 3 <= len; at++)
		if (data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1)
			return at;
	return len;
}

int bits_get_su(struct bit_reader *r, unsigned n)
{
	int value = (int)bits_get(r, n + 1);

	return value & 1 << n ? value - (2 << n) : value;
}

bool bits_next_nal(const uint8_t *data, size_t len, size_t *at, struct nal *ret)
{
	size_t start = find_start_code(data, len, *at);
	size_t end;

	if (start == len)
		return false;
	start += 3;
	end = find_start_code(data, len, start);
	*at = end;
	/* The zeros before the next start code belong to nobody. */
	while (end > start && data[end - 1] == 0)
		end--;
	ret->data = data + start;
	ret->len = end - start;
	return true;
}

size_t bits_unescape(const struct nal *nal, size_t header_len, uint8_t *out, size_t size)
{
	unsigned zeros = 0;
	size_t n = 0;

	for (size_t i = header_len; i < nal->len && n < size; i++) {
		if (zeros >= 2 && nal->data[i] == 3) {
			zeros = 0;
			continue;
		}
		zeros = nal->data[i] == 0 ? zeros + 1 : 0;
		out[n++] = nal->data[i];
	}
	return n;
}
