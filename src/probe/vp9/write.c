// SPDX-License-Identifier: Apache-2.0
/* The uncompressed header of a key frame; the compressed one is the driver's. */
#include "vp9.h"

static void write_no_deltas(struct bit_writer *w, size_t n)
{
	while (n-- > 0) {
		bits_put(w, 1, 1); /* update_ref_delta, update_mode_delta: room for the driver's */
		bits_put(w, 7, 0);
	}
}

static void write_loop_filter(struct bit_writer *w, struct vp9_offsets *at)
{
	at->filter_level = w->bits;
	bits_put(w, 6, VP9_FILTER_LEVEL);
	bits_put(w, 3, VP9_SHARPNESS);
	bits_put(w, 2, 3); /* loop_filter_delta_enabled, loop_filter_delta_update */
	at->ref_deltas = w->bits;
	write_no_deltas(w, VP9_REFS);
	at->mode_deltas = w->bits;
	write_no_deltas(w, VP9_MODES);
}

/* uncompressed_header() of a key frame (6.2), as the parameter buffer describes it. */
void vp9_write_header(const struct test *t, struct bit_writer *w, struct vp9_offsets *at)
{
	bits_put(w, 2, 2);	   /* frame_marker */
	bits_put(w, 2, 0);	   /* profile */
	bits_put(w, 1, 0);	   /* show_existing_frame */
	bits_put(w, 1, 0);	   /* frame_type: KEY_FRAME */
	bits_put(w, 1, 1);	   /* show_frame */
	bits_put(w, 1, 0);	   /* error_resilient_mode */
	bits_put(w, 24, 0x498342); /* frame_sync_code() */
	bits_put(w, 3, 0);	   /* color_space: CS_UNKNOWN */
	bits_put(w, 1, 0);	   /* color_range: studio swing */
	bits_put(w, 16, t->width - 1);
	bits_put(w, 16, t->height - 1);
	bits_put(w, 1, 0); /* render_and_frame_size_different */
	bits_put(w, 1, 0); /* refresh_frame_context */
	bits_put(w, 1, 0); /* frame_parallel_decoding_mode */
	bits_put(w, 2, 0); /* frame_context_idx */
	write_loop_filter(w, at);
	at->quantizer = w->bits;
	bits_put(w, 8, VP9_QUANTIZER);
	bits_put(w, 3, 0); /* no deltas of it */
	at->segmentation = w->bits;
	bits_put(w, 1, 0); /* segmentation_enabled */
	if (vp9_min_tile_columns_log2(t->width) < vp9_max_tile_columns_log2(t->width))
		bits_put(w, 1, 0); /* increment_tile_cols_log2 */
	bits_put(w, 1, 0);	   /* tile_rows_log2 */
	at->compressed = w->bits;
	bits_put(w, 16, 0); /* header_size_in_bytes: the driver's */
	while (w->bits % 8 != 0)
		bits_put(w, 1, 0);
}
