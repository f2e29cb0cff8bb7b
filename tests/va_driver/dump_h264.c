// SPDX-License-Identifier: Apache-2.0
/* Each field of H.264's parameter buffers as text. */
#include "dump.h"

static void show_seq(FILE *f, const VAEncSequenceParameterBufferH264 *p)
{
	SHOW(f, p, seq_parameter_set_id);
	SHOW(f, p, level_idc);
	SHOW(f, p, intra_period);
	SHOW(f, p, intra_idr_period);
	SHOW(f, p, ip_period);
	SHOW(f, p, bits_per_second);
	SHOW(f, p, max_num_ref_frames);
	SHOW(f, p, picture_width_in_mbs);
	SHOW(f, p, picture_height_in_mbs);
	SHOW(f, p, seq_fields.bits.chroma_format_idc);
	SHOW(f, p, seq_fields.bits.frame_mbs_only_flag);
	SHOW(f, p, seq_fields.bits.mb_adaptive_frame_field_flag);
	SHOW(f, p, seq_fields.bits.seq_scaling_matrix_present_flag);
	SHOW(f, p, seq_fields.bits.direct_8x8_inference_flag);
	SHOW(f, p, seq_fields.bits.log2_max_frame_num_minus4);
	SHOW(f, p, seq_fields.bits.pic_order_cnt_type);
	SHOW(f, p, seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4);
	SHOW(f, p, seq_fields.bits.delta_pic_order_always_zero_flag);
	SHOW(f, p, bit_depth_luma_minus8);
	SHOW(f, p, bit_depth_chroma_minus8);
	SHOW(f, p, num_ref_frames_in_pic_order_cnt_cycle);
	SHOW(f, p, offset_for_non_ref_pic);
	SHOW(f, p, offset_for_top_to_bottom_field);
	SHOW_ARRAY(f, p, offset_for_ref_frame);
	SHOW(f, p, frame_cropping_flag);
	SHOW(f, p, frame_crop_left_offset);
	SHOW(f, p, frame_crop_right_offset);
	SHOW(f, p, frame_crop_top_offset);
	SHOW(f, p, frame_crop_bottom_offset);
	SHOW(f, p, vui_parameters_present_flag);
	SHOW(f, p, vui_fields.bits.aspect_ratio_info_present_flag);
	SHOW(f, p, vui_fields.bits.timing_info_present_flag);
	SHOW(f, p, vui_fields.bits.bitstream_restriction_flag);
	SHOW(f, p, vui_fields.bits.log2_max_mv_length_horizontal);
	SHOW(f, p, vui_fields.bits.log2_max_mv_length_vertical);
	SHOW(f, p, vui_fields.bits.fixed_frame_rate_flag);
	SHOW(f, p, vui_fields.bits.low_delay_hrd_flag);
	SHOW(f, p, vui_fields.bits.motion_vectors_over_pic_boundaries_flag);
	SHOW(f, p, aspect_ratio_idc);
	SHOW(f, p, sar_width);
	SHOW(f, p, sar_height);
	SHOW(f, p, num_units_in_tick);
	SHOW(f, p, time_scale);
}

static void show_pic(FILE *f, const VAEncPictureParameterBufferH264 *p)
{
	SHOW_PICTURE(f, p, CurrPic);
	SHOW_PICTURES(f, p, ReferenceFrames);
	SHOW(f, p, coded_buf);
	SHOW(f, p, pic_parameter_set_id);
	SHOW(f, p, seq_parameter_set_id);
	SHOW(f, p, last_picture);
	SHOW(f, p, frame_num);
	SHOW(f, p, pic_init_qp);
	SHOW(f, p, num_ref_idx_l0_active_minus1);
	SHOW(f, p, num_ref_idx_l1_active_minus1);
	SHOW(f, p, chroma_qp_index_offset);
	SHOW(f, p, second_chroma_qp_index_offset);
	SHOW(f, p, pic_fields.bits.idr_pic_flag);
	SHOW(f, p, pic_fields.bits.reference_pic_flag);
	SHOW(f, p, pic_fields.bits.entropy_coding_mode_flag);
	SHOW(f, p, pic_fields.bits.weighted_pred_flag);
	SHOW(f, p, pic_fields.bits.weighted_bipred_idc);
	SHOW(f, p, pic_fields.bits.constrained_intra_pred_flag);
	SHOW(f, p, pic_fields.bits.transform_8x8_mode_flag);
	SHOW(f, p, pic_fields.bits.deblocking_filter_control_present_flag);
	SHOW(f, p, pic_fields.bits.redundant_pic_cnt_present_flag);
	SHOW(f, p, pic_fields.bits.pic_order_present_flag);
	SHOW(f, p, pic_fields.bits.pic_scaling_matrix_present_flag);
}

