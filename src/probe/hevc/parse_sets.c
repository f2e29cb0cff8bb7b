// SPDX-License-Identifier: Apache-2.0
/*
 * Sequence and picture parameter sets of any encoder of Main or Main 10 (ITU-T H.265, 7.3.2.2 and
 * 7.3.2.3). Values out of range are refused: they become shifts and bit fields.
 */
#include "hevc.h"

#define MAX_RBSP     1024 /* what is not read here is VUI */
#define MAX_SAMPLES  16384
#define MAX_REF_SETS 64
#define MAX_REFS     16

static void skip(struct bit_reader *r, unsigned bits)
{
	while (bits-- > 0 && !r->overrun)
		bits_get(r, 1);
}

/* 7.3.3, with the general part always present. */
static unsigned read_profile_tier_level(struct bit_reader *r, unsigned max_sub_layers_minus1,
					unsigned *ret_level)
{
	bool profile[8] = { false }, level[8] = { false };
	unsigned idc;

	bits_get(r, 3);
	idc = bits_get(r, 5);
	skip(r, 32 + 4 + 43 + 1);
	*ret_level = bits_get(r, 8);
	for (unsigned i = 0; i < max_sub_layers_minus1; i++) {
		profile[i] = bits_get(r, 1);
		level[i] = bits_get(r, 1);
	}
	if (max_sub_layers_minus1 > 0)
		skip(r, 2 * (8 - max_sub_layers_minus1));
	for (unsigned i = 0; i < max_sub_layers_minus1; i++)
		skip(r, (profile[i] ? 88u : 0) + (level[i] ? 8u : 0));
	return idc;
}

/* Those of the highest layer remain: all of the stream is decoded. */
static void read_layer_ordering(struct bit_reader *r, unsigned max_sub_layers_minus1,
				struct hevc_sps *sps)
{
	unsigned i = bits_get(r, 1) ? 0 : max_sub_layers_minus1;

	for (; i <= max_sub_layers_minus1; i++) {
		sps->max_dec_pic_buffering_minus1 = bits_get_ue(r);
		sps->max_num_reorder_pics = bits_get_ue(r);
		bits_get_ue(r);
	}
}

/* In chroma samples, of which 4:2:0 has half as many. */
static unsigned read_offset(struct bit_reader *r)
{
	unsigned offset = bits_get_ue(r);

	return offset < MAX_SAMPLES ? 2 * offset : MAX_SAMPLES;
}

static const char *read_window(struct bit_reader *r, struct hevc_sps *sps)
{
	if (!bits_get(r, 1))
		return NULL;
	sps->left = read_offset(r);
	sps->right = read_offset(r);
	sps->top = read_offset(r);
	sps->bottom = read_offset(r);
	if (sps->left >= sps->width || sps->right >= sps->width - sps->left ||
	    sps->top >= sps->height || sps->bottom >= sps->height - sps->top)
		return "the conformance window is empty";
	return NULL;
}

static const char *read_format(struct bit_reader *r, struct hevc_sps *sps)
{
	const char *wrong;

	sps->chroma_format_idc = bits_get_ue(r);
	if (sps->chroma_format_idc != 1)
		return "the chroma format is not 4:2:0";
	sps->width = bits_get_ue(r);
	sps->height = bits_get_ue(r);
	if (sps->width == 0 || sps->width > MAX_SAMPLES || sps->height == 0 ||
	    sps->height > MAX_SAMPLES)
		return "the size of the picture is out of range";
	wrong = read_window(r, sps);
	if (wrong)
		return wrong;
	sps->luma_depth = bits_get_ue(r) + 8;
	sps->chroma_depth = bits_get_ue(r) + 8;
	sps->poc_bits = bits_get_ue(r) + 4;
	if (sps->luma_depth > 10 || sps->luma_depth < 8 || sps->chroma_depth > 10 ||
	    sps->chroma_depth < 8 || sps->poc_bits > 16 || sps->poc_bits < 4)
		return "a depth or the order count is out of range";
	return NULL;
}

static const char *read_blocks(struct bit_reader *r, struct hevc_sps *sps)
{
	unsigned min_cb = bits_get_ue(r), diff_cb = bits_get_ue(r);
	unsigned min_tb = bits_get_ue(r), diff_tb = bits_get_ue(r);

	sps->transform_depth_inter = bits_get_ue(r);
	sps->transform_depth_intra = bits_get_ue(r);
	if (min_cb > 3 || diff_cb > 3 || min_tb > 3 || diff_tb > 3)
		return "a block size is out of range";
	sps->log2_min_cb = min_cb + 3;
	sps->log2_ctb = sps->log2_min_cb + diff_cb;
	sps->log2_min_tb = min_tb + 2;
	sps->log2_max_tb = sps->log2_min_tb + diff_tb;
	if (sps->log2_ctb < 4 || sps->log2_ctb > 6 || sps->log2_min_tb >= sps->log2_min_cb ||
	    sps->log2_max_tb > 5 || sps->log2_max_tb > sps->log2_ctb ||
	    sps->transform_depth_inter > sps->log2_ctb - sps->log2_min_tb ||
	    sps->transform_depth_intra > sps->log2_ctb - sps->log2_min_tb)
		return "a block size is out of range";
	if (sps->width % (1u << sps->log2_min_cb) || sps->height % (1u << sps->log2_min_cb))
		return "the picture is not whole coding blocks";
	return NULL;
}

