// SPDX-License-Identifier: Apache-2.0
/* The reader of JPEG takes what T.81 allows for one baseline picture, and nothing else. */
/* Before cmocka, which has a macro of the name of one of its functions. */
#include "probe/jpeg/jpeg.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH  250
#define HEIGHT 190
#define DATA   500

/* Where the segments of jpeg_write() lie: marker, length, content. */
enum {
	APP0 = 2,
	DQT = 20,
	DQT_CHROMA = DQT + 69,
	DHT_DC = DQT_CHROMA + 69,
	DHT_AC = DHT_DC + 33,
	DHT_DC_CHROMA = DHT_AC + 183,
	DHT_AC_CHROMA = DHT_DC_CHROMA + 33,
	SOF = DHT_AC_CHROMA + 183,
	SOS = SOF + 19,
	SCAN = SOS + 14,
	LEN = SCAN + DATA + 2
};

/* A copy of its own size, so that a sanitizer sees any byte that is read beyond. */
static bool reads(const uint8_t *data, size_t len, struct jpeg *ret, char why[128])
{
	uint8_t *copy = malloc(len ? len : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, data, len);
	why[0] = '\0';
	ok = jpeg_parse(ret, copy, len, why, 128);
	free(copy);
	return ok;
}

static void make(uint8_t stream[LEN])
{
	struct jpeg jpeg;
	uint8_t header[JPEG_HEADER_MAX];

	jpeg_defaults(&jpeg, WIDTH, HEIGHT);
	assert_int_equal(jpeg_write(&jpeg, header), SCAN);
	memcpy(stream, header, SCAN);
	memset(stream + SCAN, 0x55, DATA);
	stream[LEN - 2] = 0xff;
	stream[LEN - 1] = 0xd9;
}

static void own_stream(void **state)
{
	uint8_t stream[LEN];
	struct jpeg jpeg, wanted;
	char why[128];

	(void)state;
	make(stream);
	assert_true(reads(stream, LEN, &jpeg, why));
	assert_int_equal(jpeg.scan, SCAN);
	assert_int_equal(jpeg.scan_len, DATA);
	assert_int_equal(jpeg_mcus(&jpeg), 16 * 12);
	jpeg_defaults(&wanted, WIDTH, HEIGHT);
	assert_int_equal(jpeg.width, WIDTH);
	assert_int_equal(jpeg.height, HEIGHT);
	assert_int_equal(jpeg.restart_interval, 0);
	assert_memory_equal(jpeg.components, wanted.components, sizeof(wanted.components));
	assert_memory_equal(jpeg.quantisers, wanted.quantisers, sizeof(wanted.quantisers));
	assert_memory_equal(jpeg.huffman, wanted.huffman, sizeof(wanted.huffman));
}

/* T.81 prints them in rows (K.1, K.2), a stream has them in zig-zag order (figure A.6). */
static void quantisers_of_annex_k(void **state)
{
	static const uint8_t luma[8][8] = {
		{ 16, 11, 10, 16, 24, 40, 51, 61 },	{ 12, 12, 14, 19, 26, 58, 60, 55 },
		{ 14, 13, 16, 24, 40, 57, 69, 56 },	{ 14, 17, 22, 29, 51, 87, 80, 62 },
		{ 18, 22, 37, 56, 68, 109, 103, 77 },	{ 24, 35, 55, 64, 81, 104, 113, 92 },
		{ 49, 64, 78, 87, 103, 121, 120, 101 }, { 72, 92, 95, 98, 112, 100, 103, 99 }
	};
	static const uint8_t chroma[4][4] = {
		{ 17, 18, 24, 47 }, { 18, 21, 26, 66 }, { 24, 26, 56, 99 }, { 47, 66, 99, 99 }
	};
	struct jpeg jpeg;
	int x = 0, y = 0;

	(void)state;
	jpeg_defaults(&jpeg, WIDTH, HEIGHT);
	for (size_t i = 0; i < 64; i++) {
		bool up = (x + y) % 2 == 0;

		assert_int_equal(jpeg.quantisers[0][i], luma[y][x]);
		assert_int_equal(jpeg.quantisers[1][i], x < 4 && y < 4 ? chroma[y][x] : 99);
		if (up ? x == 7 : y == 7)
			*(up ? &y : &x) += 1;
		else if (up ? y == 0 : x == 0)
			*(up ? &x : &y) += 1;
		else
			x += up ? 1 : -1, y += up ? -1 : 1;
	}
}

