// SPDX-License-Identifier: Apache-2.0
/* The buffers that decode one key frame, from its uncompressed header. */
#include "vp9.h"

#include <string.h>

static int clip(int value, int most)
{
	return value < 0 ? 0 : value > most ? most : value;
}

/* A segment's feature is a value of its own, or a difference (8.6.1, 8.8). */
static int featured(const struct vp9_header *h, size_t segment, enum vp9_feature feature,
		    unsigned base, int most)
{
	const struct vp9_segment *s = &h->segments[segment];

	if (!h->segmented || !s->enabled[feature])
		return (int)base;
	return clip(h->absolute ? s->value[feature] : (int)base + s->value[feature], most);
}

static void fill_filter_levels(const struct vp9_header *h, size_t segment, uint8_t levels[4][2])
{
	int level = featured(h, segment, VP9_ALT_L, h->filter_level, 63);
	/* By the frame's level, not the segment's: so do libvpx and all that follow it. */
	int scale = 1 << (h->filter_level >> 5);

	for (size_t ref = 0; ref < VP9_REFS; ref++) {
		for (size_t mode = 0; mode < VP9_MODES; mode++) {
			/* Intra blocks, of reference 0, have no mode of prediction. */
			int delta = h->ref_deltas[ref] + (ref > 0 ? h->mode_deltas[mode] : 0);

			levels[ref][mode] = (uint8_t)clip(
				h->deltas_enabled ? level + delta * scale : level, 63);
		}
	}
}

static void fill_segment(const struct vp9_header *h, size_t i, VASegmentParameterVP9 *ret)
{
	const struct vp9_segment *s = &h->segments[i];
	int q = featured(h, i, VP9_ALT_Q, h->base_q, 255);

	ret->segment_flags.fields.segment_reference_enabled = s->enabled[VP9_REF];
	ret->segment_flags.fields.segment_reference = (unsigned)s->value[VP9_REF] & 3;
	ret->segment_flags.fields.segment_reference_skipped = s->enabled[VP9_SKIP];
	fill_filter_levels(h, i, ret->filter_level);
	ret->luma_ac_quant_scale = (int16_t)vp9_ac_step(q);
	ret->luma_dc_quant_scale = (int16_t)vp9_dc_step(q + h->y_dc);
	ret->chroma_ac_quant_scale = (int16_t)vp9_ac_step(q + h->uv_ac);
	ret->chroma_dc_quant_scale = (int16_t)vp9_dc_step(q + h->uv_dc);
}

static void add_picture(const struct vp9_header *h, struct buffers *b)
{
	VADecPictureParameterBufferVP9 pic = {
		.frame_width = (uint16_t)h->width,
		.frame_height = (uint16_t)h->height,
		.pic_fields.bits = { .subsampling_x = 1,
				     .subsampling_y = 1,
				     .show_frame = 1,
				     .error_resilient_mode = h->error_resilient,
				     .frame_parallel_decoding_mode = h->parallel,
				     .refresh_frame_context = h->refresh_context,
				     .segmentation_enabled = h->segmented,
				     .segmentation_temporal_update = h->temporal_update,
				     .segmentation_update_map = h->update_map,
				     .lossless_flag = h->base_q == 0 && h->y_dc == 0 &&
						      h->uv_dc == 0 && h->uv_ac == 0 },
		.filter_level = (uint8_t)h->filter_level,
		.sharpness_level = (uint8_t)h->sharpness,
		.log2_tile_rows = (uint8_t)h->tile_rows_log2,
		.log2_tile_columns = (uint8_t)h->tile_columns_log2,
		.frame_header_length_in_bytes = (uint8_t)h->bytes,
		.first_partition_size = (uint16_t)h->compressed,
		.bit_depth = 8,
	};

	for (size_t i = 0; i < ARRAY_SIZE(pic.reference_frames); i++)
		pic.reference_frames[i] = VA_INVALID_SURFACE;
	memcpy(pic.mb_segment_tree_probs, h->tree_probs, sizeof(pic.mb_segment_tree_probs));
	memcpy(pic.segment_pred_probs, h->pred_probs, sizeof(pic.segment_pred_probs));
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
}

bool vp9_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		struct buffers *b)
{
	struct vp9_header h;
	VASliceParameterBufferVP9 slice = {
		.slice_data_size = (uint32_t)coded->len,
		.slice_data_flag = VA_SLICE_DATA_FLAG_ALL,
	};
	char why[128];

	(void)test;
	(void)target;
	if (!vp9_parse(coded->data, coded->len, &h, why, sizeof(why)))
		return false;
	/* Without segmentation only the first is used, and the others are zero (va_dec_vp9.h). */
	for (size_t i = 0; i < (h.segmented ? VP9_SEGMENTS : 1); i++)
		fill_segment(&h, i, &slice.seg_param[i]);
	add_picture(&h, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, coded->data, coded->len);
	return true;
}
