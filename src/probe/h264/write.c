// SPDX-License-Identifier: Apache-2.0
/* The parameter sets and the slice header of one IDR picture of one I slice, CAVLC. */
#include "h264.h"

static unsigned profile_idc(VAProfile profile)
{
	return profile == VAProfileH264High ? 100 : profile == VAProfileH264Main ? 77 : 66;
}

unsigned h264_mbs(unsigned pixels)
{
	return (pixels + 15) / 16;
}

void h264_write_sps(const struct test *t, struct bit_writer *w)
{
	unsigned idc = profile_idc(t->profile->profile);
	unsigned right = h264_mbs(t->width) * 16 - t->width,
		 bottom = h264_mbs(t->height) * 16 - t->height;

	bits_put(w, 8, idc);
	bits_put(w, 8, idc == 66 ? 0xc0 : 0); /* constraint_set0 and 1: Constrained Baseline */
	bits_put(w, 8, H264_LEVEL(t->width));
	bits_put_ue(w, 0); /* seq_parameter_set_id */
	if (idc == 100) {
		bits_put_ue(w, 1); /* chroma_format_idc: 4:2:0 */
		bits_put_ue(w, 0); /* bit_depth_luma_minus8 */
		bits_put_ue(w, 0); /* bit_depth_chroma_minus8 */
		bits_put(w, 2, 0); /* no transform bypass, no scaling matrix */
	}
	bits_put_ue(w, H264_LOG2_FRAME_NUM - 4);
	bits_put_ue(w, 0); /* pic_order_cnt_type */
	bits_put_ue(w, H264_LOG2_POC_LSB - 4);
	bits_put_ue(w, 1); /* max_num_ref_frames */
	bits_put(w, 1, 0); /* no gaps in frame_num */
	bits_put_ue(w, h264_mbs(t->width) - 1);
	bits_put_ue(w, h264_mbs(t->height) - 1);
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

void h264_write_pps(struct bit_writer *w)
{
	bits_put_ue(w, 0); /* pic_parameter_set_id */
	bits_put_ue(w, 0); /* seq_parameter_set_id */
	bits_put(w, 2, 0); /* CAVLC, no field order */
	bits_put_ue(w, 0); /* one slice group */
	bits_put_ue(w, 0); /* num_ref_idx_l0_default_active_minus1 */
	bits_put_ue(w, 0); /* num_ref_idx_l1_default_active_minus1 */
	bits_put(w, 3, 0); /* no weighted prediction */
	bits_put_se(w, H264_QUANTIZER - 26);
	bits_put_se(w, 0); /* pic_init_qs_minus26 */
	bits_put_se(w, 0); /* chroma_qp_index_offset */
	bits_put(w, 1, 1); /* deblocking_filter_control_present_flag */
	bits_put(w, 2, 0); /* no constrained intra prediction, no redundant pictures */
	bits_put_trailing(w);
}

void h264_write_slice_header(struct bit_writer *w)
{
	bits_put_ue(w, 0);		     /* first_mb_in_slice */
	bits_put_ue(w, 7);		     /* slice_type: I, and so are all */
	bits_put_ue(w, 0);		     /* pic_parameter_set_id */
	bits_put(w, H264_LOG2_FRAME_NUM, 0); /* frame_num */
	bits_put_ue(w, 0);		     /* idr_pic_id */
	bits_put(w, H264_LOG2_POC_LSB, 0);   /* pic_order_cnt_lsb */
	bits_put(w, 2, 0);		     /* dec_ref_pic_marking of an IDR picture */
	bits_put_se(w, 0);		     /* slice_qp_delta */
	bits_put_ue(w, 0);		     /* disable_deblocking_filter_idc */
	bits_put_se(w, 0);		     /* slice_alpha_c0_offset_div2 */
	bits_put_se(w, 0);		     /* slice_beta_offset_div2 */
}
