// SPDX-License-Identifier: Apache-2.0
/* Are the parameter buffers of a picture what a real driver needs? Says what is wrong. */
#include "fake.h"

#include <string.h>

#include <va/va_enc_av1.h>

enum { SLICE_I_H264 = 2, SLICE_I_HEVC = 2 };

struct check {
	struct driver *drv;
	const struct context *c;
	VAStatus st;
};

#define MUST(k, condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			complain((k)->drv, "%s: not so: %s", profile_name((k)->c->who.profile),    \
				 #condition);                                                      \
			(k)->st = VA_STATUS_ERROR_INVALID_PARAMETER;                               \
		}                                                                                  \
	} while (0)

static bool is_surface(const struct check *k, VASurfaceID id)
{
	return object_get(k->drv, KIND_SURFACE, id) != NULL;
}

static bool is_coded(const struct check *k, VABufferID id)
{
	const struct buffer *b = object_get(k->drv, KIND_BUFFER, id);

	return b && b->type == VAEncCodedBufferType;
}

static void check_h264_slices(struct check *k, const VAEncPictureParameterBufferH264 *pic,
			      size_t macroblocks)
{
	bool idr = pic->pic_fields.bits.idr_pic_flag;
	size_t next = 0, i, n;

	for (i = 0; i < k->c->num_items; i++) {
		const struct item *it = &k->c->items[i];

		if (it->type != VAEncSliceParameterBufferType)
			continue;
		MUST(k, it->size == sizeof(VAEncSliceParameterBufferH264));
		for (n = 0; it->size == sizeof(VAEncSliceParameterBufferH264) && n < it->num; n++) {
			const VAEncSliceParameterBufferH264 *slice =
				(const void *)(it->mem->data + n * it->size);

			MUST(k, slice->macroblock_address == next);
			MUST(k, !idr || slice->slice_type % 5 == SLICE_I_H264);
			MUST(k, slice->pic_parameter_set_id == pic->pic_parameter_set_id);
			MUST(k, !idr || slice->RefPicList0[0].picture_id == VA_INVALID_SURFACE);
			next = slice->macroblock_address + slice->num_macroblocks;
		}
	}
	MUST(k, next == macroblocks);
}

static void check_h264(struct check *k)
{
	const VAEncSequenceParameterBufferH264 *seq =
		item_find(k->c, VAEncSequenceParameterBufferType, sizeof(*seq));
	const VAEncPictureParameterBufferH264 *pic =
		item_find(k->c, VAEncPictureParameterBufferType, sizeof(*pic));
	int width = (k->c->who.width + 15) / 16, height = (k->c->who.height + 15) / 16, i;
	bool idr;

	MUST(k, pic != NULL);
	if (!pic)
		return;
	idr = pic->pic_fields.bits.idr_pic_flag;
	MUST(k, seq != NULL || !idr);
	if (seq) {
		MUST(k, seq->level_idc > 0);
		MUST(k, seq->picture_width_in_mbs == width);
		MUST(k, seq->picture_height_in_mbs == height);
		MUST(k, seq->seq_fields.bits.chroma_format_idc == 1);
		MUST(k, seq->seq_fields.bits.frame_mbs_only_flag == 1);
		MUST(k, seq->bit_depth_luma_minus8 == 0 && seq->bit_depth_chroma_minus8 == 0);
		MUST(k, seq->intra_period > 0 && seq->ip_period > 0);
	}
	MUST(k, is_coded(k, pic->coded_buf));
	MUST(k, is_surface(k, pic->CurrPic.picture_id));
	MUST(k, pic->pic_init_qp <= 51);
	for (i = 0; idr && i < 16; i++)
		MUST(k, pic->ReferenceFrames[i].picture_id == VA_INVALID_SURFACE &&
				pic->ReferenceFrames[i].flags & VA_PICTURE_H264_INVALID);
	check_h264_slices(k, pic, (size_t)width * (size_t)height);
}

