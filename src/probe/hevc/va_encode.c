// SPDX-License-Identifier: Apache-2.0
/*
 * HEVC Main and Main 10: one IDR picture of one I slice with a constant quantizer. Block sizes and
 * tools are what the driver says it codes with; the stream's headers must say the same.
 */
#include "hevc.h"

static bool is_low_power(const struct test *t)
{
	return t->entrypoint == VAEntrypointEncSliceLP;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Table A.8: the lowest level, from 4 on, for pictures of this size. */
static unsigned level_for(unsigned width, unsigned height)
{
	static const struct {
		unsigned idc, samples;
	} levels[] = { { 120, 2228224 }, { 150, 8912896 }, { 180, 35651584 } };
	size_t i = 0;

	/* A.4.1: no side is longer than the root of eight times the samples. */
	while (i + 1 < ARRAY_SIZE(levels) && ((uint64_t)width * height > levels[i].samples ||
					      (uint64_t)width * width > 8ull * levels[i].samples ||
					      (uint64_t)height * height > 8ull * levels[i].samples))
		i++;
	return levels[i].idc;
}

/*
 * Where the driver says nothing: the low-power encoder (VDEnc) has coding tree blocks of 64
 * samples and no others, the other one of 32 on all generations. 2 is the only depth that
 * va_enc_hevc.h allows.
 */
static void choose_blocks(struct hevc_sps *sps, bool low_power, uint32_t reported)
{
	const VAConfigAttribValEncHEVCBlockSizes sizes = { .value = reported };
	unsigned depth;

	sps->log2_ctb = low_power ? 6 : 5;
	sps->log2_min_cb = 3;
	sps->log2_max_tb = 5;
	sps->log2_min_tb = 2;
	sps->transform_depth_inter = sps->transform_depth_intra = 2;
	/* Zero would be coding tree blocks of 8 samples, which there are none of (7.4.3.2.1). */
	if (sizes.bits.log2_max_coding_tree_block_size_minus3 == 0)
		return;
	sps->log2_ctb = sizes.bits.log2_max_coding_tree_block_size_minus3 + 3;
	sps->log2_min_cb =
		smaller(sizes.bits.log2_min_luma_coding_block_size_minus3 + 3, sps->log2_ctb);
	sps->log2_max_tb = smaller(sizes.bits.log2_max_luma_transform_block_size_minus2 + 2,
				   smaller(sps->log2_ctb, 5));
	sps->log2_min_tb = smaller(sizes.bits.log2_min_luma_transform_block_size_minus2 + 2,
				   sps->log2_min_cb - 1);
	/* A transform tree is no deeper than the blocks that it divides (7.4.3.2.1). */
	depth = sps->log2_ctb - sps->log2_min_tb;
	sps->transform_depth_inter =
		smaller(sizes.bits.max_max_transform_hierarchy_depth_inter, depth);
	sps->transform_depth_intra =
		smaller(sizes.bits.max_max_transform_hierarchy_depth_intra, depth);
}

/* Only tools that the encoder cannot do without; the low-power one always codes quantizers. */
static void choose_tools(struct hevc_headers *h, bool low_power, bool reported, uint32_t value)
{
	const VAConfigAttribValEncHEVCFeatures f = { .value = value };

	h->sps.amp = true;
	h->pps.cu_qp_delta = low_power;
	if (!reported)
		return;
	h->sps.amp = f.bits.amp != VA_FEATURE_NOT_SUPPORTED;
	h->sps.sao = f.bits.sao == VA_FEATURE_REQUIRED;
	h->sps.temporal_mvp = f.bits.temporal_mvp == VA_FEATURE_REQUIRED;
	h->sps.strong_intra_smoothing = f.bits.strong_intra_smoothing == VA_FEATURE_REQUIRED;
	h->pps.sign_data_hiding = f.bits.sign_data_hiding == VA_FEATURE_REQUIRED;
	h->pps.constrained_intra = f.bits.constrained_intra_pred == VA_FEATURE_REQUIRED;
	h->pps.transform_skip = f.bits.transform_skip == VA_FEATURE_REQUIRED;
	h->pps.cu_qp_delta = f.bits.cu_qp_delta == VA_FEATURE_REQUIRED ||
			     (low_power && f.bits.cu_qp_delta == VA_FEATURE_SUPPORTED);
	h->slice.sao_luma = h->slice.sao_chroma = h->sps.sao;
}

static void choose(const struct encoding *e, struct hevc_headers *h)
{
	const struct test *t = e->test;
	VAProfile profile = t->profile->profile;
	unsigned depth = profile == VAProfileHEVCMain10 ? 10 : 8, unit;
	uint32_t blocks, tools;

	/* Who reports one of them reports both (va.h), and only tools may be zero. */
	blocks = list_attribute(e->device, profile, t->entrypoint, VAConfigAttribEncHEVCBlockSizes);
	tools = list_attribute(e->device, profile, t->entrypoint, VAConfigAttribEncHEVCFeatures);
	choose_blocks(&h->sps, is_low_power(t), blocks);
	choose_tools(h, is_low_power(t), blocks != 0, tools);
	/* The picture is whole coding blocks; what is too much is cut off (7.4.3.2.1). */
	unit = 1u << h->sps.log2_min_cb;
	h->sps.width = (t->width + unit - 1) / unit * unit;
	h->sps.height = (t->height + unit - 1) / unit * unit;
	h->sps.right = h->sps.width - t->width;
	h->sps.bottom = h->sps.height - t->height;
	h->sps.profile_idc = depth == 10 ? 2 : 1;
	h->sps.level_idc = level_for(h->sps.width, h->sps.height);
	h->sps.chroma_format_idc = 1;
	h->sps.luma_depth = h->sps.chroma_depth = depth;
	h->sps.poc_bits = 8;
	h->pps.init_qp_minus26 = HEVC_QUANTIZER - 26;
	h->slice.nal_unit_type = HEVC_IDR_W_RADL;
}

static void invalidate(VAPictureHEVC *pictures, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		pictures[i].picture_id = VA_INVALID_SURFACE;
		pictures[i].flags = VA_PICTURE_HEVC_INVALID;
	}
}

