// SPDX-License-Identifier: Apache-2.0
/* Each field of VP9's parameter buffers as text. */
#include "dump.h"

#include <va/va_dec_vp9.h>

static void show_seq(FILE *f, const VAEncSequenceParameterBufferVP9 *p)
{
	SHOW(f, p, max_frame_width);
	SHOW(f, p, max_frame_height);
	SHOW(f, p, kf_auto);
	SHOW(f, p, kf_min_dist);
	SHOW(f, p, kf_max_dist);
	SHOW(f, p, bits_per_second);
	SHOW(f, p, intra_period);
}

static void show_pic(FILE *f, const VAEncPictureParameterBufferVP9 *p)
{
	SHOW(f, p, frame_width_src);
	SHOW(f, p, frame_height_src);
	SHOW(f, p, frame_width_dst);
	SHOW(f, p, frame_height_dst);
	SHOW(f, p, reconstructed_frame);
	SHOW_ARRAY(f, p, reference_frames);
	SHOW(f, p, coded_buf);
	SHOW(f, p, ref_flags.bits.force_kf);
	SHOW(f, p, ref_flags.bits.ref_frame_ctrl_l0);
	SHOW(f, p, ref_flags.bits.ref_frame_ctrl_l1);
	SHOW(f, p, ref_flags.bits.ref_last_idx);
	SHOW(f, p, ref_flags.bits.ref_last_sign_bias);
	SHOW(f, p, ref_flags.bits.ref_gf_idx);
	SHOW(f, p, ref_flags.bits.ref_gf_sign_bias);
	SHOW(f, p, ref_flags.bits.ref_arf_idx);
	SHOW(f, p, ref_flags.bits.ref_arf_sign_bias);
	SHOW(f, p, ref_flags.bits.temporal_id);
	SHOW(f, p, pic_flags.bits.frame_type);
	SHOW(f, p, pic_flags.bits.show_frame);
	SHOW(f, p, pic_flags.bits.error_resilient_mode);
	SHOW(f, p, pic_flags.bits.intra_only);
	SHOW(f, p, pic_flags.bits.allow_high_precision_mv);
	SHOW(f, p, pic_flags.bits.mcomp_filter_type);
	SHOW(f, p, pic_flags.bits.frame_parallel_decoding_mode);
	SHOW(f, p, pic_flags.bits.reset_frame_context);
	SHOW(f, p, pic_flags.bits.refresh_frame_context);
	SHOW(f, p, pic_flags.bits.frame_context_idx);
	SHOW(f, p, pic_flags.bits.segmentation_enabled);
	SHOW(f, p, pic_flags.bits.segmentation_temporal_update);
	SHOW(f, p, pic_flags.bits.segmentation_update_map);
	SHOW(f, p, pic_flags.bits.lossless_mode);
	SHOW(f, p, pic_flags.bits.comp_prediction_mode);
	SHOW(f, p, pic_flags.bits.auto_segmentation);
	SHOW(f, p, pic_flags.bits.super_frame_flag);
	SHOW(f, p, refresh_frame_flags);
	SHOW(f, p, luma_ac_qindex);
	SHOW(f, p, luma_dc_qindex_delta);
	SHOW(f, p, chroma_ac_qindex_delta);
	SHOW(f, p, chroma_dc_qindex_delta);
	SHOW(f, p, filter_level);
	SHOW(f, p, sharpness_level);
	SHOW_ARRAY(f, p, ref_lf_delta);
	SHOW_ARRAY(f, p, mode_lf_delta);
	SHOW(f, p, bit_offset_ref_lf_delta);
	SHOW(f, p, bit_offset_mode_lf_delta);
	SHOW(f, p, bit_offset_lf_level);
	SHOW(f, p, bit_offset_qindex);
	SHOW(f, p, bit_offset_first_partition_size);
	SHOW(f, p, bit_offset_segmentation);
	SHOW(f, p, bit_size_segmentation);
	SHOW(f, p, log2_tile_rows);
	SHOW(f, p, log2_tile_columns);
	SHOW(f, p, skip_frame_flag);
	SHOW(f, p, number_skip_frames);
	SHOW(f, p, skip_frames_size);
}

