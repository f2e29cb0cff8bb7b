// SPDX-License-Identifier: Apache-2.0
/* The buffers that decode one IDR picture: all of it from the stream. */
#include "h264.h"

#include <string.h>

static void add_decode_buffers(const struct h264_headers *h, VASurfaceID target, struct buffers *b)
{
	VAPictureParameterBufferH264 pic = {
		.CurrPic = { .picture_id = target },
		.picture_width_in_mbs_minus1 = (uint16_t)(h->width_mbs - 1),
		.picture_height_in_mbs_minus1 = (uint16_t)(h->height_mbs - 1),
		.num_ref_frames = (uint8_t)h->max_ref_frames,
		.seq_fields.bits = { .chroma_format_idc = 1,
				     .frame_mbs_only_flag = 1,
				     .direct_8x8_inference_flag = h->direct_8x8,
				     .MinLumaBiPredSize8x8 = 1,
				     .log2_max_frame_num_minus4 = (h->frame_num_bits - 4) & 0xf,
				     .pic_order_cnt_type = h->poc_type & 3,
				     .log2_max_pic_order_cnt_lsb_minus4 =
					     h->poc_bits ? (h->poc_bits - 4) & 0xf : 0 },
		.pic_init_qp_minus26 = (int8_t)h->qp,
		.pic_init_qs_minus26 = (int8_t)h->qs,
		.chroma_qp_index_offset = (int8_t)h->chroma_offset,
		.second_chroma_qp_index_offset = (int8_t)h->second_chroma_offset,
		.pic_fields.bits = { .entropy_coding_mode_flag = h->cabac,
				     .weighted_pred_flag = h->weighted,
				     .weighted_bipred_idc = h->bipred & 3,
				     .transform_8x8_mode_flag = h->transform_8x8,
				     .constrained_intra_pred_flag = h->constrained_intra,
				     .pic_order_present_flag = h->bottom_field_order,
				     .deblocking_filter_control_present_flag =
					     h->deblocking_control,
				     .redundant_pic_cnt_present_flag = h->redundant,
				     .reference_pic_flag = 1 },
	};
	VAIQMatrixBufferH264 matrix;

	h264_invalidate(pic.ReferenceFrames, ARRAY_SIZE(pic.ReferenceFrames));
	memset(&matrix, 16, sizeof(matrix.ScalingList4x4) + sizeof(matrix.ScalingList8x8));
	memset((uint8_t *)&matrix + sizeof(matrix.ScalingList4x4) + sizeof(matrix.ScalingList8x8),
	       0, sizeof(matrix) - sizeof(matrix.ScalingList4x4) - sizeof(matrix.ScalingList8x8));
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
	buffers_add(b, VAIQMatrixBufferType, &matrix, sizeof(matrix));
}

bool h264_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *b)
{
	struct h264_headers h;
	VASliceParameterBufferH264 slice = { 0 };

	(void)test;
	if (!h264_parse(coded, &h))
		return false;
	slice.slice_data_size = (uint32_t)h.idr.len;
	slice.slice_data_flag = VA_SLICE_DATA_FLAG_ALL;
	slice.slice_data_bit_offset = (uint16_t)h.slice_bits;
	slice.slice_type = 2;
	slice.slice_qp_delta = (int8_t)h.qp_delta;
	slice.disable_deblocking_filter_idc = (uint8_t)h.disable_deblocking;
	slice.slice_alpha_c0_offset_div2 = (int8_t)h.alpha;
	slice.slice_beta_offset_div2 = (int8_t)h.beta;
	h264_invalidate(slice.RefPicList0, ARRAY_SIZE(slice.RefPicList0));
	h264_invalidate(slice.RefPicList1, ARRAY_SIZE(slice.RefPicList1));
	add_decode_buffers(&h, target, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, h.idr.data, h.idr.len);
	return true;
}
