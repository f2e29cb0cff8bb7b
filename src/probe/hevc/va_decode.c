// SPDX-License-Identifier: Apache-2.0
/* What decodes an HEVC picture: all of it from the stream, since a driver may write its own. */
#include "hevc.h"

#include <string.h>

#define NO_PICTURE 0xff

static void set_picture_tools(const struct hevc_headers *h, VAPictureParameterBufferHEVC *pic)
{
	const struct hevc_sps *sps = &h->sps;
	const struct hevc_pps *pps = &h->pps;

	pic->pic_fields.bits.chroma_format_idc = sps->chroma_format_idc & 3;
	pic->pic_fields.bits.pcm_enabled_flag = sps->pcm;
	pic->pic_fields.bits.transform_skip_enabled_flag = pps->transform_skip;
	pic->pic_fields.bits.amp_enabled_flag = sps->amp;
	pic->pic_fields.bits.strong_intra_smoothing_enabled_flag = sps->strong_intra_smoothing;
	pic->pic_fields.bits.sign_data_hiding_enabled_flag = pps->sign_data_hiding;
	pic->pic_fields.bits.constrained_intra_pred_flag = pps->constrained_intra;
	pic->pic_fields.bits.cu_qp_delta_enabled_flag = pps->cu_qp_delta;
	pic->pic_fields.bits.weighted_pred_flag = pps->weighted_pred;
	pic->pic_fields.bits.weighted_bipred_flag = pps->weighted_bipred;
	pic->pic_fields.bits.transquant_bypass_enabled_flag = pps->transquant_bypass;
	pic->pic_fields.bits.tiles_enabled_flag = pps->tiles;
	pic->pic_fields.bits.entropy_coding_sync_enabled_flag = pps->entropy_coding_sync;
	pic->pic_fields.bits.pps_loop_filter_across_slices_enabled_flag =
		pps->loop_filter_across_slices;
	pic->pic_fields.bits.loop_filter_across_tiles_enabled_flag = pps->loop_filter_across_tiles;
	pic->pic_fields.bits.pcm_loop_filter_disabled_flag = sps->pcm_loop_filter_disabled;
	pic->pic_fields.bits.NoPicReorderingFlag = sps->max_num_reorder_pics == 0;
	pic->pic_fields.bits.NoBiPredFlag = 1;
}

static void set_slice_parsing(const struct hevc_headers *h, VAPictureParameterBufferHEVC *pic)
{
	const struct hevc_sps *sps = &h->sps;
	const struct hevc_pps *pps = &h->pps;

	pic->slice_parsing_fields.bits.lists_modification_present_flag = pps->lists_modification;
	pic->slice_parsing_fields.bits.long_term_ref_pics_present_flag = sps->long_term_ref_pics;
	pic->slice_parsing_fields.bits.sps_temporal_mvp_enabled_flag = sps->temporal_mvp;
	pic->slice_parsing_fields.bits.cabac_init_present_flag = pps->cabac_init;
	pic->slice_parsing_fields.bits.output_flag_present_flag = pps->output_flag;
	pic->slice_parsing_fields.bits.dependent_slice_segments_enabled_flag =
		pps->dependent_slices;
	pic->slice_parsing_fields.bits.pps_slice_chroma_qp_offsets_present_flag =
		pps->slice_chroma_qp_offsets;
	pic->slice_parsing_fields.bits.sample_adaptive_offset_enabled_flag = sps->sao;
	pic->slice_parsing_fields.bits.deblocking_filter_override_enabled_flag =
		pps->deblocking_override;
	pic->slice_parsing_fields.bits.pps_disable_deblocking_filter_flag =
		pps->deblocking_disabled;
	pic->slice_parsing_fields.bits.slice_segment_header_extension_present_flag =
		pps->slice_header_extension;
	pic->slice_parsing_fields.bits.RapPicFlag = 1;
	pic->slice_parsing_fields.bits.IdrPicFlag = 1;
	pic->slice_parsing_fields.bits.IntraPicFlag = 1;
	pic->log2_max_pic_order_cnt_lsb_minus4 = (uint8_t)(sps->poc_bits - 4);
	pic->num_short_term_ref_pic_sets = (uint8_t)sps->num_short_term_ref_pic_sets;
	pic->num_long_term_ref_pic_sps = (uint8_t)sps->num_long_term_ref_pics;
	pic->num_ref_idx_l0_default_active_minus1 = (uint8_t)pps->num_ref_idx_l0_minus1;
	pic->num_ref_idx_l1_default_active_minus1 = (uint8_t)pps->num_ref_idx_l1_minus1;
	pic->pps_beta_offset_div2 = (int8_t)pps->beta_offset_div2;
	pic->pps_tc_offset_div2 = (int8_t)pps->tc_offset_div2;
	pic->num_extra_slice_header_bits = (uint8_t)pps->num_extra_slice_header_bits;
}

/* The last column and row have what is left, and va_dec_hevc.h has no room for them. */
static void set_tiles(const struct hevc_pps *pps, VAPictureParameterBufferHEVC *pic)
{
	if (!pps->tiles)
		return;
	pic->num_tile_columns_minus1 = (uint8_t)(pps->columns - 1);
	pic->num_tile_rows_minus1 = (uint8_t)(pps->rows - 1);
	for (unsigned i = 0; i < pps->columns && i < ARRAY_SIZE(pic->column_width_minus1); i++)
		pic->column_width_minus1[i] = (uint16_t)(pps->column_width[i] - 1);
	for (unsigned i = 0; i < pps->rows && i < ARRAY_SIZE(pic->row_height_minus1); i++)
		pic->row_height_minus1[i] = (uint16_t)(pps->row_height[i] - 1);
}

