/* SPDX-License-Identifier: Apache-2.0 */
/*
 * H.264, split by direction as every codec here is: write.c makes headers, parse.c reads those of a
 * stream, va_encode.c and va_decode.c turn them into VA's buffers, codec.c is the codec's row.
 * Names are those of ITU-T H.264, 7.3.
 */
#ifndef PROBE_H264_H
#define PROBE_H264_H

#include "probe/base/bits.h"
#include "probe/base/common.h"

enum { H264_IDR = 5, H264_SPS = 7, H264_PPS = 8 };

#define H264_QUANTIZER	    26
#define H264_LEVEL(width)   ((width) > 1920 ? 51 : 40)
#define H264_LOG2_POC_LSB   8
#define H264_LOG2_FRAME_NUM 4

/* What decoding needs of the parameter sets and the slice header. */
struct h264_headers {
	unsigned frame_num_bits, poc_type, poc_bits, width_mbs, height_mbs, max_ref_frames;
	bool frame_mbs_only, direct_8x8, poc_always_zero;
	bool cabac, bottom_field_order, deblocking_control, constrained_intra, redundant,
		transform_8x8;
	bool weighted;
	unsigned bipred;
	int qp, qs, chroma_offset, second_chroma_offset;
	/* slice */
	unsigned first_mb, slice_bits, disable_deblocking;
	int qp_delta, alpha, beta;
	struct nal idr;
};

/* In macroblocks, the last of which may be cut. */
unsigned h264_mbs(unsigned pixels);

/* write.c */
void h264_write_sps(const struct test *test, struct bit_writer *w);
void h264_write_pps(struct bit_writer *w);
void h264_write_slice_header(struct bit_writer *w);

/* parse.c: what is not there, or is not ours, is false. */
bool h264_find_nal(const struct coded *coded, unsigned type, struct nal *ret);
bool h264_parse(const struct coded *coded, struct h264_headers *ret);

/* va_encode.c, va_decode.c */
void h264_invalidate(VAPictureH264 *pictures, size_t n);
void h264_encode(const struct encoding *encoding, struct buffers *buffers);
bool h264_decode(const struct test *test, const struct coded *coded, VASurfaceID target,
		 struct buffers *buffers);

#endif
