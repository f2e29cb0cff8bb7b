// SPDX-License-Identifier: Apache-2.0
/* Reads sequence_header_obu() of AV1 (5.5). */
#include "av1.h"

enum {
	SELECT = 2,
	MATRIX_IDENTITY = 0,
	MATRIX_UNSPECIFIED = 2,
	PRIMARIES_BT709 = 1,
	TRANSFER_SRGB = 13
};

/* timing_info(), and no decoder_model_info(): then the frame header has more fields. */
static bool read_timing(struct bit_reader *r, bool *decoder_model)
{
	*decoder_model = false;
	if (!bits_get(r, 1))
		return true;
	bits_get(r, 32); /* num_units_in_display_tick */
	bits_get(r, 32); /* time_scale */
	if (bits_get(r, 1))
		bits_get_ue(r); /* num_ticks_per_picture_minus_1 */
	*decoder_model = bits_get(r, 1);
	return !*decoder_model;
}

static bool read_operating_points(struct bit_reader *r)
{
	bool decoder_model, delays;
	unsigned n;

	if (!read_timing(r, &decoder_model))
		return false;
	delays = bits_get(r, 1);
	n = bits_get(r, 5) + 1;
	for (unsigned i = 0; i < n; i++) {
		bits_get(r, 12); /* operating_point_idc */
		if (bits_get(r, 5) > 7)
			bits_get(r, 1); /* seq_tier */
		if (delays && bits_get(r, 1))
			bits_get(r, 4);
	}
	return true;
}

static void read_sizes(struct bit_reader *r, struct av1_sequence *s)
{
	s->width_bits = bits_get(r, 4) + 1;
	s->height_bits = bits_get(r, 4) + 1;
	s->width = bits_get(r, s->width_bits) + 1;
	s->height = bits_get(r, s->height_bits) + 1;
	if (!s->reduced && bits_get(r, 1)) {
		s->frame_id_bits = bits_get(r, 4) + 2;
		s->frame_id_bits += bits_get(r, 3) + 1;
	}
}

static void read_inter_tools(struct bit_reader *r, struct av1_sequence *s)
{
	bool order_hint;

	s->screen_content = s->integer_mv = SELECT;
	if (s->reduced)
		return;
	s->interintra = bits_get(r, 1);
	s->masked = bits_get(r, 1);
	s->warped = bits_get(r, 1);
	s->dual_filter = bits_get(r, 1);
	order_hint = bits_get(r, 1);
	if (order_hint) {
		s->jnt_comp = bits_get(r, 1);
		s->ref_frame_mvs = bits_get(r, 1);
	}
	if (!bits_get(r, 1)) /* seq_choose_screen_content_tools */
		s->screen_content = bits_get(r, 1);
	if (s->screen_content > 0 && !bits_get(r, 1)) /* seq_choose_integer_mv */
		s->integer_mv = bits_get(r, 1);
	if (order_hint)
		s->order_hint_bits = bits_get(r, 3) + 1;
}

/* color_config() of profile 0, which is 4:2:0 or grey. */
static const char *read_color(struct bit_reader *r, struct av1_sequence *s)
{
	if (bits_get(r, 1))
		return "AV1 with more than 8 bits";
	s->mono = bits_get(r, 1);
	if (s->mono)
		return "AV1 without chroma";
	s->matrix = MATRIX_UNSPECIFIED;
	if (bits_get(r, 1)) {
		unsigned primaries = bits_get(r, 8), transfer = bits_get(r, 8);

		s->matrix = bits_get(r, 8);
		if (primaries == PRIMARIES_BT709 && transfer == TRANSFER_SRGB &&
		    s->matrix == MATRIX_IDENTITY)
			return "RGB in AV1 profile 0";
	}
	s->full_range = bits_get(r, 1);
	bits_get(r, 2); /* chroma_sample_position */
	s->separate_uv = bits_get(r, 1);
	return NULL;
}

const char *av1_parse_sequence(struct bit_reader *r, struct av1_sequence *s)
{
	const char *wrong;

	*s = (struct av1_sequence){ .still = false };
	if (bits_get(r, 3) != 0)
		return "an AV1 profile other than 0";
	s->still = bits_get(r, 1);
	s->reduced = bits_get(r, 1);
	if (s->reduced)
		bits_get(r, 5); /* seq_level_idx */
	else if (!read_operating_points(r))
		return "AV1 with a decoder model";
	read_sizes(r, s);
	s->superblock_128 = bits_get(r, 1);
	s->filter_intra = bits_get(r, 1);
	s->intra_edge = bits_get(r, 1);
	read_inter_tools(r, s);
	s->superres = bits_get(r, 1);
	s->cdef = bits_get(r, 1);
	s->restoration = bits_get(r, 1);
	wrong = read_color(r, s);
	if (wrong)
		return wrong;
	s->film_grain = bits_get(r, 1);
	return r->overrun ? "the AV1 sequence header is cut off" : NULL;
}
