// SPDX-License-Identifier: Apache-2.0
/* Encodes baseline JPEG with the tables of the application, by libjpeg. */
#include "fake.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

enum { MCU = 16, BLOCK = 64, IDENTITY = 50 };

struct guard {
	struct jpeg_error_mgr base;
	jmp_buf back;
};

/* Zig-zag order to rows, which libjpeg wants. */
static const uint8_t order[BLOCK] = { 0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18,
				      11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
				      13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43,
				      36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45,
				      38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63 };

static void on_error(j_common_ptr info)
{
	struct guard *g = (struct guard *)info->err;

	longjmp(g->back, 1);
}

static void on_message(j_common_ptr info)
{
	(void)info;
}

/* As iHD: 50 leaves the application's table alone, 100 makes it all ones. */
static void set_quant(struct jpeg_compress_struct *j, int slot, const uint8_t *table,
		      unsigned int quality)
{
	unsigned int percent = quality < IDENTITY ? 5000 / quality : 200 - 2 * quality,
		     values[BLOCK], i;

	for (i = 0; i < BLOCK; i++) {
		unsigned int v = (table[i] * percent + 50) / 100;

		values[order[i]] = v < 1 ? 1 : v > 255 ? 255 : v;
	}
	jpeg_add_quant_table(j, slot, values, 100, TRUE);
}

static void set_huffman(j_common_ptr info, JHUFF_TBL **slot, const uint8_t *counts,
			const uint8_t *values, size_t num)
{
	if (!*slot)
		*slot = jpeg_alloc_huff_table(info);
	memset((*slot)->bits, 0, sizeof((*slot)->bits));
	memset((*slot)->huffval, 0, sizeof((*slot)->huffval));
	memcpy((*slot)->bits + 1, counts, 16);
	memcpy((*slot)->huffval, values, num);
	(*slot)->sent_table = FALSE;
}

static void set_tables(struct jpeg_compress_struct *j, const struct context *c,
		       unsigned int quality)
{
	const VAQMatrixBufferJPEG *q = item_find(c, VAQMatrixBufferType, sizeof(*q));
	const VAHuffmanTableBufferJPEGBaseline *h =
		item_find(c, VAHuffmanTableBufferType, sizeof(*h));
	int i;

	if (q && q->load_lum_quantiser_matrix)
		set_quant(j, 0, q->lum_quantiser_matrix, quality);
	if (q && q->load_chroma_quantiser_matrix)
		set_quant(j, 1, q->chroma_quantiser_matrix, quality);
	for (i = 0; h && i < 2; i++) {
		if (!h->load_huffman_table[i])
			continue;
		set_huffman((j_common_ptr)j, &j->dc_huff_tbl_ptrs[i],
			    h->huffman_table[i].num_dc_codes, h->huffman_table[i].dc_values,
			    sizeof(h->huffman_table[i].dc_values));
		set_huffman((j_common_ptr)j, &j->ac_huff_tbl_ptrs[i],
			    h->huffman_table[i].num_ac_codes, h->huffman_table[i].ac_values,
			    sizeof(h->huffman_table[i].ac_values));
	}
}

static void set_up(struct jpeg_compress_struct *j, const struct context *c,
		   const VAEncPictureParameterBufferJPEG *pic,
		   const VAEncSliceParameterBufferJPEG *slice, unsigned int quality)
{
	int i;

	j->image_width = pic->picture_width;
	j->image_height = pic->picture_height;
	j->input_components = 3;
	j->in_color_space = JCS_YCbCr;
	jpeg_set_defaults(j);
	jpeg_set_quality(j, (int)quality, TRUE);
	set_tables(j, c, quality);
	j->raw_data_in = TRUE;
	j->dct_method = JDCT_ISLOW;
	j->restart_interval = slice->restart_interval;
	for (i = 0; i < 3; i++) {
		j->comp_info[i].component_id = pic->component_id[i];
		j->comp_info[i].quant_tbl_no = pic->quantiser_table_selector[i];
		j->comp_info[i].dc_tbl_no = slice->components[i].dc_table_selector;
		j->comp_info[i].ac_tbl_no = slice->components[i].ac_table_selector;
	}
}

