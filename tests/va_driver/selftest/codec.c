// SPDX-License-Identifier: Apache-2.0
/* The parameter buffers of one key picture of each codec, both ways. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include <va/va_enc_av1.h>
#include <va/va_enc_h264.h>
#include <va/va_enc_jpeg.h>

/* Of the slice header that these parameters make: 32 bits, and idr_pic_id 1 takes two more. */
enum { SLICE_HEADER_BITS = 34, START_CODE = 4, QP = 26 };

static void no_references(VAPictureH264 *list, size_t num)
{
	size_t i;

	for (i = 0; i < num; i++)
		list[i] = (VAPictureH264){ .picture_id = VA_INVALID_SURFACE,
					   .flags = VA_PICTURE_H264_INVALID };
}

static void fill_h264(const struct client *c, VAEncSequenceParameterBufferH264 *seq,
		      VAEncPictureParameterBufferH264 *pic, VAEncSliceParameterBufferH264 *slice)
{
	memset(seq, 0, sizeof(*seq));
	memset(pic, 0, sizeof(*pic));
	memset(slice, 0, sizeof(*slice));
	seq->level_idc = 41;
	seq->intra_period = seq->intra_idr_period = seq->ip_period = 1;
	seq->max_num_ref_frames = 1;
	seq->picture_width_in_mbs = WIDTH / 16;
	seq->picture_height_in_mbs = HEIGHT / 16;
	seq->seq_fields.bits.chroma_format_idc = 1;
	seq->seq_fields.bits.frame_mbs_only_flag = 1;
	seq->seq_fields.bits.direct_8x8_inference_flag = 1;
	seq->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 = 4;
	pic->CurrPic.picture_id = c->surfaces[1];
	no_references(pic->ReferenceFrames, 16);
	pic->coded_buf = c->coded;
	pic->pic_init_qp = QP;
	pic->pic_fields.bits.idr_pic_flag = 1;
	pic->pic_fields.bits.reference_pic_flag = 1;
	pic->pic_fields.bits.deblocking_filter_control_present_flag = 1;
	slice->num_macroblocks = WIDTH / 16 * HEIGHT / 16;
	slice->macroblock_info = VA_INVALID_ID;
	slice->slice_type = 2;
	slice->idr_pic_id = 1;
	no_references(slice->RefPicList0, 32);
	no_references(slice->RefPicList1, 32);
}

static VAStatus add_packed(struct client *c, uint32_t type, const uint8_t *data, size_t bits)
{
	VAEncPackedHeaderParameterBuffer p = { .type = type, .bit_length = (uint32_t)bits };
	VAStatus st = add_buffer(c, VAEncPackedHeaderParameterBufferType, &p, sizeof(p));

	return st ? st : add_buffer(c, VAEncPackedHeaderDataBufferType, data, (bits + 7) / 8);
}

/* The n-th unit with its start code of four bytes. */
static size_t find_nal(const struct stream *s, int n, size_t *ret_size)
{
	size_t i, start = 0;

	for (i = 0; i + START_CODE < s->size; i++) {
		if (memcmp(s->data + i, "\0\0\0\1", START_CODE) != 0)
			continue;
		if (n-- == 0)
			start = i;
		else if (n < -1)
			break;
	}
	*ret_size = (i + START_CODE < s->size ? i : s->size) - start;
	return start;
}

/* Headers from a stream that the driver made, now as the application's; not escaped. */
static VAStatus add_packed_of(struct client *c, const struct stream *own)
{
	static const uint32_t types[] = { VAEncPackedHeaderSequence, VAEncPackedHeaderPicture,
					  VAEncPackedHeaderSlice };
	VAStatus st = VA_STATUS_SUCCESS;
	int i;

	for (i = 0; st == VA_STATUS_SUCCESS && i < 3; i++) {
		size_t size, at = find_nal(own, i, &size);
		size_t bits = i == 2 ? START_CODE * 8 + SLICE_HEADER_BITS : size * 8;

		st = add_packed(c, types[i], own->data + at, bits);
	}
	return st;
}

