// SPDX-License-Identifier: Apache-2.0
/*
 * A stream of one IDR picture of one slice, as a driver gave it: its NAL units (ITU-T H.265,
 * 7.4.2.2 and Annex B) and the slice's header (7.3.6.1).
 */
#include "hevc.h"

#include <stdio.h>

/* With an entry point of four bytes for each row of the smallest blocks of the tallest picture. */
#define MAX_SLICE_HEADER 4608

#define FIRST_NON_VCL 32

static unsigned nal_type(const struct nal *nal)
{
	return nal->data[0] >> 1 & 0x3f;
}

static bool is_idr(unsigned type)
{
	return type == HEVC_IDR_W_RADL || type == HEVC_IDR_N_LP;
}

/* In the header of a base layer's unit only the type varies, here. */
static bool is_base_layer(const struct nal *nal)
{
	return (nal->data[0] & 0x81) == 0 && nal->data[1] == 1;
}

static bool starts_well(const struct coded *coded)
{
	size_t i = 0;

	while (i < coded->len && coded->data[i] == 0)
		i++;
	return i >= 2 && i < coded->len && coded->data[i] == 1;
}

struct units {
	struct nal vps, sps, pps, idr;
};

/* What is neither a slice nor a parameter set (SEI, delimiters) is of no interest. */
static bool take_unit(const struct nal *nal, struct units *units, char *why, size_t size)
{
	unsigned type = nal_type(nal);

	if (type < FIRST_NON_VCL && !is_idr(type))
		snprintf(why, size, "a slice of type %u, not of an IDR picture", type);
	else if (type < FIRST_NON_VCL && units->idr.data)
		snprintf(why, size, "more than one slice");
	else if (type <= HEVC_PPS && !is_base_layer(nal))
		snprintf(why, size, "a NAL unit of type %u with the header 0x%02x%02x", type,
			 nal->data[0], nal->data[1]);
	else if (type <= HEVC_PPS && type >= HEVC_VPS && units->idr.data)
		snprintf(why, size, "a parameter set behind the slice");
	else {
		if (type == HEVC_VPS)
			units->vps = *nal;
		else if (type == HEVC_SPS)
			units->sps = *nal;
		else if (type == HEVC_PPS)
			units->pps = *nal;
		else if (is_idr(type))
			units->idr = *nal;
		return true;
	}
	return false;
}

static bool find_units(const struct coded *coded, struct units *units, char *why, size_t size)
{
	const char *missing = NULL;
	struct nal nal;
	size_t at = 0;

	if (!starts_well(coded)) {
		snprintf(why, size, "no start code first in %zu coded bytes", coded->len);
		return false;
	}
	while (bits_next_nal(coded->data, coded->len, &at, &nal)) {
		if (nal.len <= HEVC_NAL_HEADER) {
			snprintf(why, size, "an empty NAL unit");
			return false;
		}
		if (!take_unit(&nal, units, why, size))
			return false;
	}
	if (!units->vps.data)
		missing = "video parameter set";
	else if (!units->sps.data)
		missing = "sequence parameter set";
	else if (!units->pps.data)
		missing = "picture parameter set";
	else if (!units->idr.data)
		missing = "IDR slice";
	if (missing)
		snprintf(why, size, "no %s in %zu coded bytes", missing, coded->len);
	return !missing;
}

/* How many bytes are there only to prevent start codes, before so many bytes of payload? */
static unsigned count_emulation(const struct nal *nal, size_t payload)
{
	unsigned zeros = 0, n = 0;

	for (size_t i = HEVC_NAL_HEADER; i < nal->len && payload > 0; i++) {
		if (zeros >= 2 && nal->data[i] == 3) {
			zeros = 0;
			n++;
			continue;
		}
		zeros = nal->data[i] == 0 ? zeros + 1 : 0;
		payload--;
	}
	return n;
}

static void read_deblocking(struct bit_reader *r, const struct hevc_pps *pps, struct hevc_slice *s)
{
	bool override = pps->deblocking_override && bits_get(r, 1);

	s->deblocking_disabled = pps->deblocking_disabled;
	s->beta_offset_div2 = pps->beta_offset_div2;
	s->tc_offset_div2 = pps->tc_offset_div2;
	if (!override)
		return;
	s->deblocking_disabled = bits_get(r, 1);
	if (s->deblocking_disabled)
		return;
	s->beta_offset_div2 = bits_get_se(r);
	s->tc_offset_div2 = bits_get_se(r);
}

