// SPDX-License-Identifier: Apache-2.0
/* The filters of an AV1 key frame: deblocking, directional enhancement, restoration (5.9.11
 * to 5.9.20). */
#include "av1.h"

#include <string.h>

static void read_deltas(struct bit_reader *r, struct av1_frame *f)
{
	f->deltas_enabled = bits_get(r, 1);
	if (!f->deltas_enabled)
		return;
	f->deltas_updated = bits_get(r, 1);
	if (!f->deltas_updated)
		return;
	for (size_t i = 0; i < AV1_REFS; i++)
		if (bits_get(r, 1))
			f->ref_deltas[i] = bits_get_su(r, 6);
	for (size_t i = 0; i < ARRAY_SIZE(f->mode_deltas); i++)
		if (bits_get(r, 1))
			f->mode_deltas[i] = bits_get_su(r, 6);
}

static void read_deblocking(struct bit_reader *r, struct av1_frame *f)
{
	/* setup_past_independence(): intra, last, last2, last3, golden, bwdref, altref2, altref */
	static const int ref_deltas[AV1_REFS] = { 1, 0, 0, 0, -1, 0, -1, -1 };

	memcpy(f->ref_deltas, ref_deltas, sizeof(ref_deltas));
	if (f->lossless || f->intrabc)
		return;
	f->filter_levels[0] = bits_get(r, 6);
	f->filter_levels[1] = bits_get(r, 6);
	if (f->filter_levels[0] || f->filter_levels[1]) {
		f->filter_levels[2] = bits_get(r, 6);
		f->filter_levels[3] = bits_get(r, 6);
	}
	f->sharpness = bits_get(r, 3);
	read_deltas(r, f);
}

static void read_cdef(struct bit_reader *r, const struct av1_sequence *s, struct av1_frame *f)
{
	if (f->lossless || f->intrabc || !s->cdef)
		return;
	f->cdef_damping = bits_get(r, 2);
	f->cdef_bits = bits_get(r, 2);
	for (size_t i = 0; i < (size_t)1 << f->cdef_bits; i++) {
		f->cdef_y[i] = (uint8_t)bits_get(r, 6);
		f->cdef_uv[i] = (uint8_t)bits_get(r, 6);
	}
}

static void read_restoration(struct bit_reader *r, const struct av1_sequence *s,
			     struct av1_frame *f)
{
	/* Remap_Lr_Type: none, switchable, Wiener, self-guided */
	static const unsigned types[] = { 0, 3, 1, 2 };
	bool chroma = false, any = false;

	if (f->lossless || f->intrabc || !s->restoration)
		return;
	for (size_t i = 0; i < AV1_PLANES; i++) {
		f->restoration[i] = types[bits_get(r, 2)];
		any |= f->restoration[i] > 0;
		chroma |= i > 0 && f->restoration[i] > 0;
	}
	if (!any)
		return;
	f->lr_unit_shift = bits_get(r, 1);
	if (s->superblock_128)
		f->lr_unit_shift++;
	else if (f->lr_unit_shift)
		f->lr_unit_shift += bits_get(r, 1);
	if (chroma)
		f->lr_uv_shift = bits_get(r, 1);
}

void av1_parse_filters(struct bit_reader *r, const struct av1_sequence *s, struct av1_frame *f)
{
	read_deblocking(r, f);
	read_cdef(r, s, f);
	read_restoration(r, s, f);
}
