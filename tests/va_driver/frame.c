// SPDX-License-Identifier: Apache-2.0
/* Pictures as such: copies, damage, what is kept of them, what they are compared with. */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t sample_size(const struct surface *s)
{
	return s->fourcc == VA_FOURCC_P010 ? 2 : 1;
}

/* What both have room for; both of one format. */
void frame_copy(struct surface *to, const struct surface *from)
{
	size_t cols = min_size((size_t)to->cols, (size_t)from->cols) * sample_size(to), row;
	size_t rows = min_size((size_t)to->rows, (size_t)from->rows);

	if (to->fourcc != from->fourcc)
		return;
	for (row = 0; row < rows; row++)
		memcpy(to->mem->data + row * to->pitch, from->mem->data + row * from->pitch, cols);
	for (row = 0; row < rows / 2; row++)
		memcpy(to->mem->data + to->uv + row * to->pitch,
		       from->mem->data + from->uv + row * from->pitch, cols);
}

/* Up and down by turns: every sample is wrong by n, whatever it was. */
static unsigned int wobble(unsigned int v, unsigned int n, size_t at, unsigned int largest)
{
	bool up = at % 2 == 0;

	if (up && v + n > largest)
		up = false;
	else if (!up && v < n)
		up = true;
	return up ? v + n : v - n;
}

static unsigned int damaged(unsigned int v, const char *how, unsigned int noise, size_t at,
			    unsigned int largest)
{
	if (strcmp(how, "green") == 0)
		return 0;
	if (strncmp(how, "noise:", 6) == 0)
		return wobble(v, noise * (largest + 1) / 256, at, largest);
	return (v + (largest + 1) / 2) & largest; /* shift, half */
}

/* shift: all samples by half the range; half: the lower half so; green: zeros; noise:N. */
void frame_damage(struct surface *s, const char *how)
{
	unsigned int noise = strncmp(how, "noise:", 6) == 0 ? (unsigned int)atoi(how + 6) : 0;
	size_t rows = (size_t)s->rows * 3 / 2, row, col;

	if (strcmp(how, "stream") == 0)
		return;
	for (row = 0; row < rows; row++) {
		size_t in_plane = row < (size_t)s->rows ? row : (row - (size_t)s->rows) * 2;

		if (strcmp(how, "half") == 0 && in_plane < (size_t)s->height / 2)
			continue;
		for (col = 0; col < (size_t)s->cols; col++) {
			uint8_t *p = s->mem->data + row * s->pitch + col * sample_size(s);
			unsigned int v;

			if (sample_size(s) == 1) {
				*p = (uint8_t)damaged(*p, how, noise, row + col, 255);
				continue;
			}
			v = damaged((p[0] | (unsigned int)p[1] << 8) >> 6, how, noise, row + col,
				    1023)
			    << 6;
			p[0] = (uint8_t)v;
			p[1] = (uint8_t)(v >> 8);
		}
	}
}

/* A copy of the picture to encode, damaged if so told. The caller drops its memory. */
struct surface frame_input(struct driver *drv, const struct context *c, const struct surface *s)
{
	const char *how = knob(drv, "CORRUPT", &c->who);
	struct surface copy;

	surface_init(&copy, s->fourcc, s->width, s->height);
	memcpy(copy.mem->data, s->mem->data, s->mem->size);
	if (how)
		frame_damage(&copy, how);
	return copy;
}

static const char *suffix(const struct surface *s)
{
	return s->fourcc == VA_FOURCC_P010 ? "p010" : "nv12";
}

/* SAVE=folder: the picture as raw video, named after its size. */
void frame_save(struct driver *drv, const struct context *c, const struct surface *s)
{
	const char *dir = knob(drv, "SAVE", &c->who);
	size_t row, rows = (size_t)s->height, width = (size_t)s->width * sample_size(s);
	char path[512];
	FILE *f;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%dx%d.%s", dir, s->width, s->height, suffix(s));
	f = fopen(path, "we");
	if (!f)
		return;
	for (row = 0; row < rows; row++)
		fwrite(s->mem->data + row * s->pitch, 1, width, f);
	for (row = 0; row < (rows + 1) / 2; row++)
		fwrite(s->mem->data + s->uv + row * s->pitch, 1, width, f);
	fclose(f);
}

static bool same_as(const struct surface *s, FILE *f)
{
	size_t row, rows = (size_t)s->height, width = (size_t)s->width * sample_size(s);
	uint8_t *line = xalloc(width);
	bool same = true;

	for (row = 0; same && row < rows + (rows + 1) / 2; row++) {
		const uint8_t *have = row < rows ? s->mem->data + row * s->pitch
						 : s->mem->data + s->uv + (row - rows) * s->pitch;

		same = fread(line, 1, width, f) == width && memcmp(line, have, width) == 0;
	}
	free(line);
	return same;
}

/* EXPECT=folder: the surface must hold exactly the picture of its size that is kept there. */
VAStatus frame_expect(struct driver *drv, const struct context *c, const struct surface *s)
{
	const char *dir = knob(drv, "EXPECT", &c->who);
	char path[512];
	bool same;
	FILE *f;

	if (!dir)
		return VA_STATUS_SUCCESS;
	snprintf(path, sizeof(path), "%s/%dx%d.%s", dir, s->width, s->height, suffix(s));
	f = fopen(path, "re");
	if (!f) {
		complain(drv, "EXPECT: no %s", path);
		return VA_STATUS_ERROR_ENCODING_ERROR;
	}
	same = same_as(s, f);
	fclose(f);
	if (!same)
		complain(drv, "the surface is not what %s holds", path);
	return same ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ENCODING_ERROR;
}
