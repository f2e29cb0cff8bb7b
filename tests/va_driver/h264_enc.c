// SPDX-License-Identifier: Apache-2.0
/* H.264 without compression: each macroblock as I_PCM, so what comes out is what went in. */
#include "fake.h"

#include <string.h>

enum { MB = 16, MB_BYTES = 384, NAL_SLICE = 1, NAL_IDR = 5, NAL_SPS = 7, NAL_PPS = 8 };

/* mb_type of I_PCM in each kind of slice: behind the types of P or B. */
enum { I_PCM = 25, I_PCM_IN_P = 5 + I_PCM, I_PCM_IN_B = 23 + I_PCM };
enum { SLICE_P, SLICE_B, SLICE_I, SLICE_KINDS = 5 };

static void put_macroblock(struct bits *b, const struct surface *s, size_t x, size_t y)
{
	const uint8_t *luma = s->mem->data + y * MB * s->pitch + x * MB;
	const uint8_t *chroma = s->mem->data + s->uv + y * MB / 2 * s->pitch + x * MB;
	uint8_t mb[MB_BYTES], *u = mb + MB * MB, *v = u + MB * MB / 4;
	size_t row, col;

	for (row = 0; row < MB; row++)
		memcpy(mb + row * MB, luma + row * s->pitch, MB);
	for (row = 0; row < MB / 2; row++) {
		for (col = 0; col < MB / 2; col++) {
			*u++ = chroma[row * s->pitch + 2 * col];
			*v++ = chroma[row * s->pitch + 2 * col + 1];
		}
	}
	put_bytes(b, mb, sizeof(mb));
}

static void put_macroblocks(struct bits *nal, const struct surface *s, unsigned int kind,
			    size_t first, size_t num, size_t mb_width)
{
	size_t i;

	for (i = first; i < first + num; i++) {
		if (kind == SLICE_I) {
			put_ue(nal, I_PCM);
		} else {
			put_ue(nal, 0); /* mb_skip_run */
			put_ue(nal, kind == SLICE_P ? I_PCM_IN_P : I_PCM_IN_B);
		}
		put_macroblock(nal, s, i % mb_width, i / mb_width);
	}
	put_trailing(nal);
}

static uint32_t profile_idc(VAProfile profile)
{
	if (profile == VAProfileH264High)
		return 100;
	return profile == VAProfileH264Main ? 77 : 66;
}

static void make_sps(struct bits *b, VAProfile profile, const VAEncSequenceParameterBufferH264 *seq)
{
	put_bits(b, 8, 3 << 5 | NAL_SPS);
	put_bits(b, 8, profile_idc(profile));
	put_bits(b, 8, profile == VAProfileH264ConstrainedBaseline ? 0x40 : 0);
	put_bits(b, 8, seq->level_idc);
	put_ue(b, seq->seq_parameter_set_id);
	if (profile == VAProfileH264High) {
		put_ue(b, 1); /* chroma_format_idc */
		put_ue(b, 0);
		put_ue(b, 0);
		put_bits(b, 2, 0);
	}
	put_ue(b, seq->seq_fields.bits.log2_max_frame_num_minus4);
	put_ue(b, seq->seq_fields.bits.pic_order_cnt_type);
	if (seq->seq_fields.bits.pic_order_cnt_type == 0)
		put_ue(b, seq->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4);
	put_ue(b, seq->max_num_ref_frames);
	put_bits(b, 1, 0);
	put_ue(b, seq->picture_width_in_mbs - 1U);
	put_ue(b, seq->picture_height_in_mbs - 1U);
	put_bits(b, 1, 1); /* frame_mbs_only_flag */
	put_bits(b, 1, seq->seq_fields.bits.direct_8x8_inference_flag);
	put_bits(b, 1, seq->frame_cropping_flag);
	if (seq->frame_cropping_flag) {
		put_ue(b, seq->frame_crop_left_offset);
		put_ue(b, seq->frame_crop_right_offset);
		put_ue(b, seq->frame_crop_top_offset);
		put_ue(b, seq->frame_crop_bottom_offset);
	}
	put_bits(b, 1, 0); /* no VUI */
	put_trailing(b);
}

