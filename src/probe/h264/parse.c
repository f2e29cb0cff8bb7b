// SPDX-License-Identifier: Apache-2.0
/*
 * H.264: one IDR picture of one I slice, CAVLC, with our own parameter sets (ITU-T H.264, 7.3).
 * Decoding reads the sets of the stream, since a driver may write its own.
 */
#include "probe/bits.h"
#include "probe/probe.h"

#include <stdio.h>
#include <string.h>

enum { NAL_IDR = 5, NAL_SPS = 7, NAL_PPS = 8 };

#define QUANTIZER      26
#define LEVEL(width)   ((width) > 1920 ? 51 : 40)
#define LOG2_POC_LSB   8
#define LOG2_FRAME_NUM 4

static unsigned profile_idc(VAProfile profile)
{
	return profile == VAProfileH264High ? 100 : profile == VAProfileH264Main ? 77 : 66;
}

static unsigned mbs(unsigned pixels)
{
	return (pixels + 15) / 16;
}

static void write_sps(const struct test *t, struct bit_writer *w)
{
	unsigned idc = profile_idc(t->profile->profile);
	unsigned right = mbs(t->width) * 16 - t->width, bottom = mbs(t->height) * 16 - t->height;

	bits_put(w, 8, idc);
	bits_put(w, 8, idc == 66 ? 0xc0 : 0); /* constraint_set0 and 1: Constrained Baseline */
	bits_put(w, 8, LEVEL(t->width));
	bits_put_ue(w, 0); /* seq_parameter_set_id */
	if (idc == 100) {
		bits_put_ue(w, 1); /* chroma_format_idc: 4:2:0 */
		bits_put_ue(w, 0); /* bit_depth_luma_minus8 */
		bits_put_ue(w, 0); /* bit_depth_chroma_minus8 */
		bits_put(w, 2, 0); /* no transform bypass, no scaling matrix */
	}
	bits_put_ue(w, LOG2_FRAME_NUM - 4);
	bits_put_ue(w, 0); /* pic_order_cnt_type */
	bits_put_ue(w, LOG2_POC_LSB - 4);
	bits_put_ue(w, 1); /* max_num_ref_frames */
	bits_put(w, 1, 0); /* no gaps in frame_num */
	bits_put_ue(w, mbs(t->width) - 1);
	bits_put_ue(w, mbs(t->height) - 1);
	bits_put(w, 1, 1); /* frame_mbs_only_flag */
	bits_put(w, 1, 1); /* direct_8x8_inference_flag */
	bits_put(w, 1, right || bottom);
	if (right || bottom) {
		bits_put_ue(w, 0);
		bits_put_ue(w, right / 2);
		bits_put_ue(w, 0);
		bits_put_ue(w, bottom / 2);
	}
	bits_put(w, 1, 0); /* no VUI */
	bits_put_trailing(w);
}

static void write_pps(struct bit_writer *w)
{
	bits_put_ue(w, 0); /* pic_parameter_set_id */
	bits_put_ue(w, 0); /* seq_parameter_set_id */
	bits_put(w, 2, 0); /* CAVLC, no field order */
	bits_put_ue(w, 0); /* one slice group */
	bits_put_ue(w, 0); /* num_ref_idx_l0_default_active_minus1 */
	bits_put_ue(w, 0); /* num_ref_idx_l1_default_active_minus1 */
	bits_put(w, 3, 0); /* no weighted prediction */
	bits_put_se(w, QUANTIZER - 26);
	bits_put_se(w, 0); /* pic_init_qs_minus26 */
	bits_put_se(w, 0); /* chroma_qp_index_offset */
	bits_put(w, 1, 1); /* deblocking_filter_control_present_flag */
	bits_put(w, 2, 0); /* no constrained intra prediction, no redundant pictures */
	bits_put_trailing(w);
}

static void write_slice_header(struct bit_writer *w)
{
	bits_put_ue(w, 0);		/* first_mb_in_slice */
	bits_put_ue(w, 7);		/* slice_type: I, and so are all */
	bits_put_ue(w, 0);		/* pic_parameter_set_id */
	bits_put(w, LOG2_FRAME_NUM, 0); /* frame_num */
	bits_put_ue(w, 0);		/* idr_pic_id */
	bits_put(w, LOG2_POC_LSB, 0);	/* pic_order_cnt_lsb */
	bits_put(w, 2, 0);		/* dec_ref_pic_marking of an IDR picture */
	bits_put_se(w, 0);		/* slice_qp_delta */
	bits_put_ue(w, 0);		/* disable_deblocking_filter_idc */
	bits_put_se(w, 0);		/* slice_alpha_c0_offset_div2 */
	bits_put_se(w, 0);		/* slice_beta_offset_div2 */
}