static void check_jpeg(struct check *k)
{
	const VAEncPictureParameterBufferJPEG *pic =
		item_find(k->c, VAEncPictureParameterBufferType, sizeof(*pic));
	const VAEncSliceParameterBufferJPEG *slice =
		item_find(k->c, VAEncSliceParameterBufferType, sizeof(*slice));

	MUST(k, pic != NULL);
	MUST(k, slice != NULL);
	if (!pic || !slice)
		return;
	MUST(k, is_coded(k, pic->coded_buf));
	MUST(k, pic->picture_width > 0 && pic->picture_width <= k->c->who.width);
	MUST(k, pic->picture_height > 0 && pic->picture_height <= k->c->who.height);
	MUST(k, pic->pic_flags.bits.profile == 0 && pic->pic_flags.bits.progressive == 0);
	MUST(k, pic->pic_flags.bits.huffman == 1);
	MUST(k, pic->sample_bit_depth == 8);
	MUST(k, pic->num_scan == 1);
	MUST(k, pic->num_components == 3 && slice->num_components == 3);
	MUST(k, pic->quality >= 1 && pic->quality <= 100);
	MUST(k, slice->components[0].component_selector == pic->component_id[0]);
	MUST(k, pic->quantiser_table_selector[0] < 2 && pic->quantiser_table_selector[1] < 2);
}

/* What VAConfigAttribEncHEVCBlockSizes says; without a word the hardware's only tree block. */
static void check_hevc_blocks(struct check *k, const VAEncSequenceParameterBufferHEVC *seq)
{
	VAConfigAttribValEncHEVCBlockSizes b = {
		.value = caps_hevc(k->drv, &k->c->who, VAConfigAttribEncHEVCBlockSizes)
	};
	unsigned int cb = seq->log2_min_luma_coding_block_size_minus3;
	unsigned int ctb = cb + seq->log2_diff_max_min_luma_coding_block_size;
	unsigned int tb = seq->log2_min_transform_block_size_minus2;
	unsigned int max_tb = tb + seq->log2_diff_max_min_transform_block_size;

	MUST(k, tb < cb + 1 && max_tb <= ctb + 1 && max_tb <= 3);
	if (b.value == VA_ATTRIB_NOT_SUPPORTED) {
		MUST(k, ctb == (k->c->who.entrypoint == VAEntrypointEncSliceLP ? 3 : 2));
		return;
	}
	MUST(k, ctb <= b.bits.log2_max_coding_tree_block_size_minus3);
	MUST(k, ctb >= b.bits.log2_min_coding_tree_block_size_minus3);
	MUST(k, cb >= b.bits.log2_min_luma_coding_block_size_minus3);
	MUST(k, max_tb <= b.bits.log2_max_luma_transform_block_size_minus2);
	MUST(k, tb >= b.bits.log2_min_luma_transform_block_size_minus2);
	MUST(k, seq->max_transform_hierarchy_depth_intra <=
			b.bits.max_max_transform_hierarchy_depth_intra);
	MUST(k, seq->max_transform_hierarchy_depth_intra >=
			b.bits.min_max_transform_hierarchy_depth_intra);
	MUST(k, seq->max_transform_hierarchy_depth_inter <=
			b.bits.max_max_transform_hierarchy_depth_inter);
}

/* May a tool be on, or off, as VAConfigAttribEncHEVCFeatures says? */
static bool allowed(unsigned int on, unsigned int feature)
{
	return on ? feature != VA_FEATURE_NOT_SUPPORTED : feature != VA_FEATURE_REQUIRED;
}

static void check_hevc_tools(struct check *k, const VAEncSequenceParameterBufferHEVC *seq,
			     const VAEncPictureParameterBufferHEVC *pic)
{
	VAConfigAttribValEncHEVCFeatures f = { .value = caps_hevc(k->drv, &k->c->who,
								  VAConfigAttribEncHEVCFeatures) };

	if (f.value == VA_ATTRIB_NOT_SUPPORTED) {
		MUST(k, seq->seq_fields.bits.sample_adaptive_offset_enabled_flag == 0);
		MUST(k, pic->pic_fields.bits.cu_qp_delta_enabled_flag ||
				k->c->who.entrypoint != VAEntrypointEncSliceLP);
		return;
	}
	MUST(k, allowed(seq->seq_fields.bits.amp_enabled_flag, f.bits.amp));
	MUST(k, allowed(seq->seq_fields.bits.sample_adaptive_offset_enabled_flag, f.bits.sao));
	MUST(k, allowed(seq->seq_fields.bits.pcm_enabled_flag, f.bits.pcm));
	MUST(k, allowed(seq->seq_fields.bits.sps_temporal_mvp_enabled_flag, f.bits.temporal_mvp));
	MUST(k, allowed(seq->seq_fields.bits.strong_intra_smoothing_enabled_flag,
			f.bits.strong_intra_smoothing));
	MUST(k,
	     allowed(pic->pic_fields.bits.sign_data_hiding_enabled_flag, f.bits.sign_data_hiding));
	MUST(k, allowed(pic->pic_fields.bits.constrained_intra_pred_flag,
			f.bits.constrained_intra_pred));
	MUST(k, allowed(pic->pic_fields.bits.transform_skip_enabled_flag, f.bits.transform_skip));
	MUST(k, allowed(pic->pic_fields.bits.cu_qp_delta_enabled_flag, f.bits.cu_qp_delta));
}

