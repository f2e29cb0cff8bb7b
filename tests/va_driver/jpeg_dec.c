// SPDX-License-Identifier: Apache-2.0
/* Decodes baseline JPEG: makes a file of the parameters and the scan, and libjpeg reads it. */
#include "fake.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { MCU = 16, BLOCK = 64 };

struct guard {
	struct jpeg_error_mgr base;
	jmp_buf back;
	bool warned;
};

static void on_error(j_common_ptr info)
{
	struct guard *g = (struct guard *)info->err;

	longjmp(g->back, 1);
}

/* A level below 0 is a warning: broken data. */
static void on_message(j_common_ptr info, int level)
{
	if (level < 0)
		((struct guard *)info->err)->warned = true;
}

static void put_segment(struct bits *b, unsigned int marker, size_t size)
{
	put_bits(b, 8, 0xff);
	put_bits(b, 8, marker);
	put_bits(b, 16, (uint32_t)size + 2);
}

static void put_quant(struct bits *b, const VAIQMatrixBufferJPEGBaseline *q)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		if (!q->load_quantiser_table[i])
			continue;
		put_segment(b, 0xdb, 1 + BLOCK);
		put_bits(b, 8, i);
		put_bytes(b, q->quantiser_table[i], BLOCK);
	}
}

static void put_huffman(struct bits *b, unsigned int id, const uint8_t counts[16],
			const uint8_t *values, size_t most)
{
	size_t num = 0, i;

	for (i = 0; i < 16; i++)
		num += counts[i];
	if (num > most)
		num = most;
	put_segment(b, 0xc4, 17 + num);
	put_bits(b, 8, id);
	put_bytes(b, counts, 16);
	put_bytes(b, values, num);
}

static void put_frame(struct bits *b, const VAPictureParameterBufferJPEGBaseline *pic)
{
	unsigned int i;

	put_segment(b, 0xc0, 6 + 3U * pic->num_components);
	put_bits(b, 8, 8);
	put_bits(b, 16, pic->picture_height);
	put_bits(b, 16, pic->picture_width);
	put_bits(b, 8, pic->num_components);
	for (i = 0; i < pic->num_components; i++) {
		put_bits(b, 8, pic->components[i].component_id);
		put_bits(b, 4, pic->components[i].h_sampling_factor);
		put_bits(b, 4, pic->components[i].v_sampling_factor);
		put_bits(b, 8, pic->components[i].quantiser_table_selector);
	}
}

static void put_scan(struct bits *b, const VASliceParameterBufferJPEGBaseline *par)
{
	unsigned int i;

	if (par->restart_interval) {
		put_segment(b, 0xdd, 2);
		put_bits(b, 16, par->restart_interval);
	}
	put_segment(b, 0xda, 4 + 2U * par->num_components);
	put_bits(b, 8, par->num_components);
	for (i = 0; i < par->num_components; i++) {
		put_bits(b, 8, par->components[i].component_selector);
		put_bits(b, 4, par->components[i].dc_table_selector);
		put_bits(b, 4, par->components[i].ac_table_selector);
	}
	put_bits(b, 8, 0);
	put_bits(b, 8, 63);
	put_bits(b, 8, 0);
}

static void take_rows(struct jpeg_decompress_struct *j, struct surface *s, uint8_t *room,
		      size_t width)
{
	JSAMPROW y[MCU], u[MCU / 2], v[MCU / 2];
	JSAMPARRAY planes[3] = { y, u, v };
	size_t row, col, top = 0;

	for (row = 0; row < MCU; row++)
		y[row] = room + row * width;
	for (row = 0; row < MCU / 2; row++) {
		u[row] = room + (MCU + row) * width;
		v[row] = u[row] + width / 2;
	}
	while (j->output_scanline < j->output_height) {
		jpeg_read_raw_data(j, planes, MCU);
		for (row = 0; row < MCU && top + row < (size_t)s->rows; row++)
			memcpy(s->mem->data + (top + row) * s->pitch, y[row], width);
		for (row = 0; row < MCU / 2 && top / 2 + row < (size_t)s->rows / 2; row++) {
			uint8_t *to = s->mem->data + s->uv + (top / 2 + row) * s->pitch;

			for (col = 0; col < width / 2; col++) {
				to[2 * col] = u[row][col];
				to[2 * col + 1] = v[row][col];
			}
		}
		top += MCU;
	}
}

