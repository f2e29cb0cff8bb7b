// SPDX-License-Identifier: Apache-2.0
/* Each field of AV1's parameter buffers as text. */
#include "dump.h"

#include <va/va_dec_av1.h>
#include <va/va_enc_av1.h>

static void show_seq(FILE *f, const VAEncSequenceParameterBufferAV1 *p)
{
	SHOW(f, p, seq_profile);
	SHOW(f, p, seq_level_idx);
	SHOW(f, p, seq_tier);
	SHOW(f, p, hierarchical_flag);
	SHOW(f, p, intra_period);
	SHOW(f, p, ip_period);
	SHOW(f, p, bits_per_second);
	SHOW(f, p, seq_fields.bits.still_picture);
	SHOW(f, p, seq_fields.bits.use_128x128_superblock);
	SHOW(f, p, seq_fields.bits.enable_filter_intra);
	SHOW(f, p, seq_fields.bits.enable_intra_edge_filter);
	SHOW(f, p, seq_fields.bits.enable_interintra_compound);
	SHOW(f, p, seq_fields.bits.enable_masked_compound);
	SHOW(f, p, seq_fields.bits.enable_warped_motion);
	SHOW(f, p, seq_fields.bits.enable_dual_filter);
	SHOW(f, p, seq_fields.bits.enable_order_hint);
	SHOW(f, p, seq_fields.bits.enable_jnt_comp);
	SHOW(f, p, seq_fields.bits.enable_ref_frame_mvs);
	SHOW(f, p, seq_fields.bits.enable_superres);
	SHOW(f, p, seq_fields.bits.enable_cdef);
	SHOW(f, p, seq_fields.bits.enable_restoration);
	SHOW(f, p, seq_fields.bits.bit_depth_minus8);
	SHOW(f, p, seq_fields.bits.subsampling_x);
	SHOW(f, p, seq_fields.bits.subsampling_y);
	SHOW(f, p, order_hint_bits_minus_1);
}