static void add_nal(struct buffers *b, VAEncPackedHeaderType type, uint8_t header,
		    const struct bit_writer *payload)
{
	uint8_t nal[1024];
	size_t bits = bits_nal(payload, &header, 1, nal, sizeof(nal));

	buffers_add_packed(b, type, nal, bits);
}

static void add_packed(const struct encoding *e, struct buffers *b)
{
	struct bit_writer sps = { .bits = 0 }, pps = { .bits = 0 }, slice = { .bits = 0 };

	write_sps(e->test, &sps);
	write_pps(&pps);
	write_slice_header(&slice);
	if (e->packed & VA_ENC_PACKED_HEADER_SEQUENCE)
		add_nal(b, VAEncPackedHeaderSequence, 0x60 | NAL_SPS, &sps);
	if (e->packed & VA_ENC_PACKED_HEADER_PICTURE)
		add_nal(b, VAEncPackedHeaderPicture, 0x60 | NAL_PPS, &pps);
	if (e->packed & VA_ENC_PACKED_HEADER_SLICE)
		add_nal(b, VAEncPackedHeaderSlice, 0x60 | NAL_IDR, &slice);
}

static void invalidate(VAPictureH264 *pictures, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pictures[i].picture_id = VA_INVALID_SURFACE;
		pictures[i].flags = VA_PICTURE_H264_INVALID;
	}
}

static void encode(const struct encoding *e, struct buffers *b)
{
	const struct test *t = e->test;
	unsigned right = mbs(t->width) * 16 - t->width, bottom = mbs(t->height) * 16 - t->height;
	VAEncSequenceParameterBufferH264 seq = {
		.level_idc = LEVEL(t->width),
		.intra_period = 1,
		.intra_idr_period = 1,
		.ip_period = 1,
		.max_num_ref_frames = 1,
		.picture_width_in_mbs = (uint16_t)mbs(t->width),
		.picture_height_in_mbs = (uint16_t)mbs(t->height),
		.seq_fields.bits = { .chroma_format_idc = 1,
				     .frame_mbs_only_flag = 1,
				     .direct_8x8_inference_flag = 1,
				     .log2_max_frame_num_minus4 = LOG2_FRAME_NUM - 4,
				     .log2_max_pic_order_cnt_lsb_minus4 = LOG2_POC_LSB - 4 },
		.frame_cropping_flag = right || bottom,
		.frame_crop_right_offset = right / 2,
		.frame_crop_bottom_offset = bottom / 2,
		.num_units_in_tick = 1,
		.time_scale = 60,
	};
	VAEncPictureParameterBufferH264 pic = {
		.CurrPic = { .picture_id = e->reconstructed },
		.coded_buf = e->coded,
		.pic_init_qp = QUANTIZER,
		.pic_fields.bits = { .idr_pic_flag = 1,
				     .reference_pic_flag = 1,
				     .deblocking_filter_control_present_flag = 1 },
	};
	VAEncSliceParameterBufferH264 slice = {
		.num_macroblocks = mbs(t->width) * mbs(t->height),
		.macroblock_info = VA_INVALID_ID,
		.slice_type = 2,
	};

	invalidate(pic.ReferenceFrames, ARRAY_SIZE(pic.ReferenceFrames));
	invalidate(slice.RefPicList0, ARRAY_SIZE(slice.RefPicList0));
	invalidate(slice.RefPicList1, ARRAY_SIZE(slice.RefPicList1));
	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
	add_packed(e, b);
	buffers_add(b, VAEncSliceParameterBufferType, &slice, sizeof(slice));
}

static bool find_nal(const struct coded *coded, unsigned type, struct nal *ret)
{
	size_t at = 0;

	while (bits_next_nal(coded->data, coded->len, &at, ret))
		if (ret->len > 0 && (ret->data[0] & 0x1f) == type)
			return true;
	return false;
}

static bool check_stream(const struct test *test, const struct coded *coded, char *why, size_t size)
{
	static const struct {
		unsigned type;
		const char *name;
	} wanted[] = { { NAL_SPS, "sequence parameter set" },
		       { NAL_PPS, "picture parameter set" },
		       { NAL_IDR, "IDR slice" } };
	struct nal nal;

	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!find_nal(coded, wanted[i].type, &nal)) {
			snprintf(why, size, "no %s in %zu coded bytes", wanted[i].name, coded->len);
			return false;
		}
	}
	return true;
}

