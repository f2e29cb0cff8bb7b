// SPDX-License-Identifier: Apache-2.0
/*
 * JPEG: one baseline picture, 4:2:0, with our own header where the driver takes one. Decoding
 * reads the tables of the stream, since a driver may write its own.
 */
#include "jpeg.h"
#include "probe/probe.h"

#include <stdio.h>
#include <string.h>

/*
 * Some drivers scale the given quantisation tables by the quality, others do not: 50 leaves them
 * as they are, so that a header that was written before is right with both.
 */
#define QUALITY 50

static void add_huffman(const struct jpeg *jpeg, struct buffers *b)
{
	VAHuffmanTableBufferJPEGBaseline buffer = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(buffer.huffman_table); i++) {
		const struct jpeg_huffman *dc = &jpeg->huffman[JPEG_DC][i];
		const struct jpeg_huffman *ac = &jpeg->huffman[JPEG_AC][i];

		buffer.load_huffman_table[i] = dc->present || ac->present;
		memcpy(buffer.huffman_table[i].num_dc_codes, dc->counts, sizeof(dc->counts));
		memcpy(buffer.huffman_table[i].dc_values, dc->values,
		       sizeof(buffer.huffman_table[i].dc_values));
		memcpy(buffer.huffman_table[i].num_ac_codes, ac->counts, sizeof(ac->counts));
		memcpy(buffer.huffman_table[i].ac_values, ac->values,
		       sizeof(buffer.huffman_table[i].ac_values));
	}
	buffers_add(b, VAHuffmanTableBufferType, &buffer, sizeof(buffer));
}

static void add_quantisers(const struct jpeg *jpeg, struct buffers *b)
{
	VAQMatrixBufferJPEG matrix = { .load_lum_quantiser_matrix = 1,
				       .load_chroma_quantiser_matrix = 1 };

	memcpy(matrix.lum_quantiser_matrix, jpeg->quantisers[0], sizeof(jpeg->quantisers[0]));
	memcpy(matrix.chroma_quantiser_matrix, jpeg->quantisers[1], sizeof(jpeg->quantisers[1]));
	buffers_add(b, VAQMatrixBufferType, &matrix, sizeof(matrix));
}

static void encode(const struct encoding *e, struct buffers *b)
{
	uint8_t header[JPEG_HEADER_MAX];
	struct jpeg jpeg;

	jpeg_defaults(&jpeg, e->test->width, e->test->height);

	VAEncPictureParameterBufferJPEG pic = {
		.reconstructed_picture = e->reconstructed,
		.picture_width = (uint16_t)jpeg.width,
		.picture_height = (uint16_t)jpeg.height,
		.coded_buf = e->coded,
		/* "interleaved" stays 0, as every client has it: one scan always is. */
		.pic_flags.bits.huffman = 1,
		.sample_bit_depth = 8,
		.num_scan = 1,
		.num_components = JPEG_COMPONENTS,
		.quality = QUALITY,
	};
	VAEncSliceParameterBufferJPEG slice = { .num_components = JPEG_COMPONENTS };

	for (size_t i = 0; i < JPEG_COMPONENTS; i++) {
		const struct jpeg_component *c = &jpeg.components[i];

		pic.component_id[i] = c->id;
		pic.quantiser_table_selector[i] = c->quantiser;
		slice.components[i].component_selector = c->id;
		slice.components[i].dc_table_selector = c->tables[JPEG_DC];
		slice.components[i].ac_table_selector = c->tables[JPEG_AC];
	}
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	add_quantisers(&jpeg, b);
	add_huffman(&jpeg, b);
	buffers_add(b, VAEncSliceParameterBufferType, &slice, sizeof(slice));
	if (e->packed & VA_ENC_PACKED_HEADER_RAW_DATA)
		buffers_add_packed(b, VAEncPackedHeaderRawData, header,
				   8 * jpeg_write(&jpeg, header));
}

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	struct jpeg jpeg;

	if (!jpeg_read(&jpeg, coded->data, coded->len, why, size))
		return false;
	if (jpeg.width != test->width || jpeg.height != test->height) {
		snprintf(why, size, "the stream says %ux%u", jpeg.width, jpeg.height);
		return false;
	}
	return true;
}

static void add_picture(const struct jpeg *jpeg, struct buffers *b)
{
	VAPictureParameterBufferJPEGBaseline pic = {
		.picture_width = (uint16_t)jpeg->width,
		.picture_height = (uint16_t)jpeg->height,
		.num_components = JPEG_COMPONENTS,
	};
	VAIQMatrixBufferJPEGBaseline matrix = { 0 };

	for (size_t i = 0; i < JPEG_COMPONENTS; i++) {
		const struct jpeg_component *c = &jpeg->components[i];

		pic.components[i].component_id = c->id;
		pic.components[i].h_sampling_factor = c->horizontal;
		pic.components[i].v_sampling_factor = c->vertical;
		pic.components[i].quantiser_table_selector = c->quantiser;
	}
	for (size_t i = 0; i < ARRAY_SIZE(matrix.load_quantiser_table); i++)
		matrix.load_quantiser_table[i] = jpeg->has_quantiser[i];
	memcpy(matrix.quantiser_table, jpeg->quantisers, sizeof(matrix.quantiser_table));
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
	buffers_add(b, VAIQMatrixBufferType, &matrix, sizeof(matrix));
}

static bool decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		   struct buffers *b)
{
	VASliceParameterBufferJPEGBaseline slice = { 0 };
	struct jpeg jpeg;
	char why[128];

	(void)test;
	(void)target;
	if (!jpeg_read(&jpeg, coded->data, coded->len, why, sizeof(why)))
		return false;
	slice.slice_data_size = (uint32_t)jpeg.scan_len;
	slice.slice_data_flag = VA_SLICE_DATA_FLAG_ALL;
	slice.num_components = JPEG_COMPONENTS;
	slice.restart_interval = (uint16_t)jpeg.restart_interval;
	slice.num_mcus = jpeg_mcus(&jpeg);
	for (size_t i = 0; i < JPEG_COMPONENTS; i++) {
		const struct jpeg_component *c = &jpeg.components[i];

		slice.components[i].component_selector = c->id;
		slice.components[i].dc_table_selector = c->tables[JPEG_DC];
		slice.components[i].ac_table_selector = c->tables[JPEG_AC];
	}
	add_picture(&jpeg, b);
	add_huffman(&jpeg, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, coded->data + jpeg.scan, jpeg.scan_len);
	return true;
}

const struct codec jpeg_codec = {
	.name = "jpeg",
	.packed = VA_ENC_PACKED_HEADER_RAW_DATA,
	.encode = encode,
	.check = check_stream,
	.decode = decode,
};
