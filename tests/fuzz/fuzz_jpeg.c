// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "probe/jpeg/jpeg.h"

/* What was read, written again with the same data, is the same. */
static void check_again(const struct jpeg *jpeg, const uint8_t *data)
{
	uint8_t *out = malloc(JPEG_HEADER_MAX + jpeg->scan_len + 2);
	struct jpeg again;
	char why[128];
	size_t n;

	CHECK(out);
	n = jpeg_write(jpeg, out);
	CHECK(n <= JPEG_HEADER_MAX);
	memcpy(out + n, data + jpeg->scan, jpeg->scan_len);
	memcpy(out + n + jpeg->scan_len, "\xff\xd9", 2);
	CHECK(jpeg_parse(&again, out, n + jpeg->scan_len + 2, why, sizeof(why)));
	CHECK(again.scan == n && again.scan_len == jpeg->scan_len);
	CHECK(again.width == jpeg->width && again.height == jpeg->height);
	CHECK(memcmp(again.components, jpeg->components, sizeof(again.components)) == 0);
	CHECK(memcmp(again.quantisers, jpeg->quantisers, sizeof(again.quantisers)) == 0);
	CHECK(memcmp(again.huffman, jpeg->huffman, sizeof(again.huffman)) == 0);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *stream = (uint8_t *)exact(data, size);
	struct jpeg jpeg;
	char why[128] = "";

	if (jpeg_parse(&jpeg, stream, size, why, sizeof(why))) {
		CHECK(jpeg.scan_len <= size && jpeg.scan <= size - jpeg.scan_len);
		check_again(&jpeg, stream);
	} else {
		CHECK(why[0] != '\0' && memchr(why, '\0', sizeof(why)));
	}
	free(stream);
	return 0;
}