static void show_pic(FILE *f, const VAEncPictureParameterBufferAV1 *p)
{
	SHOW(f, p, frame_width_minus_1);
	SHOW(f, p, frame_height_minus_1);
	SHOW(f, p, reconstructed_frame);
	SHOW(f, p, coded_buf);
	SHOW_ARRAY(f, p, reference_frames);
	SHOW_ARRAY(f, p, ref_frame_idx);
	SHOW(f, p, hierarchical_level_plus1);
	SHOW(f, p, primary_ref_frame);
	SHOW(f, p, order_hint);
	SHOW(f, p, refresh_frame_flags);
	SHOW(f, p, ref_frame_ctrl_l0.value);
	SHOW(f, p, ref_frame_ctrl_l1.value);
	SHOW(f, p, picture_flags.bits.frame_type);
	SHOW(f, p, picture_flags.bits.error_resilient_mode);
	SHOW(f, p, picture_flags.bits.disable_cdf_update);
	SHOW(f, p, picture_flags.bits.use_superres);
	SHOW(f, p, picture_flags.bits.allow_high_precision_mv);
	SHOW(f, p, picture_flags.bits.use_ref_frame_mvs);
	SHOW(f, p, picture_flags.bits.disable_frame_end_update_cdf);
	SHOW(f, p, picture_flags.bits.reduced_tx_set);
	SHOW(f, p, picture_flags.bits.enable_frame_obu);
	SHOW(f, p, picture_flags.bits.long_term_reference);
	SHOW(f, p, picture_flags.bits.disable_frame_recon);
	SHOW(f, p, picture_flags.bits.allow_intrabc);
	SHOW(f, p, picture_flags.bits.palette_mode_enable);
	SHOW(f, p, seg_id_block_size);
	SHOW(f, p, num_tile_groups_minus1);
	SHOW(f, p, temporal_id);
	SHOW_ARRAY(f, p, filter_level);
	SHOW(f, p, filter_level_u);
	SHOW(f, p, filter_level_v);
	SHOW(f, p, loop_filter_flags.bits.sharpness_level);
	SHOW(f, p, loop_filter_flags.bits.mode_ref_delta_enabled);
	SHOW(f, p, loop_filter_flags.bits.mode_ref_delta_update);
	SHOW(f, p, superres_scale_denominator);
	SHOW(f, p, interpolation_filter);
	SHOW_ARRAY(f, p, ref_deltas);
	SHOW_ARRAY(f, p, mode_deltas);
	SHOW(f, p, base_qindex);
	SHOW(f, p, y_dc_delta_q);
	SHOW(f, p, u_dc_delta_q);
	SHOW(f, p, u_ac_delta_q);
	SHOW(f, p, v_dc_delta_q);
	SHOW(f, p, v_ac_delta_q);
	SHOW(f, p, min_base_qindex);
	SHOW(f, p, max_base_qindex);
	SHOW(f, p, qmatrix_flags.bits.using_qmatrix);
	SHOW(f, p, qmatrix_flags.bits.qm_y);
	SHOW(f, p, qmatrix_flags.bits.qm_u);
	SHOW(f, p, qmatrix_flags.bits.qm_v);
	SHOW(f, p, mode_control_flags.bits.delta_q_present);
	SHOW(f, p, mode_control_flags.bits.delta_q_res);
	SHOW(f, p, mode_control_flags.bits.delta_lf_present);
	SHOW(f, p, mode_control_flags.bits.delta_lf_res);
	SHOW(f, p, mode_control_flags.bits.delta_lf_multi);
	SHOW(f, p, mode_control_flags.bits.tx_mode);
	SHOW(f, p, mode_control_flags.bits.reference_mode);
	SHOW(f, p, mode_control_flags.bits.skip_mode_present);
	SHOW(f, p, segments.seg_flags.value);
	SHOW(f, p, segments.segment_number);
	SHOW(f, p, tile_cols);
	SHOW(f, p, tile_rows);
	SHOW_ARRAY(f, p, width_in_sbs_minus_1);
	SHOW_ARRAY(f, p, height_in_sbs_minus_1);
	SHOW(f, p, context_update_tile_id);
	SHOW(f, p, cdef_damping_minus_3);
	SHOW(f, p, cdef_bits);
	SHOW_ARRAY(f, p, cdef_y_strengths);
	SHOW_ARRAY(f, p, cdef_uv_strengths);
	SHOW(f, p, loop_restoration_flags.bits.yframe_restoration_type);
	SHOW(f, p, loop_restoration_flags.bits.cbframe_restoration_type);
	SHOW(f, p, loop_restoration_flags.bits.crframe_restoration_type);
	SHOW(f, p, loop_restoration_flags.bits.lr_unit_shift);
	SHOW(f, p, loop_restoration_flags.bits.lr_uv_shift);
	SHOW(f, p, wm[0].wmtype);
	SHOW(f, p, bit_offset_qindex);
	SHOW(f, p, bit_offset_segmentation);
	SHOW(f, p, bit_offset_loopfilter_params);
	SHOW(f, p, bit_offset_cdef_params);
	SHOW(f, p, size_in_bits_cdef_params);
	SHOW(f, p, byte_offset_frame_hdr_obu_size);
	SHOW(f, p, size_in_bits_frame_hdr_obu);
	SHOW(f, p, tile_group_obu_hdr_info.bits.obu_extension_flag);
	SHOW(f, p, tile_group_obu_hdr_info.bits.obu_has_size_field);
	SHOW(f, p, tile_group_obu_hdr_info.bits.temporal_id);
	SHOW(f, p, tile_group_obu_hdr_info.bits.spatial_id);
	SHOW(f, p, number_skip_frames);
	SHOW(f, p, skip_frames_reduced_size);
}

static void show_tiles(FILE *f, const VAEncTileGroupBufferAV1 *p)
{
	SHOW(f, p, tg_start);
	SHOW(f, p, tg_end);
}

