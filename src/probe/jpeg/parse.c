// SPDX-License-Identifier: Apache-2.0
/* Reads the headers of a JPEG (ITU-T T.81, Annex B), and finds its data. */
#include "jpeg.h"

#include "base/macros.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MCU	   16 /* pixels each way of a 4:2:0 unit: four blocks of luma, two of chroma */
#define MCU_BLOCKS 6

unsigned jpeg_mcus(const struct jpeg *jpeg)
{
	return (jpeg->width + MCU - 1) / MCU * ((jpeg->height + MCU - 1) / MCU);
}

/* at: never above len. */
struct jpeg_reader {
	struct jpeg *jpeg;
	const uint8_t *data;
	size_t len, at;
	bool has_frame;
	char *why;
	size_t why_size;
};

_printf_(2, 3) static bool bad(struct jpeg_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->why, r->why_size, fmt, ap);
	va_end(ap);
	return false;
}

/* One segment's bytes behind its length. */
struct segment {
	const uint8_t *data;
	size_t len;
};

/* The next n bytes of a segment, or NULL. */
static const uint8_t *take(struct segment *s, size_t n)
{
	const uint8_t *data = s->data;

	if (s->len < n)
		return NULL;
	s->data += n;
	s->len -= n;
	return data;
}

static bool read_quantisers(struct jpeg_reader *r, struct segment s)
{
	while (s.len > 0) {
		const uint8_t *head = take(&s, 1), *values = take(&s, 64);

		/* Baseline has 8 bits only (B.2.4.1), and a quantiser of 0 is none. */
		if (!values || head[0] > 3 || memchr(values, 0, 64))
			return bad(r, "a quantisation table that baseline does not have");
		r->jpeg->has_quantiser[head[0]] = true;
		memcpy(r->jpeg->quantisers[head[0]], values, 64);
	}
	return true;
}

/* Do the codes fit? Of those of full length, all ones, none may be used (C.2, F.1.2.1.2). */
static bool codes_fit(const uint8_t *counts)
{
	unsigned code = 0;

	for (unsigned length = 1; length <= 16; length++) {
		code = code << 1;
		code += counts[length - 1];
		if (code > (1u << length) - 1)
			return false;
	}
	return true;
}

static bool read_huffman(struct jpeg_reader *r, struct segment s)
{
	while (s.len > 0) {
		const uint8_t *head = take(&s, 17), *values = NULL;
		struct jpeg_huffman table = { .present = true };
		bool dc = head && head[0] >> 4 == JPEG_DC;
		size_t n = 0;

		if (head && (head[0] & 0xee) == 0 && codes_fit(head + 1)) {
			memcpy(table.counts, head + 1, sizeof(table.counts));
			n = jpeg_num_values(&table);
			values = n > 0 && n <= (dc ? 12 : 162) ? take(&s, n) : NULL;
		}
		if (!values)
			return bad(r, "a Huffman table that baseline does not have");
		memcpy(table.values, values, n);
		r->jpeg->huffman[head[0] >> 4][head[0] & 1] = table;
	}
	return true;
}

static bool read_frame(struct jpeg_reader *r, struct segment s)
{
	const uint8_t *p = take(&s, 6 + 3 * JPEG_COMPONENTS);

	if (r->has_frame || !p || s.len > 0 || p[0] != 8 || p[5] != JPEG_COMPONENTS)
		return bad(r, "not one frame of three components of 8 bits");
	r->jpeg->height = (unsigned)p[1] << 8 | p[2];
	r->jpeg->width = (unsigned)p[3] << 8 | p[4];
	for (unsigned i = 0; i < JPEG_COMPONENTS; i++) {
		const uint8_t *c = p + 6 + 3 * i;
		struct jpeg_component *to = &r->jpeg->components[i];
		unsigned factor = i == 0 ? 2 : 1;

		to->id = c[0];
		to->horizontal = c[1] >> 4;
		to->vertical = c[1] & 15;
		to->quantiser = c[2];
		if (to->horizontal != factor || to->vertical != factor || to->quantiser > 3)
			return bad(r, "the picture is not 4:2:0");
	}
	r->has_frame = true;
	return true;
}