static void set_blocks(const struct hevc_sps *sps, VAPictureParameterBufferHEVC *pic)
{
	pic->bit_depth_luma_minus8 = (uint8_t)(sps->luma_depth - 8);
	pic->bit_depth_chroma_minus8 = (uint8_t)(sps->chroma_depth - 8);
	pic->log2_min_luma_coding_block_size_minus3 = (uint8_t)(sps->log2_min_cb - 3);
	pic->log2_diff_max_min_luma_coding_block_size = (uint8_t)(sps->log2_ctb - sps->log2_min_cb);
	pic->log2_min_transform_block_size_minus2 = (uint8_t)(sps->log2_min_tb - 2);
	pic->log2_diff_max_min_transform_block_size =
		(uint8_t)(sps->log2_max_tb - sps->log2_min_tb);
	pic->max_transform_hierarchy_depth_intra = (uint8_t)sps->transform_depth_intra;
	pic->max_transform_hierarchy_depth_inter = (uint8_t)sps->transform_depth_inter;
	if (!sps->pcm)
		return;
	pic->pcm_sample_bit_depth_luma_minus1 = (uint8_t)(sps->pcm_luma_depth - 1);
	pic->pcm_sample_bit_depth_chroma_minus1 = (uint8_t)(sps->pcm_chroma_depth - 1);
	pic->log2_min_pcm_luma_coding_block_size_minus3 = (uint8_t)(sps->log2_min_pcm - 3);
	pic->log2_diff_max_min_pcm_luma_coding_block_size =
		(uint8_t)(sps->log2_max_pcm - sps->log2_min_pcm);
}

static void add_picture(const struct hevc_headers *h, VASurfaceID target, struct buffers *b)
{
	VAPictureParameterBufferHEVC pic = {
		.CurrPic = { .picture_id = target },
		.pic_width_in_luma_samples = (uint16_t)h->sps.width,
		.pic_height_in_luma_samples = (uint16_t)h->sps.height,
		.sps_max_dec_pic_buffering_minus1 = (uint8_t)h->sps.max_dec_pic_buffering_minus1,
		.init_qp_minus26 = (int8_t)h->pps.init_qp_minus26,
		.diff_cu_qp_delta_depth = (uint8_t)h->pps.diff_cu_qp_delta_depth,
		.pps_cb_qp_offset = (int8_t)h->pps.cb_qp_offset,
		.pps_cr_qp_offset = (int8_t)h->pps.cr_qp_offset,
		.log2_parallel_merge_level_minus2 = (uint8_t)(h->pps.log2_parallel_merge_level - 2),
	};

	for (size_t i = 0; i < ARRAY_SIZE(pic.ReferenceFrames); i++) {
		pic.ReferenceFrames[i].picture_id = VA_INVALID_SURFACE;
		pic.ReferenceFrames[i].flags = VA_PICTURE_HEVC_INVALID;
	}
	set_blocks(&h->sps, &pic);
	set_picture_tools(h, &pic);
	set_slice_parsing(h, &pic);
	set_tiles(&h->pps, &pic);
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
}

static void add_slice(const struct hevc_headers *h, struct buffers *b)
{
	const struct hevc_slice *s = &h->slice;
	VASliceParameterBufferHEVC slice = {
		.slice_data_size = (uint32_t)h->idr.len,
		.slice_data_flag = VA_SLICE_DATA_FLAG_ALL,
		.slice_data_byte_offset = s->data_offset,
		.LongSliceFlags.fields = { .LastSliceOfPic = 1,
					   .slice_type = 2, /* I */
					   .slice_sao_luma_flag = s->sao_luma,
					   .slice_sao_chroma_flag = s->sao_chroma,
					   .slice_deblocking_filter_disabled_flag =
						   s->deblocking_disabled,
					   .slice_loop_filter_across_slices_enabled_flag =
						   s->loop_filter_across },
		.collocated_ref_idx = NO_PICTURE,
		.slice_qp_delta = (int8_t)s->qp_delta,
		.slice_cb_qp_offset = (int8_t)s->cb_qp_offset,
		.slice_cr_qp_offset = (int8_t)s->cr_qp_offset,
		.slice_beta_offset_div2 = (int8_t)s->beta_offset_div2,
		.slice_tc_offset_div2 = (int8_t)s->tc_offset_div2,
		.num_entry_point_offsets = (uint16_t)s->num_entry_points,
		.slice_data_num_emu_prevn_bytes = (uint16_t)s->emulation_bytes,
	};

	memset(slice.RefPicList, NO_PICTURE, sizeof(slice.RefPicList));
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, h->idr.data, h->idr.len);
}

bool hevc_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *b)
{
	struct hevc_headers h = { .sps = { .width = 0 } };
	char why[128];

	(void)test;
	if (!hevc_parse(coded, &h, why, sizeof(why)))
		return false;
	add_picture(&h, target, b);
	add_slice(&h, b);
	return true;
}
