// SPDX-License-Identifier: Apache-2.0
/* The buffers that encode one picture, with our own header where the driver takes one. */
#include "jpeg.h"

#include <string.h>

/*
 * Some drivers scale the given quantisation tables by the quality, others do not: 50 leaves them
 * as they are, so that a header that was written before is right with both.
 */
#define QUALITY 50

void jpeg_add_huffman(const struct jpeg *jpeg, struct buffers *b)
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

void jpeg_encode(const struct encoding *e, struct buffers *b)
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
	jpeg_add_huffman(&jpeg, b);
	buffers_add(b, VAEncSliceParameterBufferType, &slice, sizeof(slice));
	if (e->packed & VA_ENC_PACKED_HEADER_RAW_DATA)
		buffers_add_packed(b, VAEncPackedHeaderRawData, header,
				   8 * jpeg_write(&jpeg, header));
}
