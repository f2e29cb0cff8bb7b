// SPDX-License-Identifier: Apache-2.0
/* One picture through one entry point, by libva. */
#include "client.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <va/va_drm.h>

extern char **environ;

static void unset_all(void)
{
	char **e = environ;

	while (*e) {
		char name[128];

		if (strncmp(*e, "FAKE_VA_", 8) != 0) {
			e++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(*e, "="), *e);
		unsetenv(name);
	}
}

void set_knobs(const char *knobs)
{
	char copy[1024], *part, *rest = copy;

	unset_all();
	snprintf(copy, sizeof(copy), "%s", knobs);
	while ((part = strsep(&rest, " "))) {
		char name[128], *value = strchr(part, '=');

		if (!value)
			continue;
		snprintf(name, sizeof(name), "FAKE_VA_%.*s", (int)(value - part), part);
		setenv(name, value + 1, 1);
	}
}

/* Slopes, edges, and bytes that would look like start codes if nobody escaped them. */
void test_picture(uint8_t nv12[NV12_SIZE])
{
	int x, y;

	for (y = 0; y < HEIGHT; y++)
		for (x = 0; x < WIDTH; x++)
			nv12[y * WIDTH + x] =
				(uint8_t)(x / 64 == 1 ? (x % 4 == 3) * (y % 4) : (x + y) / 2 + 20);
	for (y = 0; y < HEIGHT / 2; y++)
		for (x = 0; x < WIDTH; x++)
			nv12[WIDTH * HEIGHT + y * WIDTH + x] =
				(uint8_t)(x % 2 ? 60 + y : 190 - x / 2);
}

double psnr(const uint8_t *a, const uint8_t *b, size_t size)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum += (double)(a[i] - b[i]) * (a[i] - b[i]);
	return sum > 0 ? 10 * log10(255.0 * 255.0 * (double)size / sum) : INFINITY;
}

/* Text must not reach the test's output: nobody reads it there. */
static void ignore(void *user, const char *message)
{
	(void)user;
	(void)message;
}

VAStatus client_open(struct client *c)
{
	int major, minor;

	*c = (struct client){ .config = VA_INVALID_ID, .context = VA_INVALID_ID };
	c->coded = VA_INVALID_ID;
	c->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	c->display = vaGetDisplayDRM(c->fd);
	vaSetErrorCallback(c->display, ignore, NULL);
	vaSetInfoCallback(c->display, ignore, NULL);
	return vaInitialize(c->display, &major, &minor);
}

void client_close(struct client *c)
{
	vaTerminate(c->display);
	close(c->fd);
}

VAStatus client_context(struct client *c, VAProfile profile, VAEntrypoint entrypoint, int width,
			int height, unsigned int rt_format)
{
	VAConfigAttrib attrib = { .type = VAConfigAttribRTFormat, .value = rt_format };
	VAStatus st = vaCreateConfig(c->display, profile, entrypoint, &attrib, 1, &c->config);

	if (st == VA_STATUS_SUCCESS)
		st = vaCreateSurfaces(c->display, rt_format, (unsigned int)width,
				      (unsigned int)height, c->surfaces, 2, NULL, 0);
	if (st == VA_STATUS_SUCCESS)
		st = vaCreateContext(c->display, c->config, width, height, VA_PROGRESSIVE,
				     c->surfaces, 2, &c->context);
	if (st == VA_STATUS_SUCCESS && entrypoint != VAEntrypointVLD &&
	    entrypoint != VAEntrypointVideoProc)
		st = vaCreateBuffer(c->display, c->context, VAEncCodedBufferType,
				    (unsigned int)(3 * width * height + 65536), 1, NULL, &c->coded);
	return st;
}

static void drop_buffers(struct client *c)
{
	while (c->num_buffers > 0)
		vaDestroyBuffer(c->display, c->buffers[--c->num_buffers]);
}

void client_context_end(struct client *c)
{
	drop_buffers(c);
	if (c->coded != VA_INVALID_ID)
		vaDestroyBuffer(c->display, c->coded);
	if (c->context != VA_INVALID_ID) {
		vaDestroyContext(c->display, c->context);
		vaDestroySurfaces(c->display, c->surfaces, 2);
	}
	if (c->config != VA_INVALID_ID)
		vaDestroyConfig(c->display, c->config);
	c->coded = c->context = c->config = VA_INVALID_ID;
}

