// SPDX-License-Identifier: Apache-2.0
/* Images: how an application gets pixels into a surface and out of it. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

enum { FORMATS = 2, IMAGE_SLACK = 32 };

static const VAImageFormat formats[FORMATS] = {
	{ .fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12 },
	{ .fourcc = VA_FOURCC_P010, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 24 },
};

static size_t sample_size(uint32_t fourcc)
{
	return fourcc == VA_FOURCC_P010 ? 2 : 1;
}

static VAStatus query_formats(VADriverContextP va, VAImageFormat *list, int *num)
{
	VAStatus st = gate(driver_of(va), "QueryImageFormats", NULL);

	*num = 0;
	if (st != VA_STATUS_SUCCESS)
		return st;
	memcpy(list, formats, sizeof(formats));
	*num = FORMATS;
	return VA_STATUS_SUCCESS;
}

/* Takes over the reference to the memory. */
static void publish(struct driver *drv, struct image *image, struct mem *mem, VAImage *ret)
{
	struct buffer *b = xalloc(sizeof(*b));

	b->type = VAImageBufferType;
	b->who = image->who;
	b->size = (unsigned int)mem->size;
	b->num = 1;
	b->mem = mem;
	image->va.data_size = (uint32_t)mem->size;
	image->va.buf = object_add(drv, KIND_BUFFER, b);
	image->va.image_id = object_add(drv, KIND_IMAGE, image);
	*ret = image->va;
}

static VAStatus create_image(VADriverContextP va, VAImageFormat *format, int width, int height,
			     VAImage *ret)
{
	struct driver *drv = driver_of(va);
	VAStatus st = gate(drv, "CreateImage", NULL);
	struct image *image;
	size_t pitch, rows;

	if (st != VA_STATUS_SUCCESS)
		return st;
	if (format->fourcc != VA_FOURCC_NV12 && format->fourcc != VA_FOURCC_P010)
		return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
	if (width <= 0 || height <= 0 || width > UINT16_MAX || height > UINT16_MAX)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	pitch = ((size_t)width + 15) / 16 * 16 * sample_size(format->fourcc) + IMAGE_SLACK;
	rows = ((size_t)height + 1) / 2 * 2;
	image = xalloc(sizeof(*image));
	image->va.format = formats[format->fourcc == VA_FOURCC_P010];
	image->va.width = (uint16_t)width;
	image->va.height = (uint16_t)height;
	image->va.num_planes = 2;
	image->va.pitches[0] = image->va.pitches[1] = (uint32_t)pitch;
	image->va.offsets[1] = (uint32_t)(pitch * rows);
	publish(drv, image, mem_new(pitch * rows * 3 / 2), ret);
	return VA_STATUS_SUCCESS;
}