static void add_sequence(const struct hevc_sps *sps, struct buffers *b)
{
	const VAEncSequenceParameterBufferHEVC seq = {
		.general_profile_idc = (uint8_t)sps->profile_idc,
		.general_level_idc = (uint8_t)sps->level_idc,
		.intra_period = 1,
		.intra_idr_period = 1,
		.ip_period = 1,
		.pic_width_in_luma_samples = (uint16_t)sps->width,
		.pic_height_in_luma_samples = (uint16_t)sps->height,
		.seq_fields.bits = { .chroma_format_idc = sps->chroma_format_idc & 3,
				     .bit_depth_luma_minus8 = (sps->luma_depth - 8) & 7,
				     .bit_depth_chroma_minus8 = (sps->chroma_depth - 8) & 7,
				     .strong_intra_smoothing_enabled_flag =
					     sps->strong_intra_smoothing,
				     .amp_enabled_flag = sps->amp,
				     .sample_adaptive_offset_enabled_flag = sps->sao,
				     .sps_temporal_mvp_enabled_flag = sps->temporal_mvp },
		.log2_min_luma_coding_block_size_minus3 = (uint8_t)(sps->log2_min_cb - 3),
		.log2_diff_max_min_luma_coding_block_size =
			(uint8_t)(sps->log2_ctb - sps->log2_min_cb),
		.log2_min_transform_block_size_minus2 = (uint8_t)(sps->log2_min_tb - 2),
		.log2_diff_max_min_transform_block_size =
			(uint8_t)(sps->log2_max_tb - sps->log2_min_tb),
		.max_transform_hierarchy_depth_inter = (uint8_t)sps->transform_depth_inter,
		.max_transform_hierarchy_depth_intra = (uint8_t)sps->transform_depth_intra,
	};

	buffers_add(b, VAEncSequenceParameterBufferType, &seq, sizeof(seq));
}

