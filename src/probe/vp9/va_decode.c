// SPDX-License-Identifier: Apache-2.0
/*
 * VP9 profile 0: one key frame at a constant quantizer. The uncompressed header is ours where the
 * driver takes raw data; it fills in the size of the compressed header, and whatever else it
 * decides, at the offsets that go with it.
 */
#include "vp9.h"

#include "base/macros.h"
#include "probe/bits.h"
#include "probe/probe.h"

#include <string.h>

#define QUANTIZER    100 /* a step like that of H.264's 26 */
#define FILTER_LEVEL 16
#define SHARPNESS    4

/* Where in the header the fields are that a driver may change; bits from its start. */
struct offsets {
	size_t filter_level, ref_deltas, mode_deltas, quantizer, segmentation, compressed;
};

static void write_no_deltas(struct bit_writer *w, size_t n)
{
	while (n-- > 0) {
		bits_put(w, 1, 1); /* update_ref_delta, update_mode_delta: room for the driver's */
		bits_put(w, 7, 0);
	}
}

static void write_loop_filter(struct bit_writer *w, struct offsets *at)
{
	at->filter_level = w->bits;
	bits_put(w, 6, FILTER_LEVEL);
	bits_put(w, 3, SHARPNESS);
	bits_put(w, 2, 3); /* loop_filter_delta_enabled, loop_filter_delta_update */
	at->ref_deltas = w->bits;
	write_no_deltas(w, VP9_REFS);
	at->mode_deltas = w->bits;
	write_no_deltas(w, VP9_MODES);
}

/* uncompressed_header() of a key frame (6.2), as the parameter buffer describes it. */
static void write_header(const struct test *t, struct bit_writer *w, struct offsets *at)
{
	bits_put(w, 2, 2);	   /* frame_marker */
	bits_put(w, 2, 0);	   /* profile */
	bits_put(w, 1, 0);	   /* show_existing_frame */
	bits_put(w, 1, 0);	   /* frame_type: KEY_FRAME */
	bits_put(w, 1, 1);	   /* show_frame */
	bits_put(w, 1, 0);	   /* error_resilient_mode */
	bits_put(w, 24, 0x498342); /* frame_sync_code() */
	bits_put(w, 3, 0);	   /* color_space: CS_UNKNOWN */
	bits_put(w, 1, 0);	   /* color_range: studio swing */
	bits_put(w, 16, t->width - 1);
	bits_put(w, 16, t->height - 1);
	bits_put(w, 1, 0); /* render_and_frame_size_different */
	bits_put(w, 1, 0); /* refresh_frame_context */
	bits_put(w, 1, 0); /* frame_parallel_decoding_mode */
	bits_put(w, 2, 0); /* frame_context_idx */
	write_loop_filter(w, at);
	at->quantizer = w->bits;
	bits_put(w, 8, QUANTIZER);
	bits_put(w, 3, 0); /* no deltas of it */
	at->segmentation = w->bits;
	bits_put(w, 1, 0); /* segmentation_enabled */
	if (vp9_min_tile_columns_log2(t->width) < vp9_max_tile_columns_log2(t->width))
		bits_put(w, 1, 0); /* increment_tile_cols_log2 */
	bits_put(w, 1, 0);	   /* tile_rows_log2 */
	at->compressed = w->bits;
	bits_put(w, 16, 0); /* header_size_in_bytes: the driver's */
	while (w->bits % 8 != 0)
		bits_put(w, 1, 0);
}

static void set_offsets(VAEncPictureParameterBufferVP9 *pic, const struct offsets *at)
{
	pic->bit_offset_ref_lf_delta = (uint16_t)at->ref_deltas;
	pic->bit_offset_mode_lf_delta = (uint16_t)at->mode_deltas;
	pic->bit_offset_lf_level = (uint16_t)at->filter_level;
	pic->bit_offset_qindex = (uint16_t)at->quantizer;
	pic->bit_offset_first_partition_size = (uint16_t)at->compressed;
	pic->bit_offset_segmentation = (uint16_t)at->segmentation;
	pic->bit_size_segmentation = 1;
}

static void encode(const struct encoding *e, struct buffers *b)
{
	const struct test *t = e->test;
	struct bit_writer header = { .bits = 0 };
	struct offsets at;
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
		.luma_ac_qindex = QUANTIZER,
		.filter_level = FILTER_LEVEL,
		.sharpness_level = SHARPNESS,
		.log2_tile_columns = (uint8_t)vp9_min_tile_columns_log2(t->width),
	};
	bool packed = e->packed & VA_ENC_PACKED_HEADER_RAW_DATA;

	for (size_t i = 0; i < ARRAY_SIZE(pic.reference_frames); i++)
		pic.reference_frames[i] = VA_INVALID_SURFACE;
	write_header(t, &header, &at);
	if (packed)
		set_offsets(&pic, &at);
	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (packed)
		buffers_add_packed(b, VAEncPackedHeaderRawData, header.data, header.bits);
}

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	struct vp9_header h;

	if (!vp9_read(coded->data, coded->len, &h, why, size))
		return false;
	if (h.width == test->width && h.height == test->height)
		return true;
	snprintf(why, size, "the VP9 frame has %ux%u pixels", h.width, h.height);
	return false;
}

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

static bool decode(const struct test *test, const struct coded *coded, VASurfaceID target,
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
	if (!vp9_read(coded->data, coded->len, &h, why, sizeof(why)))
		return false;
	/* Without segmentation only the first is used, and the others are zero (va_dec_vp9.h). */
	for (size_t i = 0; i < (h.segmented ? VP9_SEGMENTS : 1); i++)
		fill_segment(&h, i, &slice.seg_param[i]);
	add_picture(&h, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, coded->data, coded->len);
	return true;
}

const struct codec vp9_codec = {
	.name = "vp9",
	.packed = VA_ENC_PACKED_HEADER_RAW_DATA,
	.quantizer = QUANTIZER,
	.encode = encode,
	.check = check_stream,
	.decode = decode,
};