static void show_dec_seq(FILE *f, const VADecPictureParameterBufferAV1 *p)
{
	SHOW(f, p, profile);
	SHOW(f, p, order_hint_bits_minus_1);
	SHOW(f, p, bit_depth_idx);
	SHOW(f, p, matrix_coefficients);
	SHOW(f, p, seq_info_fields.fields.still_picture);
	SHOW(f, p, seq_info_fields.fields.use_128x128_superblock);
	SHOW(f, p, seq_info_fields.fields.enable_filter_intra);
	SHOW(f, p, seq_info_fields.fields.enable_intra_edge_filter);
	SHOW(f, p, seq_info_fields.fields.enable_interintra_compound);
	SHOW(f, p, seq_info_fields.fields.enable_masked_compound);
	SHOW(f, p, seq_info_fields.fields.enable_dual_filter);
	SHOW(f, p, seq_info_fields.fields.enable_order_hint);
	SHOW(f, p, seq_info_fields.fields.enable_jnt_comp);
	SHOW(f, p, seq_info_fields.fields.enable_cdef);
	SHOW(f, p, seq_info_fields.fields.mono_chrome);
	SHOW(f, p, seq_info_fields.fields.color_range);
	SHOW(f, p, seq_info_fields.fields.subsampling_x);
	SHOW(f, p, seq_info_fields.fields.subsampling_y);
	SHOW(f, p, seq_info_fields.fields.film_grain_params_present);
}

static void show_dec_flags(FILE *f, const VADecPictureParameterBufferAV1 *p)
{
	SHOW(f, p, pic_info_fields.bits.frame_type);
	SHOW(f, p, pic_info_fields.bits.show_frame);
	SHOW(f, p, pic_info_fields.bits.showable_frame);
	SHOW(f, p, pic_info_fields.bits.error_resilient_mode);
	SHOW(f, p, pic_info_fields.bits.disable_cdf_update);
	SHOW(f, p, pic_info_fields.bits.allow_screen_content_tools);
	SHOW(f, p, pic_info_fields.bits.force_integer_mv);
	SHOW(f, p, pic_info_fields.bits.allow_intrabc);
	SHOW(f, p, pic_info_fields.bits.use_superres);
	SHOW(f, p, pic_info_fields.bits.allow_high_precision_mv);
	SHOW(f, p, pic_info_fields.bits.is_motion_mode_switchable);
	SHOW(f, p, pic_info_fields.bits.use_ref_frame_mvs);
	SHOW(f, p, pic_info_fields.bits.disable_frame_end_update_cdf);
	SHOW(f, p, pic_info_fields.bits.uniform_tile_spacing_flag);
	SHOW(f, p, pic_info_fields.bits.allow_warped_motion);
	SHOW(f, p, pic_info_fields.bits.large_scale_tile);
	SHOW(f, p, superres_scale_denominator);
	SHOW(f, p, interp_filter);
}

static void show_dec_filters(FILE *f, const VADecPictureParameterBufferAV1 *p)
{
	SHOW_ARRAY(f, p, filter_level);
	SHOW(f, p, filter_level_u);
	SHOW(f, p, filter_level_v);
	SHOW(f, p, loop_filter_info_fields.bits.sharpness_level);
	SHOW(f, p, loop_filter_info_fields.bits.mode_ref_delta_enabled);
	SHOW(f, p, loop_filter_info_fields.bits.mode_ref_delta_update);
	SHOW_ARRAY(f, p, ref_deltas);
	SHOW_ARRAY(f, p, mode_deltas);
	SHOW(f, p, base_qindex);
	SHOW(f, p, y_dc_delta_q);
	SHOW(f, p, u_dc_delta_q);
	SHOW(f, p, u_ac_delta_q);
	SHOW(f, p, v_dc_delta_q);
	SHOW(f, p, v_ac_delta_q);
	SHOW(f, p, qmatrix_fields.bits.using_qmatrix);
	SHOW(f, p, qmatrix_fields.bits.qm_y);
	SHOW(f, p, qmatrix_fields.bits.qm_u);
	SHOW(f, p, qmatrix_fields.bits.qm_v);
	SHOW(f, p, mode_control_fields.bits.delta_q_present_flag);
	SHOW(f, p, mode_control_fields.bits.log2_delta_q_res);
	SHOW(f, p, mode_control_fields.bits.delta_lf_present_flag);
	SHOW(f, p, mode_control_fields.bits.log2_delta_lf_res);
	SHOW(f, p, mode_control_fields.bits.delta_lf_multi);
	SHOW(f, p, mode_control_fields.bits.tx_mode);
	SHOW(f, p, mode_control_fields.bits.reference_select);
	SHOW(f, p, mode_control_fields.bits.reduced_tx_set_used);
	SHOW(f, p, mode_control_fields.bits.skip_mode_present);
	SHOW(f, p, cdef_damping_minus_3);
	SHOW(f, p, cdef_bits);
	SHOW_ARRAY(f, p, cdef_y_strengths);
	SHOW_ARRAY(f, p, cdef_uv_strengths);
	SHOW(f, p, loop_restoration_fields.bits.yframe_restoration_type);
	SHOW(f, p, loop_restoration_fields.bits.cbframe_restoration_type);
	SHOW(f, p, loop_restoration_fields.bits.crframe_restoration_type);
	SHOW(f, p, loop_restoration_fields.bits.lr_unit_shift);
	SHOW(f, p, loop_restoration_fields.bits.lr_uv_shift);
}

