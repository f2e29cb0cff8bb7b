// SPDX-License-Identifier: Apache-2.0
/* The open bitstream units of an AV1 stream (5.3), and the tiles in them (5.11.1). */
#include "av1.h"

struct obu {
	unsigned type;
	const uint8_t *data; /* behind the header */
	size_t len;
};

/* leb128(), of at most eight bytes and 32 bits (4.10.5) */
static bool get_leb128(const uint8_t *data, size_t len, size_t *at, size_t *ret)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8 && *at < len; i++) {
		uint8_t byte = data[(*at)++];

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = (size_t)value;
			return value <= UINT32_MAX;
		}
	}
	return false;
}

/* Without a size the last unit takes what is left. */
static bool next_obu(const uint8_t *data, size_t len, size_t *at, struct obu *ret)
{
	uint8_t header = data[(*at)++];
	bool extended = header & 4;
	size_t size;

	if (header & 0x80 || extended > len - *at)
		return false;
	*at += extended;
	size = len - *at;
	if (header & 2 && !get_leb128(data, len, at, &size))
		return false;
	if (size > len - *at)
		return false;
	*ret = (struct obu){ .type = header >> 3 & 0xf, .data = data + *at, .len = size };
	*at += size;
	return true;
}

static size_t get_little_endian(const uint8_t *data, unsigned bytes)
{
	size_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | data[bytes];
	return value;
}

/* The tiles from first to last; all but the last have their size before them. */
static bool take_tiles(struct av1_stream *s, const uint8_t *data, size_t len, unsigned last)
{
	unsigned bytes = s->frame.tiles.size_bytes;

	while (s->n_tiles < last) {
		size_t size;

		if (len < bytes)
			return false;
		size = get_little_endian(data, bytes) + 1;
		data += bytes;
		len -= bytes;
		if (size > len)
			return false;
		s->tiles[s->n_tiles++] = (struct av1_tile){ data, size };
		data += size;
		len -= size;
	}
	s->tiles[s->n_tiles++] = (struct av1_tile){ data, len };
	return len > 0;
}

/* tile_group_obu() at a byte of a unit */
static const char *read_tile_group(struct av1_stream *s, const struct obu *obu, size_t at)
{
	const struct av1_tile_info *t = &s->frame.tiles;
	struct bit_reader r = { .data = obu->data, .bits = obu->len * 8, .at = at * 8 };
	unsigned bits = t->cols_log2 + t->rows_log2, n = t->cols * t->rows;
	unsigned first = 0, last = n - 1;

	if (n > 1 && bits_get(&r, 1)) {
		first = bits_get(&r, bits);
		last = bits_get(&r, bits);
	}
	at = (r.at + 7) / 8;
	if (r.overrun || first != s->n_tiles || last < first || last >= n || at > obu->len ||
	    !take_tiles(s, obu->data + at, obu->len - at, last))
		return "the AV1 tiles are cut off";
	return NULL;
}

struct progress {
	bool sequence, frame;
};

static const char *read_obu(struct av1_stream *s, struct progress *p, const struct obu *obu)
{
	struct bit_reader r = { .data = obu->data, .bits = obu->len * 8 };
	const char *wrong;

	switch (obu->type) {
	case AV1_OBU_SEQUENCE:
		p->sequence = true;
		return av1_parse_sequence(&r, &s->sequence);
	case AV1_OBU_FRAME_HEADER:
	case AV1_OBU_FRAME:
		if (!p->sequence)
			return "an AV1 frame before the sequence header";
		if (p->frame)
			return "more than one AV1 frame";
		p->frame = true;
		wrong = av1_parse_frame(&r, &s->sequence, &s->frame);
		if (wrong || obu->type == AV1_OBU_FRAME_HEADER)
			return wrong;
		return read_tile_group(s, obu, (r.at + 7) / 8);
	case AV1_OBU_TILES:
		if (!p->frame)
			return "AV1 tiles before the frame header";
		return read_tile_group(s, obu, 0);
	default: /* a temporal delimiter, metadata, padding, what comes later: nothing to decode */
		return NULL;
	}
}

const char *av1_parse(const uint8_t *data, size_t len, struct av1_stream *ret)
{
	struct progress progress = { .frame = false };
	struct obu obu;
	const char *wrong;
	size_t at = 0;

	ret->n_tiles = 0;
	while (at < len) {
		if (!next_obu(data, len, &at, &obu))
			return "the AV1 units do not fit the coded bytes";
		wrong = read_obu(ret, &progress, &obu);
		if (wrong)
			return wrong;
	}
	if (!progress.sequence)
		return "no AV1 sequence header";
	if (!progress.frame)
		return "no AV1 frame";
	if (ret->n_tiles < ret->frame.tiles.cols * ret->frame.tiles.rows)
		return "AV1 tiles are missing";
	return NULL;
}
