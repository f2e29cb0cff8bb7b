// SPDX-License-Identifier: Apache-2.0
/*
 * Video processing, really run: a known picture through the driver's pipeline, the result
 * checked. What the driver lists proves nothing here either.
 */
#include "processing.h"

#include <string.h>

/*
 * Of a picture scaled to half by any kernel, even one that is half a pixel off, more than 35 dB are
 * left of the mean of 2x2 pixels; one pixel off in the result leaves 25 dB, a wrong colour range
 * 28 dB, all worse faults less.
 */
#define MIN_DB 30

/* The mean of 2x2 samples of one component, of which each is step samples from the next. */
static void halve(const uint8_t *from, uint8_t *to, unsigned width, unsigned height, unsigned step)
{
	size_t row = (size_t)width * step;

	for (unsigned y = 0; y < height / 2; y++) {
		for (unsigned x = 0; x < width / 2; x++) {
			const uint8_t *at = from + 2 * y * row + 2 * x * step;

			to[y * row / 2 + x * step] =
				(uint8_t)((at[0] + at[step] + at[row] + at[row + step] + 2) / 4);
		}
	}
}

static bool prepare_scale(struct processing *p, struct va_outcome *outcome)
{
	(void)outcome;
	/* The same on both sides, so that colours stay what they are. */
	p->pipeline.surface_color_standard = VAProcColorStandardBT709;
	p->pipeline.output_color_standard = VAProcColorStandardBT709;
	return true;
}

static bool judge_scale(const struct picture *input, const struct picture *result,
			struct va_outcome *outcome)
{
	size_t luma_in = (size_t)input->width * input->height;
	size_t luma = (size_t)result->width * result->height;
	struct picture wanted;

	if (!picture_new(&wanted, result->width, result->height, result->fourcc))
		return fail(outcome, VA_EXECUTE, "out of memory");
	halve(input->data, wanted.data, input->width, input->height, 1);
	for (unsigned i = 0; i < 2; i++)
		halve(input->data + luma_in + i, wanted.data + luma + i, input->width / 2,
		      input->height / 2, 2);
	outcome->has_psnr = true;
	outcome->psnr_db = picture_psnr(&wanted, result);
	picture_free(&wanted);
	return outcome->psnr_db >= MIN_DB ||
	       fail(outcome, VA_CORRUPT, "scaled, the picture is another one: %.1f dB",
		    outcome->psnr_db);
}

static const struct operation scale_operation = {
	.name = "scale",
	.rt_format = VA_RT_FORMAT_YUV420,
	.fourcc = VA_FOURCC_NV12,
	.size = PROCESSING_SIZE / 2,
	.draw = picture_draw,
	.prepare = prepare_scale,
	.judge = judge_scale,
};

static const struct operation *const operations[] = { &scale_operation, &tonemap_operation };

const char *operation_name(size_t i)
{
	return i < ARRAY_SIZE(operations) ? operations[i]->name : NULL;
}

static const struct operation *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i]->name, name) == 0)
			return operations[i];
	return NULL;
}

/* A surface that holds the picture. */
static bool new_surface(const struct device *device, unsigned rt_format,
			const struct picture *picture, VASurfaceID *ret, struct va_outcome *outcome)
{
	VASurfaceAttrib format = {
		.type = VASurfaceAttribPixelFormat,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypeInteger, .value.i = (int)picture->fourcc },
	};

	if (!check(outcome, VA_CREATE_CONTEXT, "vaCreateSurfaces",
		   vaCreateSurfaces(device->display, rt_format, picture->width, picture->height,
				    ret, 1, &format, 1)))
		return false;
	if (surface_upload(device, *ret, picture, outcome))
		return true;
	vaDestroySurfaces(device->display, ret, 1);
	return false;
}

static bool render(struct processing *p, VASurfaceID from, VASurfaceID to,
		   const struct picture *input, const struct picture *result,
		   struct va_outcome *outcome)
{
	struct buffers buffers = { .device = p->device, .context = p->context };
	VARectangle whole = { 0, 0, (uint16_t)input->width, (uint16_t)input->height };
	VARectangle target = { 0, 0, (uint16_t)result->width, (uint16_t)result->height };

	p->pipeline.surface = from;
	p->pipeline.surface_region = &whole;
	p->pipeline.output_region = &target;
	p->pipeline.output_background_color = 0xff000000;
	p->pipeline.filters = p->filters.n > 0 ? p->filters.ids : NULL;
	p->pipeline.num_filters = (uint32_t)p->filters.n;
	buffers_add(&buffers, VAProcPipelineParameterBufferType, &p->pipeline, sizeof(p->pipeline));
	return buffers_render(&buffers, to, outcome);
}

/* The result is drawn over black: what is left in recycled memory must not pass for one. */
static bool process(struct processing *p, const struct operation *operation,
		    const struct picture *input, struct picture *result, struct va_outcome *outcome)
{
	VADisplay display = p->device->display;
	VASurfaceID from, to;
	bool ok = false;

	if (!new_surface(p->device, operation->rt_format, input, &from, outcome))
		return false;
	if (new_surface(p->device, VA_RT_FORMAT_YUV420, result, &to, outcome)) {
		ok = render(p, from, to, input, result, outcome) &&
		     surface_download(p->device, to, result, outcome);
		vaDestroySurfaces(display, &to, 1);
	}
	vaDestroySurfaces(display, &from, 1);
	return ok;
}

static void run_pictures(struct processing *p, const struct operation *operation,
			 struct va_outcome *outcome)
{
	struct picture input = { 0 }, result = { 0 };

	if (!picture_new(&input, PROCESSING_SIZE, PROCESSING_SIZE, operation->fourcc) ||
	    !picture_new(&result, operation->size, operation->size, VA_FOURCC_NV12)) {
		fail(outcome, VA_SUBMIT, "out of memory");
	} else {
		operation->draw(&input);
		if (process(p, operation, &input, &result, outcome))
			operation->judge(&input, &result, outcome);
	}
	picture_free(&input);
	picture_free(&result);
}

void processing_test(const struct device *device, const char *name, struct va_outcome *outcome)
{
	const struct operation *operation = find(name);
	struct processing p = { .device = device, .filters.device = device };
	VADisplay display = device->display;
	VAConfigID config;

	if (!list_has(device, VAProfileNone, VAEntrypointVideoProc)) {
		fail(outcome, VA_UNSUPPORTED, "the driver does not list video processing");
		return;
	}
	if (!check(outcome, VA_CREATE_CONFIG, "vaCreateConfig",
		   vaCreateConfig(display, VAProfileNone, VAEntrypointVideoProc, NULL, 0, &config)))
		return;
	if (check(outcome, VA_CREATE_CONTEXT, "vaCreateContext",
		  vaCreateContext(display, config, (int)operation->size, (int)operation->size,
				  VA_PROGRESSIVE, NULL, 0, &p.context))) {
		p.filters.context = p.context;
		if (operation->prepare(&p, outcome))
			run_pictures(&p, operation, outcome);
		buffers_destroy(&p.filters);
		vaDestroyContext(display, p.context);
	}
	vaDestroyConfig(display, config);
}