static void show_dec_pic(FILE *f, const VADecPictureParameterBufferAV1 *p)
{
	show_dec_seq(f, p);
	SHOW(f, p, current_frame);
	SHOW(f, p, current_display_picture);
	SHOW(f, p, anchor_frames_num);
	SHOW(f, p, frame_width_minus1);
	SHOW(f, p, frame_height_minus1);
	SHOW_ARRAY(f, p, ref_frame_map);
	SHOW_ARRAY(f, p, ref_frame_idx);
	SHOW(f, p, primary_ref_frame);
	SHOW(f, p, order_hint);
	SHOW(f, p, seg_info.segment_info_fields.value);
	for (size_t i = 0; i < ARRAY_SIZE(p->seg_info.feature_data); i++)
		SHOW_ARRAY(f, p, seg_info.feature_data[i]);
	SHOW_ARRAY(f, p, seg_info.feature_mask);
	SHOW(f, p, film_grain_info.film_grain_info_fields.value);
	SHOW(f, p, tile_cols);
	SHOW(f, p, tile_rows);
	SHOW_ARRAY(f, p, width_in_sbs_minus_1);
	SHOW_ARRAY(f, p, height_in_sbs_minus_1);
	SHOW(f, p, context_update_tile_id);
	show_dec_flags(f, p);
	show_dec_filters(f, p);
	for (size_t i = 0; i < ARRAY_SIZE(p->wm); i++)
		SHOW_ARRAY(f, p, wm[i].wmmat);
}

static void show_dec_tile(FILE *f, const VASliceParameterBufferAV1 *p)
{
	SHOW(f, p, slice_data_size);
	SHOW(f, p, slice_data_offset);
	SHOW(f, p, slice_data_flag);
	SHOW(f, p, tile_row);
	SHOW(f, p, tile_column);
	SHOW(f, p, anchor_frame_idx);
	SHOW(f, p, tile_idx_in_tile_list);
}

/* One buffer may have those of all tiles of a group. */
static void show_dec_tiles(FILE *f, const struct item *it)
{
	const VASliceParameterBufferAV1 *p = (const void *)it->mem->data;
	size_t i;

	for (i = 0; i < it->num && (i + 1) * sizeof(*p) <= it->mem->size; i++)
		show_dec_tile(f, &p[i]);
}

void dump_av1(FILE *f, const struct item *it)
{
	const void *p = it->mem->data;

	if (it->type == VAEncSequenceParameterBufferType &&
	    it->mem->size >= sizeof(VAEncSequenceParameterBufferAV1))
		show_seq(f, p);
	else if (it->type == VAEncPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAEncPictureParameterBufferAV1))
		show_pic(f, p);
	else if (it->type == VAEncSliceParameterBufferType &&
		 it->mem->size >= sizeof(VAEncTileGroupBufferAV1))
		show_tiles(f, p);
	else if (it->type == VAPictureParameterBufferType &&
		 it->mem->size >= sizeof(VADecPictureParameterBufferAV1))
		show_dec_pic(f, p);
	else if (it->type == VASliceParameterBufferType)
		show_dec_tiles(f, it);
}
