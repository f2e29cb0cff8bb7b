// SPDX-License-Identifier: Apache-2.0
/*
 * The known picture: gradients with a few hard edges. It is easy to encode, so at a moderate
 * quantizer any correct encoder is far above 30 dB; a picture that is broken, shifted, of another
 * size or left from before is far below.
 */
#include "common.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static unsigned sample_bytes(uint32_t fourcc)
{
	return fourcc == VA_FOURCC_P010 ? 2 : 1;
}

bool picture_new(struct picture *p, unsigned width, unsigned height, uint32_t fourcc)
{
	p->width = width;
	p->height = height;
	p->fourcc = fourcc;
	p->size = (size_t)width * height * 3 / 2 * sample_bytes(fourcc);
	p->data = calloc(1, p->size);
	return p->data != NULL;
}

void picture_free(struct picture *p)
{
	free(p->data);
	p->data = NULL;
}

/* value: 8 bits; P010 holds 10 bits in the upper part of 16. */
static void put_sample(struct picture *p, size_t index, unsigned value)
{
	if (p->fourcc == VA_FOURCC_P010) {
		uint16_t wide = (uint16_t)(value << 8 | (value & 3) << 6);

		memcpy(p->data + 2 * index, &wide, sizeof(wide));
	} else {
		p->data[index] = (uint8_t)value;
	}
}

static unsigned luma_at(const struct picture *p, unsigned x, unsigned y)
{
	unsigned across = x * 100 / p->width, down = y * 80 / p->height;
	unsigned value = 30 + across + down;

	/* Hard edges: a bright frame, a dark square off the middle, a diagonal. */
	if (x < p->width / 16 || y >= p->height - p->height / 16)
		return 225;
	if (x > p->width / 2 && x < p->width * 3 / 4 && y > p->height / 4 && y < p->height / 2)
		return 25;
	if (x * p->height / p->width > y + p->height / 2)
		value += 20;
	return value;
}

void picture_draw(struct picture *p)
{
	size_t luma = (size_t)p->width * p->height;

	for (unsigned y = 0; y < p->height; y++)
		for (unsigned x = 0; x < p->width; x++)
			put_sample(p, (size_t)y * p->width + x, luma_at(p, x, y));
	for (unsigned y = 0; y < p->height / 2; y++) {
		for (unsigned x = 0; x < p->width / 2; x++) {
			size_t at = luma + (size_t)y * p->width + 2 * x;

			put_sample(p, at, 70 + 200 * x / p->width);
			put_sample(p, at + 1, x < p->width / 4 ? 90 : 160 - 100 * y / p->height);
		}
	}
}

static double sample(const struct picture *p, size_t index)
{
	if (p->fourcc == VA_FOURCC_P010) {
		uint16_t wide;

		memcpy(&wide, p->data + 2 * index, sizeof(wide));
		return (wide >> 6) / 4.0;
	}
	return p->data[index];
}

/* Of count samples from first on, each step-th. */
static double plane_psnr(const struct picture *a, const struct picture *b, size_t first,
			 size_t count, size_t step)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double d = sample(a, first + i * step) - sample(b, first + i * step);

		sum += d * d;
	}
	if (sum == 0)
		return 100;
	return fmin(100, 10 * log10(255.0 * 255.0 * (double)count / sum));
}

double picture_psnr(const struct picture *a, const struct picture *b)
{
	size_t luma = (size_t)a->width * a->height;
	double psnr = plane_psnr(a, b, 0, luma, 1);

	psnr = fmin(psnr, plane_psnr(a, b, luma, luma / 4, 2));
	return fmin(psnr, plane_psnr(a, b, luma + 1, luma / 4, 2));
}
