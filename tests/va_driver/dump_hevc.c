// SPDX-License-Identifier: Apache-2.0
/* Each field of HEVC's parameter buffers as text. */
#include "dump.h"

static void show_seq(FILE *f, const VAEncSequenceParameterBufferHEVC *p)
{
	SHOW(f, p, general_profile_idc);
	SHOW(f, p, general_level_idc);
	SHOW(f, p, general_tier_flag);
	SHOW(f, p, intra_period);
	SHOW(f, p, intra_idr_period);
	SHOW(f, p, ip_period);
	SHOW(f, p, bits_per_second);
	SHOW(f, p, pic_width_in_luma_samples);
	SHOW(f, p, pic_height_in_luma_samples);
	SHOW(f, p, seq_fields.bits.chroma_format_idc);
	SHOW(f, p, seq_fields.bits.separate_colour_plane_flag);
	SHOW(f, p, seq_fields.bits.bit_depth_luma_minus8);
	SHOW(f, p, seq_fields.bits.bit_depth_chroma_minus8);
	SHOW(f, p, seq_fields.bits.scaling_list_enabled_flag);
	SHOW(f, p, seq_fields.bits.strong_intra_smoothing_enabled_flag);
	SHOW(f, p, seq_fields.bits.amp_enabled_flag);
	SHOW(f, p, seq_fields.bits.sample_adaptive_offset_enabled_flag);
	SHOW(f, p, seq_fields.bits.pcm_enabled_flag);
	SHOW(f, p, seq_fields.bits.pcm_loop_filter_disabled_flag);
	SHOW(f, p, seq_fields.bits.sps_temporal_mvp_enabled_flag);
	SHOW(f, p, seq_fields.bits.low_delay_seq);
	SHOW(f, p, seq_fields.bits.hierachical_flag);
	SHOW(f, p, log2_min_luma_coding_block_size_minus3);
	SHOW(f, p, log2_diff_max_min_luma_coding_block_size);
	SHOW(f, p, log2_min_transform_block_size_minus2);
	SHOW(f, p, log2_diff_max_min_transform_block_size);
	SHOW(f, p, max_transform_hierarchy_depth_inter);
	SHOW(f, p, max_transform_hierarchy_depth_intra);
	SHOW(f, p, pcm_sample_bit_depth_luma_minus1);
	SHOW(f, p, pcm_sample_bit_depth_chroma_minus1);
	SHOW(f, p, log2_min_pcm_luma_coding_block_size_minus3);
	SHOW(f, p, log2_max_pcm_luma_coding_block_size_minus3);
	SHOW(f, p, vui_parameters_present_flag);
	SHOW(f, p, vui_fields.bits.aspect_ratio_info_present_flag);
	SHOW(f, p, vui_fields.bits.neutral_chroma_indication_flag);
	SHOW(f, p, vui_fields.bits.field_seq_flag);
	SHOW(f, p, vui_fields.bits.vui_timing_info_present_flag);
	SHOW(f, p, vui_fields.bits.bitstream_restriction_flag);
	SHOW(f, p, vui_fields.bits.tiles_fixed_structure_flag);
	SHOW(f, p, vui_fields.bits.motion_vectors_over_pic_boundaries_flag);
	SHOW(f, p, vui_fields.bits.restricted_ref_pic_lists_flag);
	SHOW(f, p, vui_fields.bits.log2_max_mv_length_horizontal);
	SHOW(f, p, vui_fields.bits.log2_max_mv_length_vertical);
	SHOW(f, p, aspect_ratio_idc);
	SHOW(f, p, sar_width);
	SHOW(f, p, sar_height);
	SHOW(f, p, vui_num_units_in_tick);
	SHOW(f, p, vui_time_scale);
	SHOW(f, p, min_spatial_segmentation_idc);
	SHOW(f, p, max_bytes_per_pic_denom);
	SHOW(f, p, max_bits_per_min_cu_denom);
	SHOW(f, p, scc_fields.bits.palette_mode_enabled_flag);
}

