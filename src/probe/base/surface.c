// SPDX-License-Identifier: Apache-2.0
/*
 * Pictures to and from surfaces. Up by vaDeriveImage, which most drivers have, or by vaPutImage;
 * down by vaGetImage, since derived memory is often uncached and very slow to read.
 */
#include "common.h"

#include <string.h>

/* Copies row by row between the image, which has pitches, and the picture, which has none. */
static bool copy_rows(const VAImage *image, uint8_t *mapped, struct picture *p, bool up,
		      struct va_outcome *outcome)
{
	size_t bytes = p->fourcc == VA_FOURCC_P010 ? 2 : 1, row = p->width * bytes;
	uint8_t *data = p->data;

	for (unsigned plane = 0; plane < 2; plane++) {
		unsigned rows = plane == 0 ? p->height : p->height / 2;
		size_t last = image->offsets[plane] + (size_t)(rows - 1) * image->pitches[plane];

		if (image->pitches[plane] < row || last + row > image->data_size)
			return fail(outcome, VA_EXECUTE, "the driver's image is too small");
		for (unsigned y = 0; y < rows; y++, data += row) {
			uint8_t *at =
				mapped + image->offsets[plane] + (size_t)y * image->pitches[plane];

			memcpy(up ? at : data, up ? data : at, row);
		}
	}
	return true;
}

static bool copy_image(const struct device *device, const VAImage *image, struct picture *p,
		       bool up, struct va_outcome *outcome)
{
	void *mapped = NULL;
	bool ok;

	if (!check(outcome, VA_EXECUTE, "vaMapBuffer of an image",
		   vaMapBuffer(device->display, image->buf, &mapped)))
		return false;
	ok = mapped ? copy_rows(image, mapped, p, up, outcome)
		    : fail(outcome, VA_EXECUTE, "vaMapBuffer gave nothing");
	vaUnmapBuffer(device->display, image->buf);
	return ok;
}

static bool create_image(const struct device *device, const struct picture *p, VAImage *ret,
			 struct va_outcome *outcome)
{
	VAImageFormat format = {
		.fourcc = p->fourcc,
		.byte_order = VA_LSB_FIRST,
		.bits_per_pixel = p->fourcc == VA_FOURCC_P010 ? 24 : 12,
	};

	return check(outcome, VA_SUBMIT, "vaCreateImage",
		     vaCreateImage(device->display, &format, (int)p->width, (int)p->height, ret));
}

bool surface_upload(const struct device *device, VASurfaceID surface, const struct picture *p,
		    struct va_outcome *outcome)
{
	struct picture *source = (struct picture *)p; /* only read: the copy goes up */
	VAImage image;
	bool ok;

	if (vaDeriveImage(device->display, surface, &image) == VA_STATUS_SUCCESS) {
		bool usable = image.format.fourcc == p->fourcc && image.num_planes == 2;

		ok = usable && copy_image(device, &image, source, true, outcome);
		vaDestroyImage(device->display, image.image_id);
		if (usable)
			return ok;
	}
	if (!create_image(device, p, &image, outcome))
		return false;
	ok = copy_image(device, &image, source, true, outcome) &&
	     check(outcome, VA_SUBMIT, "vaPutImage",
		   vaPutImage(device->display, surface, image.image_id, 0, 0, p->width, p->height,
			      0, 0, p->width, p->height));
	vaDestroyImage(device->display, image.image_id);
	return ok;
}

bool surface_download(const struct device *device, VASurfaceID surface, struct picture *p,
		      struct va_outcome *outcome)
{
	VAImage image;
	bool ok;

	if (!create_image(device, p, &image, outcome))
		return false;
	ok = check(outcome, VA_EXECUTE, "vaGetImage",
		   vaGetImage(device->display, surface, 0, 0, p->width, p->height,
			      image.image_id)) &&
	     copy_image(device, &image, p, false, outcome);
	vaDestroyImage(device->display, image.image_id);
	return ok;
}