/* One change of one byte each, and the words that the reason holds; NULL: it is allowed. */
static void one_byte(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
		const char *why;
	} rows[] = {
		{ 0, 0xfe, "no SOI" },
		{ 1, 0xd9, "no SOI" },
		{ APP0, 0, "no marker" },
		{ APP0 + 1, 0xfe, NULL }, /* a comment */
		{ APP0 + 1, 0xdc, "marker 0xffdc" },
		{ APP0 + 1, 0xc2, "marker 0xffc2" }, /* progressive */
		{ APP0 + 3, 1, "a segment of 1 bytes" },
		{ DQT + 2, 0xff, "a segment of" },
		{ DQT + 4, 0x10, "quantisation table" }, /* of 16 bits */
		{ DQT + 4, 4, "quantisation table" },
		{ DQT + 4, 1, "component 0" }, /* then there is no table 0 */
		{ DQT + 5, 0, "quantisation table" },
		{ DQT + 5, 1, NULL },
		{ DHT_DC + 4, 0x20, "Huffman table" },
		{ DHT_DC + 4, 2, "Huffman table" }, /* baseline has two */
		{ DHT_DC + 4, 1, "component 0" },
		{ DHT_DC + 5, 3, "Huffman table" },  /* three codes of one bit */
		{ DHT_DC + 20, 1, "Huffman table" }, /* a value more than there is */
		{ DHT_AC_CHROMA + 4, 0x10, "component 1" },
		{ SOF + 4, 12, "of 8 bits" },
		{ SOF + 9, 1, "three components" },
		{ SOF + 11, 0x11, "4:2:0" },
		{ SOF + 14, 0x21, "4:2:0" },
		{ SOF + 12, 4, "4:2:0" },
		{ SOF + 12, 2, "component 0" },
		{ SOF + 5, 0x40, "bytes of data for 250x16574" },
		{ SOF + 1, 0xfe, "before the frame header" },
		{ SOS + 1, 0xc0, "not one frame" },
		{ SOS + 4, 1, "not one sequential scan" },
		{ SOS + 5, 9, "component 0" },
		{ SOS + 8, 0x12, "component 1" },
		{ SOS + 11, 1, "not one sequential scan" },
		{ SOS + 12, 62, "not one sequential scan" },
		{ SOS + 13, 1, "not one sequential scan" },
		{ LEN - 1, 0xda, "marker 0xffda in the coded data" },
		{ LEN - 1, 0xd0, "no EOI" }, /* RST0 */
		{ LEN - 1, 0x00, "no EOI" },
		{ LEN - 2, 0x00, "no EOI" },
	};
	uint8_t stream[LEN];
	struct jpeg jpeg;
	char why[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make(stream);
		stream[rows[i].at] = rows[i].value;
		if (reads(stream, LEN, &jpeg, why) != !rows[i].why ||
		    (rows[i].why && !strstr(why, rows[i].why)))
			fail_msg("byte %u = 0x%02x: \"%s\", not \"%s\"", rows[i].at, rows[i].value,
				 why, rows[i].why ? rows[i].why : "");
	}
}

/* No beginning of a stream is one, whatever its length. */
static void cut(void **state)
{
	uint8_t stream[LEN];
	struct jpeg jpeg;
	char why[128];

	(void)state;
	make(stream);
	for (size_t len = 0; len < LEN; len++) {
		assert_false(reads(stream, len, &jpeg, why));
		assert_true(why[0] != '\0');
	}
}

/* Restart markers, stuffed zeros, fill bytes before EOI, and padding behind it. */
static void data(void **state)
{
	static const uint8_t middle[] = { 0xff, 0xd0, 0xff, 0x00, 0xff, 0xff, 0xff, 0xd7 };
	uint8_t stream[LEN + 8] = { 0 };
	struct jpeg jpeg;
	char why[128];

	(void)state;
	make(stream);
	memcpy(stream + SCAN + 10, middle, sizeof(middle));
	stream[LEN - 3] = 0xff;
	assert_true(reads(stream, LEN, &jpeg, why));
	assert_true(reads(stream, LEN + 8, &jpeg, why));
	stream[LEN + 7] = 1;
	assert_false(reads(stream, LEN + 8, &jpeg, why));
	assert_non_null(strstr(why, "8 bytes behind EOI"));
}

