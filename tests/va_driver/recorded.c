// SPDX-License-Identifier: Apache-2.0
/*
 * HEVC, VP9 and AV1, which this driver cannot code: it hands out a recorded stream, or one with
 * true headers and a made-up body, remembers the picture for it, and "decodes" by that memory.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include <va/va_enc_av1.h>

enum { BODY = 1024, MATCH = 16, OBU_TILE_GROUP = 4, OBU_SIZE_BYTES = 4, QP_UNKNOWN = 30 };

void recordings_free(struct driver *drv)
{
	struct recording *r = drv->recordings;

	while (r) {
		struct recording *next = r->next;

		mem_unref(r->picture.mem);
		free(r->stream);
		free(r);
		r = next;
	}
	drv->recordings = NULL;
}

/* Takes over the picture. */
static void remember(struct driver *drv, const struct bits *stream, struct surface picture)
{
	struct recording *r = xalloc(sizeof(*r));

	r->size = stream->size;
	r->stream = xalloc(stream->size);
	memcpy(r->stream, stream->data, stream->size);
	r->picture = picture;
	r->next = drv->recordings;
	drv->recordings = r;
}

/* STREAMS=folder: <codec>_<width>x<height>.bin, the codec of Main10 being hevc10. */
static bool recorded(struct driver *drv, const struct context *c, struct bits *out)
{
	const char *dir = knob(drv, "STREAMS", &c->who);
	char path[512], part[4096];
	size_t n;
	FILE *f;

	if (!dir)
		return false;
	snprintf(path, sizeof(path), "%s/%s%s_%dx%d.bin", dir,
		 codec_name(c->who.profile, c->who.entrypoint),
		 c->who.profile == VAProfileHEVCMain10 ? "10" : "", c->who.width, c->who.height);
	f = fopen(path, "re");
	dump_line(drv, "recorded stream %s: %s", path, f ? "used" : "none");
	if (!f)
		return false;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		put_bytes(out, part, n);
	fclose(f);
	return true;
}

/* Bytes that differ with the picture, and none of them a zero. */
static void put_body(struct bits *b, const struct surface *s)
{
	uint8_t body[BODY];
	uint64_t x = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < s->mem->size; i++)
		x = (x ^ s->mem->data[i]) * 0x100000001b3;
	for (i = 0; i < sizeof(body); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		body[i] = (uint8_t)(x | 1);
	}
	put_bytes(b, body, sizeof(body));
}

static bool make_hevc(const struct context *c, const struct surface *s, struct bits *out)
{
	struct packed p = { 0 };
	bool any = false;
	size_t i;

	for (i = 0; i < c->num_items; i++) {
		struct bits nal = { 0 };

		if (!packed_item(&p, &c->items[i]) || p.pending)
			continue;
		if (p.type != VAEncPackedHeaderSlice) {
			packed_emit(&p, &c->items[i], out);
			continue;
		}
		packed_slice(&p, &c->items[i], &nal);
		if (nal.free > 0)
			put_trailing(&nal); /* byte_alignment() */
		put_body(&nal, s);
		put_nal(out, nal.data, nal.size);
		bits_free(&nal);
		any = true;
	}
	return any;
}

/* The uncompressed header of a key frame, which is the driver's to write, and a body. */
static bool make_vp9(const struct context *c, const struct surface *s, struct bits *out)
{
	const VAEncPictureParameterBufferVP9 *pic =
		item_find(c, VAEncPictureParameterBufferType, sizeof(*pic));
	uint32_t columns;

	if (!pic || pic->pic_flags.bits.frame_type != 0)
		return false;
	put_bits(out, 2, 2); /* frame_marker */
	put_bits(out, 2, 0); /* profile 0 */
	put_bits(out, 1, 0); /* show_existing_frame */
	put_bits(out, 1, 0); /* a key frame */
	put_bits(out, 1, pic->pic_flags.bits.show_frame);
	put_bits(out, 1, pic->pic_flags.bits.error_resilient_mode);
	put_bits(out, 24, 0x498342);
	put_bits(out, 3, 0); /* color_space */
	put_bits(out, 1, 0); /* color_range */
	put_bits(out, 16, pic->frame_width_dst - 1);
	put_bits(out, 16, pic->frame_height_dst - 1);
	put_bits(out, 1, 0); /* render size is frame size */
	if (!pic->pic_flags.bits.error_resilient_mode) {
		put_bits(out, 1, pic->pic_flags.bits.refresh_frame_context);
		put_bits(out, 1, pic->pic_flags.bits.frame_parallel_decoding_mode);
	}
	put_bits(out, 2, pic->pic_flags.bits.frame_context_idx);
	put_bits(out, 6, pic->filter_level);
	put_bits(out, 3, pic->sharpness_level);
	put_bits(out, 1, 0); /* loop_filter_delta_enabled */
	put_bits(out, 8, pic->luma_ac_qindex);
	put_bits(out, 3, 0); /* no deltas of it */
	put_bits(out, 1, 0); /* segmentation_enabled */
	columns = (pic->frame_width_dst + 63) / 64;
	if (columns >= 8)
		put_bits(out, 1, 0); /* increment_tile_cols_log2 */
	put_bits(out, 1, 0);	     /* tile_rows_log2 */
	put_bits(out, 16, 64);	     /* bytes of the compressed header */
	put_body(out, s);
	put_bits(out, 8, 1); /* whatever the body ends with, this is no superframe's marker */
	return true;
}

