// SPDX-License-Identifier: Apache-2.0
/* The parameter buffers that decode an AV1 key frame, from the headers of its stream. */
#include "av1.h"

#include <string.h>
#include <va/va_dec_av1.h>

/* Identity, for each reference: the diagonal is one, of 16 bits behind the point (7.20). */
static void fill_motion(VADecPictureParameterBufferAV1 *pic)
{
	for (size_t i = 0; i < ARRAY_SIZE(pic->wm); i++) {
		pic->wm[i].wmtype = VAAV1TransformationIdentity;
		pic->wm[i].wmmat[2] = 1 << 16;
		pic->wm[i].wmmat[5] = 1 << 16;
	}
}

static void fill_segments(const struct av1_frame *f, VASegmentationStructAV1 *ret)
{
	if (!f->segmented)
		return;
	ret->segment_info_fields.bits.enabled = 1;
	ret->segment_info_fields.bits.update_map = 1;
	ret->segment_info_fields.bits.update_data = 1;
	for (size_t i = 0; i < AV1_SEGMENTS; i++) {
		ret->feature_mask[i] = f->segments[i].mask;
		for (size_t j = 0; j < AV1_FEATURES; j++)
			ret->feature_data[i][j] = (int16_t)f->segments[i].value[j];
	}
}

static void fill_sequence(const struct av1_sequence *s, VADecPictureParameterBufferAV1 *pic)
{
	pic->matrix_coefficients = (uint8_t)s->matrix;
	if (s->order_hint_bits > 0)
		pic->order_hint_bits_minus_1 = (uint8_t)(s->order_hint_bits - 1);
	pic->seq_info_fields.fields.still_picture = s->still;
	pic->seq_info_fields.fields.use_128x128_superblock = s->superblock_128;
	pic->seq_info_fields.fields.enable_filter_intra = s->filter_intra;
	pic->seq_info_fields.fields.enable_intra_edge_filter = s->intra_edge;
	pic->seq_info_fields.fields.enable_interintra_compound = s->interintra;
	pic->seq_info_fields.fields.enable_masked_compound = s->masked;
	pic->seq_info_fields.fields.enable_dual_filter = s->dual_filter;
	pic->seq_info_fields.fields.enable_order_hint = s->order_hint_bits > 0;
	pic->seq_info_fields.fields.enable_jnt_comp = s->jnt_comp;
	pic->seq_info_fields.fields.enable_cdef = s->cdef;
	pic->seq_info_fields.fields.color_range = s->full_range;
	pic->seq_info_fields.fields.subsampling_x = 1;
	pic->seq_info_fields.fields.subsampling_y = 1;
	pic->seq_info_fields.fields.film_grain_params_present = s->film_grain;
}

static void fill_frame(const struct av1_frame *f, VADecPictureParameterBufferAV1 *pic)
{
	pic->frame_width_minus1 = (uint16_t)(f->width - 1);
	pic->frame_height_minus1 = (uint16_t)(f->height - 1);
	pic->primary_ref_frame = AV1_PRIMARY_REF_NONE;
	pic->order_hint = (uint8_t)f->order_hint;
	pic->pic_info_fields.bits.show_frame = 1;
	pic->pic_info_fields.bits.error_resilient_mode = 1;
	pic->pic_info_fields.bits.disable_cdf_update = f->disable_cdf_update;
	pic->pic_info_fields.bits.allow_screen_content_tools = f->screen_content;
	pic->pic_info_fields.bits.force_integer_mv = f->integer_mv;
	pic->pic_info_fields.bits.allow_intrabc = f->intrabc;
	pic->pic_info_fields.bits.disable_frame_end_update_cdf = f->disable_end_update;
	pic->superres_scale_denominator = 8; /* none */
	pic->mode_control_fields.bits.delta_q_present_flag = f->delta_q;
	pic->mode_control_fields.bits.log2_delta_q_res = f->delta_q_res & 3;
	pic->mode_control_fields.bits.delta_lf_present_flag = f->delta_lf;
	pic->mode_control_fields.bits.log2_delta_lf_res = f->delta_lf_res & 3;
	pic->mode_control_fields.bits.delta_lf_multi = f->delta_lf_multi;
	pic->mode_control_fields.bits.tx_mode = f->tx_mode & 3;
	pic->mode_control_fields.bits.reduced_tx_set_used = f->reduced_tx_set;
}