/* 192 units of 6 blocks, each of them two codes of one bit at least: 288 bytes. */
static void little_data(void **state)
{
	uint8_t stream[LEN];
	struct jpeg jpeg;
	char why[128];

	(void)state;
	make(stream);
	memmove(stream + SCAN + 288, stream + LEN - 2, 2);
	assert_true(reads(stream, SCAN + 290, &jpeg, why));
	memmove(stream + SCAN + 287, stream + SCAN + 288, 2);
	assert_false(reads(stream, SCAN + 289, &jpeg, why));
	assert_string_equal(why, "287 bytes of data for 250x190 pixels");
	memmove(stream + SCAN, stream + SCAN + 287, 2);
	assert_false(reads(stream, SCAN + 2, &jpeg, why));
}

/* Keeps the buffers that the codec would give to the driver. */
struct given {
	VABufferType type;
	uint8_t data[2048];
	size_t size;
};
static struct given given[8];

void buffers_add(struct buffers *b, VABufferType type, const void *bytes, size_t size)
{
	assert_true(b->n < 8 && size <= sizeof(given[0].data));
	given[b->n].type = type;
	given[b->n].size = size;
	memcpy(given[b->n++].data, bytes, size);
}

void buffers_add_packed(struct buffers *b, VAEncPackedHeaderType type, const void *bytes,
			size_t bits)
{
	assert_int_equal(type, VAEncPackedHeaderRawData);
	assert_int_equal(bits % 8, 0);
	buffers_add(b, VAEncPackedHeaderDataBufferType, bytes, bits / 8);
}

static const void *find(VABufferType type)
{
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i].type == type && given[i].size > 0)
			return given[i].data;
	fail_msg("no buffer of type %d", type);
	return NULL;
}

extern const struct codec jpeg_codec;

static void size_of_test(void **state)
{
	uint8_t stream[LEN];
	struct coded coded = { stream, LEN };
	struct test test = { .width = WIDTH, .height = HEIGHT };
	char why[128];

	(void)state;
	make(stream);
	assert_true(jpeg_codec.check(&test, &coded, why, sizeof(why)));
	test.height += 2;
	assert_false(jpeg_codec.check(&test, &coded, why, sizeof(why)));
	assert_string_equal(why, "the stream says 250x190");
	test = (struct test){ .width = WIDTH + 2, .height = HEIGHT };
	assert_false(jpeg_codec.check(&test, &coded, why, sizeof(why)));
	coded.len--;
	assert_false(jpeg_codec.check(&test, &coded, why, sizeof(why)));
}