static void check_hevc_seq(struct check *k, const VAEncSequenceParameterBufferHEVC *seq)
{
	unsigned int depth = k->c->who.profile == VAProfileHEVCMain10 ? 2 : 0;
	unsigned int cu = 8U << seq->log2_min_luma_coding_block_size_minus3;

	MUST(k, seq->general_profile_idc == (depth ? 2 : 1));
	MUST(k, seq->general_level_idc > 0);
	MUST(k, seq->pic_width_in_luma_samples % cu == 0);
	MUST(k, seq->pic_height_in_luma_samples % cu == 0);
	MUST(k, seq->pic_width_in_luma_samples + 63 >= k->c->who.width);
	MUST(k, seq->pic_width_in_luma_samples <= k->c->who.width + 63);
	MUST(k, seq->pic_height_in_luma_samples + 63 >= k->c->who.height);
	MUST(k, seq->pic_height_in_luma_samples <= k->c->who.height + 63);
	MUST(k, seq->seq_fields.bits.chroma_format_idc == 1);
	MUST(k, seq->seq_fields.bits.bit_depth_luma_minus8 == depth);
	MUST(k, seq->seq_fields.bits.bit_depth_chroma_minus8 == depth);
	MUST(k, seq->intra_period > 0 && seq->ip_period > 0);
	check_hevc_blocks(k, seq);
}

static void check_hevc(struct check *k)
{
	const VAEncSequenceParameterBufferHEVC *seq =
		item_find(k->c, VAEncSequenceParameterBufferType, sizeof(*seq));
	const VAEncPictureParameterBufferHEVC *pic =
		item_find(k->c, VAEncPictureParameterBufferType, sizeof(*pic));
	const VAEncSliceParameterBufferHEVC *slice =
		item_find(k->c, VAEncSliceParameterBufferType, sizeof(*slice));
	bool idr;
	int i;

	MUST(k, pic != NULL);
	MUST(k, slice != NULL);
	if (!pic || !slice)
		return;
	idr = pic->pic_fields.bits.idr_pic_flag;
	MUST(k, seq != NULL || !idr);
	if (seq)
		check_hevc_seq(k, seq);
	MUST(k, is_coded(k, pic->coded_buf));
	MUST(k, is_surface(k, pic->decoded_curr_pic.picture_id));
	MUST(k, !idr || pic->nal_unit_type == 19 || pic->nal_unit_type == 20);
	MUST(k, !idr || pic->pic_fields.bits.coding_type == 1);
	MUST(k, pic->pic_init_qp <= 51);
	for (i = 0; idr && i < 15; i++)
		MUST(k, pic->reference_frames[i].picture_id == VA_INVALID_SURFACE &&
				pic->reference_frames[i].flags & VA_PICTURE_HEVC_INVALID);
	MUST(k, slice->slice_segment_address == 0);
	MUST(k, !idr || slice->slice_type == SLICE_I_HEVC);
	MUST(k, slice->slice_fields.bits.last_slice_of_pic_flag == 1);
	if (seq) {
		unsigned int ctb = 8U << (seq->log2_min_luma_coding_block_size_minus3 +
					  seq->log2_diff_max_min_luma_coding_block_size);
		unsigned int w = (seq->pic_width_in_luma_samples + ctb - 1) / ctb;
		unsigned int h = (seq->pic_height_in_luma_samples + ctb - 1) / ctb;

		check_hevc_tools(k, seq, pic);
		MUST(k, slice->num_ctu_in_slice == w * h);
	}
}