static void skip_entry_points(struct bit_reader *r, struct hevc_slice *s)
{
	unsigned bits;

	s->num_entry_points = bits_get_ue(r);
	if (s->num_entry_points == 0)
		return;
	bits = bits_get_ue(r) + 1;
	for (unsigned i = 0; i < s->num_entry_points && !r->overrun; i++)
		bits_get(r, bits > 32 ? 32 : bits);
}

/* byte_alignment(): a one, and zeros. Whoever has misread something before is not there. */
static bool read_alignment(struct bit_reader *r)
{
	if (!bits_get(r, 1))
		return false;
	while (r->at % 8 != 0)
		if (bits_get(r, 1))
			return false;
	return true;
}

/* From slice_type on; of an IDR picture neither order count nor references are there. */
static const char *read_slice_body(struct bit_reader *r, const struct hevc_headers *h,
				   struct hevc_slice *s)
{
	const struct hevc_pps *pps = &h->pps;

	bits_get(r, pps->num_extra_slice_header_bits);
	if (bits_get_ue(r) != 2)
		return "it is no I slice";
	if (pps->output_flag)
		bits_get(r, 1);
	if (h->sps.sao) {
		s->sao_luma = bits_get(r, 1);
		s->sao_chroma = bits_get(r, 1);
	}
	s->qp_delta = bits_get_se(r);
	if (pps->slice_chroma_qp_offsets) {
		s->cb_qp_offset = bits_get_se(r);
		s->cr_qp_offset = bits_get_se(r);
	}
	read_deblocking(r, pps, s);
	s->loop_filter_across = pps->loop_filter_across_slices;
	if (s->loop_filter_across && (s->sao_luma || s->sao_chroma || !s->deblocking_disabled))
		s->loop_filter_across = bits_get(r, 1);
	if (pps->tiles || pps->entropy_coding_sync)
		skip_entry_points(r, s);
	/* SliceQpY is from -QpBdOffset to 51, so between two of them there are 63 at most. */
	if (!hevc_is_offset(s->qp_delta, 63) || !hevc_is_offset(s->cb_qp_offset, 12) ||
	    !hevc_is_offset(s->cr_qp_offset, 12) || !hevc_is_offset(s->beta_offset_div2, 6) ||
	    !hevc_is_offset(s->tc_offset_div2, 6))
		return "an offset is out of range";
	if (pps->slice_header_extension)
		for (unsigned n = bits_get_ue(r); n > 0 && !r->overrun; n--)
			bits_get(r, 8);
	return read_alignment(r) ? NULL : "it is not aligned";
}

static const char *read_slice(struct hevc_headers *h)
{
	uint8_t rbsp[MAX_SLICE_HEADER];
	struct bit_reader r = { .data = rbsp };
	struct hevc_slice *s = &h->slice;
	const char *wrong;

	r.bits = 8 * bits_unescape(&h->idr, HEVC_NAL_HEADER, rbsp, sizeof(rbsp));
	s->nal_unit_type = nal_type(&h->idr);
	if (!bits_get(&r, 1))
		return "it is not the first of its picture";
	bits_get(&r, 1); /* no_output_of_prior_pics_flag */
	if (bits_get_ue(&r) != h->pps.id)
		return "it refers to another parameter set";
	wrong = read_slice_body(&r, h, s);
	if (r.overrun)
		return "it ends too early";
	if (wrong)
		return wrong;
	if (r.at >= r.bits)
		return "it has no data";
	s->data_offset = HEVC_NAL_HEADER + (unsigned)(r.at / 8);
	s->emulation_bytes = count_emulation(&h->idr, r.at / 8);
	return NULL;
}

bool hevc_parse(const struct coded *coded, struct hevc_headers *ret, char *why, size_t size)
{
	struct units units = { .idr = { NULL, 0 } };
	const char *what = "sequence parameter set", *wrong;

	if (!find_units(coded, &units, why, size))
		return false;
	ret->idr = units.idr;
	wrong = hevc_parse_sps(&units.sps, &ret->sps);
	if (!wrong) {
		what = "picture parameter set";
		wrong = hevc_parse_pps(&units.pps, &ret->sps, &ret->pps);
		if (!wrong && ret->pps.sps_id != ret->sps.id)
			wrong = "it refers to another one";
	}
	if (!wrong) {
		what = "slice's header";
		wrong = read_slice(ret);
	}
	if (wrong)
		snprintf(why, size, "the %s: %s", what, wrong);
	return !wrong;
}
