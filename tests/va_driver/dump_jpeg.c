// SPDX-License-Identifier: Apache-2.0
/* Each field of JPEG's parameter buffers as text. */
#include "dump.h"

static void show_pic(FILE *f, const VAEncPictureParameterBufferJPEG *p)
{
	SHOW(f, p, reconstructed_picture);
	SHOW(f, p, picture_width);
	SHOW(f, p, picture_height);
	SHOW(f, p, coded_buf);
	SHOW(f, p, pic_flags.bits.profile);
	SHOW(f, p, pic_flags.bits.progressive);
	SHOW(f, p, pic_flags.bits.huffman);
	SHOW(f, p, pic_flags.bits.interleaved);
	SHOW(f, p, pic_flags.bits.differential);
	SHOW(f, p, sample_bit_depth);
	SHOW(f, p, num_scan);
	SHOW(f, p, num_components);
	SHOW_ARRAY(f, p, component_id);
	SHOW_ARRAY(f, p, quantiser_table_selector);
	SHOW(f, p, quality);
}

static void show_matrix(FILE *f, const VAQMatrixBufferJPEG *p)
{
	SHOW(f, p, load_lum_quantiser_matrix);
	SHOW(f, p, load_chroma_quantiser_matrix);
	SHOW_ARRAY(f, p, lum_quantiser_matrix);
	SHOW_ARRAY(f, p, chroma_quantiser_matrix);
}

static void show_slice(FILE *f, const VAEncSliceParameterBufferJPEG *p)
{
	SHOW(f, p, restart_interval);
	SHOW(f, p, num_components);
}

static void show_dec_pic(FILE *f, const VAPictureParameterBufferJPEGBaseline *p)
{
	SHOW(f, p, picture_width);
	SHOW(f, p, picture_height);
	SHOW(f, p, num_components);
	SHOW(f, p, color_space);
	SHOW(f, p, rotation);
}

static void show_dec_slice(FILE *f, const VASliceParameterBufferJPEGBaseline *p)
{
	SHOW(f, p, slice_data_size);
	SHOW(f, p, slice_data_offset);
	SHOW(f, p, slice_data_flag);
	SHOW(f, p, slice_horizontal_position);
	SHOW(f, p, slice_vertical_position);
	SHOW(f, p, num_components);
	SHOW(f, p, restart_interval);
	SHOW(f, p, num_mcus);
}

void dump_jpeg(FILE *f, const struct item *it)
{
	const void *p = it->mem->data;

	if (it->type == VAEncPictureParameterBufferType &&
	    it->mem->size >= sizeof(VAEncPictureParameterBufferJPEG))
		show_pic(f, p);
	else if (it->type == VAQMatrixBufferType && it->mem->size >= sizeof(VAQMatrixBufferJPEG))
		show_matrix(f, p);
	else if (it->type == VAEncSliceParameterBufferType &&
		 it->mem->size >= sizeof(VAEncSliceParameterBufferJPEG))
		show_slice(f, p);
	else if (it->type == VAPictureParameterBufferType &&
		 it->mem->size >= sizeof(VAPictureParameterBufferJPEGBaseline))
		show_dec_pic(f, p);
	else if (it->type == VASliceParameterBufferType &&
		 it->mem->size >= sizeof(VASliceParameterBufferJPEGBaseline))
		show_dec_slice(f, p);
}
