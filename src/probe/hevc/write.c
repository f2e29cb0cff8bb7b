// SPDX-License-Identifier: Apache-2.0
/* The parameter sets and the slice header of one IDR picture (ITU-T H.265, 7.3.2 and 7.3.6). */
#include "hevc.h"

/* 7.3.3, general part only: one temporal layer. */
static void write_profile_tier_level(const struct hevc_sps *sps, struct bit_writer *w)
{
	bits_put(w, 2, 0); /* general_profile_space */
	bits_put(w, 1, 0); /* general_tier_flag: Main */
	bits_put(w, 5, sps->profile_idc);
	/* A.3.2: what is Main is Main 10 too. */
	for (unsigned j = 0; j < 32; j++)
		bits_put(w, 1, j == sps->profile_idc || j == 2);
	bits_put(w, 1, 1);  /* general_progressive_source_flag */
	bits_put(w, 1, 0);  /* general_interlaced_source_flag */
	bits_put(w, 1, 1);  /* general_non_packed_constraint_flag */
	bits_put(w, 1, 1);  /* general_frame_only_constraint_flag */
	bits_put(w, 32, 0); /* 43 bits that are zero in these profiles, */
	bits_put(w, 12, 0); /* and general_inbld_flag */
	bits_put(w, 8, sps->level_idc);
}

/* Of the only temporal layer: nothing is kept, nothing is reordered. */
static void write_layer_ordering(const struct hevc_sps *sps, struct bit_writer *w)
{
	bits_put(w, 1, 1); /* sub_layer_ordering_info_present_flag */
	bits_put_ue(w, sps->max_dec_pic_buffering_minus1);
	bits_put_ue(w, sps->max_num_reorder_pics);
	bits_put_ue(w, 0); /* max_latency_increase_plus1: no limit */
}

void hevc_write_vps(const struct hevc_sps *sps, struct bit_writer *w)
{
	bits_put(w, 4, 0); /* vps_video_parameter_set_id */
	bits_put(w, 2, 3); /* the base layer is in the stream */
	bits_put(w, 6, 0); /* vps_max_layers_minus1 */
	bits_put(w, 3, 0); /* vps_max_sub_layers_minus1 */
	bits_put(w, 1, 1); /* vps_temporal_id_nesting_flag: one layer needs it, 7.4.3.1 */
	bits_put(w, 16, 0xffff);
	write_profile_tier_level(sps, w);
	write_layer_ordering(sps, w);
	bits_put(w, 6, 0); /* vps_max_layer_id */
	bits_put_ue(w, 0); /* vps_num_layer_sets_minus1 */
	bits_put(w, 1, 0); /* no timing */
	bits_put(w, 1, 0); /* no extension */
	bits_put_trailing(w);
}

/* The offsets are in chroma samples, which are half as many in 4:2:0 (7.4.3.2.1, Table 6-1). */
static void write_conformance_window(const struct hevc_sps *sps, struct bit_writer *w)
{
	bool any = sps->left || sps->right || sps->top || sps->bottom;

	bits_put(w, 1, any);
	if (!any)
		return;
	bits_put_ue(w, sps->left / 2);
	bits_put_ue(w, sps->right / 2);
	bits_put_ue(w, sps->top / 2);
	bits_put_ue(w, sps->bottom / 2);
}

