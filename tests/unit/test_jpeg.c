// SPDX-License-Identifier: Apache-2.0
/* The reader of JPEG takes what T.81 allows for one baseline picture, and nothing else. */
#include "test.h"

#include "probe/jpeg_stream.h"

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
	ok = jpeg_read(ret, copy, len, why, 128);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_stream), cmocka_unit_test(one_byte),    cmocka_unit_test(cut),
		cmocka_unit_test(data),	      cmocka_unit_test(little_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
