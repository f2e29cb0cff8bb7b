/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HEVC, split by direction: the headers that are written, those that are read, the buffers that
 * are made of either. Names are those of ITU-T H.265, 7.3.
 */
#ifndef PROBE_HEVC_H
#define PROBE_HEVC_H

#include "probe/base/bits.h"
#include "probe/base/common.h"

enum {
	HEVC_IDR_W_RADL = 19,
	HEVC_IDR_N_LP = 20,
	HEVC_VPS = 32,
	HEVC_SPS = 33,
	HEVC_PPS = 34,
};

#define HEVC_QUANTIZER	 26
#define HEVC_NAL_HEADER	 2  /* bytes */
#define HEVC_MAX_COLUMNS 20 /* of tiles, Table A.8; rows: 22 */
#define HEVC_MAX_ROWS	 22

struct hevc_sps {
	unsigned id, profile_idc, level_idc, chroma_format_idc;
	unsigned width, height;		   /* coded, in luma samples */
	unsigned left, right, top, bottom; /* what the conformance window cuts off them */
	unsigned luma_depth, chroma_depth;
	unsigned poc_bits, max_dec_pic_buffering_minus1, max_num_reorder_pics;
	unsigned log2_min_cb, log2_ctb, log2_min_tb, log2_max_tb;
	unsigned transform_depth_inter, transform_depth_intra;
	bool amp, sao, temporal_mvp, strong_intra_smoothing, long_term_ref_pics;
	bool pcm, pcm_loop_filter_disabled;
	unsigned pcm_luma_depth, pcm_chroma_depth, log2_min_pcm, log2_max_pcm;
	unsigned num_short_term_ref_pic_sets, num_long_term_ref_pics;
};

struct hevc_pps {
	unsigned id, sps_id;
	bool dependent_slices, output_flag, sign_data_hiding, cabac_init, constrained_intra;
	bool transform_skip, cu_qp_delta, slice_chroma_qp_offsets, weighted_pred, weighted_bipred;
	bool transquant_bypass, tiles, entropy_coding_sync, loop_filter_across_tiles;
	bool loop_filter_across_slices, deblocking_override, deblocking_disabled;
	bool lists_modification, slice_header_extension;
	unsigned num_extra_slice_header_bits, num_ref_idx_l0_minus1, num_ref_idx_l1_minus1;
	unsigned diff_cu_qp_delta_depth, log2_parallel_merge_level;
	int init_qp_minus26, cb_qp_offset, cr_qp_offset, beta_offset_div2, tc_offset_div2;
	unsigned columns, rows; /* of tiles, in coding tree blocks: */
	unsigned column_width[HEVC_MAX_COLUMNS], row_height[HEVC_MAX_ROWS];
};

struct hevc_slice {
	unsigned nal_unit_type, num_entry_points;
	int qp_delta, cb_qp_offset, cr_qp_offset, beta_offset_div2, tc_offset_div2;
	bool sao_luma, sao_chroma, deblocking_disabled, loop_filter_across;
	unsigned data_offset;	  /* of slice_segment_data(), from the NAL unit's header on */
	unsigned emulation_bytes; /* before it, which data_offset does not count */
};

struct hevc_headers {
	struct hevc_sps sps;
	struct hevc_pps pps;
	struct hevc_slice slice;
	struct nal idr;
};

static inline unsigned hevc_ctbs(const struct hevc_sps *sps, unsigned samples)
{
	return (samples + (1u << sps->log2_ctb) - 1) >> sps->log2_ctb;
}

static inline bool hevc_is_offset(int value, int most)
{
	return value >= -most && value <= most;
}

/* write.c: the packed headers of what is encoded. */
void hevc_write_vps(const struct hevc_sps *sps, struct bit_writer *w);
void hevc_write_sps(const struct hevc_sps *sps, struct bit_writer *w);
void hevc_write_pps(const struct hevc_pps *pps, struct bit_writer *w);
void hevc_write_slice_header(const struct hevc_headers *h, struct bit_writer *w);

/* parse.c: a stream of one IDR picture of one slice, or the reason why it is none. */
bool hevc_parse(const struct coded *coded, struct hevc_headers *ret, char *why, size_t size);

/* parse_sets.c: the parameter sets; what is wrong with one, NULL for nothing. */
const char *hevc_parse_sps(const struct nal *nal, struct hevc_sps *sps);
const char *hevc_parse_pps(const struct nal *nal, const struct hevc_sps *sps, struct hevc_pps *pps);

/* va_encode.c, va_decode.c */
void hevc_encode(const struct encoding *encoding, struct buffers *buffers);
bool hevc_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *buffers);

#endif
