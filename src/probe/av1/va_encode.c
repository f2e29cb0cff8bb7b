// SPDX-License-Identifier: Apache-2.0
/*
 * AV1 profile 0: one key frame at a constant quantizer, with our own units up to the frame
 * header. The driver adds the tile group. Each packed header is one unit: iHD finds the frame
 * header from the others by the first byte of the buffer.
 */
#include "av1.h"

#include <va/va_enc_av1.h>

/* Annex A.3: the least level for a picture; the rates are no matter here. */
static unsigned level_of(const struct test *t)
{
	static const struct {
		unsigned level, area, width, height;
	} levels[] = { { 0, 147456, 2048, 1152 },
		       { 4, 665856, 4352, 2448 },
		       { 8, 2359296, 6144, 3456 },
		       { 12, 8912896, 8192, 4352 },
		       { 16, 35651584, 16384, 8704 } };

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (t->width * t->height <= levels[i].area && t->width <= levels[i].width &&
		    t->height <= levels[i].height)
			return levels[i].level;
	return 31; /* maximum parameters */
}

/* What the driver wants of the headers that it gets. */
static struct av1_format choose(const struct encoding *e)
{
	const struct test *t = e->test;
	VAConfigAttribValEncAV1Ext2 wants = { .value = list_attribute(
						      e->device, t->profile->profile, t->entrypoint,
						      VAConfigAttribEncAV1Ext2) };
	struct av1_format f = {
		.width = t->width,
		.height = t->height,
		.quantizer = AV1_QUANTIZER,
		.level = level_of(t),
		.size_bytes = wants.bits.obu_size_bytes_minus1 + 1u,
		.tile_size_bytes = wants.bits.tile_size_bytes_minus1 + 1u,
		.tx_mode = AV1_TX_SELECT,
	};

	if (wants.value == 0) /* it does not say: as most do */
		f.size_bytes = f.tile_size_bytes = 4;
	else if (!(wants.bits.tx_mode_support & 1 << AV1_TX_SELECT))
		f.tx_mode = AV1_TX_LARGEST;
	av1_tile_limits(t->width, t->height, false, &f.tiles);
	av1_tiles_fewest(&f.tiles);
	return f;
}

static void add_packed(const struct encoding *e, const struct av1_format *f, struct buffers *b)
{
	struct bit_writer delimiter = { .bits = 0 }, sequence = { .bits = 0 },
			  frame = { .bits = 0 };

	av1_write_delimiter(&delimiter);
	av1_write_sequence(f, &sequence);
	av1_write_frame_header(f, &frame);
	if (e->packed & VA_ENC_PACKED_HEADER_RAW_DATA)
		buffers_add_packed(b, VAEncPackedHeaderRawData, delimiter.data, delimiter.bits);
	if (e->packed & VA_ENC_PACKED_HEADER_SEQUENCE)
		buffers_add_packed(b, VAEncPackedHeaderSequence, sequence.data, sequence.bits);
	if (e->packed & VA_ENC_PACKED_HEADER_PICTURE)
		buffers_add_packed(b, VAEncPackedHeaderPicture, frame.data, frame.bits);
}

static void add_sequence(const struct av1_format *f, struct buffers *b)
{
	VAEncSequenceParameterBufferAV1 seq = {
		.seq_level_idx = (uint8_t)f->level,
		.intra_period = 1,
		.ip_period = 1,
		.seq_fields.bits = { .enable_order_hint = 1,
				     .subsampling_x = 1,
				     .subsampling_y = 1 },
		.order_hint_bits_minus_1 = AV1_ORDER_HINT_BITS - 1,
	};

	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
}

/* Of a constant quantizer the driver changes nothing in the headers: all offsets are zero. */
static void add_picture(const struct encoding *e, const struct av1_format *f, struct buffers *b)
{
	const struct av1_tile_info *t = &f->tiles;
	VAEncPictureParameterBufferAV1 pic = {
		.frame_width_minus_1 = (uint16_t)(f->width - 1),
		.frame_height_minus_1 = (uint16_t)(f->height - 1),
		.reconstructed_frame = e->reconstructed,
		.coded_buf = e->coded,
		.primary_ref_frame = AV1_PRIMARY_REF_NONE,
		.refresh_frame_flags = 0xff,
		.picture_flags.bits = { .error_resilient_mode = 1 },
		.base_qindex = AV1_QUANTIZER,
		.mode_control_flags.bits = { .tx_mode = f->tx_mode & 3 },
		.tile_cols = (uint8_t)t->cols,
		.tile_rows = (uint8_t)t->rows,
		.tile_group_obu_hdr_info.bits = { .obu_has_size_field = 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pic.reference_frames); i++)
		pic.reference_frames[i] = VA_INVALID_SURFACE;
	for (size_t i = 0; i < t->cols && i < ARRAY_SIZE(pic.width_in_sbs_minus_1); i++)
		pic.width_in_sbs_minus_1[i] = (uint16_t)(t->widths[i] - 1);
	for (size_t i = 0; i < t->rows && i < ARRAY_SIZE(pic.height_in_sbs_minus_1); i++)
		pic.height_in_sbs_minus_1[i] = (uint16_t)(t->heights[i] - 1);
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
}

void av1_encode(const struct encoding *e, struct buffers *b)
{
	const struct av1_format f = choose(e);
	VAEncTileGroupBufferAV1 group = {
		.tg_end = (uint8_t)(f.tiles.cols * f.tiles.rows - 1),
	};

	add_sequence(&f, b);
	add_picture(e, &f, b);
	add_packed(e, &f, b);
	buffers_add(b, VAEncSliceParameterBufferType, &group, sizeof(group));
}