static const char *read_pcm(struct bit_reader *r, struct hevc_sps *sps)
{
	sps->pcm = bits_get(r, 1);
	if (!sps->pcm)
		return NULL;
	sps->pcm_luma_depth = bits_get(r, 4) + 1;
	sps->pcm_chroma_depth = bits_get(r, 4) + 1;
	sps->log2_min_pcm = bits_get_ue(r) + 3;
	sps->log2_max_pcm = sps->log2_min_pcm + bits_get_ue(r);
	sps->pcm_loop_filter_disabled = bits_get(r, 1);
	if (sps->log2_min_pcm < 3 || sps->log2_max_pcm > 5 || sps->log2_max_pcm < sps->log2_min_pcm)
		return "a PCM block size is out of range";
	return NULL;
}

/* 7.3.7. An intra picture refers to none of these sets, but what is behind them counts. */
static bool skip_ref_pic_set(struct bit_reader *r, unsigned index, unsigned *n_delta_pocs)
{
	unsigned n = 0, negative, positive;

	if (index > 0 && bits_get(r, 1)) { /* inter_ref_pic_set_prediction_flag */
		bits_get(r, 1);
		bits_get_ue(r);
		for (unsigned j = 0; j <= *n_delta_pocs; j++)
			if (bits_get(r, 1) || bits_get(r, 1))
				n++;
		*n_delta_pocs = n;
		return n <= MAX_REFS;
	}
	negative = bits_get_ue(r);
	positive = bits_get_ue(r);
	if (negative > MAX_REFS || positive > MAX_REFS - negative)
		return false;
	for (unsigned i = 0; i < negative + positive; i++) {
		bits_get_ue(r);
		bits_get(r, 1);
	}
	*n_delta_pocs = negative + positive;
	return true;
}

static const char *read_references(struct bit_reader *r, struct hevc_sps *sps)
{
	unsigned n_delta_pocs = 0;

	sps->num_short_term_ref_pic_sets = bits_get_ue(r);
	if (sps->num_short_term_ref_pic_sets > MAX_REF_SETS)
		return "too many reference picture sets";
	for (unsigned i = 0; i < sps->num_short_term_ref_pic_sets; i++)
		if (!skip_ref_pic_set(r, i, &n_delta_pocs))
			return "too many reference pictures";
	sps->long_term_ref_pics = bits_get(r, 1);
	if (!sps->long_term_ref_pics)
		return NULL;
	sps->num_long_term_ref_pics = bits_get_ue(r);
	if (sps->num_long_term_ref_pics > 32)
		return "too many long-term reference pictures";
	skip(r, sps->num_long_term_ref_pics * (sps->poc_bits + 1));
	return NULL;
}

/* Scaling lists are not ours, and without them the matrices are flat (7.4.3.2.1). */
static const char *read_tools(struct bit_reader *r, struct hevc_sps *sps)
{
	const char *wrong;

	if (bits_get(r, 1))
		return "there are scaling lists";
	sps->amp = bits_get(r, 1);
	sps->sao = bits_get(r, 1);
	wrong = read_pcm(r, sps);
	if (!wrong)
		wrong = read_references(r, sps);
	sps->temporal_mvp = bits_get(r, 1);
	sps->strong_intra_smoothing = bits_get(r, 1);
	return wrong;
}

const char *hevc_parse_sps(const struct nal *nal, struct hevc_sps *sps)
{
	uint8_t rbsp[MAX_RBSP];
	struct bit_reader r = { .data = rbsp };
	unsigned max_sub_layers_minus1;
	const char *wrong;

	*sps = (struct hevc_sps){ .id = 0 };
	r.bits = 8 * bits_unescape(nal, HEVC_NAL_HEADER, rbsp, sizeof(rbsp));
	bits_get(&r, 4); /* sps_video_parameter_set_id */
	max_sub_layers_minus1 = bits_get(&r, 3);
	if (max_sub_layers_minus1 > 6)
		return "there are too many layers";
	bits_get(&r, 1);
	sps->profile_idc = read_profile_tier_level(&r, max_sub_layers_minus1, &sps->level_idc);
	sps->id = bits_get_ue(&r);
	wrong = read_format(&r, sps);
	if (wrong)
		return wrong;
	read_layer_ordering(&r, max_sub_layers_minus1, sps);
	if (sps->max_dec_pic_buffering_minus1 > 15)
		return "too many pictures are kept";
	wrong = read_blocks(&r, sps);
	if (!wrong)
		wrong = read_tools(&r, sps);
	return r.overrun ? "it ends too early" : wrong;
}