/* What decoding needs of the parameter sets and the slice header. */
struct headers {
	unsigned frame_num_bits, poc_type, poc_bits, width_mbs, height_mbs, max_ref_frames;
	bool frame_mbs_only, direct_8x8, poc_always_zero;
	bool cabac, bottom_field_order, deblocking_control, constrained_intra, redundant,
		transform_8x8;
	bool weighted;
	unsigned bipred;
	int qp, qs, chroma_offset, second_chroma_offset;
	/* slice */
	unsigned first_mb, slice_bits, disable_deblocking;
	int qp_delta, alpha, beta;
};

/* VUI follows, and nobody needs it. Scaling matrices are not ours, and not read. */
static bool read_sps(const struct nal *nal, struct headers *h)
{
	uint8_t rbsp[512];
	struct bit_reader r = { .data = rbsp };
	unsigned idc;

	r.bits = 8 * bits_unescape(nal, 1, rbsp, sizeof(rbsp));
	idc = bits_get(&r, 8);
	bits_get(&r, 16);
	bits_get_ue(&r);
	if (idc >= 100) {
		if (bits_get_ue(&r) != 1 || bits_get_ue(&r) != 0 || bits_get_ue(&r) != 0)
			return false;
		bits_get(&r, 1);
		if (bits_get(&r, 1))
			return false;
	}
	h->frame_num_bits = bits_get_ue(&r) + 4;
	h->poc_type = bits_get_ue(&r);
	if (h->poc_type == 0)
		h->poc_bits = bits_get_ue(&r) + 4;
	else if (h->poc_type == 1)
		return false; /* nobody's intra stream has it */
	h->max_ref_frames = bits_get_ue(&r);
	bits_get(&r, 1);
	h->width_mbs = bits_get_ue(&r) + 1;
	h->height_mbs = bits_get_ue(&r) + 1;
	h->frame_mbs_only = bits_get(&r, 1);
	if (!h->frame_mbs_only)
		return false;
	h->direct_8x8 = bits_get(&r, 1);
	return !r.overrun && h->frame_num_bits <= 16 && h->poc_bits <= 16;
}

static bool read_pps(const struct nal *nal, struct headers *h)
{
	uint8_t rbsp[256];
	struct bit_reader r = { .data = rbsp };

	r.bits = 8 * bits_unescape(nal, 1, rbsp, sizeof(rbsp));
	bits_get_ue(&r);
	bits_get_ue(&r);
	h->cabac = bits_get(&r, 1);
	h->bottom_field_order = bits_get(&r, 1);
	if (bits_get_ue(&r) != 0)
		return false; /* slice groups */
	bits_get_ue(&r);
	bits_get_ue(&r);
	h->weighted = bits_get(&r, 1);
	h->bipred = bits_get(&r, 2);
	h->qp = bits_get_se(&r);
	h->qs = bits_get_se(&r);
	h->chroma_offset = h->second_chroma_offset = bits_get_se(&r);
	h->deblocking_control = bits_get(&r, 1);
	h->constrained_intra = bits_get(&r, 1);
	h->redundant = bits_get(&r, 1);
	if (r.overrun)
		return false;
	/* more_rbsp_data(): beyond the last one bit there is nothing. */
	size_t last = r.bits;

	while (last > 0 && !(rbsp[(last - 1) / 8] >> (7 - (last - 1) % 8) & 1))
		last--;
	if (r.at + 1 < last) {
		h->transform_8x8 = bits_get(&r, 1);
		if (bits_get(&r, 1))
			return false;
		h->second_chroma_offset = bits_get_se(&r);
	}
	return !r.overrun;
}

static bool read_slice_header(const struct nal *nal, struct headers *h)
{
	uint8_t rbsp[128];
	struct bit_reader r = { .data = rbsp };

	r.bits = 8 * bits_unescape(nal, 1, rbsp, sizeof(rbsp));
	h->first_mb = bits_get_ue(&r);
	if (bits_get_ue(&r) % 5 != 2)
		return false; /* not an I slice */
	bits_get_ue(&r);
	bits_get(&r, h->frame_num_bits);
	bits_get_ue(&r);
	if (h->poc_type == 0) {
		bits_get(&r, h->poc_bits);
		if (h->bottom_field_order)
			bits_get_se(&r);
	}
	if (h->redundant)
		bits_get_ue(&r);
	bits_get(&r, 2);
	h->qp_delta = bits_get_se(&r);
	if (h->deblocking_control) {
		h->disable_deblocking = bits_get_ue(&r);
		if (h->disable_deblocking != 1) {
			h->alpha = bits_get_se(&r);
			h->beta = bits_get_se(&r);
		}
	}
	/* The NAL unit's header byte counts, emulation prevention does not (va.h). */
	h->slice_bits = (unsigned)r.at + 8;
	return !r.overrun && h->first_mb == 0;
}