static void add_picture(const struct encoding *e, const struct hevc_headers *h, struct buffers *b)
{
	VAEncPictureParameterBufferHEVC pic = {
		.decoded_curr_pic = { .picture_id = e->reconstructed },
		.coded_buf = e->coded,
		.collocated_ref_pic_index = 0xff, /* none */
		.pic_init_qp = (uint8_t)(26 + h->pps.init_qp_minus26),
		.diff_cu_qp_delta_depth = (uint8_t)h->pps.diff_cu_qp_delta_depth,
		.nal_unit_type = (uint8_t)h->slice.nal_unit_type,
		.pic_fields.bits = { .idr_pic_flag = 1,
				     .coding_type = 1, /* I */
				     .reference_pic_flag = 1,
				     .sign_data_hiding_enabled_flag = h->pps.sign_data_hiding,
				     .constrained_intra_pred_flag = h->pps.constrained_intra,
				     .transform_skip_enabled_flag = h->pps.transform_skip,
				     .cu_qp_delta_enabled_flag = h->pps.cu_qp_delta },
	};

	invalidate(pic.reference_frames, ARRAY_SIZE(pic.reference_frames));
	buffers_add(b, VAEncPictureParameterBufferType, &pic, sizeof(pic));
}

static void add_slice(const struct hevc_headers *h, struct buffers *b)
{
	VAEncSliceParameterBufferHEVC slice = {
		.num_ctu_in_slice =
			hevc_ctbs(&h->sps, h->sps.width) * hevc_ctbs(&h->sps, h->sps.height),
		.slice_type = 2, /* I */
		.max_num_merge_cand = 5,
		.slice_qp_delta = (int8_t)h->slice.qp_delta,
		.slice_fields.bits = { .last_slice_of_pic_flag = 1,
				       .slice_sao_luma_flag = h->slice.sao_luma,
				       .slice_sao_chroma_flag = h->slice.sao_chroma },
	};

	invalidate(slice.ref_pic_list0, ARRAY_SIZE(slice.ref_pic_list0));
	invalidate(slice.ref_pic_list1, ARRAY_SIZE(slice.ref_pic_list1));
	buffers_add(b, VAEncSliceParameterBufferType, &slice, sizeof(slice));
}

static size_t put_nal(uint8_t *out, size_t size, unsigned type, const struct bit_writer *payload)
{
	/* nuh_layer_id 0, nuh_temporal_id_plus1 1 */
	const uint8_t header[HEVC_NAL_HEADER] = { (uint8_t)(type << 1), 1 };

	return bits_nal(payload, header, sizeof(header), out, size);
}

/*
 * VPS and SPS go into one buffer: both are of libva's sequence type, of which some drivers keep
 * only the last.
 */
static void add_packed(const struct hevc_headers *h, uint32_t packed, struct buffers *b)
{
	struct bit_writer vps = { .bits = 0 }, sps = { .bits = 0 }, pps = { .bits = 0 };
	struct bit_writer slice = { .bits = 0 };
	uint8_t nal[2048];
	size_t bits;

	hevc_write_vps(&h->sps, &vps);
	hevc_write_sps(&h->sps, &sps);
	hevc_write_pps(&h->pps, &pps);
	hevc_write_slice_header(h, &slice);
	if (packed & VA_ENC_PACKED_HEADER_SEQUENCE) {
		bits = put_nal(nal, sizeof(nal), HEVC_VPS, &vps);
		bits += put_nal(nal + bits / 8, sizeof(nal) - bits / 8, HEVC_SPS, &sps);
		buffers_add_packed(b, VAEncPackedHeaderSequence, nal, bits);
	}
	if (packed & VA_ENC_PACKED_HEADER_PICTURE) {
		bits = put_nal(nal, sizeof(nal), HEVC_PPS, &pps);
		buffers_add_packed(b, VAEncPackedHeaderPicture, nal, bits);
	}
	if (packed & VA_ENC_PACKED_HEADER_SLICE) {
		bits = put_nal(nal, sizeof(nal), h->slice.nal_unit_type, &slice);
		buffers_add_packed(b, VAEncPackedHeaderSlice, nal, bits);
	}
}

void hevc_encode(const struct encoding *e, struct buffers *b)
{
	struct hevc_headers h = { .sps = { .width = 0 } };

	choose(e, &h);
	add_sequence(&h.sps, b);
	add_picture(e, &h, b);
	add_packed(&h, e->packed, b);
	add_slice(&h, b);
}