void hevc_write_sps(const struct hevc_sps *sps, struct bit_writer *w)
{
	bits_put(w, 4, 0); /* sps_video_parameter_set_id */
	bits_put(w, 3, 0); /* sps_max_sub_layers_minus1 */
	bits_put(w, 1, 1); /* sps_temporal_id_nesting_flag */
	write_profile_tier_level(sps, w);
	bits_put_ue(w, 0); /* sps_seq_parameter_set_id */
	bits_put_ue(w, sps->chroma_format_idc);
	bits_put_ue(w, sps->width);
	bits_put_ue(w, sps->height);
	write_conformance_window(sps, w);
	bits_put_ue(w, sps->luma_depth - 8);
	bits_put_ue(w, sps->chroma_depth - 8);
	bits_put_ue(w, sps->poc_bits - 4);
	write_layer_ordering(sps, w);
	bits_put_ue(w, sps->log2_min_cb - 3);
	bits_put_ue(w, sps->log2_ctb - sps->log2_min_cb);
	bits_put_ue(w, sps->log2_min_tb - 2);
	bits_put_ue(w, sps->log2_max_tb - sps->log2_min_tb);
	bits_put_ue(w, sps->transform_depth_inter);
	bits_put_ue(w, sps->transform_depth_intra);
	bits_put(w, 1, 0); /* scaling_list_enabled_flag */
	bits_put(w, 1, sps->amp);
	bits_put(w, 1, sps->sao);
	bits_put(w, 1, 0); /* pcm_enabled_flag */
	bits_put_ue(w, 0); /* num_short_term_ref_pic_sets */
	bits_put(w, 1, 0); /* long_term_ref_pics_present_flag */
	bits_put(w, 1, sps->temporal_mvp);
	bits_put(w, 1, sps->strong_intra_smoothing);
	bits_put(w, 1, 0); /* no VUI */
	bits_put(w, 1, 0); /* no extension */
	bits_put_trailing(w);
}

void hevc_write_pps(const struct hevc_pps *pps, struct bit_writer *w)
{
	bits_put_ue(w, 0); /* pps_pic_parameter_set_id */
	bits_put_ue(w, 0); /* pps_seq_parameter_set_id */
	bits_put(w, 2, 0); /* no dependent slices, no output flag */
	bits_put(w, 3, 0); /* num_extra_slice_header_bits */
	bits_put(w, 1, pps->sign_data_hiding);
	bits_put(w, 1, 0); /* cabac_init_present_flag */
	bits_put_ue(w, 0); /* num_ref_idx_l0_default_active_minus1 */
	bits_put_ue(w, 0); /* num_ref_idx_l1_default_active_minus1 */
	bits_put_se(w, pps->init_qp_minus26);
	bits_put(w, 1, pps->constrained_intra);
	bits_put(w, 1, pps->transform_skip);
	bits_put(w, 1, pps->cu_qp_delta);
	if (pps->cu_qp_delta)
		bits_put_ue(w, pps->diff_cu_qp_delta_depth);
	bits_put_se(w, 0); /* pps_cb_qp_offset */
	bits_put_se(w, 0); /* pps_cr_qp_offset */
	bits_put(w, 1, 0); /* no chroma offsets in slices */
	bits_put(w, 2, 0); /* no weighted prediction */
	bits_put(w, 1, 0); /* transquant_bypass_enabled_flag */
	bits_put(w, 2, 0); /* no tiles, no wavefronts */
	bits_put(w, 1, 0); /* pps_loop_filter_across_slices_enabled_flag: there is one slice */
	bits_put(w, 1, 0); /* deblocking_filter_control_present_flag: as usual */
	bits_put(w, 1, 0); /* pps_scaling_list_data_present_flag */
	bits_put(w, 1, 0); /* lists_modification_present_flag */
	bits_put_ue(w, 0); /* log2_parallel_merge_level_minus2 */
	bits_put(w, 1, 0); /* slice_segment_header_extension_present_flag */
	bits_put(w, 1, 0); /* no extension */
	bits_put_trailing(w);
}

void hevc_write_slice_header(const struct hevc_headers *h, struct bit_writer *w)
{
	bits_put(w, 1, 1); /* first_slice_segment_in_pic_flag */
	bits_put(w, 1, 0); /* no_output_of_prior_pics_flag */
	bits_put_ue(w, 0); /* slice_pic_parameter_set_id */
	bits_put_ue(w, 2); /* slice_type: I */
	if (h->sps.sao) {
		bits_put(w, 1, h->slice.sao_luma);
		bits_put(w, 1, h->slice.sao_chroma);
	}
	bits_put_se(w, h->slice.qp_delta);
	/* byte_alignment() is part of the header (7.3.6.1), and looks like the trailing bits. */
	bits_put_trailing(w);
}