/* DERIVE=off: there is none. DERIVE=other: it has a format that the surface was not made with. */
static VAStatus derive_image(VADriverContextP va, VASurfaceID id, VAImage *ret)
{
	struct driver *drv = driver_of(va);
	const struct surface *s = object_get(drv, KIND_SURFACE, id);
	const char *how;
	struct image *image;
	VAStatus st;

	if (!s)
		return VA_STATUS_ERROR_INVALID_SURFACE;
	st = gate(drv, "DeriveImage", &s->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	how = knob(drv, "DERIVE", &s->who);
	if (how && strcmp(how, "off") == 0)
		return VA_STATUS_ERROR_OPERATION_FAILED;
	image = xalloc(sizeof(*image));
	image->who = s->who;
	image->va.format = formats[s->fourcc == VA_FOURCC_P010];
	if (how && strcmp(how, "other") == 0)
		image->va.format.fourcc = VA_FOURCC_YV12;
	image->va.width = (uint16_t)s->width;
	image->va.height = (uint16_t)s->height;
	image->va.num_planes = 2;
	image->va.pitches[0] = image->va.pitches[1] = (uint32_t)s->pitch;
	image->va.offsets[1] = (uint32_t)s->uv;
	publish(drv, image, mem_ref(s->mem), ret);
	return VA_STATUS_SUCCESS;
}

static VAStatus destroy_image(VADriverContextP va, VAImageID id)
{
	struct driver *drv = driver_of(va);
	struct image *image = object_del(drv, KIND_IMAGE, id);
	struct buffer *b;
	VAStatus st;

	if (!image)
		return VA_STATUS_ERROR_INVALID_IMAGE;
	st = gate(drv, "DestroyImage", &image->who);
	b = object_del(drv, KIND_BUFFER, image->va.buf);
	if (b)
		buffer_free(b);
	free(image);
	return st;
}

struct area {
	int x, y;
	unsigned int w, h;
};

/* Both planes of an area, between an image and a surface of the same size of samples. */
static VAStatus copy_area(struct driver *drv, const struct surface *s, const struct image *image,
			  struct area on_surface, struct area on_image, bool to_surface)
{
	const struct buffer *b = object_get(drv, KIND_BUFFER, image->va.buf);
	size_t sample = sample_size(s->fourcc), row;
	unsigned int plane;

	if (!b || image->va.format.fourcc != s->fourcc)
		return VA_STATUS_ERROR_INVALID_IMAGE_FORMAT;
	if (on_surface.w != on_image.w || on_surface.h != on_image.h || on_surface.x < 0 ||
	    on_surface.y < 0 || on_image.x < 0 || on_image.y < 0 ||
	    (on_surface.x | on_surface.y | on_image.x | on_image.y) & 1 ||
	    (unsigned int)on_surface.x + on_surface.w > (unsigned int)s->cols ||
	    (unsigned int)on_surface.y + on_surface.h > (unsigned int)s->rows ||
	    (unsigned int)on_image.x + on_image.w > image->va.width ||
	    (unsigned int)on_image.y + on_image.h > image->va.height)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	for (plane = 0; plane < 2; plane++) {
		size_t shift = plane, width = on_image.w;
		uint8_t *in_surface = s->mem->data + (plane ? s->uv : 0);
		uint8_t *in_image = b->mem->data + image->va.offsets[plane];

		if (plane)
			width = (width + 1) / 2 * 2;
		in_surface +=
			((size_t)on_surface.y >> shift) * s->pitch + (size_t)on_surface.x * sample;
		in_image += ((size_t)on_image.y >> shift) * image->va.pitches[plane] +
			    (size_t)on_image.x * sample;
		for (row = 0; row < (on_image.h + shift) >> shift; row++) {
			if (to_surface)
				memcpy(in_surface, in_image, width * sample);
			else
				memcpy(in_image, in_surface, width * sample);
			in_surface += s->pitch;
			in_image += image->va.pitches[plane];
		}
	}
	return VA_STATUS_SUCCESS;
}

static VAStatus transfer(struct driver *drv, const char *call, VASurfaceID surface, VAImageID id,
			 struct area on_surface, struct area on_image, bool to_surface)
{
	const struct surface *s = object_get(drv, KIND_SURFACE, surface);
	const struct image *image = object_get(drv, KIND_IMAGE, id);
	VAStatus st;

	if (!s)
		return VA_STATUS_ERROR_INVALID_SURFACE;
	if (!image)
		return VA_STATUS_ERROR_INVALID_IMAGE;
	st = gate(drv, call, &s->who);
	if (st != VA_STATUS_SUCCESS)
		return st;
	return copy_area(drv, s, image, on_surface, on_image, to_surface);
}

static VAStatus get_image(VADriverContextP va, VASurfaceID surface, int x, int y,
			  unsigned int width, unsigned int height, VAImageID id)
{
	return transfer(driver_of(va), "GetImage", surface, id,
			(struct area){ x, y, width, height }, (struct area){ 0, 0, width, height },
			false);
}

static VAStatus put_image(VADriverContextP va, VASurfaceID surface, VAImageID id, int src_x,
			  int src_y, unsigned int src_w, unsigned int src_h, int dst_x, int dst_y,
			  unsigned int dst_w, unsigned int dst_h)
{
	return transfer(driver_of(va), "PutImage", surface, id,
			(struct area){ dst_x, dst_y, dst_w, dst_h },
			(struct area){ src_x, src_y, src_w, src_h }, true);
}

static VAStatus set_palette(VADriverContextP va, VAImageID id, unsigned char *palette)
{
	(void)va;
	(void)id;
	(void)palette;
	return VA_STATUS_ERROR_UNIMPLEMENTED;
}

void images_fill(VADriverContextP va)
{
	struct VADriverVTable *v = va->vtable;

	va->max_image_formats = FORMATS;
	v->vaQueryImageFormats = query_formats;
	v->vaCreateImage = create_image;
	v->vaDeriveImage = derive_image;
	v->vaDestroyImage = destroy_image;
	v->vaSetImagePalette = set_palette;
	v->vaGetImage = get_image;
	v->vaPutImage = put_image;
}