VAStatus add_buffer(struct client *c, VABufferType type, const void *data, size_t size)
{
	void *copy = malloc(size);
	VAStatus st;

	memcpy(copy, data, size);
	st = vaCreateBuffer(c->display, c->context, type, (unsigned int)size, 1, copy,
			    &c->buffers[c->num_buffers]);
	free(copy);
	if (st == VA_STATUS_SUCCESS)
		c->num_buffers++;
	return st;
}

VAStatus run_picture(struct client *c, VASurfaceID target)
{
	VAStatus st = vaBeginPicture(c->display, c->context, target);

	if (st == VA_STATUS_SUCCESS)
		st = vaRenderPicture(c->display, c->context, c->buffers, c->num_buffers);
	if (st == VA_STATUS_SUCCESS)
		st = vaEndPicture(c->display, c->context);
	if (st == VA_STATUS_SUCCESS)
		st = vaSyncSurface(c->display, target);
	drop_buffers(c);
	return st;
}

static void copy_planes(const VAImage *image, uint8_t *mapped, uint8_t *raw, int width, int height,
			bool in)
{
	size_t line = (size_t)width * (image->format.fourcc == VA_FOURCC_P010 ? 2 : 1);
	int plane, row;

	for (plane = 0; plane < 2; plane++) {
		for (row = 0; row < height >> plane; row++, raw += line) {
			uint8_t *at = mapped + image->offsets[plane] +
				      (size_t)row * image->pitches[plane];

			if (in)
				memcpy(at, raw, line);
			else
				memcpy(raw, at, line);
		}
	}
}

static VAStatus transfer(struct client *c, VAImage *image, uint8_t *raw, int width, int height,
			 bool in)
{
	void *mapped;
	VAStatus st = vaMapBuffer(c->display, image->buf, &mapped);

	if (st != VA_STATUS_SUCCESS)
		return st;
	copy_planes(image, mapped, raw, width, height, in);
	return vaUnmapBuffer(c->display, image->buf);
}

VAStatus upload(struct client *c, VASurfaceID surface, const uint8_t *raw, int width, int height,
		bool derive)
{
	VAImageFormat format = { .fourcc = VA_FOURCC_NV12 };
	VAImage image;
	VAStatus st;

	if (derive)
		st = vaDeriveImage(c->display, surface, &image);
	else
		st = vaCreateImage(c->display, &format, width, height, &image);
	if (st != VA_STATUS_SUCCESS)
		return st;
	st = transfer(c, &image, (uint8_t *)(uintptr_t)raw, width, height, true);
	if (st == VA_STATUS_SUCCESS && !derive)
		st = vaPutImage(c->display, surface, image.image_id, 0, 0, (unsigned int)width,
				(unsigned int)height, 0, 0, (unsigned int)width,
				(unsigned int)height);
	vaDestroyImage(c->display, image.image_id);
	return st;
}

VAStatus download(struct client *c, VASurfaceID surface, uint8_t *raw, int width, int height)
{
	VAImageFormat format = { .fourcc = VA_FOURCC_NV12 };
	VAImage image;
	VAStatus st = vaCreateImage(c->display, &format, width, height, &image);

	if (st != VA_STATUS_SUCCESS)
		return st;
	st = vaGetImage(c->display, surface, 0, 0, (unsigned int)width, (unsigned int)height,
			image.image_id);
	if (st == VA_STATUS_SUCCESS)
		st = transfer(c, &image, raw, width, height, false);
	vaDestroyImage(c->display, image.image_id);
	return st;
}

VAStatus take_stream(struct client *c, struct stream *ret)
{
	VACodedBufferSegment *seg;
	VAStatus st = vaMapBuffer(c->display, c->coded, (void **)&seg);

	*ret = (struct stream){ 0 };
	if (st != VA_STATUS_SUCCESS)
		return st;
	for (; seg; seg = seg->next) {
		ret->data = realloc(ret->data, ret->size + seg->size + 1);
		memcpy(ret->data + ret->size, seg->buf, seg->size);
		ret->size += seg->size;
		ret->status |= seg->status;
		ret->segments++;
	}
	return vaUnmapBuffer(c->display, c->coded);
}
