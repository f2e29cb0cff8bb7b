// SPDX-License-Identifier: Apache-2.0
/* Writes the units of an AV1 key frame that come before its tiles. */
#include "av1.h"

#include <string.h>

/*
 * A unit around a payload (5.3). obu_size has a fixed number of bytes, as a driver that changes
 * the payload's length wants it (VAConfigAttribEncAV1Ext2).
 */
static void put_obu(struct bit_writer *w, unsigned type, unsigned size_bytes,
		    const struct bit_writer *payload)
{
	size_t size = payload->bits / 8;

	bits_put(w, 1, 0); /* obu_forbidden_bit */
	bits_put(w, 4, type);
	bits_put(w, 1, 0); /* obu_extension_flag */
	bits_put(w, 1, 1); /* obu_has_size_field */
	bits_put(w, 1, 0); /* obu_reserved_1bit */
	for (unsigned i = 0; i < size_bytes; i++) {
		bits_put(w, 1, i + 1 < size_bytes);
		bits_put(w, 7, (uint32_t)(size >> (7 * i)) & 0x7f);
	}
	for (size_t i = 0; i < size; i++)
		bits_put(w, 8, payload->data[i]);
}

void av1_write_delimiter(struct bit_writer *w)
{
	const struct bit_writer empty = { .bits = 0 };

	put_obu(w, AV1_OBU_DELIMITER, 1, &empty);
}

static unsigned width_of(unsigned value)
{
	return value == 0 ? 1 : 32 - (unsigned)__builtin_clz(value);
}

static void put_tools(struct bit_writer *w)
{
	bits_put(w, 1, 0); /* use_128x128_superblock */
	bits_put(w, 1, 0); /* enable_filter_intra */
	bits_put(w, 1, 0); /* enable_intra_edge_filter */
	bits_put(w, 1, 0); /* enable_interintra_compound */
	bits_put(w, 1, 0); /* enable_masked_compound */
	bits_put(w, 1, 0); /* enable_warped_motion */
	bits_put(w, 1, 0); /* enable_dual_filter */
	bits_put(w, 1, 1); /* enable_order_hint */
	bits_put(w, 1, 0); /* enable_jnt_comp */
	bits_put(w, 1, 0); /* enable_ref_frame_mvs */
	bits_put(w, 1, 0); /* seq_choose_screen_content_tools */
	bits_put(w, 1, 0); /* seq_force_screen_content_tools */
	bits_put(w, 3, AV1_ORDER_HINT_BITS - 1);
	bits_put(w, 1, 0); /* enable_superres */
	bits_put(w, 1, 0); /* enable_cdef */
	bits_put(w, 1, 0); /* enable_restoration */
}

static void put_color(struct bit_writer *w)
{
	bits_put(w, 1, 0); /* high_bitdepth */
	bits_put(w, 1, 0); /* mono_chrome */
	bits_put(w, 1, 0); /* color_description_present_flag */
	bits_put(w, 1, 0); /* color_range: studio swing */
	bits_put(w, 2, 0); /* chroma_sample_position: CSP_UNKNOWN */
	bits_put(w, 1, 0); /* separate_uv_delta_q */
}

void av1_write_sequence(const struct av1_format *f, struct bit_writer *w)
{
	struct bit_writer p = { .bits = 0 };
	unsigned width_bits = width_of(f->width - 1), height_bits = width_of(f->height - 1);

	bits_put(&p, 3, 0);  /* seq_profile */
	bits_put(&p, 1, 0);  /* still_picture */
	bits_put(&p, 1, 0);  /* reduced_still_picture_header */
	bits_put(&p, 1, 0);  /* timing_info_present_flag */
	bits_put(&p, 1, 0);  /* initial_display_delay_present_flag */
	bits_put(&p, 5, 0);  /* operating_points_cnt_minus_1 */
	bits_put(&p, 12, 0); /* operating_point_idc */
	bits_put(&p, 5, f->level);
	if (f->level > 7)
		bits_put(&p, 1, 0); /* seq_tier */
	bits_put(&p, 4, width_bits - 1);
	bits_put(&p, 4, height_bits - 1);
	bits_put(&p, width_bits, f->width - 1);
	bits_put(&p, height_bits, f->height - 1);
	bits_put(&p, 1, 0); /* frame_id_numbers_present_flag */
	put_tools(&p);
	put_color(&p);
	bits_put(&p, 1, 0); /* film_grain_params_present */
	bits_put_trailing(&p);
	put_obu(w, AV1_OBU_SEQUENCE, f->size_bytes, &p);
}

static void put_tile_info(const struct av1_format *f, struct bit_writer *w)
{
	const struct av1_tile_info *t = &f->tiles;

	bits_put(w, 1, 1); /* uniform_tile_spacing_flag */
	if (t->cols_log2 < t->max_cols_log2)
		bits_put(w, 1, 0); /* increment_tile_cols_log2 */
	if (t->rows_log2 < t->max_rows_log2)
		bits_put(w, 1, 0); /* increment_tile_rows_log2 */
	if (t->cols_log2 == 0 && t->rows_log2 == 0)
		return;
	bits_put(w, t->cols_log2 + t->rows_log2, 0); /* context_update_tile_id */
	bits_put(w, 2, f->tile_size_bytes - 1);
}

static void put_quantizer(const struct av1_format *f, struct bit_writer *w)
{
	bits_put(w, 8, f->quantizer);
	bits_put(w, 3, 0); /* no deltas for the luma's DC, the chroma's DC and AC */
	bits_put(w, 1, 0); /* using_qmatrix */
	bits_put(w, 1, 0); /* segmentation_enabled */
	bits_put(w, 1, 0); /* delta_q_present */
}

void av1_write_frame_header(const struct av1_format *f, struct bit_writer *w)
{
	struct bit_writer p = { .bits = 0 };

	bits_put(&p, 1, 0);		      /* show_existing_frame */
	bits_put(&p, 2, 0);		      /* frame_type: KEY_FRAME */
	bits_put(&p, 1, 1);		      /* show_frame */
	bits_put(&p, 1, 0);		      /* disable_cdf_update */
	bits_put(&p, 1, 0);		      /* frame_size_override_flag */
	bits_put(&p, AV1_ORDER_HINT_BITS, 0); /* order_hint */
	bits_put(&p, 1, 0);		      /* render_and_frame_size_different */
	bits_put(&p, 1, 0);		      /* disable_frame_end_update_cdf */
	put_tile_info(f, &p);
	put_quantizer(f, &p);
	bits_put(&p, 12, 0); /* loop_filter_level of luma; then chroma has none */
	bits_put(&p, 3, 0);  /* loop_filter_sharpness */
	bits_put(&p, 1, 0);  /* loop_filter_delta_enabled */
	bits_put(&p, 1, f->tx_mode == AV1_TX_SELECT);
	bits_put(&p, 1, 0); /* reduced_tx_set */
	bits_put_trailing(&p);
	put_obu(w, AV1_OBU_FRAME_HEADER, f->size_bytes, &p);
}
