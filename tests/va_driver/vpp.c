// SPDX-License-Identifier: Apache-2.0
/* Video processing: scales, and maps the tones of HDR10 to what an ordinary screen shows. */
#include "fake.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <va/va_backend_vpp.h>

enum { LEVELS = 1024, FIXED = 16 };

static VAStatus query_filters(VADriverContextP va, VAContextID id, VAProcFilterType *list,
			      unsigned int *num)
{
	struct driver *drv = driver_of(va);
	const struct context *c = object_get(drv, KIND_CONTEXT, id);
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "QueryVideoProcFilters", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (!knob_num(drv, "TONEMAP", &c->who, 1)) {
		*num = 0;
		return VA_STATUS_SUCCESS;
	}
	if (*num < 1) {
		*num = 1;
		return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
	}
	list[0] = VAProcFilterHighDynamicRangeToneMapping;
	*num = 1;
	return VA_STATUS_SUCCESS;
}

/* TONEMAP=0: as the i965 driver, an error that leaves the number alone. TONEMAP=empty: none. */
static VAStatus query_filter_caps(VADriverContextP va, VAContextID id, VAProcFilterType type,
				  void *list, unsigned int *num)
{
	struct driver *drv = driver_of(va);
	const struct context *c = object_get(drv, KIND_CONTEXT, id);
	VAProcFilterCapHighDynamicRange *caps = list;
	const char *how;
	VAStatus st;

	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "QueryVideoProcFilterCaps", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	how = knob(drv, "TONEMAP", &c->who);
	if (type != VAProcFilterHighDynamicRangeToneMapping || (how && strcmp(how, "0") == 0))
		return VA_STATUS_ERROR_UNSUPPORTED_FILTER;
	if (how && strcmp(how, "empty") == 0) {
		*num = 0;
		return VA_STATUS_SUCCESS;
	}
	if (*num < 1) {
		*num = 1;
		return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
	}
	memset(caps, 0, sizeof(*caps));
	caps->metadata_type = VAProcHighDynamicRangeMetadataHDR10;
	caps->caps_flag = VA_TONE_MAPPING_HDR_TO_SDR | VA_TONE_MAPPING_HDR_TO_HDR;
	*num = 1;
	return VA_STATUS_SUCCESS;
}

