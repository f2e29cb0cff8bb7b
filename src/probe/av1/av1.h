/* SPDX-License-Identifier: Apache-2.0 */
/* AV1 of one key frame: its headers ("AV1 Bitstream & Decoding Process Specification"), and tiles.
 */
#ifndef PROBE_AV1_H
#define PROBE_AV1_H

#include "probe/base/bits.h"
#include "probe/base/common.h"

enum {
	AV1_OBU_SEQUENCE = 1,
	AV1_OBU_DELIMITER = 2,
	AV1_OBU_FRAME_HEADER = 3,
	AV1_OBU_TILES = 4,
	AV1_OBU_FRAME = 6
};
enum { AV1_REFS = 8, AV1_SEGMENTS = 8, AV1_FEATURES = 8, AV1_CDEFS = 8, AV1_PLANES = 3 };
enum { AV1_MAX_TILE_COLS = 64, AV1_MAX_TILE_ROWS = 64 };
#define AV1_QUANTIZER 100 /* a step like that of H.264's 26 */

enum { AV1_TX_ONLY_4X4, AV1_TX_LARGEST, AV1_TX_SELECT };
/* More than the largest picture needs; each takes two buffers to decode. */
enum { AV1_TILES = 12 };

#define AV1_PRIMARY_REF_NONE 7

/* sequence_header_obu(), 5.5 */
struct av1_sequence {
	bool still, reduced;
	unsigned width_bits, height_bits, width, height;
	unsigned frame_id_bits; /* 0: none */
	bool superblock_128, filter_intra, intra_edge;
	bool interintra, masked, warped, dual_filter, jnt_comp, ref_frame_mvs;
	unsigned order_hint_bits;	     /* 0: none */
	unsigned screen_content, integer_mv; /* 2: each frame says */
	bool superres, cdef, restoration;
	bool mono, full_range, separate_uv, film_grain;
	unsigned matrix;
};

/* tile_info(), 5.9.15: sizes in superblocks. */
struct av1_tile_info {
	bool uniform;
	unsigned cols_log2, rows_log2, cols, rows;
	unsigned widths[AV1_MAX_TILE_COLS], heights[AV1_MAX_TILE_ROWS];
	unsigned update_id, size_bytes;
	/* What follows from the picture's size. */
	unsigned sb_cols, sb_rows, min_cols_log2, max_cols_log2, max_rows_log2, min_log2;
	unsigned max_width, max_area; /* of a tile, superblocks */
};

struct av1_segment {
	uint8_t mask; /* a bit for each feature that is on */
	int value[AV1_FEATURES];
};

/* uncompressed_header() of a key frame, 5.9.2 */
struct av1_frame {
	unsigned width, height, order_hint;
	bool disable_cdf_update, disable_end_update, screen_content, integer_mv, intrabc;
	struct av1_tile_info tiles;
	/* quantization_params() */
	unsigned base_q;
	int y_dc, u_dc, u_ac, v_dc, v_ac;
	bool qmatrix;
	unsigned qm_y, qm_u, qm_v;
	/* segmentation_params(), delta_q_params(), delta_lf_params() */
	bool segmented;
	struct av1_segment segments[AV1_SEGMENTS];
	bool delta_q, delta_lf, delta_lf_multi;
	unsigned delta_q_res, delta_lf_res;
	bool lossless;
	/* loop_filter_params(): luma vertical and horizontal, U, V */
	unsigned filter_levels[4], sharpness;
	bool deltas_enabled, deltas_updated;
	int ref_deltas[AV1_REFS], mode_deltas[2];
	/* cdef_params(): primary strength << 2 | secondary, as coded */
	unsigned cdef_damping, cdef_bits;
	uint8_t cdef_y[AV1_CDEFS], cdef_uv[AV1_CDEFS];
	/* lr_params(): FrameRestorationType */
	unsigned restoration[AV1_PLANES], lr_unit_shift, lr_uv_shift;
	unsigned tx_mode;
	bool reduced_tx_set;
};

struct av1_tile {
	const uint8_t *data;
	size_t len;
};

struct av1_stream {
	struct av1_sequence sequence;
	struct av1_frame frame;
	struct av1_tile tiles[AV1_TILES];
	unsigned n_tiles; /* that were found */
};

/*
 * parse.c: the units of a stream with one shown key frame. What all parsers here return is what is
 * wrong, NULL for nothing.
 */
const char *av1_parse(const uint8_t *data, size_t len, struct av1_stream *ret);

/* parse_sequence.c, parse_frame.c */
const char *av1_parse_sequence(struct bit_reader *r, struct av1_sequence *s);
const char *av1_parse_frame(struct bit_reader *r, const struct av1_sequence *s,
			    struct av1_frame *f);

/* parse_filters.c: loop_filter_params(), cdef_params(), lr_params(). */
void av1_parse_filters(struct bit_reader *r, const struct av1_sequence *s, struct av1_frame *f);

/* tiles.c */
void av1_tile_limits(unsigned width, unsigned height, bool superblock_128,
		     struct av1_tile_info *ret);
/* The fewest tiles that the picture may have, of one size. */
void av1_tiles_fewest(struct av1_tile_info *t);
const char *av1_parse_tile_info(struct bit_reader *r, struct av1_tile_info *t);

/* write.c: what the driver does not have to write. */
struct av1_format {
	unsigned width, height, quantizer, level;
	unsigned size_bytes;	  /* of obu_size */
	unsigned tile_size_bytes; /* of tile_size_minus_1 */
	unsigned tx_mode;
	struct av1_tile_info tiles;
};
void av1_write_delimiter(struct bit_writer *w);
void av1_write_sequence(const struct av1_format *f, struct bit_writer *w);
void av1_write_frame_header(const struct av1_format *f, struct bit_writer *w);

/* va_encode.c, va_decode.c */
void av1_encode(const struct encoding *encoding, struct buffers *buffers);
bool av1_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		struct buffers *b);

#define AV1_ORDER_HINT_BITS 8

#endif