VAStatus encode_h264(struct client *c, VAProfile profile, VAEntrypoint entrypoint,
		     const uint8_t *nv12, bool derive, enum headers headers, struct stream *ret)
{
	VAEncSequenceParameterBufferH264 seq;
	VAEncPictureParameterBufferH264 pic;
	VAEncSliceParameterBufferH264 slice;
	struct stream own = { 0 };
	VAStatus st = VA_STATUS_SUCCESS;

	*ret = (struct stream){ 0 };
	if (headers == PACKED_HEADERS)
		st = encode_h264(c, profile, entrypoint, nv12, derive, OWN_HEADERS, &own);
	if (st == VA_STATUS_SUCCESS)
		st = client_context(c, profile, entrypoint, WIDTH, HEIGHT, VA_RT_FORMAT_YUV420);
	if (st == VA_STATUS_SUCCESS)
		st = upload(c, c->surfaces[0], nv12, WIDTH, HEIGHT, derive);
	fill_h264(c, &seq, &pic, &slice);
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS && headers == PACKED_HEADERS)
		st = add_packed_of(c, &own);
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncSliceParameterBufferType, &slice, sizeof(slice));
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = take_stream(c, ret);
	client_context_end(c);
	free(own.data);
	return st;
}

VAStatus decode_h264(struct client *c, VAProfile profile, const struct stream *in, uint8_t *nv12)
{
	VAPictureParameterBufferH264 pic = { .picture_width_in_mbs_minus1 = WIDTH / 16 - 1,
					     .picture_height_in_mbs_minus1 = HEIGHT / 16 - 1 };
	VASliceParameterBufferH264 slice = { .slice_data_bit_offset = SLICE_HEADER_BITS,
					     .slice_type = 2 };
	VAIQMatrixBufferH264 matrix;
	size_t size, at = find_nal(in, 2, &size) + START_CODE;
	VAStatus st =
		client_context(c, profile, VAEntrypointVLD, WIDTH, HEIGHT, VA_RT_FORMAT_YUV420);

	pic.CurrPic.picture_id = c->surfaces[0];
	no_references(pic.ReferenceFrames, 16);
	slice.slice_data_size = (uint32_t)(size - START_CODE);
	no_references(slice.RefPicList0, 32);
	no_references(slice.RefPicList1, 32);
	memset(&matrix, 16, sizeof(matrix));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAIQMatrixBufferType, &matrix, sizeof(matrix));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceParameterBufferType, &slice, sizeof(slice));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceDataBufferType, in->data + at, slice.slice_data_size);
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = download(c, c->surfaces[0], nv12, WIDTH, HEIGHT);
	client_context_end(c);
	return st;
}

/* No tables: libjpeg's own, for the quality. */
VAStatus encode_jpeg(struct client *c, const uint8_t *nv12, struct stream *ret)
{
	VAEncPictureParameterBufferJPEG pic = { .picture_width = WIDTH,
						.picture_height = HEIGHT,
						.pic_flags = { .bits = { .huffman = 1 } },
						.sample_bit_depth = 8,
						.num_scan = 1,
						.num_components = 3,
						.component_id = { 1, 2, 3 },
						.quantiser_table_selector = { 0, 1, 1 },
						.quality = 90 };
	VAEncSliceParameterBufferJPEG slice = {
		.num_components = 3, .components = { { 1, 0, 0 }, { 2, 1, 1 }, { 3, 1, 1 } }
	};
	VAStatus st = client_context(c, VAProfileJPEGBaseline, VAEntrypointEncPicture, WIDTH,
				     HEIGHT, VA_RT_FORMAT_YUV420);

	*ret = (struct stream){ 0 };
	pic.reconstructed_picture = c->surfaces[1];
	pic.coded_buf = c->coded;
	if (st == VA_STATUS_SUCCESS)
		st = upload(c, c->surfaces[0], nv12, WIDTH, HEIGHT, true);
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncSliceParameterBufferType, &slice, sizeof(slice));
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = take_stream(c, ret);
	client_context_end(c);
	return st;
}

