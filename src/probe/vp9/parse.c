// SPDX-License-Identifier: Apache-2.0
/* Reads uncompressed_header() of a VP9 key frame (6.2 of the specification). */
#include "vp9.h"

#include <stdio.h>
#include <string.h>

#define SYNC_CODE    0x498342
#define COLOR_RGB    7
#define FRAME_MARKER 2

static bool refuse(char *why, size_t size, const char *text)
{
	snprintf(why, size, "%s", text);
	return false;
}

static unsigned blocks64(unsigned pixels)
{
	return (pixels + 63) / 64;
}

unsigned vp9_min_tile_columns_log2(unsigned width)
{
	unsigned log2 = 0;

	while (64u << log2 < blocks64(width))
		log2++;
	return log2;
}

unsigned vp9_max_tile_columns_log2(unsigned width)
{
	unsigned log2 = 1;

	while (blocks64(width) >> log2 >= 4)
		log2++;
	return log2 - 1;
}

/* su(n): the sign is behind the value. */
static int get_signed(struct bit_reader *r, unsigned n)
{
	int value = (int)bits_get(r, n);

	return bits_get(r, 1) ? -value : value;
}

static int get_optional(struct bit_reader *r, unsigned n)
{
	return bits_get(r, 1) ? get_signed(r, n) : 0;
}

static void read_loop_filter(struct bit_reader *r, struct vp9_header *h)
{
	/* What a key frame starts from: setup_past_independence(). */
	static const int ref_deltas[VP9_REFS] = { 1, 0, -1, -1 };

	memcpy(h->ref_deltas, ref_deltas, sizeof(ref_deltas));
	h->filter_level = bits_get(r, 6);
	h->sharpness = bits_get(r, 3);
	h->deltas_enabled = bits_get(r, 1);
	if (!h->deltas_enabled || !bits_get(r, 1))
		return;
	for (size_t i = 0; i < VP9_REFS; i++)
		if (bits_get(r, 1))
			h->ref_deltas[i] = get_signed(r, 6);
	for (size_t i = 0; i < VP9_MODES; i++)
		if (bits_get(r, 1))
			h->mode_deltas[i] = get_signed(r, 6);
}

static void read_quantizer(struct bit_reader *r, struct vp9_header *h)
{
	h->base_q = bits_get(r, 8);
	h->y_dc = get_optional(r, 4);
	h->uv_dc = get_optional(r, 4);
	h->uv_ac = get_optional(r, 4);
}

static uint8_t get_probability(struct bit_reader *r, bool coded)
{
	return coded && bits_get(r, 1) ? (uint8_t)bits_get(r, 8) : 255;
}

static void read_features(struct bit_reader *r, struct vp9_segment *segment)
{
	static const struct {
		unsigned bits;
		bool has_sign;
	} features[VP9_FEATURES] = { { 8, true }, { 6, true }, { 2, false }, { 0, false } };

	for (size_t i = 0; i < VP9_FEATURES; i++) {
		segment->enabled[i] = bits_get(r, 1);
		if (segment->enabled[i])
			segment->value[i] = features[i].has_sign
						    ? get_signed(r, features[i].bits)
						    : (int)bits_get(r, features[i].bits);
	}
}

static void read_segmentation(struct bit_reader *r, struct vp9_header *h)
{
	memset(h->tree_probs, 255, sizeof(h->tree_probs));
	memset(h->pred_probs, 255, sizeof(h->pred_probs));
	h->segmented = bits_get(r, 1);
	if (!h->segmented)
		return;
	h->update_map = bits_get(r, 1);
	if (h->update_map) {
		for (size_t i = 0; i < VP9_PROBS; i++)
			h->tree_probs[i] = get_probability(r, true);
		h->temporal_update = bits_get(r, 1);
		for (size_t i = 0; i < VP9_PRED_PROBS; i++)
			h->pred_probs[i] = get_probability(r, h->temporal_update);
	}
	if (bits_get(r, 1)) {
		h->absolute = bits_get(r, 1);
		for (size_t i = 0; i < VP9_SEGMENTS; i++)
			read_features(r, &h->segments[i]);
	}
}

static void read_tiles(struct bit_reader *r, struct vp9_header *h)
{
	unsigned most = vp9_max_tile_columns_log2(h->width);

	h->tile_columns_log2 = vp9_min_tile_columns_log2(h->width);
	while (h->tile_columns_log2 < most && bits_get(r, 1))
		h->tile_columns_log2++;
	h->tile_rows_log2 = bits_get(r, 1);
	if (h->tile_rows_log2)
		h->tile_rows_log2 += bits_get(r, 1);
}

/* Up to the frame size: what distinguishes a key frame of profile 0 from all else. */
static bool read_start(struct bit_reader *r, struct vp9_header *h, char *why, size_t size)
{
	if (bits_get(r, 2) != FRAME_MARKER)
		return refuse(why, size, "no VP9 frame marker");
	if (bits_get(r, 2) != 0)
		return refuse(why, size, "a VP9 profile other than 0");
	if (bits_get(r, 1))
		return refuse(why, size, "the VP9 frame repeats an earlier one");
	if (bits_get(r, 1))
		return refuse(why, size, "the VP9 frame is not a key frame");
	h->show_frame = bits_get(r, 1);
	if (!h->show_frame)
		return refuse(why, size, "the VP9 frame is not shown");
	h->error_resilient = bits_get(r, 1);
	if (bits_get(r, 24) != SYNC_CODE)
		return refuse(why, size, "no VP9 sync code");
	if (bits_get(r, 3) == COLOR_RGB)
		return refuse(why, size, "RGB in VP9 profile 0");
	bits_get(r, 1); /* color_range */
	return true;
}

bool vp9_parse(const uint8_t *data, size_t len, struct vp9_header *ret, char *why, size_t size)
{
	struct bit_reader r = { .data = data, .bits = len * 8 };
	struct vp9_header h = { 0 };

	if (!read_start(&r, &h, why, size))
		return false;
	h.width = bits_get(&r, 16) + 1;
	h.height = bits_get(&r, 16) + 1;
	if (bits_get(&r, 1)) /* render_and_frame_size_different */
		bits_get(&r, 32);
	h.parallel = true;
	if (!h.error_resilient) {
		h.refresh_context = bits_get(&r, 1);
		h.parallel = bits_get(&r, 1);
	}
	bits_get(&r, 2); /* frame_context_idx, which is 0 for a key frame (7.2) */
	read_loop_filter(&r, &h);
	read_quantizer(&r, &h);
	read_segmentation(&r, &h);
	read_tiles(&r, &h);
	h.compressed = bits_get(&r, 16);
	h.bytes = (r.at + 7) / 8;
	if (r.overrun)
		return refuse(why, size, "the VP9 header is cut off");
	/* Behind both headers are the tiles. */
	if (h.compressed == 0 || h.compressed >= len - h.bytes)
		return refuse(why, size, "the VP9 frame is shorter than its headers");
	*ret = h;
	return true;
}