static void show_dec_pic(FILE *f, const VADecPictureParameterBufferVP9 *p)
{
	SHOW(f, p, frame_width);
	SHOW(f, p, frame_height);
	SHOW_ARRAY(f, p, reference_frames);
	SHOW(f, p, pic_fields.bits.subsampling_x);
	SHOW(f, p, pic_fields.bits.subsampling_y);
	SHOW(f, p, pic_fields.bits.frame_type);
	SHOW(f, p, pic_fields.bits.show_frame);
	SHOW(f, p, pic_fields.bits.error_resilient_mode);
	SHOW(f, p, pic_fields.bits.intra_only);
	SHOW(f, p, pic_fields.bits.allow_high_precision_mv);
	SHOW(f, p, pic_fields.bits.mcomp_filter_type);
	SHOW(f, p, pic_fields.bits.frame_parallel_decoding_mode);
	SHOW(f, p, pic_fields.bits.reset_frame_context);
	SHOW(f, p, pic_fields.bits.refresh_frame_context);
	SHOW(f, p, pic_fields.bits.frame_context_idx);
	SHOW(f, p, pic_fields.bits.segmentation_enabled);
	SHOW(f, p, pic_fields.bits.segmentation_temporal_update);
	SHOW(f, p, pic_fields.bits.segmentation_update_map);
	SHOW(f, p, pic_fields.bits.last_ref_frame);
	SHOW(f, p, pic_fields.bits.last_ref_frame_sign_bias);
	SHOW(f, p, pic_fields.bits.golden_ref_frame);
	SHOW(f, p, pic_fields.bits.golden_ref_frame_sign_bias);
	SHOW(f, p, pic_fields.bits.alt_ref_frame);
	SHOW(f, p, pic_fields.bits.alt_ref_frame_sign_bias);
	SHOW(f, p, pic_fields.bits.lossless_flag);
	SHOW(f, p, filter_level);
	SHOW(f, p, sharpness_level);
	SHOW(f, p, log2_tile_rows);
	SHOW(f, p, log2_tile_columns);
	SHOW(f, p, frame_header_length_in_bytes);
	SHOW(f, p, first_partition_size);
	SHOW_ARRAY(f, p, mb_segment_tree_probs);
	SHOW_ARRAY(f, p, segment_pred_probs);
	SHOW(f, p, profile);
	SHOW(f, p, bit_depth);
}

static void show_segment(FILE *f, size_t i, const VASegmentParameterVP9 *p)
{
	fprintf(f, "\tseg_param[%zu]:\n", i);
	SHOW(f, p, segment_flags.value);
	SHOW_ARRAY(f, p, filter_level[0]);
	SHOW_ARRAY(f, p, filter_level[1]);
	SHOW_ARRAY(f, p, filter_level[2]);
	SHOW_ARRAY(f, p, filter_level[3]);
	SHOW(f, p, luma_ac_quant_scale);
	SHOW(f, p, luma_dc_quant_scale);
	SHOW(f, p, chroma_ac_quant_scale);
	SHOW(f, p, chroma_dc_quant_scale);
}

static void show_dec_slice(FILE *f, const VASliceParameterBufferVP9 *p)
{
	SHOW(f, p, slice_data_size);
	SHOW(f, p, slice_data_offset);
	SHOW(f, p, slice_data_flag);
	for (size_t i = 0; i < ARRAY_SIZE(p->seg_param); i++)
		show_segment(f, i, &p->seg_param[i]);
}

void dump_vp9(FILE *f, const struct item *it)
{
	const void *p = it->mem->data;

	if (it->type == VAEncSequenceParameterBufferType &&
	    it->mem->size >= sizeof(VAEncSequenceParameterBufferVP9))
		show_seq(f, p);
	else if (it->type == VAEncPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAEncPictureParameterBufferVP9))
		show_pic(f, p);
	else if (it->type == VAPictureParameterBufferType &&
		 it->mem->size >= sizeof(VADecPictureParameterBufferVP9))
		show_dec_pic(f, p);
	else if (it->type == VASliceParameterBufferType &&
		 it->mem->size >= sizeof(VASliceParameterBufferVP9))
		show_dec_slice(f, p);
}
