// SPDX-License-Identifier: Apache-2.0
/* How AV1 divides a picture into tiles (5.9.15). */
#include "av1.h"

enum { MAX_TILE_WIDTH = 4096, MAX_TILE_AREA = 4096 * 2304 };

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned max(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* tile_log2(): the least k with size << k >= target */
static unsigned log2_of(unsigned size, unsigned target)
{
	unsigned k = 0;

	while (size << k < target)
		k++;
	return k;
}

void av1_tile_limits(unsigned width, unsigned height, bool superblock_128, struct av1_tile_info *t)
{
	unsigned size = superblock_128 ? 128 : 64;

	/* In whole blocks of 8 (MiCols, MiRows) before whole superblocks: that is the same. */
	t->sb_cols = (width + size - 1) / size;
	t->sb_rows = (height + size - 1) / size;
	t->max_width = MAX_TILE_WIDTH / size;
	t->max_area = MAX_TILE_AREA / (size * size);
	t->min_cols_log2 = log2_of(t->max_width, t->sb_cols);
	t->max_cols_log2 = log2_of(1, min(t->sb_cols, AV1_MAX_TILE_COLS));
	t->max_rows_log2 = log2_of(1, min(t->sb_rows, AV1_MAX_TILE_ROWS));
	t->min_log2 = max(t->min_cols_log2, log2_of(t->max_area, t->sb_rows * t->sb_cols));
}

/* Pieces of one size, the last of what is left. Returns how many. */
static unsigned divide(unsigned whole, unsigned log2, unsigned *sizes)
{
	unsigned size = (whole + (1u << log2) - 1) >> log2, n = 0;

	for (unsigned at = 0; at < whole; at += size)
		sizes[n++] = min(size, whole - at);
	return n;
}

static unsigned min_rows_log2(const struct av1_tile_info *t)
{
	return t->min_log2 > t->cols_log2 ? t->min_log2 - t->cols_log2 : 0;
}

void av1_tiles_fewest(struct av1_tile_info *t)
{
	t->uniform = true;
	t->cols_log2 = t->min_cols_log2;
	t->cols = divide(t->sb_cols, t->cols_log2, t->widths);
	t->rows_log2 = min_rows_log2(t);
	t->rows = divide(t->sb_rows, t->rows_log2, t->heights);
}

static unsigned get_log2(struct bit_reader *r, unsigned least, unsigned most)
{
	while (least < most && bits_get(r, 1))
		least++;
	return least;
}

static void read_uniform(struct bit_reader *r, struct av1_tile_info *t)
{
	t->cols_log2 = get_log2(r, t->min_cols_log2, t->max_cols_log2);
	t->cols = divide(t->sb_cols, t->cols_log2, t->widths);
	t->rows_log2 = get_log2(r, min_rows_log2(t), t->max_rows_log2);
	t->rows = divide(t->sb_rows, t->rows_log2, t->heights);
}

/* ns(n), 4.10.7 */
static unsigned get_non_symmetric(struct bit_reader *r, unsigned n)
{
	unsigned width = 0, m, value;

	while (n >> width)
		width++;
	m = (1u << width) - n;
	value = bits_get(r, width - 1);
	return value < m ? value : (value << 1) - m + bits_get(r, 1);
}

/* Pieces of their own sizes; 0 when they are too many. */
static unsigned read_sizes(struct bit_reader *r, unsigned whole, unsigned largest, unsigned most,
			   unsigned *sizes)
{
	unsigned n = 0;

	for (unsigned at = 0; at < whole; at += sizes[n++]) {
		if (n == most)
			return 0;
		sizes[n] = get_non_symmetric(r, min(whole - at, largest)) + 1;
	}
	return n;
}

static bool read_explicit(struct bit_reader *r, struct av1_tile_info *t)
{
	unsigned area = t->sb_rows * t->sb_cols, widest = 1;

	t->cols = read_sizes(r, t->sb_cols, t->max_width, AV1_MAX_TILE_COLS, t->widths);
	t->cols_log2 = log2_of(1, t->cols);
	for (unsigned i = 0; i < t->cols; i++)
		widest = max(widest, t->widths[i]);
	if (t->min_log2 > 0)
		area >>= t->min_log2 + 1;
	t->rows = read_sizes(r, t->sb_rows, max(area / widest, 1), AV1_MAX_TILE_ROWS, t->heights);
	t->rows_log2 = log2_of(1, t->rows);
	return t->cols > 0 && t->rows > 0;
}

const char *av1_parse_tile_info(struct bit_reader *r, struct av1_tile_info *t)
{
	t->uniform = bits_get(r, 1);
	if (t->uniform)
		read_uniform(r, t);
	else if (!read_explicit(r, t))
		return "too many AV1 tiles";
	if (t->cols * t->rows > AV1_TILES)
		return "more AV1 tiles than the picture needs";
	if (t->cols_log2 > 0 || t->rows_log2 > 0) {
		t->update_id = bits_get(r, t->cols_log2 + t->rows_log2);
		t->size_bytes = bits_get(r, 2) + 1;
	}
	return NULL;
}