/* 6.5.1: the last tile takes what is left; evenly spaced ones differ by one at most. */
static bool read_spacing(struct bit_reader *r, bool uniform, unsigned all, unsigned n,
			 unsigned *sizes)
{
	unsigned left = all;

	for (unsigned i = 0; i + 1 < n; i++) {
		sizes[i] = uniform ? (i + 1) * all / n - i * all / n : bits_get_ue(r) + 1;
		if (sizes[i] == 0 || sizes[i] >= left)
			return false;
		left -= sizes[i];
	}
	sizes[n - 1] = left;
	return true;
}

static const char *read_tiles(struct bit_reader *r, const struct hevc_sps *sps,
			      struct hevc_pps *pps)
{
	unsigned columns = bits_get_ue(r), rows = bits_get_ue(r);
	bool uniform = bits_get(r, 1);

	if (columns >= HEVC_MAX_COLUMNS || rows >= HEVC_MAX_ROWS)
		return "there are too many tiles";
	pps->columns = columns + 1;
	pps->rows = rows + 1;
	if (!read_spacing(r, uniform, hevc_ctbs(sps, sps->width), pps->columns,
			  pps->column_width) ||
	    !read_spacing(r, uniform, hevc_ctbs(sps, sps->height), pps->rows, pps->row_height))
		return "a tile is empty";
	pps->loop_filter_across_tiles = bits_get(r, 1);
	return NULL;
}

static void read_deblocking(struct bit_reader *r, struct hevc_pps *pps)
{
	if (!bits_get(r, 1)) /* deblocking_filter_control_present_flag */
		return;
	pps->deblocking_override = bits_get(r, 1);
	pps->deblocking_disabled = bits_get(r, 1);
	if (pps->deblocking_disabled)
		return;
	pps->beta_offset_div2 = bits_get_se(r);
	pps->tc_offset_div2 = bits_get_se(r);
}

static void read_pps_start(struct bit_reader *r, struct hevc_pps *pps)
{
	pps->id = bits_get_ue(r);
	pps->sps_id = bits_get_ue(r);
	pps->dependent_slices = bits_get(r, 1);
	pps->output_flag = bits_get(r, 1);
	pps->num_extra_slice_header_bits = bits_get(r, 3);
	pps->sign_data_hiding = bits_get(r, 1);
	pps->cabac_init = bits_get(r, 1);
	pps->num_ref_idx_l0_minus1 = bits_get_ue(r);
	pps->num_ref_idx_l1_minus1 = bits_get_ue(r);
	pps->init_qp_minus26 = bits_get_se(r);
	pps->constrained_intra = bits_get(r, 1);
	pps->transform_skip = bits_get(r, 1);
	pps->cu_qp_delta = bits_get(r, 1);
	if (pps->cu_qp_delta)
		pps->diff_cu_qp_delta_depth = bits_get_ue(r);
	pps->cb_qp_offset = bits_get_se(r);
	pps->cr_qp_offset = bits_get_se(r);
	pps->slice_chroma_qp_offsets = bits_get(r, 1);
	pps->weighted_pred = bits_get(r, 1);
	pps->weighted_bipred = bits_get(r, 1);
	pps->transquant_bypass = bits_get(r, 1);
	pps->tiles = bits_get(r, 1);
	pps->entropy_coding_sync = bits_get(r, 1);
}

const char *hevc_parse_pps(const struct nal *nal, const struct hevc_sps *sps, struct hevc_pps *pps)
{
	uint8_t rbsp[MAX_RBSP];
	struct bit_reader r = { .data = rbsp };
	const char *wrong = NULL;

	*pps = (struct hevc_pps){ .loop_filter_across_tiles = true };
	r.bits = 8 * bits_unescape(nal, HEVC_NAL_HEADER, rbsp, sizeof(rbsp));
	read_pps_start(&r, pps);
	if (pps->tiles)
		wrong = read_tiles(&r, sps, pps);
	if (wrong)
		return wrong;
	pps->loop_filter_across_slices = bits_get(&r, 1);
	read_deblocking(&r, pps);
	if (bits_get(&r, 1))
		return "there are scaling lists";
	pps->lists_modification = bits_get(&r, 1);
	pps->log2_parallel_merge_level = bits_get_ue(&r) + 2;
	pps->slice_header_extension = bits_get(&r, 1);
	/* Range and other extensions are of other profiles. */
	if (bits_get(&r, 1))
		return "there is an extension";
	if (pps->init_qp_minus26 < -38 || pps->init_qp_minus26 > 25 ||
	    !hevc_is_offset(pps->cb_qp_offset, 12) || !hevc_is_offset(pps->cr_qp_offset, 12) ||
	    !hevc_is_offset(pps->beta_offset_div2, 6) || !hevc_is_offset(pps->tc_offset_div2, 6) ||
	    pps->diff_cu_qp_delta_depth > 3 || pps->num_ref_idx_l0_minus1 > 14 ||
	    pps->num_ref_idx_l1_minus1 > 14 || pps->log2_parallel_merge_level < 2 ||
	    pps->log2_parallel_merge_level > 6)
		return "a value is out of range";
	return r.overrun ? "it ends too early" : NULL;
}
