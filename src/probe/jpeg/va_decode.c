// SPDX-License-Identifier: Apache-2.0
/* The buffers that decode one picture, with the tables of its stream. */
#include "jpeg.h"

#include <string.h>

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

bool jpeg_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *b)
{
	VASliceParameterBufferJPEGBaseline slice = { 0 };
	struct jpeg jpeg;
	char why[128];

	(void)test;
	(void)target;
	if (!jpeg_parse(&jpeg, coded->data, coded->len, why, sizeof(why)))
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
	jpeg_add_huffman(&jpeg, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, coded->data + jpeg.scan, jpeg.scan_len);
	return true;
}
