// SPDX-License-Identifier: Apache-2.0
/* Reads uncompressed_header() of an AV1 key frame (5.9.2). */
#include "av1.h"

enum { KEY_FRAME = 0, SELECT = 2 };

static int get_delta(struct bit_reader *r)
{
	return bits_get(r, 1) ? bits_get_su(r, 6) : 0;
}

static void read_quantizer(struct bit_reader *r, const struct av1_sequence *s, struct av1_frame *f)
{
	bool differ;

	f->base_q = bits_get(r, 8);
	f->y_dc = get_delta(r);
	differ = s->separate_uv && bits_get(r, 1);
	f->u_dc = f->v_dc = get_delta(r);
	f->u_ac = f->v_ac = get_delta(r);
	if (differ) {
		f->v_dc = get_delta(r);
		f->v_ac = get_delta(r);
	}
	f->qmatrix = bits_get(r, 1);
	if (f->qmatrix) {
		f->qm_y = bits_get(r, 4);
		f->qm_u = bits_get(r, 4);
		f->qm_v = s->separate_uv ? bits_get(r, 4) : f->qm_u;
	}
}

static int clip(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

/* Without a primary reference all of it is new: map, and data (5.9.14). */
static void read_segmentation(struct bit_reader *r, struct av1_frame *f)
{
	static const struct {
		bool has_sign;
		unsigned bits;
		int most;
	} features[AV1_FEATURES] = { { true, 8, 255 }, { true, 6, 63 }, { true, 6, 63 },
				     { true, 6, 63 },  { true, 6, 63 }, { false, 3, 7 },
				     { false, 0, 0 },  { false, 0, 0 } };

	f->segmented = bits_get(r, 1);
	if (!f->segmented)
		return;
	for (size_t i = 0; i < AV1_SEGMENTS; i++) {
		for (size_t j = 0; j < AV1_FEATURES; j++) {
			int most = features[j].most, least = features[j].has_sign ? -most : 0;

			if (!bits_get(r, 1))
				continue;
			f->segments[i].mask |= (uint8_t)(1 << j);
			f->segments[i].value[j] =
				clip(features[j].has_sign ? bits_get_su(r, features[j].bits)
							  : (int)bits_get(r, features[j].bits),
				     least, most);
		}
	}
}

static void read_block_deltas(struct bit_reader *r, struct av1_frame *f)
{
	if (f->base_q > 0)
		f->delta_q = bits_get(r, 1);
	if (!f->delta_q)
		return;
	f->delta_q_res = bits_get(r, 2);
	if (!f->intrabc)
		f->delta_lf = bits_get(r, 1);
	if (f->delta_lf) {
		f->delta_lf_res = bits_get(r, 2);
		f->delta_lf_multi = bits_get(r, 1);
	}
}

/* CodedLossless: no segment has a quantizer (get_qindex(), 7.12.2). */
static bool is_lossless(const struct av1_frame *f)
{
	if (f->y_dc || f->u_dc || f->u_ac || f->v_dc || f->v_ac)
		return false;
	for (size_t i = 0; i < (f->segmented ? AV1_SEGMENTS : 1); i++) {
		int q = (int)f->base_q;

		if (f->segmented && f->segments[i].mask & 1)
			q += f->segments[i].value[0];
		if (q > 0)
			return false;
	}
	return true;
}

static const char *read_size(struct bit_reader *r, const struct av1_sequence *s, bool is_override,
			     struct av1_frame *f)
{
	f->width = s->width;
	f->height = s->height;
	if (is_override) {
		f->width = bits_get(r, s->width_bits) + 1;
		f->height = bits_get(r, s->height_bits) + 1;
	}
	if (s->superres && bits_get(r, 1))
		return "an AV1 frame that is to be scaled";
	if (bits_get(r, 1)) /* render_and_frame_size_different */
		bits_get(r, 32);
	if (f->screen_content)
		f->intrabc = bits_get(r, 1);
	return NULL;
}

/* What distinguishes a shown key frame from all else. */
static const char *read_type(struct bit_reader *r, const struct av1_sequence *s)
{
	if (s->reduced)
		return NULL;
	if (bits_get(r, 1))
		return "the AV1 frame repeats an earlier one";
	if (bits_get(r, 2) != KEY_FRAME)
		return "the AV1 frame is not a key frame";
	if (!bits_get(r, 1))
		return "the AV1 frame is not shown";
	return NULL;
}

/* Up to the frame's size. Of a shown key frame error_resilient_mode is not coded, but 1. */
static const char *read_start(struct bit_reader *r, const struct av1_sequence *s,
			      struct av1_frame *f)
{
	bool is_override = false;

	f->disable_cdf_update = bits_get(r, 1);
	f->screen_content = s->screen_content == SELECT ? bits_get(r, 1) : s->screen_content;
	f->integer_mv = true; /* of an intra frame, whatever is coded */
	if (f->screen_content && s->integer_mv == SELECT)
		bits_get(r, 1);
	bits_get(r, s->frame_id_bits);
	if (!s->reduced)
		is_override = bits_get(r, 1);
	f->order_hint = bits_get(r, s->order_hint_bits);
	return read_size(r, s, is_override, f);
}

const char *av1_parse_frame(struct bit_reader *r, const struct av1_sequence *s, struct av1_frame *f)
{
	const char *wrong;

	*f = (struct av1_frame){ .width = 0 };
	wrong = read_type(r, s);
	if (!wrong)
		wrong = read_start(r, s, f);
	if (wrong)
		return wrong;
	f->disable_end_update = s->reduced || f->disable_cdf_update || bits_get(r, 1);
	av1_tile_limits(f->width, f->height, s->superblock_128, &f->tiles);
	wrong = av1_parse_tile_info(r, &f->tiles);
	if (wrong)
		return wrong;
	read_quantizer(r, s, f);
	read_segmentation(r, f);
	read_block_deltas(r, f);
	f->lossless = is_lossless(f);
	av1_parse_filters(r, s, f);
	f->tx_mode = f->lossless      ? AV1_TX_ONLY_4X4
		     : bits_get(r, 1) ? AV1_TX_SELECT
				      : AV1_TX_LARGEST;
	f->reduced_tx_set = bits_get(r, 1);
	if (s->film_grain && bits_get(r, 1))
		return "an AV1 frame with film grain";
	return r->overrun ? "the AV1 frame header is cut off" : NULL;
}