struct jpeg {
	VAPictureParameterBufferJPEGBaseline pic;
	VAIQMatrixBufferJPEGBaseline matrix;
	VAHuffmanTableBufferJPEGBaseline huffman;
	VASliceParameterBufferJPEGBaseline slice;
};

static void read_huffman(struct jpeg *j, const uint8_t *p)
{
	unsigned int id = p[0] & 1;

	j->huffman.load_huffman_table[id] = 1;
	if (p[0] >> 4) {
		memcpy(j->huffman.huffman_table[id].num_ac_codes, p + 1, 16);
		memcpy(j->huffman.huffman_table[id].ac_values, p + 17, 162);
	} else {
		memcpy(j->huffman.huffman_table[id].num_dc_codes, p + 1, 16);
		memcpy(j->huffman.huffman_table[id].dc_values, p + 17, 12);
	}
}

static void read_frame(struct jpeg *j, const uint8_t *p)
{
	int i;

	j->pic.picture_height = (uint16_t)(p[1] << 8 | p[2]);
	j->pic.picture_width = (uint16_t)(p[3] << 8 | p[4]);
	j->pic.num_components = p[5];
	for (i = 0; i < p[5] && i < 4; i++) {
		const uint8_t *q = p + 6 + 3 * i;

		j->pic.components[i].component_id = q[0];
		j->pic.components[i].h_sampling_factor = q[1] >> 4;
		j->pic.components[i].v_sampling_factor = q[1] & 15;
		j->pic.components[i].quantiser_table_selector = q[2];
	}
}

/* Where the scan starts; 0: not there. */
static size_t read_jpeg(struct jpeg *j, const struct stream *in)
{
	size_t at = 2;
	int i;

	memset(j, 0, sizeof(*j));
	while (at + 4 < in->size && in->data[at] == 0xff) {
		const uint8_t *p = in->data + at + 4;
		unsigned int marker = in->data[at + 1];

		at += 2 + ((size_t)in->data[at + 2] << 8 | in->data[at + 3]);
		if (marker == 0xdb) {
			j->matrix.load_quantiser_table[p[0] & 3] = 1;
			memcpy(j->matrix.quantiser_table[p[0] & 3], p + 1, 64);
		} else if (marker == 0xc4) {
			read_huffman(j, p);
		} else if (marker == 0xc0) {
			read_frame(j, p);
		} else if (marker == 0xda) {
			j->slice.num_components = p[0];
			for (i = 0; i < p[0] && i < 4; i++) {
				j->slice.components[i].component_selector = p[1 + 2 * i];
				j->slice.components[i].dc_table_selector = p[2 + 2 * i] >> 4;
				j->slice.components[i].ac_table_selector = p[2 + 2 * i] & 15;
			}
			return at;
		}
	}
	return 0;
}

VAStatus decode_jpeg(struct client *c, const struct stream *in, uint8_t *nv12)
{
	struct jpeg j;
	size_t at = read_jpeg(&j, in);
	VAStatus st = client_context(c, VAProfileJPEGBaseline, VAEntrypointVLD, WIDTH, HEIGHT,
				     VA_RT_FORMAT_YUV420);

	if (at == 0)
		return VA_STATUS_ERROR_INVALID_VALUE;
	j.slice.slice_data_size = (uint32_t)(in->size - at);
	j.slice.num_mcus = WIDTH / 16 * HEIGHT / 16;
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAPictureParameterBufferType, &j.pic, sizeof(j.pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAIQMatrixBufferType, &j.matrix, sizeof(j.matrix));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAHuffmanTableBufferType, &j.huffman, sizeof(j.huffman));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceParameterBufferType, &j.slice, sizeof(j.slice));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceDataBufferType, in->data + at, in->size - at);
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = download(c, c->surfaces[0], nv12, WIDTH, HEIGHT);
	client_context_end(c);
	return st;
}