static void show_pic(FILE *f, const VAEncPictureParameterBufferHEVC *p)
{
	SHOW_PICTURE(f, p, decoded_curr_pic);
	SHOW_PICTURES(f, p, reference_frames);
	SHOW(f, p, coded_buf);
	SHOW(f, p, collocated_ref_pic_index);
	SHOW(f, p, last_picture);
	SHOW(f, p, pic_init_qp);
	SHOW(f, p, diff_cu_qp_delta_depth);
	SHOW(f, p, pps_cb_qp_offset);
	SHOW(f, p, pps_cr_qp_offset);
	SHOW(f, p, num_tile_columns_minus1);
	SHOW(f, p, num_tile_rows_minus1);
	SHOW_ARRAY(f, p, column_width_minus1);
	SHOW_ARRAY(f, p, row_height_minus1);
	SHOW(f, p, log2_parallel_merge_level_minus2);
	SHOW(f, p, ctu_max_bitsize_allowed);
	SHOW(f, p, num_ref_idx_l0_default_active_minus1);
	SHOW(f, p, num_ref_idx_l1_default_active_minus1);
	SHOW(f, p, slice_pic_parameter_set_id);
	SHOW(f, p, nal_unit_type);
	SHOW(f, p, pic_fields.bits.idr_pic_flag);
	SHOW(f, p, pic_fields.bits.coding_type);
	SHOW(f, p, pic_fields.bits.reference_pic_flag);
	SHOW(f, p, pic_fields.bits.dependent_slice_segments_enabled_flag);
	SHOW(f, p, pic_fields.bits.sign_data_hiding_enabled_flag);
	SHOW(f, p, pic_fields.bits.constrained_intra_pred_flag);
	SHOW(f, p, pic_fields.bits.transform_skip_enabled_flag);
	SHOW(f, p, pic_fields.bits.cu_qp_delta_enabled_flag);
	SHOW(f, p, pic_fields.bits.weighted_pred_flag);
	SHOW(f, p, pic_fields.bits.weighted_bipred_flag);
	SHOW(f, p, pic_fields.bits.transquant_bypass_enabled_flag);
	SHOW(f, p, pic_fields.bits.tiles_enabled_flag);
	SHOW(f, p, pic_fields.bits.entropy_coding_sync_enabled_flag);
	SHOW(f, p, pic_fields.bits.loop_filter_across_tiles_enabled_flag);
	SHOW(f, p, pic_fields.bits.pps_loop_filter_across_slices_enabled_flag);
	SHOW(f, p, pic_fields.bits.scaling_list_data_present_flag);
	SHOW(f, p, pic_fields.bits.screen_content_flag);
	SHOW(f, p, pic_fields.bits.enable_gpu_weighted_prediction);
	SHOW(f, p, pic_fields.bits.no_output_of_prior_pics_flag);
	SHOW(f, p, hierarchical_level_plus1);
	SHOW(f, p, scc_fields.bits.pps_curr_pic_ref_enabled_flag);
}

static void show_slice(FILE *f, const VAEncSliceParameterBufferHEVC *p)
{
	SHOW(f, p, slice_segment_address);
	SHOW(f, p, num_ctu_in_slice);
	SHOW(f, p, slice_type);
	SHOW(f, p, slice_pic_parameter_set_id);
	SHOW(f, p, num_ref_idx_l0_active_minus1);
	SHOW(f, p, num_ref_idx_l1_active_minus1);
	SHOW_PICTURES(f, p, ref_pic_list0);
	SHOW_PICTURES(f, p, ref_pic_list1);
	SHOW(f, p, luma_log2_weight_denom);
	SHOW(f, p, delta_chroma_log2_weight_denom);
	SHOW_ARRAY(f, p, delta_luma_weight_l0);
	SHOW_ARRAY(f, p, luma_offset_l0);
	SHOW_ARRAY(f, p, delta_chroma_weight_l0[0]);
	SHOW_ARRAY(f, p, chroma_offset_l0[0]);
	SHOW_ARRAY(f, p, delta_luma_weight_l1);
	SHOW_ARRAY(f, p, luma_offset_l1);
	SHOW_ARRAY(f, p, delta_chroma_weight_l1[0]);
	SHOW_ARRAY(f, p, chroma_offset_l1[0]);
	SHOW(f, p, max_num_merge_cand);
	SHOW(f, p, slice_qp_delta);
	SHOW(f, p, slice_cb_qp_offset);
	SHOW(f, p, slice_cr_qp_offset);
	SHOW(f, p, slice_beta_offset_div2);
	SHOW(f, p, slice_tc_offset_div2);
	SHOW(f, p, slice_fields.bits.last_slice_of_pic_flag);
	SHOW(f, p, slice_fields.bits.dependent_slice_segment_flag);
	SHOW(f, p, slice_fields.bits.colour_plane_id);
	SHOW(f, p, slice_fields.bits.slice_temporal_mvp_enabled_flag);
	SHOW(f, p, slice_fields.bits.slice_sao_luma_flag);
	SHOW(f, p, slice_fields.bits.slice_sao_chroma_flag);
	SHOW(f, p, slice_fields.bits.num_ref_idx_active_override_flag);
	SHOW(f, p, slice_fields.bits.mvd_l1_zero_flag);
	SHOW(f, p, slice_fields.bits.cabac_init_flag);
	SHOW(f, p, slice_fields.bits.slice_deblocking_filter_disabled_flag);
	SHOW(f, p, slice_fields.bits.slice_loop_filter_across_slices_enabled_flag);
	SHOW(f, p, slice_fields.bits.collocated_from_l0_flag);
	SHOW(f, p, pred_weight_table_bit_offset);
	SHOW(f, p, pred_weight_table_bit_length);
}