static void show_slice(FILE *f, const VAEncSliceParameterBufferH264 *p)
{
	SHOW(f, p, macroblock_address);
	SHOW(f, p, num_macroblocks);
	SHOW(f, p, macroblock_info);
	SHOW(f, p, slice_type);
	SHOW(f, p, pic_parameter_set_id);
	SHOW(f, p, idr_pic_id);
	SHOW(f, p, pic_order_cnt_lsb);
	SHOW(f, p, delta_pic_order_cnt_bottom);
	SHOW_ARRAY(f, p, delta_pic_order_cnt);
	SHOW(f, p, direct_spatial_mv_pred_flag);
	SHOW(f, p, num_ref_idx_active_override_flag);
	SHOW(f, p, num_ref_idx_l0_active_minus1);
	SHOW(f, p, num_ref_idx_l1_active_minus1);
	SHOW_PICTURES(f, p, RefPicList0);
	SHOW_PICTURES(f, p, RefPicList1);
	SHOW(f, p, luma_log2_weight_denom);
	SHOW(f, p, chroma_log2_weight_denom);
	SHOW(f, p, luma_weight_l0_flag);
	SHOW_ARRAY(f, p, luma_weight_l0);
	SHOW_ARRAY(f, p, luma_offset_l0);
	SHOW(f, p, chroma_weight_l0_flag);
	SHOW_ARRAY(f, p, chroma_weight_l0[0]);
	SHOW_ARRAY(f, p, chroma_offset_l0[0]);
	SHOW(f, p, luma_weight_l1_flag);
	SHOW_ARRAY(f, p, luma_weight_l1);
	SHOW_ARRAY(f, p, luma_offset_l1);
	SHOW(f, p, chroma_weight_l1_flag);
	SHOW_ARRAY(f, p, chroma_weight_l1[0]);
	SHOW_ARRAY(f, p, chroma_offset_l1[0]);
	SHOW(f, p, cabac_init_idc);
	SHOW(f, p, slice_qp_delta);
	SHOW(f, p, disable_deblocking_filter_idc);
	SHOW(f, p, slice_alpha_c0_offset_div2);
	SHOW(f, p, slice_beta_offset_div2);
}

