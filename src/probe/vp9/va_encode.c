// SPDX-License-Identifier: Apache-2.0
/*
 * The buffers that encode one key frame. The uncompressed header is ours where the driver takes raw
 * data; it fills in the size of the compressed header, and whatever else it decides, at the offsets
 * that go with it.
 */
#include "vp9.h"

static void set_offsets(VAEncPictureParameterBufferVP9 *pic, const struct vp9_offsets *at)
{
	pic->bit_offset_ref_lf_delta = (uint16_t)at->ref_deltas;
	pic->bit_offset_mode_lf_delta = (uint16_t)at->mode_deltas;
	pic->bit_offset_lf_level = (uint16_t)at->filter_level;
	pic->bit_offset_qindex = (uint16_t)at->quantizer;
	pic->bit_offset_first_partition_size = (uint16_t)at->compressed;
	pic->bit_offset_segmentation = (uint16_t)at->segmentation;
	pic->bit_size_segmentation = 1;
}

void vp9_encode(const struct encoding *e, struct buffers *b)
{
	const struct test *t = e->test;
	struct bit_writer header = { .bits = 0 };
	struct vp9_offsets at;
	VAEncSequenceParameterBufferVP9 seq = {
		.max_frame_width = t->width,
		.max_frame_height = t->height,
		.kf_min_dist = 1,
		.kf_max_dist = 1,
		.intra_period = 1,
	};
	VAEncPictureParameterBufferVP9 pic = {
		.frame_width_src = t->width,
		.frame_height_src = t->height,
		.frame_width_dst = t->width,
		.frame_height_dst = t->height,
		.reconstructed_frame = e->reconstructed,
		.coded_buf = e->coded,
		.ref_flags.bits.force_kf = 1,
		.pic_flags.bits.show_frame = 1,
		.refresh_frame_flags = 0xff,
		.luma_ac_qindex = VP9_QUANTIZER,
		.filter_level = VP9_FILTER_LEVEL,
		.sharpness_level = VP9_SHARPNESS,
		.log2_tile_columns = (uint8_t)vp9_min_tile_columns_log2(t->width),
	};
	bool packed = e->packed & VA_ENC_PACKED_HEADER_RAW_DATA;

	for (size_t i = 0; i < ARRAY_SIZE(pic.reference_frames); i++)
		pic.reference_frames[i] = VA_INVALID_SURFACE;
	vp9_write_header(t, &header, &at);
	if (packed)
		set_offsets(&pic, &at);
	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (packed)
		buffers_add_packed(b, VAEncPackedHeaderRawData, header.data, header.bits);
}