/* The decoder gets what the stream says: tables, identifiers and restart interval of a driver. */
static void decoder_of_stream(void **state)
{
	static const uint8_t dri[] = { 0xff, 0xdd, 0, 4, 1, 2 };
	uint8_t stream[LEN + sizeof(dri)];
	struct coded coded = { stream, sizeof(stream) };
	const struct test test = { .width = WIDTH, .height = HEIGHT };
	struct buffers b = { 0 };

	(void)state;
	memset(given, 0, sizeof(given));
	make(stream);
	stream[DQT + 5] = 3;
	stream[DQT_CHROMA + 68] = 77;
	stream[DHT_AC_CHROMA + 21] = 0x99;
	stream[SOF + 10] = stream[SOS + 5] = 30;
	stream[SOS + 8] = 0x01;
	memmove(stream + SOS + sizeof(dri), stream + SOS, LEN - SOS);
	memcpy(stream + SOS, dri, sizeof(dri));
	assert_true(jpeg_codec.decode(&test, &coded, 7, &b));
	assert_int_equal(b.n, 5);

	const VAPictureParameterBufferJPEGBaseline *pic = find(VAPictureParameterBufferType);
	const VAIQMatrixBufferJPEGBaseline *matrix = find(VAIQMatrixBufferType);
	const VAHuffmanTableBufferJPEGBaseline *huffman = find(VAHuffmanTableBufferType);
	const VASliceParameterBufferJPEGBaseline *slice = find(VASliceParameterBufferType);

	assert_int_equal(pic->picture_width, WIDTH);
	assert_int_equal(pic->picture_height, HEIGHT);
	assert_int_equal(pic->num_components, 3);
	assert_int_equal(pic->components[0].component_id, 30);
	assert_int_equal(pic->components[0].h_sampling_factor, 2);
	assert_int_equal(pic->components[2].v_sampling_factor, 1);
	assert_int_equal(pic->components[2].quantiser_table_selector, 1);
	assert_memory_equal(matrix->load_quantiser_table, "\1\1\0\0", 4);
	assert_int_equal(matrix->quantiser_table[0][0], 3);
	assert_int_equal(matrix->quantiser_table[1][63], 77);
	assert_memory_equal(huffman->load_huffman_table, "\1\1", 2);
	assert_int_equal(huffman->huffman_table[0].num_ac_codes[15], 125);
	assert_int_equal(huffman->huffman_table[1].num_dc_codes[1], 3);
	assert_int_equal(huffman->huffman_table[1].dc_values[11], 11);
	assert_int_equal(huffman->huffman_table[1].ac_values[0], 0x99);
	assert_int_equal(slice->slice_data_size, DATA);
	assert_int_equal(slice->restart_interval, 0x102);
	assert_int_equal(slice->num_mcus, 16 * 12);
	assert_int_equal(slice->num_components, 3);
	assert_int_equal(slice->components[0].component_selector, 30);
	assert_int_equal(slice->components[1].dc_table_selector, 0);
	assert_int_equal(slice->components[1].ac_table_selector, 1);
	assert_int_equal(b.n, 5);
	assert_int_equal(given[4].type, VASliceDataBufferType);
	assert_int_equal(given[4].size, DATA);
	assert_memory_equal(given[4].data, stream + SCAN + sizeof(dri), DATA);
	coded.len -= 2;
	assert_false(jpeg_codec.decode(&test, &coded, 7, &b));
}

/* The header is ours where the driver takes one, and tells the tables that the driver gets. */
static void encoder(void **state)
{
	const struct test test = { .width = WIDTH, .height = HEIGHT };
	struct encoding e = { .test = &test, .coded = 3, .reconstructed = 4 };
	uint8_t stream[LEN];
	struct buffers b = { 0 };

	(void)state;
	memset(given, 0, sizeof(given));
	make(stream);
	jpeg_codec.encode(&e, &b);
	assert_int_equal(b.n, 4);
	b.n = 0;
	e.packed = VA_ENC_PACKED_HEADER_RAW_DATA;
	jpeg_codec.encode(&e, &b);
	assert_int_equal(b.n, 5);
	assert_int_equal(given[4].size, SCAN);
	assert_memory_equal(find(VAEncPackedHeaderDataBufferType), stream, SCAN);

	const VAEncPictureParameterBufferJPEG *pic = find(VAEncPictureParameterBufferType);
	const VAQMatrixBufferJPEG *matrix = find(VAQMatrixBufferType);
	const VAHuffmanTableBufferJPEGBaseline *huffman = find(VAHuffmanTableBufferType);

	assert_int_equal(pic->quality, 50);
	assert_int_equal(pic->coded_buf, 3);
	assert_int_equal(pic->reconstructed_picture, 4);
	assert_memory_equal(matrix->lum_quantiser_matrix, stream + DQT + 5, 64);
	assert_memory_equal(matrix->chroma_quantiser_matrix, stream + DQT_CHROMA + 5, 64);
	assert_memory_equal(huffman->huffman_table[0].ac_values, stream + DHT_AC + 21, 162);
	assert_memory_equal(huffman->huffman_table[1].ac_values, stream + DHT_AC_CHROMA + 21, 162);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_stream),	cmocka_unit_test(quantisers_of_annex_k),
		cmocka_unit_test(one_byte),	cmocka_unit_test(cut),
		cmocka_unit_test(data),		cmocka_unit_test(little_data),
		cmocka_unit_test(size_of_test), cmocka_unit_test(decoder_of_stream),
		cmocka_unit_test(encoder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