static void add_decode_buffers(const struct headers *h, VASurfaceID target, struct buffers *b)
{
	VAPictureParameterBufferH264 pic = {
		.CurrPic = { .picture_id = target },
		.picture_width_in_mbs_minus1 = (uint16_t)(h->width_mbs - 1),
		.picture_height_in_mbs_minus1 = (uint16_t)(h->height_mbs - 1),
		.num_ref_frames = (uint8_t)h->max_ref_frames,
		.seq_fields.bits = { .chroma_format_idc = 1,
				     .frame_mbs_only_flag = 1,
				     .direct_8x8_inference_flag = h->direct_8x8,
				     .MinLumaBiPredSize8x8 = 1,
				     .log2_max_frame_num_minus4 = (h->frame_num_bits - 4) & 0xf,
				     .pic_order_cnt_type = h->poc_type & 3,
				     .log2_max_pic_order_cnt_lsb_minus4 =
					     h->poc_bits ? (h->poc_bits - 4) & 0xf : 0 },
		.pic_init_qp_minus26 = (int8_t)h->qp,
		.pic_init_qs_minus26 = (int8_t)h->qs,
		.chroma_qp_index_offset = (int8_t)h->chroma_offset,
		.second_chroma_qp_index_offset = (int8_t)h->second_chroma_offset,
		.pic_fields.bits = { .entropy_coding_mode_flag = h->cabac,
				     .weighted_pred_flag = h->weighted,
				     .weighted_bipred_idc = h->bipred & 3,
				     .transform_8x8_mode_flag = h->transform_8x8,
				     .constrained_intra_pred_flag = h->constrained_intra,
				     .pic_order_present_flag = h->bottom_field_order,
				     .deblocking_filter_control_present_flag =
					     h->deblocking_control,
				     .redundant_pic_cnt_present_flag = h->redundant,
				     .reference_pic_flag = 1 },
	};
	VAIQMatrixBufferH264 matrix;

	invalidate(pic.ReferenceFrames, ARRAY_SIZE(pic.ReferenceFrames));
	memset(&matrix, 16, sizeof(matrix.ScalingList4x4) + sizeof(matrix.ScalingList8x8));
	memset((uint8_t *)&matrix + sizeof(matrix.ScalingList4x4) + sizeof(matrix.ScalingList8x8),
	       0, sizeof(matrix) - sizeof(matrix.ScalingList4x4) - sizeof(matrix.ScalingList8x8));
	buffers_add(b, VAPictureParameterBufferType, &pic, sizeof(pic));
	buffers_add(b, VAIQMatrixBufferType, &matrix, sizeof(matrix));
}

static bool decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		   struct buffers *b)
{
	struct headers h = { 0 };
	struct nal sps, pps, idr;
	VASliceParameterBufferH264 slice = { 0 };

	(void)test;
	if (!find_nal(coded, NAL_SPS, &sps) || !find_nal(coded, NAL_PPS, &pps) ||
	    !find_nal(coded, NAL_IDR, &idr) || !read_sps(&sps, &h) || !read_pps(&pps, &h) ||
	    !read_slice_header(&idr, &h))
		return false;
	slice.slice_data_size = (uint32_t)idr.len;
	slice.slice_data_flag = VA_SLICE_DATA_FLAG_ALL;
	slice.slice_data_bit_offset = (uint16_t)h.slice_bits;
	slice.slice_type = 2;
	slice.slice_qp_delta = (int8_t)h.qp_delta;
	slice.disable_deblocking_filter_idc = (uint8_t)h.disable_deblocking;
	slice.slice_alpha_c0_offset_div2 = (int8_t)h.alpha;
	slice.slice_beta_offset_div2 = (int8_t)h.beta;
	invalidate(slice.RefPicList0, ARRAY_SIZE(slice.RefPicList0));
	invalidate(slice.RefPicList1, ARRAY_SIZE(slice.RefPicList1));
	add_decode_buffers(&h, target, b);
	buffers_add(b, VASliceParameterBufferType, &slice, sizeof(slice));
	buffers_add(b, VASliceDataBufferType, idr.data, idr.len);
	return true;
}

const struct codec h264_codec = {
	.name = "h264",
	.packed = VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE |
		  VA_ENC_PACKED_HEADER_SLICE,
	.quantizer = QUANTIZER,
	.encode = encode,
	.check = check_stream,
	.decode = decode,
};