/* The least that makes a stream; CHECK=0 goes with it. */
VAStatus encode_hevc(struct client *c, const uint8_t *nv12, struct stream *ret)
{
	static const uint8_t slice_header[] = { 0, 0, 0, 1, 0x26, 0x01, 0xaf };
	VAEncPictureParameterBufferHEVC pic = { .pic_init_qp = QP, .nal_unit_type = 19 };
	VAStatus st = client_context(c, VAProfileHEVCMain, VAEntrypointEncSliceLP, WIDTH, HEIGHT,
				     VA_RT_FORMAT_YUV420);

	*ret = (struct stream){ 0 };
	pic.coded_buf = c->coded;
	if (st == VA_STATUS_SUCCESS)
		st = upload(c, c->surfaces[0], nv12, WIDTH, HEIGHT, false);
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_packed(c, VAEncPackedHeaderSlice, slice_header, sizeof(slice_header) * 8);
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = take_stream(c, ret);
	client_context_end(c);
	return st;
}

VAStatus decode_hevc(struct client *c, const struct stream *in, uint8_t *nv12)
{
	VAPictureParameterBufferHEVC pic = { .pic_width_in_luma_samples = WIDTH,
					     .pic_height_in_luma_samples = HEIGHT };
	VASliceParameterBufferHEVC slice = { .slice_data_size = (uint32_t)(in->size - START_CODE) };
	VAStatus st = client_context(c, VAProfileHEVCMain, VAEntrypointVLD, WIDTH, HEIGHT,
				     VA_RT_FORMAT_YUV420);

	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceParameterBufferType, &slice, sizeof(slice));
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VASliceDataBufferType, in->data + START_CODE,
				slice.slice_data_size);
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = download(c, c->surfaces[0], nv12, WIDTH, HEIGHT);
	client_context_end(c);
	return st;
}

/* Not for a decoder: two units whose sizes are right but for the tiles that the driver adds. */
VAStatus encode_av1(struct client *c, const uint8_t *nv12, bool one_unit, struct stream *ret)
{
	static const uint8_t sequence[] = { 1 << 3 | 2, 3, 0x11, 0x22, 0x80 };
	static const uint8_t header[] = { 3 << 3 | 2, 4, 0x33, 0x44, 0x55, 0x80 };
	static const uint8_t frame[] = { 6 << 3 | 2, 0x80, 0x80, 0x80, 0, 0x33, 0x44, 0x55 };
	VAEncPictureParameterBufferAV1 pic = { .tile_cols = 1, .tile_rows = 1 };
	VAStatus st = client_context(c, VAProfileAV1Profile0, VAEntrypointEncSliceLP, WIDTH, HEIGHT,
				     VA_RT_FORMAT_YUV420);

	*ret = (struct stream){ 0 };
	pic.coded_buf = c->coded;
	pic.picture_flags.bits.enable_frame_obu = one_unit;
	pic.byte_offset_frame_hdr_obu_size = 1;
	if (st == VA_STATUS_SUCCESS)
		st = upload(c, c->surfaces[0], nv12, WIDTH, HEIGHT, false);
	if (st == VA_STATUS_SUCCESS)
		st = add_buffer(c, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	if (st == VA_STATUS_SUCCESS)
		st = add_packed(c, VAEncPackedHeaderSequence, sequence, sizeof(sequence) * 8);
	if (st == VA_STATUS_SUCCESS)
		st = one_unit ? add_packed(c, VAEncPackedHeaderPicture, frame, sizeof(frame) * 8)
			      : add_packed(c, VAEncPackedHeaderPicture, header, sizeof(header) * 8);
	if (st == VA_STATUS_SUCCESS)
		st = run_picture(c, c->surfaces[0]);
	if (st == VA_STATUS_SUCCESS)
		st = take_stream(c, ret);
	client_context_end(c);
	return st;
}
