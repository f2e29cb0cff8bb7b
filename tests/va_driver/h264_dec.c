// SPDX-License-Identifier: Apache-2.0
/* Decodes H.264 slices of I_PCM macroblocks, which is what h264_enc.c makes, and no others. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

enum { MB = 16, MB_BYTES = 384, I_PCM = 25, SLICE_P = 0, SLICE_B = 1, SLICE_I = 2 };

static void take_macroblock(struct surface *s, const uint8_t *mb, size_t x, size_t y)
{
	uint8_t *luma = s->mem->data + y * MB * s->pitch + x * MB;
	uint8_t *chroma = s->mem->data + s->uv + y * MB / 2 * s->pitch + x * MB;
	const uint8_t *u = mb + MB * MB, *v = u + MB * MB / 4;
	size_t row, col;

	for (row = 0; row < MB; row++)
		memcpy(luma + row * s->pitch, mb + row * MB, MB);
	for (row = 0; row < MB / 2; row++) {
		for (col = 0; col < MB / 2; col++) {
			chroma[row * s->pitch + 2 * col] = *u++;
			chroma[row * s->pitch + 2 * col + 1] = *v++;
		}
	}
}

/* Where rbsp_trailing_bits start: the last bit that is set. */
static size_t payload_bits(const uint8_t *data, size_t size)
{
	unsigned int bit = 0;

	while (size > 0 && data[size - 1] == 0)
		size--;
	if (size == 0)
		return 0;
	while (!(data[size - 1] >> bit & 1))
		bit++;
	return size * 8 - bit - 1;
}

static bool decode_slice(struct surface *s, const VASliceParameterBufferH264 *par, struct reader *r,
			 size_t mb_width, size_t mb_height)
{
	unsigned int kind = par->slice_type % 5;
	unsigned int want = I_PCM + (kind == SLICE_P ? 5 : kind == SLICE_B ? 23 : 0);
	size_t at = par->first_mb_in_slice;

	while (r->pos < r->bits) {
		if (at >= mb_width * mb_height || (kind != SLICE_I && get_ue(r) != 0))
			return false;
		if (get_ue(r) != want || r->over)
			return false;
		r->pos = (r->pos + 7) / 8 * 8;
		if (r->pos + MB_BYTES * 8 > r->bits)
			return false;
		take_macroblock(s, r->data + r->pos / 8, at % mb_width, at / mb_width);
		r->pos += MB_BYTES * 8;
		at++;
	}
	return true;
}

/* One element of a slice parameter buffer and the data that came with it. */
static bool decode_one(struct surface *s, const VASliceParameterBufferH264 *par,
		       const struct item *data, size_t mb_width, size_t mb_height)
{
	struct reader r = { 0 };
	uint8_t *nal;
	size_t size;
	bool good;

	if ((uint64_t)par->slice_data_offset + par->slice_data_size > data->mem->size ||
	    par->slice_data_size == 0)
		return false;
	nal = xalloc(par->slice_data_size);
	size = unescape(nal, data->mem->data + par->slice_data_offset, par->slice_data_size);
	r.data = nal;
	r.bits = payload_bits(nal, size);
	r.pos = par->slice_data_bit_offset;
	good = ((nal[0] & 0x1f) == 1 || (nal[0] & 0x1f) == 5) && r.pos >= 8 &&
	       decode_slice(s, par, &r, mb_width, mb_height);
	free(nal);
	return good;
}

/* Like hardware, it says nothing of a stream that it cannot read, unless DEC_STRICT is set. */
VAStatus h264_decode(struct driver *drv, struct context *c, struct surface *out)
{
	const VAPictureParameterBufferH264 *pic =
		item_find(c, VAPictureParameterBufferType, sizeof(*pic));
	const struct item *params = NULL;
	size_t width, height, i, k;
	bool good = true, any = false;

	if (!pic || !item_find(c, VAIQMatrixBufferType, sizeof(VAIQMatrixBufferH264))) {
		complain(drv, "h264: decode without %s",
			 pic ? "an IQ matrix" : "picture parameters");
		return VA_STATUS_ERROR_INVALID_BUFFER;
	}
	width = pic->picture_width_in_mbs_minus1 + 1U;
	height = pic->picture_height_in_mbs_minus1 + 1U;
	if (width * MB > (size_t)out->cols || height * MB > (size_t)out->rows ||
	    out->fourcc != VA_FOURCC_NV12 || pic->pic_fields.bits.entropy_coding_mode_flag) {
		complain(drv, "h264: cannot decode %zux%zu macroblocks, entropy coding %u", width,
			 height, pic->pic_fields.bits.entropy_coding_mode_flag);
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	}
	memset(out->mem->data, 0, out->mem->size);
	for (i = 0; i < c->num_items; i++) {
		const struct item *it = &c->items[i];

		if (it->type == VASliceParameterBufferType)
			params = it;
		if (it->type != VASliceDataBufferType || !params)
			continue;
		for (k = 0; k < params->num; k++) {
			const VASliceParameterBufferH264 *par =
				(const void *)(params->mem->data + k * params->size);

			if (params->size < sizeof(*par) ||
			    (k + 1) * params->size > params->mem->size)
				break;
			good = decode_one(out, par, it, width, height) && good;
			any = true;
		}
		params = NULL;
	}
	if (any && good)
		return VA_STATUS_SUCCESS;
	dump_line(drv, "error: h264: not a stream of I_PCM macroblocks");
	return knob_num(drv, "DEC_STRICT", &c->who, 0) ? VA_STATUS_ERROR_DECODING_ERROR
						       : VA_STATUS_SUCCESS;
}
