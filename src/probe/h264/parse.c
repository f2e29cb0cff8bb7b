// SPDX-License-Identifier: Apache-2.0
/* The parameter sets and the slice header of a stream, since a driver may write its own. */
#include "h264.h"

bool h264_find_nal(const struct coded *coded, unsigned type, struct nal *ret)
{
	size_t at = 0;

	while (bits_next_nal(coded->data, coded->len, &at, ret))
		if (ret->len > 0 && (ret->data[0] & 0x1f) == type)
			return true;
	return false;
}

/* VUI follows, and nobody needs it. Scaling matrices are not ours, and not read. */
static bool read_sps(const struct nal *nal, struct h264_headers *h)
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

static bool read_pps(const struct nal *nal, struct h264_headers *h)
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
	/* more_rbsp_data(): after the last one bit there is nothing. */
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

static bool read_slice_header(const struct nal *nal, struct h264_headers *h)
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

bool h264_parse(const struct coded *coded, struct h264_headers *ret)
{
	struct nal sps, pps;

	*ret = (struct h264_headers){ .poc_type = 0 };
	return h264_find_nal(coded, H264_SPS, &sps) && h264_find_nal(coded, H264_PPS, &pps) &&
	       h264_find_nal(coded, H264_IDR, &ret->idr) && read_sps(&sps, ret) &&
	       read_pps(&pps, ret) && read_slice_header(&ret->idr, ret);
}