/* obu_size in as many bytes as VAConfigAttribEncAV1Ext2 says. */
static void obu_size(uint8_t *to, size_t size)
{
	int i;

	for (i = 0; i < OBU_SIZE_BYTES; i++)
		to[i] = (uint8_t)((size >> (7 * i) & 0x7f) | (i + 1 < OBU_SIZE_BYTES ? 0x80 : 0));
}

static bool make_av1(const struct context *c, const struct surface *s, struct bits *out)
{
	const VAEncPictureParameterBufferAV1 *pic =
		item_find(c, VAEncPictureParameterBufferType, sizeof(*pic));
	uint8_t size[OBU_SIZE_BYTES];
	struct packed p = { 0 };
	size_t i, frame = 0, field;

	if (!pic)
		return false;
	for (i = 0; i < c->num_items; i++) {
		if (!packed_item(&p, &c->items[i]) || p.pending)
			continue;
		if (p.type == VAEncPackedHeaderPicture)
			frame = out->size;
		packed_emit(&p, &c->items[i], out);
	}
	if (!pic->picture_flags.bits.enable_frame_obu) {
		put_bits(out, 8, OBU_TILE_GROUP << 3 | 2);
		obu_size(size, BODY);
		put_bytes(out, size, sizeof(size));
		put_body(out, s);
		return true;
	}
	put_body(out, s);
	field = frame + pic->byte_offset_frame_hdr_obu_size;
	if (pic->byte_offset_frame_hdr_obu_size > 0 && field + OBU_SIZE_BYTES <= out->size)
		obu_size(out->data + field, out->size - field - OBU_SIZE_BYTES);
	return true;
}

static bool coded_buffer(const struct context *c, VABufferID *ret)
{
	const void *pic = item_find(c, VAEncPictureParameterBufferType, 1);
	const char *codec = codec_name(c->who.profile, c->who.entrypoint);

	if (!pic)
		return false;
	if (strcmp(codec, "hevc") == 0)
		*ret = ((const VAEncPictureParameterBufferHEVC *)pic)->coded_buf;
	else if (strcmp(codec, "vp9") == 0)
		*ret = ((const VAEncPictureParameterBufferVP9 *)pic)->coded_buf;
	else
		*ret = ((const VAEncPictureParameterBufferAV1 *)pic)->coded_buf;
	return true;
}

VAStatus recorded_encode(struct driver *drv, struct context *c, struct surface *in)
{
	const char *codec = codec_name(c->who.profile, c->who.entrypoint);
	struct surface picture;
	struct bits out = { 0 };
	VABufferID id = VA_INVALID_ID;
	bool made;

	if (!coded_buffer(c, &id))
		return VA_STATUS_ERROR_ENCODING_ERROR;
	picture = frame_input(drv, c, in);
	made = recorded(drv, c, &out);
	if (!made && knob_num(drv, "SYNTH", &c->who, 1)) {
		if (strcmp(codec, "hevc") == 0)
			made = make_hevc(c, &picture, &out);
		else if (strcmp(codec, "vp9") == 0)
			made = make_vp9(c, &picture, &out);
		else
			made = make_av1(c, &picture, &out);
	}
	if (made)
		remember(drv, &out, picture);
	else
		mem_unref(picture.mem);
	return coded_store(drv, c, id, &out, made ? QP_UNKNOWN : VA_CODED_BUF_STATUS_BAD_BITSTREAM);
}

static const struct recording *look_up(const struct driver *drv, const uint8_t *data, size_t size)
{
	const struct recording *r;

	for (r = drv->recordings; r; r = r->next)
		if (size >= MATCH && memmem(r->stream, r->size, data, size))
			return r;
	return NULL;
}

/* The data of the first slice, tile or frame must be part of a stream handed out. */
VAStatus recorded_decode(struct driver *drv, struct context *c, struct surface *out)
{
	const VASliceParameterBufferBase *par =
		item_find(c, VASliceParameterBufferType, sizeof(*par));
	const struct item *data = NULL;
	const struct recording *r = NULL;
	size_t i;

	for (i = 0; i < c->num_items && !data; i++)
		if (c->items[i].type == VASliceDataBufferType)
			data = &c->items[i];
	if (!item_find(c, VAPictureParameterBufferType, 1) || !par || !data)
		return VA_STATUS_ERROR_INVALID_BUFFER;
	if ((uint64_t)par->slice_data_offset + par->slice_data_size <= data->mem->size)
		r = look_up(drv, data->mem->data + par->slice_data_offset, par->slice_data_size);
	dump_line(drv, "decode %s: %s", profile_name(c->who.profile), r ? "known" : "unknown");
	memset(out->mem->data, 0, out->mem->size);
	if (r)
		frame_copy(out, &r->picture);
	return r || !knob_num(drv, "DEC_STRICT", &c->who, 0) ? VA_STATUS_SUCCESS
							     : VA_STATUS_ERROR_DECODING_ERROR;
}
