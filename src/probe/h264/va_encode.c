// SPDX-License-Identifier: Apache-2.0
/* The buffers that encode one IDR picture. */
#include "h264.h"

static void add_nal(struct buffers *b, VAEncPackedHeaderType type, uint8_t header,
		    const struct bit_writer *payload)
{
	uint8_t nal[1024];
	size_t bits = bits_nal(payload, &header, 1, nal, sizeof(nal));

	buffers_add_packed(b, type, nal, bits);
}

static void add_packed(const struct encoding *e, struct buffers *b)
{
	struct bit_writer sps = { .bits = 0 }, pps = { .bits = 0 }, slice = { .bits = 0 };

	h264_write_sps(e->test, &sps);
	h264_write_pps(&pps);
	h264_write_slice_header(&slice);
	if (e->packed & VA_ENC_PACKED_HEADER_SEQUENCE)
		add_nal(b, VAEncPackedHeaderSequence, 0x60 | H264_SPS, &sps);
	if (e->packed & VA_ENC_PACKED_HEADER_PICTURE)
		add_nal(b, VAEncPackedHeaderPicture, 0x60 | H264_PPS, &pps);
	if (e->packed & VA_ENC_PACKED_HEADER_SLICE)
		add_nal(b, VAEncPackedHeaderSlice, 0x60 | H264_IDR, &slice);
}

void h264_invalidate(VAPictureH264 *pictures, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pictures[i].picture_id = VA_INVALID_SURFACE;
		pictures[i].flags = VA_PICTURE_H264_INVALID;
	}
}

void h264_encode(const struct encoding *e, struct buffers *b)
{
	const struct test *t = e->test;
	unsigned right = h264_mbs(t->width) * 16 - t->width,
		 bottom = h264_mbs(t->height) * 16 - t->height;
	VAEncSequenceParameterBufferH264 seq = {
		.level_idc = H264_LEVEL(t->width),
		.intra_period = 1,
		.intra_idr_period = 1,
		.ip_period = 1,
		.max_num_ref_frames = 1,
		.picture_width_in_mbs = (uint16_t)h264_mbs(t->width),
		.picture_height_in_mbs = (uint16_t)h264_mbs(t->height),
		.seq_fields.bits = { .chroma_format_idc = 1,
				     .frame_mbs_only_flag = 1,
				     .direct_8x8_inference_flag = 1,
				     .log2_max_frame_num_minus4 = H264_LOG2_FRAME_NUM - 4,
				     .log2_max_pic_order_cnt_lsb_minus4 = H264_LOG2_POC_LSB - 4 },
		.frame_cropping_flag = right || bottom,
		.frame_crop_right_offset = right / 2,
		.frame_crop_bottom_offset = bottom / 2,
		.num_units_in_tick = 1,
		.time_scale = 60,
	};
	VAEncPictureParameterBufferH264 pic = {
		.CurrPic = { .picture_id = e->reconstructed },
		.coded_buf = e->coded,
		.pic_init_qp = H264_QUANTIZER,
		.pic_fields.bits = { .idr_pic_flag = 1,
				     .reference_pic_flag = 1,
				     .deblocking_filter_control_present_flag = 1 },
	};
	VAEncSliceParameterBufferH264 slice = {
		.num_macroblocks = h264_mbs(t->width) * h264_mbs(t->height),
		.macroblock_info = VA_INVALID_ID,
		.slice_type = 2,
	};

	h264_invalidate(pic.ReferenceFrames, ARRAY_SIZE(pic.ReferenceFrames));
	h264_invalidate(slice.RefPicList0, ARRAY_SIZE(slice.RefPicList0));
	h264_invalidate(slice.RefPicList1, ARRAY_SIZE(slice.RefPicList1));
	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	add_packed(e, b);
	buffers_add(b, VAEncSliceParameterBufferType, &slice, sizeof(slice));
}