static void show_dec_pic(FILE *f, const VAPictureParameterBufferHEVC *p)
{
	SHOW_PICTURE(f, p, CurrPic);
	SHOW_PICTURES(f, p, ReferenceFrames);
	SHOW(f, p, pic_width_in_luma_samples);
	SHOW(f, p, pic_height_in_luma_samples);
	SHOW(f, p, pic_fields.bits.chroma_format_idc);
	SHOW(f, p, pic_fields.bits.separate_colour_plane_flag);
	SHOW(f, p, pic_fields.bits.pcm_enabled_flag);
	SHOW(f, p, pic_fields.bits.scaling_list_enabled_flag);
	SHOW(f, p, pic_fields.bits.transform_skip_enabled_flag);
	SHOW(f, p, pic_fields.bits.amp_enabled_flag);
	SHOW(f, p, pic_fields.bits.strong_intra_smoothing_enabled_flag);
	SHOW(f, p, pic_fields.bits.sign_data_hiding_enabled_flag);
	SHOW(f, p, pic_fields.bits.constrained_intra_pred_flag);
	SHOW(f, p, pic_fields.bits.cu_qp_delta_enabled_flag);
	SHOW(f, p, pic_fields.bits.weighted_pred_flag);
	SHOW(f, p, pic_fields.bits.weighted_bipred_flag);
	SHOW(f, p, pic_fields.bits.transquant_bypass_enabled_flag);
	SHOW(f, p, pic_fields.bits.tiles_enabled_flag);
	SHOW(f, p, pic_fields.bits.entropy_coding_sync_enabled_flag);
	SHOW(f, p, pic_fields.bits.pps_loop_filter_across_slices_enabled_flag);
	SHOW(f, p, pic_fields.bits.loop_filter_across_tiles_enabled_flag);
	SHOW(f, p, pic_fields.bits.pcm_loop_filter_disabled_flag);
	SHOW(f, p, pic_fields.bits.NoPicReorderingFlag);
	SHOW(f, p, pic_fields.bits.NoBiPredFlag);
	SHOW(f, p, sps_max_dec_pic_buffering_minus1);
	SHOW(f, p, bit_depth_luma_minus8);
	SHOW(f, p, bit_depth_chroma_minus8);
	SHOW(f, p, pcm_sample_bit_depth_luma_minus1);
	SHOW(f, p, pcm_sample_bit_depth_chroma_minus1);
	SHOW(f, p, log2_min_luma_coding_block_size_minus3);
	SHOW(f, p, log2_diff_max_min_luma_coding_block_size);
	SHOW(f, p, log2_min_transform_block_size_minus2);
	SHOW(f, p, log2_diff_max_min_transform_block_size);
	SHOW(f, p, log2_min_pcm_luma_coding_block_size_minus3);
	SHOW(f, p, log2_diff_max_min_pcm_luma_coding_block_size);
	SHOW(f, p, max_transform_hierarchy_depth_intra);
	SHOW(f, p, max_transform_hierarchy_depth_inter);
	SHOW(f, p, init_qp_minus26);
	SHOW(f, p, diff_cu_qp_delta_depth);
	SHOW(f, p, pps_cb_qp_offset);
	SHOW(f, p, pps_cr_qp_offset);
	SHOW(f, p, log2_parallel_merge_level_minus2);
	SHOW(f, p, num_tile_columns_minus1);
	SHOW(f, p, num_tile_rows_minus1);
	SHOW_ARRAY(f, p, column_width_minus1);
	SHOW_ARRAY(f, p, row_height_minus1);
	SHOW(f, p, slice_parsing_fields.bits.lists_modification_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.long_term_ref_pics_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.sps_temporal_mvp_enabled_flag);
	SHOW(f, p, slice_parsing_fields.bits.cabac_init_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.output_flag_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.dependent_slice_segments_enabled_flag);
	SHOW(f, p, slice_parsing_fields.bits.pps_slice_chroma_qp_offsets_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.sample_adaptive_offset_enabled_flag);
	SHOW(f, p, slice_parsing_fields.bits.deblocking_filter_override_enabled_flag);
	SHOW(f, p, slice_parsing_fields.bits.pps_disable_deblocking_filter_flag);
	SHOW(f, p, slice_parsing_fields.bits.slice_segment_header_extension_present_flag);
	SHOW(f, p, slice_parsing_fields.bits.RapPicFlag);
	SHOW(f, p, slice_parsing_fields.bits.IdrPicFlag);
	SHOW(f, p, slice_parsing_fields.bits.IntraPicFlag);
	SHOW(f, p, log2_max_pic_order_cnt_lsb_minus4);
	SHOW(f, p, num_short_term_ref_pic_sets);
	SHOW(f, p, num_long_term_ref_pic_sps);
	SHOW(f, p, num_ref_idx_l0_default_active_minus1);
	SHOW(f, p, num_ref_idx_l1_default_active_minus1);
	SHOW(f, p, pps_beta_offset_div2);
	SHOW(f, p, pps_tc_offset_div2);
	SHOW(f, p, num_extra_slice_header_bits);
	SHOW(f, p, st_rps_bits);
}