static bool read_scan(struct jpeg_reader *r, struct segment s)
{
	const uint8_t *p = take(&s, 4 + 2 * JPEG_COMPONENTS);
	const uint8_t *last = p ? p + 1 + 2 * JPEG_COMPONENTS : NULL;

	if (!r->has_frame)
		return bad(r, "a scan before the frame header");
	if (!p || s.len > 0 || p[0] != JPEG_COMPONENTS || last[0] != 0 || last[1] != 63 ||
	    last[2] != 0)
		return bad(r, "not one sequential scan of three components");
	for (unsigned i = 0; i < JPEG_COMPONENTS; i++) {
		const uint8_t *c = p + 1 + 2 * i;
		struct jpeg_component *to = &r->jpeg->components[i];
		unsigned dc = c[1] >> 4, ac = c[1] & 15;

		if (c[0] != to->id || !r->jpeg->has_quantiser[to->quantiser] || dc > 1 || ac > 1 ||
		    !r->jpeg->huffman[JPEG_DC][dc].present ||
		    !r->jpeg->huffman[JPEG_AC][ac].present)
			return bad(r, "component %u refers to what is not there", i);
		to->tables[JPEG_DC] = (uint8_t)dc;
		to->tables[JPEG_AC] = (uint8_t)ac;
	}
	return true;
}

static bool read_restart(struct jpeg_reader *r, struct segment s)
{
	const uint8_t *p = take(&s, 2);

	if (!p || s.len > 0)
		return bad(r, "a broken restart interval");
	r->jpeg->restart_interval = (unsigned)p[0] << 8 | p[1];
	return true;
}

static bool read_segment(struct jpeg_reader *r, unsigned marker, struct segment s)
{
	if (marker == JPEG_DQT)
		return read_quantisers(r, s);
	if (marker == JPEG_DHT)
		return read_huffman(r, s);
	if (marker == JPEG_SOF0)
		return read_frame(r, s);
	if (marker == JPEG_SOS)
		return read_scan(r, s);
	if (marker == JPEG_DRI)
		return read_restart(r, s);
	if ((marker >= JPEG_APP0 && marker <= JPEG_APP15) || marker == JPEG_COM)
		return true;
	return bad(r, "marker 0xff%02x, which one baseline picture does not have", marker);
}

/* The next marker and its segment. Fill bytes may come before a marker (B.1.1.2). */
static bool next_segment(struct jpeg_reader *r, unsigned *ret_marker, struct segment *ret)
{
	size_t at = r->at, len;

	if (at == r->len || r->data[at] != 0xff)
		return bad(r, "no marker at byte %zu of %zu", at, r->len);
	while (at < r->len && r->data[at] == 0xff)
		at++;
	*ret_marker = at < r->len ? r->data[at++] : 0;
	if (r->len - at < 2)
		return bad(r, "the stream ends in its headers");
	len = (size_t)r->data[at] << 8 | r->data[at + 1];
	if (len < 2 || len > r->len - at)
		return bad(r, "a segment of %zu bytes at byte %zu of %zu", len, at, r->len);
	*ret = (struct segment){ r->data + at + 2, len - 2 };
	r->at = at + len;
	return true;
}

/* To JPEG_EOI. In entropy-coded data 0xff is followed by 0 (F.1.2.3), else it begins a marker. */
static bool read_data(struct jpeg_reader *r)
{
	size_t at = r->at;

	r->jpeg->scan = at;
	while (at + 1 < r->len) {
		unsigned marker = r->data[at + 1];

		if (r->data[at] != 0xff || marker == 0xff) {
			at++;
		} else if (marker == 0 || (marker >= JPEG_RST0 && marker <= JPEG_RST7)) {
			at += 2;
		} else if (marker == JPEG_EOI) {
			r->jpeg->scan_len = at - r->jpeg->scan;
			r->at = at + 2;
			return true;
		} else {
			return bad(r, "marker 0xff%02x in the coded data", marker);
		}
	}
	return bad(r, "no EOI in %zu coded bytes", r->len);
}

/* Each block has a DC and an AC code, and none has less than one bit (F.1.2). */
static bool is_enough(const struct jpeg *jpeg)
{
	return jpeg->scan_len >= ((size_t)jpeg_mcus(jpeg) * MCU_BLOCKS * 2 + 7) / 8;
}

bool jpeg_parse(struct jpeg *jpeg, const uint8_t *data, size_t len, char *why, size_t size)
{
	struct jpeg_reader r = { jpeg, data, len, .why = why, .why_size = size };
	struct segment segment = { 0 };
	unsigned marker = JPEG_SOI;

	*jpeg = (struct jpeg){ 0 };
	if (len < 2 || data[0] != 0xff || data[1] != JPEG_SOI)
		return bad(&r, "no SOI at the beginning of %zu coded bytes", len);
	r.at = 2;
	while (marker != JPEG_SOS)
		if (!next_segment(&r, &marker, &segment) || !read_segment(&r, marker, segment))
			return false;
	if (!read_data(&r))
		return false;
	if (!is_enough(jpeg))
		return bad(&r, "%zu bytes of data for %ux%u pixels", jpeg->scan_len, jpeg->width,
			   jpeg->height);
	/* A coded size may be rounded up; anything else behind the end is not ours. */
	for (size_t i = r.at; i < len; i++)
		if (data[i] != 0)
			return bad(&r, "%zu bytes behind EOI", len - r.at);
	return true;
}
