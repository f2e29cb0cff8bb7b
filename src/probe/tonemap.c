// SPDX-License-Identifier: Apache-2.0
/*
 * HDR to SDR: a grey ramp as HDR10 has it (BT.2020, PQ of SMPTE ST 2084, 10 bits) becomes one of
 * BT.709. How a driver bends the curve is its own affair; that it stays a grey ramp, from dark to
 * bright and not the input's numbers, is not.
 */
#include "processing.h"

#include <math.h>
#include <string.h>

/* In limited range, 10 bits: black, and 1000 cd/m2 (PQ 0.7518), which the metadata say is most. */
#define BLACK 64
#define PEAK  723

#define STEPS	  16
#define TOLERANCE 2  /* of a step's mean: rounding, dither */
#define MAX_NOISE 8  /* root mean square off the row that all rows are: 30 dB */
#define MAX_TINT  12 /* of 8 bits: grey keeps both chroma planes at 128, whatever the primaries */
#define MIN_RANGE 80 /* the ramp's own numbers would be 165 apart */
#define MIN_BEND  8  /* mean; all curves from PQ to a screen's gamma are 20 or more off the copy */

static unsigned ramp(unsigned x, unsigned width)
{
	return BLACK + (PEAK - BLACK) * x / (width - 1);
}

static void draw(struct picture *p)
{
	size_t luma = (size_t)p->width * p->height;

	for (size_t i = 0; i < luma * 3 / 2; i++) {
		unsigned value = i < luma ? ramp((unsigned)(i % p->width), p->width) : 512;
		uint16_t wide = (uint16_t)(value << 6);

		memcpy(p->data + 2 * i, &wide, sizeof(wide));
	}
}

static bool offers(const struct processing *p, struct va_outcome *outcome)
{
	VAProcFilterCapHighDynamicRange caps[VAProcHighDynamicRangeMetadataTypeCount] = { 0 };
	unsigned n = ARRAY_SIZE(caps);
	VAStatus status = vaQueryVideoProcFilterCaps(
		p->device->display, p->context, VAProcFilterHighDynamicRangeToneMapping, caps, &n);

	/* Drivers without it say so, and leave the number as it was, or find none. */
	if (status == VA_STATUS_ERROR_UNSUPPORTED_FILTER || status == VA_STATUS_ERROR_UNIMPLEMENTED)
		n = 0;
	else if (!check(outcome, VA_CREATE_CONTEXT, "vaQueryVideoProcFilterCaps", status))
		return false;
	for (unsigned i = 0; i < n && i < ARRAY_SIZE(caps); i++)
		if (caps[i].metadata_type == VAProcHighDynamicRangeMetadataHDR10 &&
		    caps[i].caps_flag & VA_TONE_MAPPING_HDR_TO_SDR)
			return true;
	return fail(outcome, VA_UNSUPPORTED, "the driver does not list tone mapping from HDR10");
}

static bool has_explicit(const VAProcColorStandardType *list, uint32_t n)
{
	for (uint32_t i = 0; list && i < n; i++)
		if (list[i] == VAProcColorStandardExplicit)
			return true;
	return false;
}

/* By the numbers of ITU-T H.273 where the driver takes them, else by the standard's name. */
static bool set_colours(struct processing *p, struct va_outcome *outcome)
{
	VAProcPipelineCaps caps = { 0 };
	VAProcPipelineParameterBuffer *pipeline = &p->pipeline;
	bool numbers;

	if (!check(outcome, VA_CREATE_CONTEXT, "vaQueryVideoProcPipelineCaps",
		   vaQueryVideoProcPipelineCaps(p->device->display, p->context, p->filters.ids,
						(unsigned)p->filters.n, &caps)))
		return false;
	numbers = has_explicit(caps.input_color_standards, caps.num_input_color_standards) &&
		  has_explicit(caps.output_color_standards, caps.num_output_color_standards);
	pipeline->surface_color_standard =
		numbers ? VAProcColorStandardExplicit : VAProcColorStandardBT2020;
	pipeline->output_color_standard =
		numbers ? VAProcColorStandardExplicit : VAProcColorStandardBT709;
	pipeline->input_color_properties = (VAProcColorProperties){
		.color_range = VA_SOURCE_RANGE_REDUCED,
		.colour_primaries = 9,
		.transfer_characteristics = 16,
		.matrix_coefficients = 9,
	};
	pipeline->output_color_properties = (VAProcColorProperties){
		.color_range = VA_SOURCE_RANGE_REDUCED,
		.colour_primaries = 1,
		.transfer_characteristics = 1,
		.matrix_coefficients = 1,
	};
	return true;
}