/* A row of units of 16x16 at a time; beyond the picture its last row and column go on. */
static void put_rows(struct jpeg_compress_struct *j, const struct surface *s, uint8_t *room,
		     size_t width)
{
	JSAMPROW y[MCU], u[MCU / 2], v[MCU / 2];
	JSAMPARRAY planes[3] = { y, u, v };
	size_t top, row, col, rows = j->image_height, cols = j->image_width;

	for (row = 0; row < MCU; row++)
		y[row] = room + row * width;
	for (row = 0; row < MCU / 2; row++) {
		u[row] = room + (MCU + row) * width;
		v[row] = u[row] + width / 2;
	}
	for (top = 0; top < rows; top += MCU) {
		for (row = 0; row < MCU; row++) {
			size_t from = top + row < rows ? top + row : rows - 1;
			const uint8_t *in = s->mem->data + from * s->pitch;

			for (col = 0; col < width; col++)
				y[row][col] = in[col < cols ? col : cols - 1];
		}
		for (row = 0; row < MCU / 2; row++) {
			size_t from = top / 2 + row, last = (rows + 1) / 2 - 1;
			const uint8_t *in =
				s->mem->data + s->uv + (from < last ? from : last) * s->pitch;

			for (col = 0; col < width / 2; col++) {
				size_t at = col < (cols + 1) / 2 ? col : (cols + 1) / 2 - 1;

				u[row][col] = in[2 * at];
				v[row][col] = in[2 * at + 1];
			}
		}
		jpeg_write_raw_data(j, planes, MCU);
	}
}

/* False: libjpeg refused something, the tables usually. */
static bool compress(const struct context *c, const struct surface *in, unsigned int quality,
		     unsigned char **ret, unsigned long *ret_size, char why[JMSG_LENGTH_MAX])
{
	const VAEncPictureParameterBufferJPEG *pic =
		item_find(c, VAEncPictureParameterBufferType, sizeof(*pic));
	const VAEncSliceParameterBufferJPEG *slice =
		item_find(c, VAEncSliceParameterBufferType, sizeof(*slice));
	size_t width = ((size_t)pic->picture_width + MCU - 1) / MCU * MCU;
	uint8_t *room = xalloc(width * MCU * 3 / 2);
	struct jpeg_compress_struct j;
	struct guard g;
	volatile bool good = false;

	memset(&j, 0, sizeof(j));
	j.err = jpeg_std_error(&g.base);
	g.base.error_exit = on_error;
	g.base.output_message = on_message;
	if (setjmp(g.back) == 0) {
		jpeg_create_compress(&j);
		jpeg_mem_dest(&j, ret, ret_size);
		set_up(&j, c, pic, slice, quality);
		jpeg_start_compress(&j, TRUE);
		put_rows(&j, in, room, width);
		jpeg_finish_compress(&j);
		good = true;
	} else {
		g.base.format_message((j_common_ptr)&j, why);
	}
	jpeg_destroy_compress(&j);
	free(room);
	return good;
}

/* Where the scan's data start: behind the SOS segment. */
static size_t scan_start(const uint8_t *data, size_t size)
{
	size_t at = 2;

	while (at + 4 <= size) {
		size_t len = (size_t)data[at + 2] << 8 | data[at + 3];
		bool sos = data[at + 1] == 0xda;

		at += 2 + len;
		if (sos)
			return at < size ? at : 0;
	}
	return 0;
}

/* The application's headers before the driver's scan, where there are any. */
VAStatus jpeg_encode(struct driver *drv, struct context *c, struct surface *in)
{
	const VAEncPictureParameterBufferJPEG *pic =
		item_find(c, VAEncPictureParameterBufferType, sizeof(*pic));
	char why[JMSG_LENGTH_MAX] = "";
	unsigned char *data = NULL;
	unsigned long size = 0;
	struct packed p = { 0 };
	struct bits out = { 0 };
	struct surface input;
	unsigned int quality;
	size_t i, scan;
	bool good;

	if (!pic ||
	    !item_find(c, VAEncSliceParameterBufferType, sizeof(VAEncSliceParameterBufferJPEG)) ||
	    pic->quality == 0 || in->fourcc != VA_FOURCC_NV12 || pic->picture_width > in->cols ||
	    pic->picture_height > in->rows)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	input = frame_input(drv, c, in);
	quality = (unsigned int)knob_num(drv, "QUALITY", &c->who, pic->quality);
	good = compress(c, &input, quality, &data, &size, why);
	mem_unref(input.mem);
	scan = good ? scan_start(data, size) : 0;
	if (scan == 0) {
		complain(drv, "jpeg: %s", why);
		free(data);
		return VA_STATUS_ERROR_ENCODING_ERROR;
	}
	for (i = 0; i < c->num_items; i++) {
		if (!packed_item(&p, &c->items[i]) || p.pending)
			continue;
		packed_emit(&p, &c->items[i], &out);
	}
	if (out.size > 0)
		put_bytes(&out, data + scan, size - scan);
	else
		put_bytes(&out, data, size);
	free(data);
	return coded_store(drv, c, pic->coded_buf, &out, 0);
}