static void check_vp9(struct check *k)
{
	const VAEncSequenceParameterBufferVP9 *seq =
		item_find(k->c, VAEncSequenceParameterBufferType, sizeof(*seq));
	const VAEncPictureParameterBufferVP9 *pic =
		item_find(k->c, VAEncPictureParameterBufferType, sizeof(*pic));
	uint32_t width = (uint32_t)k->c->who.width, height = (uint32_t)k->c->who.height;
	int i;

	MUST(k, pic != NULL);
	if (!pic)
		return;
	MUST(k, seq != NULL || !pic->ref_flags.bits.force_kf);
	if (seq)
		MUST(k, seq->max_frame_width >= width && seq->max_frame_height >= height);
	MUST(k, pic->frame_width_src <= width && pic->frame_width_src + 63 >= width);
	MUST(k, pic->frame_height_src <= height && pic->frame_height_src + 63 >= height);
	MUST(k, pic->frame_width_dst == pic->frame_width_src);
	MUST(k, pic->frame_height_dst == pic->frame_height_src);
	MUST(k, is_coded(k, pic->coded_buf));
	MUST(k, is_surface(k, pic->reconstructed_frame));
	MUST(k, pic->pic_flags.bits.show_frame == 1 || pic->refresh_frame_flags != 0);
	if (!pic->ref_flags.bits.force_kf)
		return;
	MUST(k, pic->pic_flags.bits.frame_type == 0);
	MUST(k, pic->luma_ac_qindex > 0);
	for (i = 0; i < 8; i++)
		MUST(k, pic->reference_frames[i] == VA_INVALID_SURFACE);
}

static bool packed_has(const struct context *c, uint32_t type)
{
	struct packed p = { 0 };
	size_t i;

	for (i = 0; i < c->num_items; i++)
		if (packed_item(&p, &c->items[i]) && !p.pending && p.type == type)
			return true;
	return false;
}

static void check_av1(struct check *k)
{
	const VAEncSequenceParameterBufferAV1 *seq =
		item_find(k->c, VAEncSequenceParameterBufferType, sizeof(*seq));
	const VAEncPictureParameterBufferAV1 *pic =
		item_find(k->c, VAEncPictureParameterBufferType, sizeof(*pic));
	const VAEncTileGroupBufferAV1 *tiles =
		item_find(k->c, VAEncSliceParameterBufferType, sizeof(*tiles));
	int i;

	MUST(k, pic != NULL);
	MUST(k, tiles != NULL);
	if (!pic || !tiles)
		return;
	MUST(k, seq != NULL || pic->picture_flags.bits.frame_type != 0);
	if (seq) {
		MUST(k, seq->seq_profile == 0);
		MUST(k, seq->seq_fields.bits.bit_depth_minus8 == 0);
		MUST(k, seq->seq_fields.bits.subsampling_x == 1 &&
				seq->seq_fields.bits.subsampling_y == 1);
		/* What VAConfigAttribEncAV1 said. */
		MUST(k, seq->seq_fields.bits.use_128x128_superblock == 0);
		MUST(k, seq->seq_fields.bits.enable_superres == 0);
		MUST(k, seq->seq_fields.bits.enable_restoration == 0);
	}
	MUST(k, pic->frame_width_minus_1 < k->c->who.width);
	MUST(k, pic->frame_width_minus_1 + 64 >= k->c->who.width);
	MUST(k, pic->frame_height_minus_1 < k->c->who.height);
	MUST(k, pic->frame_height_minus_1 + 64 >= k->c->who.height);
	MUST(k, is_coded(k, pic->coded_buf));
	MUST(k, is_surface(k, pic->reconstructed_frame));
	MUST(k, pic->tile_cols == 1 && pic->tile_rows == 1);
	MUST(k, tiles->tg_start == 0 && tiles->tg_end == 0);
	MUST(k, pic->base_qindex > 0);
	MUST(k, packed_has(k->c, VAEncPackedHeaderPicture));
	if (pic->picture_flags.bits.frame_type != 0)
		return;
	MUST(k, packed_has(k->c, VAEncPackedHeaderSequence));
	MUST(k, pic->primary_ref_frame == 7);
	MUST(k, pic->refresh_frame_flags == 0xff);
	for (i = 0; i < 8; i++)
		MUST(k, pic->reference_frames[i] == VA_INVALID_SURFACE);
}

/* CHECK=0: takes anything. */
VAStatus check_picture(struct driver *drv, const struct context *c)
{
	const char *codec = codec_name(c->who.profile, c->who.entrypoint);
	struct check k = { drv, c, VA_STATUS_SUCCESS };

	if (!knob_num(drv, "CHECK", &c->who, 1))
		return VA_STATUS_SUCCESS;
	if (strcmp(codec, "h264") == 0)
		check_h264(&k);
	else if (strcmp(codec, "jpeg") == 0)
		check_jpeg(&k);
	else if (strcmp(codec, "hevc") == 0)
		check_hevc(&k);
	else if (strcmp(codec, "vp9") == 0)
		check_vp9(&k);
	else if (strcmp(codec, "av1") == 0)
		check_av1(&k);
	return k.st;
}