static void show_dec_slice(FILE *f, const VASliceParameterBufferHEVC *p)
{
	SHOW(f, p, slice_data_size);
	SHOW(f, p, slice_data_offset);
	SHOW(f, p, slice_data_flag);
	SHOW(f, p, slice_data_byte_offset);
	SHOW(f, p, slice_segment_address);
	SHOW_ARRAY(f, p, RefPicList[0]);
	SHOW(f, p, LongSliceFlags.fields.LastSliceOfPic);
	SHOW(f, p, LongSliceFlags.fields.dependent_slice_segment_flag);
	SHOW(f, p, LongSliceFlags.fields.slice_type);
	SHOW(f, p, LongSliceFlags.fields.color_plane_id);
	SHOW(f, p, LongSliceFlags.fields.slice_sao_luma_flag);
	SHOW(f, p, LongSliceFlags.fields.slice_sao_chroma_flag);
	SHOW(f, p, LongSliceFlags.fields.mvd_l1_zero_flag);
	SHOW(f, p, LongSliceFlags.fields.cabac_init_flag);
	SHOW(f, p, LongSliceFlags.fields.slice_temporal_mvp_enabled_flag);
	SHOW(f, p, LongSliceFlags.fields.slice_deblocking_filter_disabled_flag);
	SHOW(f, p, LongSliceFlags.fields.collocated_from_l0_flag);
	SHOW(f, p, LongSliceFlags.fields.slice_loop_filter_across_slices_enabled_flag);
	SHOW(f, p, collocated_ref_idx);
	SHOW(f, p, num_ref_idx_l0_active_minus1);
	SHOW(f, p, num_ref_idx_l1_active_minus1);
	SHOW(f, p, slice_qp_delta);
	SHOW(f, p, slice_cb_qp_offset);
	SHOW(f, p, slice_cr_qp_offset);
	SHOW(f, p, slice_beta_offset_div2);
	SHOW(f, p, slice_tc_offset_div2);
	SHOW(f, p, luma_log2_weight_denom);
	SHOW(f, p, delta_chroma_log2_weight_denom);
	SHOW_ARRAY(f, p, delta_luma_weight_l0);
	SHOW_ARRAY(f, p, luma_offset_l0);
	SHOW_ARRAY(f, p, delta_chroma_weight_l0[0]);
	SHOW_ARRAY(f, p, ChromaOffsetL0[0]);
	SHOW_ARRAY(f, p, delta_luma_weight_l1);
	SHOW_ARRAY(f, p, luma_offset_l1);
	SHOW_ARRAY(f, p, delta_chroma_weight_l1[0]);
	SHOW_ARRAY(f, p, ChromaOffsetL1[0]);
	SHOW(f, p, five_minus_max_num_merge_cand);
	SHOW(f, p, num_entry_point_offsets);
	SHOW(f, p, entry_offset_to_subset_array);
	SHOW(f, p, slice_data_num_emu_prevn_bytes);
}

void dump_hevc(FILE *f, const struct item *it)
{
	const void *p = it->mem->data;

	if (it->type == VAEncSequenceParameterBufferType &&
	    it->mem->size >= sizeof(VAEncSequenceParameterBufferHEVC))
		show_seq(f, p);
	else if (it->type == VAEncPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAEncPictureParameterBufferHEVC))
		show_pic(f, p);
	else if (it->type == VAEncSliceParameterBufferType &&
		 it->mem->size >= sizeof(VAEncSliceParameterBufferHEVC))
		show_slice(f, p);
	else if (it->type == VAPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAPictureParameterBufferHEVC))
		show_dec_pic(f, p);
	else if (it->type == VASliceParameterBufferType &&
		 it->mem->size >= sizeof(VASliceParameterBufferHEVC))
		show_dec_slice(f, p);
}