static void show_dec_pic(FILE *f, const VAPictureParameterBufferH264 *p)
{
	SHOW_PICTURE(f, p, CurrPic);
	SHOW_PICTURES(f, p, ReferenceFrames);
	SHOW(f, p, picture_width_in_mbs_minus1);
	SHOW(f, p, picture_height_in_mbs_minus1);
	SHOW(f, p, bit_depth_luma_minus8);
	SHOW(f, p, bit_depth_chroma_minus8);
	SHOW(f, p, num_ref_frames);
	SHOW(f, p, seq_fields.bits.chroma_format_idc);
	SHOW(f, p, seq_fields.bits.residual_colour_transform_flag);
	SHOW(f, p, seq_fields.bits.gaps_in_frame_num_value_allowed_flag);
	SHOW(f, p, seq_fields.bits.frame_mbs_only_flag);
	SHOW(f, p, seq_fields.bits.mb_adaptive_frame_field_flag);
	SHOW(f, p, seq_fields.bits.direct_8x8_inference_flag);
	SHOW(f, p, seq_fields.bits.MinLumaBiPredSize8x8);
	SHOW(f, p, seq_fields.bits.log2_max_frame_num_minus4);
	SHOW(f, p, seq_fields.bits.pic_order_cnt_type);
	SHOW(f, p, seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4);
	SHOW(f, p, seq_fields.bits.delta_pic_order_always_zero_flag);
	SHOW(f, p, pic_init_qp_minus26);
	SHOW(f, p, pic_init_qs_minus26);
	SHOW(f, p, chroma_qp_index_offset);
	SHOW(f, p, second_chroma_qp_index_offset);
	SHOW(f, p, pic_fields.bits.entropy_coding_mode_flag);
	SHOW(f, p, pic_fields.bits.weighted_pred_flag);
	SHOW(f, p, pic_fields.bits.weighted_bipred_idc);
	SHOW(f, p, pic_fields.bits.transform_8x8_mode_flag);
	SHOW(f, p, pic_fields.bits.field_pic_flag);
	SHOW(f, p, pic_fields.bits.constrained_intra_pred_flag);
	SHOW(f, p, pic_fields.bits.pic_order_present_flag);
	SHOW(f, p, pic_fields.bits.deblocking_filter_control_present_flag);
	SHOW(f, p, pic_fields.bits.redundant_pic_cnt_present_flag);
	SHOW(f, p, pic_fields.bits.reference_pic_flag);
	SHOW(f, p, frame_num);
}

static void show_dec_slice(FILE *f, const VASliceParameterBufferH264 *p)
{
	SHOW(f, p, slice_data_size);
	SHOW(f, p, slice_data_offset);
	SHOW(f, p, slice_data_flag);
	SHOW(f, p, slice_data_bit_offset);
	SHOW(f, p, first_mb_in_slice);
	SHOW(f, p, slice_type);
	SHOW(f, p, direct_spatial_mv_pred_flag);
	SHOW(f, p, num_ref_idx_l0_active_minus1);
	SHOW(f, p, num_ref_idx_l1_active_minus1);
	SHOW(f, p, cabac_init_idc);
	SHOW(f, p, slice_qp_delta);
	SHOW(f, p, disable_deblocking_filter_idc);
	SHOW(f, p, slice_alpha_c0_offset_div2);
	SHOW(f, p, slice_beta_offset_div2);
	SHOW_PICTURES(f, p, RefPicList0);
	SHOW_PICTURES(f, p, RefPicList1);
	SHOW(f, p, luma_log2_weight_denom);
	SHOW(f, p, chroma_log2_weight_denom);
	SHOW(f, p, luma_weight_l0_flag);
	SHOW_ARRAY(f, p, luma_weight_l0);
	SHOW_ARRAY(f, p, luma_offset_l0);
	SHOW(f, p, chroma_weight_l0_flag);
	SHOW_ARRAY(f, p, chroma_weight_l0[0]);
	SHOW_ARRAY(f, p, chroma_offset_l0[0]);
	SHOW(f, p, luma_weight_l1_flag);
	SHOW_ARRAY(f, p, luma_weight_l1);
	SHOW_ARRAY(f, p, luma_offset_l1);
	SHOW(f, p, chroma_weight_l1_flag);
	SHOW_ARRAY(f, p, chroma_weight_l1[0]);
	SHOW_ARRAY(f, p, chroma_offset_l1[0]);
}

void dump_h264(FILE *f, const struct item *it)
{
	const void *p = it->mem->data;

	if (it->type == VAEncSequenceParameterBufferType &&
	    it->mem->size >= sizeof(VAEncSequenceParameterBufferH264))
		show_seq(f, p);
	else if (it->type == VAEncPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAEncPictureParameterBufferH264))
		show_pic(f, p);
	else if (it->type == VAEncSliceParameterBufferType &&
		 it->mem->size >= sizeof(VAEncSliceParameterBufferH264))
		show_slice(f, p);
	else if (it->type == VAPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAPictureParameterBufferH264))
		show_dec_pic(f, p);
	else if (it->type == VASliceParameterBufferType &&
		 it->mem->size >= sizeof(VASliceParameterBufferH264))
		show_dec_slice(f, p);
}