static void make_pps(struct bits *b, VAProfile profile, const VAEncPictureParameterBufferH264 *pic)
{
	put_bits(b, 8, 3 << 5 | NAL_PPS);
	put_ue(b, pic->pic_parameter_set_id);
	put_ue(b, pic->seq_parameter_set_id);
	put_bits(b, 1, 0); /* entropy_coding_mode_flag: CAVLC */
	put_bits(b, 1, 0);
	put_ue(b, 0); /* num_slice_groups_minus1 */
	put_ue(b, pic->num_ref_idx_l0_active_minus1);
	put_ue(b, pic->num_ref_idx_l1_active_minus1);
	put_bits(b, 3, 0); /* no weighted prediction */
	put_se(b, pic->pic_init_qp - 26);
	put_se(b, 0);
	put_se(b, pic->chroma_qp_index_offset);
	put_bits(b, 1, pic->pic_fields.bits.deblocking_filter_control_present_flag);
	put_bits(b, 1, pic->pic_fields.bits.constrained_intra_pred_flag);
	put_bits(b, 1, 0);
	if (profile == VAProfileH264High) {
		put_bits(b, 1, pic->pic_fields.bits.transform_8x8_mode_flag);
		put_bits(b, 1, 0);
		put_se(b, pic->second_chroma_qp_index_offset);
	}
	put_trailing(b);
}

void h264_headers(struct bits *out, VAProfile profile, const void *seq, const void *pic)
{
	struct bits sps = { 0 }, pps = { 0 };

	make_sps(&sps, profile, seq);
	make_pps(&pps, profile, pic);
	put_nal(out, sps.data, sps.size);
	put_nal(out, pps.data, pps.size);
	bits_free(&sps);
	bits_free(&pps);
}

static void make_slice_header(struct bits *b, const VAEncSequenceParameterBufferH264 *seq,
			      const VAEncPictureParameterBufferH264 *pic,
			      const VAEncSliceParameterBufferH264 *slice)
{
	bool idr = pic->pic_fields.bits.idr_pic_flag, ref = pic->pic_fields.bits.reference_pic_flag;
	unsigned int kind = slice->slice_type % SLICE_KINDS;

	put_bits(b, 8, (ref || idr ? 3U << 5 : 0U) | (idr ? NAL_IDR : NAL_SLICE));
	put_ue(b, slice->macroblock_address);
	put_ue(b, kind);
	put_ue(b, slice->pic_parameter_set_id);
	put_bits(b, seq->seq_fields.bits.log2_max_frame_num_minus4 + 4, pic->frame_num);
	if (idr)
		put_ue(b, slice->idr_pic_id);
	if (seq->seq_fields.bits.pic_order_cnt_type == 0)
		put_bits(b, seq->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4 + 4,
			 slice->pic_order_cnt_lsb);
	if (kind == SLICE_B)
		put_bits(b, 1, slice->direct_spatial_mv_pred_flag);
	if (kind != SLICE_I) {
		put_bits(b, 1, 1); /* num_ref_idx_active_override_flag */
		put_ue(b, slice->num_ref_idx_l0_active_minus1);
		if (kind == SLICE_B)
			put_ue(b, slice->num_ref_idx_l1_active_minus1);
		put_bits(b, kind == SLICE_B ? 2 : 1, 0); /* no modification of the lists */
	}
	if (idr)
		put_bits(b, 2, 0);
	else if (ref)
		put_bits(b, 1, 0);
	put_se(b, slice->slice_qp_delta);
	if (!pic->pic_fields.bits.deblocking_filter_control_present_flag)
		return;
	put_ue(b, slice->disable_deblocking_filter_idc);
	if (slice->disable_deblocking_filter_idc != 1) {
		put_se(b, slice->slice_alpha_c0_offset_div2);
		put_se(b, slice->slice_beta_offset_div2);
	}
}

struct job {
	const VAEncSequenceParameterBufferH264 *seq;
	const VAEncPictureParameterBufferH264 *pic;
	const struct surface *in;
	struct packed packed; /* the latest packed header, and of the next slice: */
	struct packed slice_packed;
	const struct item *slice_header;
	struct bits out;
};

