/* SPDX-License-Identifier: Apache-2.0 */
/* VP9 of one key frame: what its uncompressed header says ("VP9 Bitstream & Decoding Process"). */
#ifndef PROBE_VP9_H
#define PROBE_VP9_H

#include "probe/base/bits.h"
#include "probe/base/common.h"

#define VP9_QUANTIZER	 100 /* a step like that of H.264's 26 */
#define VP9_FILTER_LEVEL 16
#define VP9_SHARPNESS	 4

enum { VP9_SEGMENTS = 8, VP9_REFS = 4, VP9_MODES = 2, VP9_PROBS = 7, VP9_PRED_PROBS = 3 };

/* Features of a segment, in the order of the stream (6.2.11). */
enum vp9_feature { VP9_ALT_Q, VP9_ALT_L, VP9_REF, VP9_SKIP, VP9_FEATURES };

struct vp9_segment {
	bool enabled[VP9_FEATURES];
	int value[VP9_FEATURES];
};

struct vp9_header {
	unsigned width, height;
	bool show_frame, error_resilient, refresh_context, parallel;
	/* loop_filter_params() */
	unsigned filter_level, sharpness;
	bool deltas_enabled;
	int ref_deltas[VP9_REFS], mode_deltas[VP9_MODES];
	/* quantization_params() */
	unsigned base_q;
	int y_dc, uv_dc, uv_ac;
	/* segmentation_params() */
	bool segmented, update_map, temporal_update, absolute;
	uint8_t tree_probs[VP9_PROBS], pred_probs[VP9_PRED_PROBS];
	struct vp9_segment segments[VP9_SEGMENTS];
	/* tile_info() */
	unsigned tile_columns_log2, tile_rows_log2;
	size_t bytes;	     /* of this header */
	unsigned compressed; /* bytes of the header that follows */
};

/* write.c: the header, and where in it the fields are that a driver may change, in bits. */
struct vp9_offsets {
	size_t filter_level, ref_deltas, mode_deltas, quantizer, segmentation, compressed;
};
void vp9_write_header(const struct test *t, struct bit_writer *w, struct vp9_offsets *at);

/* parse.c: the header of a shown key frame of profile 0. False with the reason in why. */
bool vp9_parse(const uint8_t *data, size_t len, struct vp9_header *ret, char *why, size_t size);
/* The least log2 of tile columns that a width needs (6.2.14). */
unsigned vp9_min_tile_columns_log2(unsigned width);
unsigned vp9_max_tile_columns_log2(unsigned width);

/* tables.c: quantizer steps of 8 bit video (8.6.1), the index clipped. */
int vp9_dc_step(int index);
int vp9_ac_step(int index);

/* va_encode.c, va_decode.c */
void vp9_encode(const struct encoding *encoding, struct buffers *buffers);
bool vp9_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		struct buffers *buffers);

#endif