static void fill_tiles(const struct av1_tile_info *t, VADecPictureParameterBufferAV1 *pic)
{
	pic->pic_info_fields.bits.uniform_tile_spacing_flag = t->uniform;
	pic->tile_cols = (uint8_t)t->cols;
	pic->tile_rows = (uint8_t)t->rows;
	pic->context_update_tile_id = (uint16_t)t->update_id;
	for (size_t i = 0; i < t->cols && i < ARRAY_SIZE(pic->width_in_sbs_minus_1); i++)
		pic->width_in_sbs_minus_1[i] = (uint16_t)(t->widths[i] - 1);
	for (size_t i = 0; i < t->rows && i < ARRAY_SIZE(pic->height_in_sbs_minus_1); i++)
		pic->height_in_sbs_minus_1[i] = (uint16_t)(t->heights[i] - 1);
}

static void fill_quantizer(const struct av1_frame *f, VADecPictureParameterBufferAV1 *pic)
{
	pic->base_qindex = (uint8_t)f->base_q;
	pic->y_dc_delta_q = (int8_t)f->y_dc;
	pic->u_dc_delta_q = (int8_t)f->u_dc;
	pic->u_ac_delta_q = (int8_t)f->u_ac;
	pic->v_dc_delta_q = (int8_t)f->v_dc;
	pic->v_ac_delta_q = (int8_t)f->v_ac;
	pic->qmatrix_fields.bits.using_qmatrix = f->qmatrix;
	pic->qmatrix_fields.bits.qm_y = f->qm_y & 0xf;
	pic->qmatrix_fields.bits.qm_u = f->qm_u & 0xf;
	pic->qmatrix_fields.bits.qm_v = f->qm_v & 0xf;
}

static void fill_filters(const struct av1_frame *f, VADecPictureParameterBufferAV1 *pic)
{
	pic->filter_level[0] = (uint8_t)f->filter_levels[0];
	pic->filter_level[1] = (uint8_t)f->filter_levels[1];
	pic->filter_level_u = (uint8_t)f->filter_levels[2];
	pic->filter_level_v = (uint8_t)f->filter_levels[3];
	pic->loop_filter_info_fields.bits.sharpness_level = f->sharpness & 7;
	pic->loop_filter_info_fields.bits.mode_ref_delta_enabled = f->deltas_enabled;
	pic->loop_filter_info_fields.bits.mode_ref_delta_update = f->deltas_updated;
	for (size_t i = 0; i < AV1_REFS; i++)
		pic->ref_deltas[i] = (int8_t)f->ref_deltas[i];
	for (size_t i = 0; i < ARRAY_SIZE(f->mode_deltas); i++)
		pic->mode_deltas[i] = (int8_t)f->mode_deltas[i];
	pic->cdef_damping_minus_3 = (uint8_t)f->cdef_damping;
	pic->cdef_bits = (uint8_t)f->cdef_bits;
	memcpy(pic->cdef_y_strengths, f->cdef_y, sizeof(f->cdef_y));
	memcpy(pic->cdef_uv_strengths, f->cdef_uv, sizeof(f->cdef_uv));
	pic->loop_restoration_fields.bits.yframe_restoration_type = f->restoration[0] & 3;
	pic->loop_restoration_fields.bits.cbframe_restoration_type = f->restoration[1] & 3;
	pic->loop_restoration_fields.bits.crframe_restoration_type = f->restoration[2] & 3;
	pic->loop_restoration_fields.bits.lr_unit_shift = f->lr_unit_shift & 3;
	pic->loop_restoration_fields.bits.lr_uv_shift = f->lr_uv_shift & 1;
}

static void add_tiles(const struct av1_stream *s, struct buffers *b)
{
	unsigned cols = s->frame.tiles.cols;

	for (unsigned i = 0; i < s->n_tiles; i++) {
		VASliceParameterBufferAV1 tile = {
			.slice_data_size = (uint32_t)s->tiles[i].len,
			.slice_data_flag = VA_SLICE_DATA_FLAG_ALL,
			.tile_row = (uint16_t)(i / cols),
			.tile_column = (uint16_t)(i % cols),
		};

		buffers_add(b, VASliceParameterBufferType, &tile, sizeof(tile));
		buffers_add(b, VASliceDataBufferType, s->tiles[i].data, s->tiles[i].len);
	}
}

bool av1_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		struct buffers *b)
{
	VADecPictureParameterBufferAV1 pic = {
		.current_frame = target,
		.current_display_picture = target,
	};
	struct av1_stream s;

	(void)test;
	if (av1_parse(coded->data, coded->len, &s))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(pic.ref_frame_map); i++)
		pic.ref_frame_map[i] = VA_INVALID_SURFACE;
	fill_sequence(&s.sequence, &pic);
	fill_frame(&s.frame, &pic);
	fill_tiles(&s.frame.tiles, &pic);
	fill_quantizer(&s.frame, &pic);
	fill_filters(&s.frame, &pic);
	fill_segments(&s.frame, &pic.seg_info);
	fill_motion(&pic);
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
	add_tiles(&s, b);
	return true;
}