static bool prepare(struct processing *p, struct va_outcome *outcome)
{
	/* The filter's buffer holds a pointer to it. Green, blue, red; ITU-T H.265, D.3.28. */
	static VAHdrMetaDataHDR10 metadata = {
		.display_primaries_x = { 8500, 6550, 35400 },
		.display_primaries_y = { 39850, 2300, 14600 },
		.white_point_x = 15635,
		.white_point_y = 16450,
		.max_display_mastering_luminance = 1000 * 10000,
		.min_display_mastering_luminance = 50,
		.max_content_light_level = 1000,
		.max_pic_average_light_level = 400,
	};
	VAProcFilterParameterBufferHDRToneMapping filter = {
		.type = VAProcFilterHighDynamicRangeToneMapping,
		.data = { .metadata_type = VAProcHighDynamicRangeMetadataHDR10,
			  .metadata = &metadata,
			  .metadata_size = sizeof(metadata) },
	};

	if (!offers(p, outcome))
		return false;
	buffers_add(&p->filters, VAProcFilterParameterBufferType, &filter, sizeof(filter));
	return check(outcome, VA_SUBMIT, "vaCreateBuffer", p->filters.status) &&
	       set_colours(p, outcome);
}

/* The mean of all rows, and how far from it the rows are. */
static double mean_row(const struct picture *p, double row[static PROCESSING_SIZE])
{
	size_t luma = (size_t)p->width * p->height;
	double sum = 0;

	memset(row, 0, p->width * sizeof(*row));
	for (size_t i = 0; i < luma; i++)
		row[i % p->width] += (double)p->data[i] / p->height;
	for (size_t i = 0; i < luma; i++)
		sum += pow(p->data[i] - row[i % p->width], 2);
	return sqrt(sum / (double)luma);
}

static double tint(const struct picture *p)
{
	double sum = 0;

	for (size_t i = (size_t)p->width * p->height; i < p->size; i++)
		sum += fabs(p->data[i] - 128.0);
	return sum / (double)(p->width * p->height / 2);
}

static bool rises(const double *row, unsigned width)
{
	double last = 0;

	for (unsigned step = 0; step < STEPS; step++) {
		double mean = 0;

		for (unsigned x = step * width / STEPS; x < (step + 1) * width / STEPS; x++)
			mean += row[x] * STEPS / width;
		if (mean < last - TOLERANCE)
			return false;
		last = mean;
	}
	return true;
}

static bool judge(const struct picture *input, const struct picture *result,
		  struct va_outcome *outcome)
{
	double row[PROCESSING_SIZE], bend = 0;
	double noise = mean_row(result, row), range = row[result->width - 1] - row[0];

	for (unsigned x = 0; x < result->width; x++)
		bend += fabs(row[x] - ramp(x, input->width) / 4.0) / result->width;
	if (noise > MAX_NOISE)
		return fail(outcome, VA_CORRUPT, "tone mapped, the rows differ by %.1f", noise);
	if (tint(result) > MAX_TINT)
		return fail(outcome, VA_CORRUPT, "tone mapped, grey has a tint of %.1f",
			    tint(result));
	if (!rises(row, result->width))
		return fail(outcome, VA_CORRUPT, "tone mapped, brighter became darker");
	if (range < MIN_RANGE)
		return fail(outcome, VA_CORRUPT, "tone mapped, from black to white it is %.1f",
			    range);
	if (bend < MIN_BEND)
		return fail(outcome, VA_CORRUPT, "the picture is as it was: no tones were mapped");
	return true;
}

const struct operation tonemap_operation = {
	.name = "tonemap",
	.rt_format = VA_RT_FORMAT_YUV420_10,
	.fourcc = VA_FOURCC_P010,
	.size = PROCESSING_SIZE,
	.draw = draw,
	.prepare = prepare,
	.judge = judge,
};