static VAStatus encode_slices(struct driver *drv, struct job *j, const struct item *it)
{
	const VAEncSliceParameterBufferH264 *slices = (const void *)it->mem->data;
	size_t width = j->seq->picture_width_in_mbs, i;
	size_t total = width * j->seq->picture_height_in_mbs;

	for (i = 0; i < it->num && (i + 1) * sizeof(*slices) <= it->mem->size; i++) {
		const VAEncSliceParameterBufferH264 *slice = &slices[i];
		unsigned int kind = slice->slice_type % SLICE_KINDS;
		struct bits nal = { 0 };

		if (kind > SLICE_I || slice->num_macroblocks == 0 ||
		    (uint64_t)slice->macroblock_address + slice->num_macroblocks > total) {
			complain(drv, "h264: slice %zu: type %u, macroblocks %u+%u of %zu", i, kind,
				 slice->macroblock_address, slice->num_macroblocks, total);
			return VA_STATUS_ERROR_INVALID_PARAMETER;
		}
		if (j->slice_header)
			packed_slice(&j->slice_packed, j->slice_header, &nal);
		else
			make_slice_header(&nal, j->seq, j->pic, slice);
		put_macroblocks(&nal, j->in, kind, slice->macroblock_address,
				slice->num_macroblocks, width);
		put_nal(&j->out, nal.data, nal.size);
		bits_free(&nal);
		j->slice_header = NULL;
	}
	return VA_STATUS_SUCCESS;
}

static bool sequence_packed(const struct context *c)
{
	struct packed p = { 0 };
	size_t i;

	for (i = 0; i < c->num_items; i++)
		if (packed_item(&p, &c->items[i]) && p.type == VAEncPackedHeaderSequence)
			return true;
	return false;
}

static VAStatus encode_items(struct driver *drv, const struct context *c, struct job *j)
{
	VAStatus st = VA_STATUS_SUCCESS;
	size_t i;

	for (i = 0; st == VA_STATUS_SUCCESS && i < c->num_items; i++) {
		const struct item *it = &c->items[i];

		if (packed_item(&j->packed, it)) {
			if (j->packed.pending)
				continue;
			if (j->packed.type == VAEncPackedHeaderSlice) {
				j->slice_packed = j->packed;
				j->slice_header = it;
			} else {
				packed_emit(&j->packed, it, &j->out);
			}
		} else if (it->type == VAEncSliceParameterBufferType) {
			st = encode_slices(drv, j, it);
		}
	}
	return st;
}

VAStatus h264_encode(struct driver *drv, struct context *c, struct surface *in)
{
	struct job j = {
		.seq = item_find(c, VAEncSequenceParameterBufferType, sizeof(*j.seq)),
		.pic = item_find(c, VAEncPictureParameterBufferType, sizeof(*j.pic)),
		.in = in,
	};
	VAEncSequenceParameterBufferH264 made = { .level_idc = 41 };
	struct surface input;
	VAStatus st;

	if (!j.pic)
		return VA_STATUS_ERROR_ENCODING_ERROR;
	if (!j.seq) { /* only an IDR picture must bring its sequence */
		made.picture_width_in_mbs = (uint16_t)((c->who.width + MB - 1) / MB);
		made.picture_height_in_mbs = (uint16_t)((c->who.height + MB - 1) / MB);
		j.seq = &made;
	}
	if (in->fourcc != VA_FOURCC_NV12 || j.seq->picture_width_in_mbs * MB > in->cols ||
	    j.seq->picture_height_in_mbs * MB > in->rows) {
		complain(drv, "h264: %dx%d macroblocks from a surface of %dx%d",
			 j.seq->picture_width_in_mbs, j.seq->picture_height_in_mbs, in->width,
			 in->height);
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	}
	if (j.pic->pic_fields.bits.entropy_coding_mode_flag) {
		complain(drv, "h264: no CABAC here, only CAVLC");
		return VA_STATUS_ERROR_ENCODING_ERROR;
	}
	input = frame_input(drv, c, in);
	j.in = &input;
	if (j.pic->pic_fields.bits.idr_pic_flag && !sequence_packed(c))
		h264_headers(&j.out, c->who.profile, j.seq, j.pic);
	st = encode_items(drv, c, &j);
	mem_unref(input.mem);
	if (st != VA_STATUS_SUCCESS) {
		bits_free(&j.out);
		return st;
	}
	return coded_store(drv, c, j.pic->coded_buf, &j.out, j.pic->pic_init_qp);
}