static bool decompress(const struct bits *file, struct surface *out)
{
	size_t width = (size_t)out->cols;
	uint8_t *room = xalloc(width * MCU * 3 / 2);
	struct jpeg_decompress_struct j;
	volatile bool good = false;
	struct guard g = { 0 };

	memset(&j, 0, sizeof(j));
	j.err = jpeg_std_error(&g.base);
	g.base.error_exit = on_error;
	g.base.emit_message = on_message;
	if (setjmp(g.back) == 0) {
		jpeg_create_decompress(&j);
		jpeg_mem_src(&j, file->data, file->size);
		jpeg_read_header(&j, TRUE);
		j.raw_data_out = TRUE;
		j.out_color_space = JCS_YCbCr;
		jpeg_start_decompress(&j);
		take_rows(&j, out, room, width);
		jpeg_finish_decompress(&j);
		good = !g.warned;
	}
	jpeg_destroy_decompress(&j);
	free(room);
	return good;
}

/* Only three components with the chroma halved both ways, which is what NV12 can hold. */
static bool is_420(const VAPictureParameterBufferJPEGBaseline *pic)
{
	return pic->num_components == 3 && pic->components[0].h_sampling_factor == 2 &&
	       pic->components[0].v_sampling_factor == 2 &&
	       pic->components[1].h_sampling_factor == 1 &&
	       pic->components[1].v_sampling_factor == 1 &&
	       pic->components[2].h_sampling_factor == 1 &&
	       pic->components[2].v_sampling_factor == 1;
}

VAStatus jpeg_decode(struct driver *drv, struct context *c, struct surface *out)
{
	const VAPictureParameterBufferJPEGBaseline *pic =
		item_find(c, VAPictureParameterBufferType, sizeof(*pic));
	const VAIQMatrixBufferJPEGBaseline *q = item_find(c, VAIQMatrixBufferType, sizeof(*q));
	const VAHuffmanTableBufferJPEGBaseline *h =
		item_find(c, VAHuffmanTableBufferType, sizeof(*h));
	const VASliceParameterBufferJPEGBaseline *par =
		item_find(c, VASliceParameterBufferType, sizeof(*par));
	const struct item *data = NULL;
	static const uint8_t soi[] = { 0xff, 0xd8 }, eoi[] = { 0xff, 0xd9 };
	struct bits file = { 0 };
	unsigned int i;
	size_t k;
	bool good;

	for (k = 0; k < c->num_items; k++)
		if (c->items[k].type == VASliceDataBufferType)
			data = &c->items[k];
	if (!pic || !q || !h || !par || !data || !is_420(pic) || par->num_components > 4 ||
	    pic->picture_width > out->cols || pic->picture_height > out->rows ||
	    (uint64_t)par->slice_data_offset + par->slice_data_size > data->mem->size) {
		complain(drv, "jpeg: cannot decode: a buffer is missing or it is not 4:2:0");
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	}
	put_bytes(&file, soi, sizeof(soi));
	put_quant(&file, q);
	put_frame(&file, pic);
	for (i = 0; i < 2; i++) {
		if (!h->load_huffman_table[i])
			continue;
		put_huffman(&file, i, h->huffman_table[i].num_dc_codes,
			    h->huffman_table[i].dc_values, sizeof(h->huffman_table[i].dc_values));
		put_huffman(&file, 16 + i, h->huffman_table[i].num_ac_codes,
			    h->huffman_table[i].ac_values, sizeof(h->huffman_table[i].ac_values));
	}
	put_scan(&file, par);
	put_bytes(&file, data->mem->data + par->slice_data_offset, par->slice_data_size);
	put_bytes(&file, eoi, sizeof(eoi));
	memset(out->mem->data, 0, out->mem->size);
	good = decompress(&file, out);
	bits_free(&file);
	if (!good)
		dump_line(drv, "error: jpeg: broken data");
	return good || !knob_num(drv, "DEC_STRICT", &c->who, 0) ? VA_STATUS_SUCCESS
								: VA_STATUS_ERROR_DECODING_ERROR;
}