static VAStatus query_pipeline_caps(VADriverContextP va, VAContextID id, VABufferID *filters,
				    unsigned int num, VAProcPipelineCaps *caps)
{
	static VAProcColorStandardType standards[] = { VAProcColorStandardBT601,
						       VAProcColorStandardBT709,
						       VAProcColorStandardBT2020,
						       VAProcColorStandardExplicit };
	static uint32_t formats[] = { VA_FOURCC_NV12, VA_FOURCC_P010 };
	struct driver *drv = driver_of(va);
	const struct context *c = object_get(drv, KIND_CONTEXT, id);
	VAStatus st;

	(void)filters;
	(void)num;
	if (!c)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	st = gate(drv, "QueryVideoProcPipelineCaps", &c->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	memset(caps, 0, sizeof(*caps));
	caps->input_color_standards = caps->output_color_standards = standards;
	caps->num_input_color_standards = caps->num_output_color_standards = ARRAY_SIZE(standards);
	caps->input_pixel_format = caps->output_pixel_format = formats;
	caps->num_input_pixel_formats = caps->num_output_pixel_formats = ARRAY_SIZE(formats);
	caps->max_input_width = caps->max_input_height = 16384;
	caps->max_output_width = caps->max_output_height = 16384;
	caps->min_input_width = caps->min_input_height = 16;
	caps->min_output_width = caps->min_output_height = 16;
	return VA_STATUS_SUCCESS;
}

/* Part of a plane; "step" samples lie between two of the same component. */
struct plane {
	uint8_t *data;
	size_t pitch, step, wide; /* wide: two bytes a sample */
	size_t width, height;
};

static struct plane plane_of(const struct surface *s, const VARectangle *r, unsigned int component)
{
	size_t sample = s->fourcc == VA_FOURCC_P010 ? 2 : 1, shift = component > 0;
	struct plane p = { .pitch = s->pitch, .step = component ? 2 : 1, .wide = sample - 1 };

	p.width = r->width >> shift;
	p.height = r->height >> shift;
	p.data = s->mem->data + (component ? s->uv + (component - 1) * sample : 0) +
		 ((size_t)r->y >> shift) * s->pitch + ((size_t)r->x >> shift) * p.step * sample;
	return p;
}

/* Ten bits of either format. */
static unsigned int sample_at(const struct plane *p, size_t x, size_t y)
{
	const uint8_t *at = p->data + y * p->pitch + ((x * p->step) << p->wide);

	return p->wide ? (at[0] | (unsigned int)at[1] << 8) >> 6 : at[0] * 4U;
}

static void set_sample(const struct plane *p, size_t x, size_t y, unsigned int value)
{
	uint8_t *at = p->data + y * p->pitch + ((x * p->step) << p->wide);

	if (p->wide) {
		at[0] = (uint8_t)(value << 6);
		at[1] = (uint8_t)(value >> 2);
	} else {
		at[0] = (uint8_t)(value + 2 > 1023 ? 255 : (value + 2) / 4);
	}
}

/* Where output sample i lies among the input's, in 1/65536: centres lie on centres. */
static size_t position(size_t i, size_t in, size_t out)
{
	size_t at = (((2 * i + 1) * in) << FIXED) / (2 * out), half = (size_t)1 << (FIXED - 1);
	size_t last = (in - 1) << FIXED;

	at = at > half ? at - half : 0;
	return at < last ? at : last;
}

static unsigned int mix(unsigned int a, unsigned int b, size_t part)
{
	return (unsigned int)((a * ((1U << FIXED) - part) + b * part + (1U << (FIXED - 1))) >>
			      FIXED);
}

static void scale(const struct plane *to, const struct plane *from, const uint16_t *curve)
{
	size_t x, y, mask = ((size_t)1 << FIXED) - 1;

	for (y = 0; y < to->height; y++) {
		size_t fy = position(y, from->height, to->height), y0 = fy >> FIXED;
		size_t y1 = y0 + 1 < from->height ? y0 + 1 : y0;

		for (x = 0; x < to->width; x++) {
			size_t fx = position(x, from->width, to->width), x0 = fx >> FIXED;
			size_t x1 = x0 + 1 < from->width ? x0 + 1 : x0;
			unsigned int top =
				mix(sample_at(from, x0, y0), sample_at(from, x1, y0), fx & mask);
			unsigned int low =
				mix(sample_at(from, x0, y1), sample_at(from, x1, y1), fx & mask);
			unsigned int value = mix(top, low, fy & mask);

			set_sample(to, x, y, curve ? curve[value] : value);
		}
	}
}

/* PQ to light, light squeezed so that 1000 cd/m2 is white, and to the power of BT.1886. */
static void tone_curve(uint16_t curve[LEVELS])
{
	const double m1 = 0.1593017578125, m2 = 78.84375, c1 = 0.8359375, c2 = 18.8515625,
		     c3 = 18.6875;
	const double white = 10; /* times 100 cd/m2 */
	int i;

	for (i = 0; i < LEVELS; i++) {
		double e = fmin(fmax((i - 64) / 876.0, 0), 1), p = pow(e, 1 / m2);
		double light = 100 * pow(fmax(p - c1, 0) / (c2 - c3 * p), 1 / m1);
		double shown = fmin(light * (1 + light / (white * white)) / (1 + light), 1);

		curve[i] = (uint16_t)lrint(64 + 876 * pow(shown, 1 / 2.4));
	}
}

/* Faults of a mapping that is listed and runs. */
static void spoil_curve(uint16_t curve[LEVELS], const char *how)
{
	int i;

	for (i = 0; i < LEVELS; i++) {
		if (strcmp(how, "ignore") == 0)
			curve[i] = (uint16_t)i;
		else if (strcmp(how, "flat") == 0)
			curve[i] = LEVELS / 2;
		else if (strcmp(how, "fold") == 0 && i > LEVELS / 2)
			curve[i] = curve[LEVELS - 1 - i];
	}
}

static bool inside(const VARectangle *r, const struct surface *s)
{
	return r->x >= 0 && r->y >= 0 && r->width >= 2 && r->height >= 2 &&
	       r->x + r->width <= s->cols && r->y + r->height <= s->rows;
}

static bool wants_tones(struct driver *drv, const VAProcPipelineParameterBuffer *p, VAStatus *st)
{
	uint32_t i;

	*st = VA_STATUS_SUCCESS;
	for (i = 0; i < p->num_filters; i++) {
		const struct buffer *b = object_get(drv, KIND_BUFFER, p->filters[i]);
		const VAProcFilterParameterBufferHDRToneMapping *f;

		if (!b || b->type != VAProcFilterParameterBufferType) {
			*st = VA_STATUS_ERROR_INVALID_BUFFER;
			return false;
		}
		f = (const void *)b->mem->data;
		if (b->mem->size < sizeof(*f) ||
		    f->type != VAProcFilterHighDynamicRangeToneMapping || !f->data.metadata ||
		    f->data.metadata_type != VAProcHighDynamicRangeMetadataHDR10) {
			*st = VA_STATUS_ERROR_UNSUPPORTED_FILTER;
			return false;
		}
		return true;
	}
	return false;
}

static void dump_colours(struct driver *drv, const char *side, VAProcColorStandardType standard,
			 const VAProcColorProperties *c)
{
	dump_line(drv, "vpp %s standard=%d range=%u primaries=%u transfer=%u matrix=%u", side,
		  standard, c->color_range, c->colour_primaries, c->transfer_characteristics,
		  c->matrix_coefficients);
}

VAStatus vpp_process(struct driver *drv, struct context *c, struct surface *out)
{
	const VAProcPipelineParameterBuffer *p =
		item_find(c, VAProcPipelineParameterBufferType, sizeof(*p));
	const struct surface *in = p ? object_get(drv, KIND_SURFACE, p->surface) : NULL;
	const char *how = knob(drv, "CORRUPT", &c->who), *curved = knob(drv, "TONEMAP", &c->who);
	VARectangle from, to;
	uint16_t curve[LEVELS];
	unsigned int i;
	VAStatus st;
	bool tones;

	if (!p || !in)
		return p ? VA_STATUS_ERROR_INVALID_SURFACE : VA_STATUS_ERROR_INVALID_BUFFER;
	from = (VARectangle){ 0, 0, (uint16_t)in->width, (uint16_t)in->height };
	to = (VARectangle){ 0, 0, (uint16_t)out->width, (uint16_t)out->height };
	if (p->surface_region)
		from = *p->surface_region;
	if (p->output_region)
		to = *p->output_region;
	if (!inside(&from, in) || !inside(&to, out))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	tones = wants_tones(drv, p, &st);
	if (st != VA_STATUS_SUCCESS)
		return st;
	if (tones)
		tone_curve(curve);
	if (tones && curved)
		spoil_curve(curve, curved);
	for (i = 0; i < 3; i++) {
		struct plane a = plane_of(out, &to, i), b = plane_of(in, &from, i);

		scale(&a, &b, tones && i == 0 ? curve : NULL);
	}
	dump_line(drv, "vpp %ux%u %.4s -> %ux%u %.4s tones=%d", from.width, from.height,
		  (const char *)&in->fourcc, to.width, to.height, (const char *)&out->fourcc,
		  tones);
	dump_colours(drv, "in", p->surface_color_standard, &p->input_color_properties);
	dump_colours(drv, "out", p->output_color_standard, &p->output_color_properties);
	if (how)
		frame_damage(out, how);
	return VA_STATUS_SUCCESS;
}

void vpp_fill(VADriverContextP va)
{
	struct VADriverVTableVPP *v = va->vtable_vpp;

	if (!v)
		return;
	v->version = VA_DRIVER_VTABLE_VPP_VERSION;
	v->vaQueryVideoProcFilters = query_filters;
	v->vaQueryVideoProcFilterCaps = query_filter_caps;
	v->vaQueryVideoProcPipelineCaps = query_pipeline_caps;
}
