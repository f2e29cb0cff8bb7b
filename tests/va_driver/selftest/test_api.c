// SPDX-License-Identifier: Apache-2.0
/* The driver by libva's own calls: round trips and processing. */
#include "test.h"

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <va/va_vpp.h>

static uint8_t picture[NV12_SIZE], back[NV12_SIZE];

/* Where a stream with the driver's own headers is left for ffmpeg to judge. */
static const char *out_dir;

static void keep(const char *name, const void *data, size_t size)
{
	char path[512];
	FILE *f;

	if (!out_dir)
		return;
	snprintf(path, sizeof(path), "%s/%s", out_dir, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void open_with(struct client *c, const char *knobs)
{
	set_knobs(knobs);
	assert_int_equal(client_open(c), VA_STATUS_SUCCESS);
}

static void test_h264(void **state)
{
	static const VAProfile profiles[] = { VAProfileH264ConstrainedBaseline, VAProfileH264Main,
					      VAProfileH264High };
	struct client c;
	int i;

	(void)state;
	open_with(&c, "");
	for (i = 0; i < 12; i++) {
		VAEntrypoint entrypoint = i & 1 ? VAEntrypointEncSliceLP : VAEntrypointEncSlice;
		struct stream own, packed;

		assert_int_equal(encode_h264(&c, profiles[i / 4], entrypoint, picture, i & 2,
					     OWN_HEADERS, &own),
				 VA_STATUS_SUCCESS);
		assert_int_equal(own.status & ~0xffU, 0);
		assert_int_equal(decode_h264(&c, profiles[i / 4], &own, back), VA_STATUS_SUCCESS);
		assert_memory_equal(picture, back, NV12_SIZE);
		assert_int_equal(encode_h264(&c, profiles[i / 4], entrypoint, picture, i & 2,
					     PACKED_HEADERS, &packed),
				 VA_STATUS_SUCCESS);
		assert_int_equal(own.size, packed.size);
		assert_memory_equal(own.data, packed.data, own.size);
		keep(i < 4   ? "baseline.h264"
		     : i < 8 ? "main.h264"
			     : "high.h264",
		     own.data, own.size);
		free(own.data);
		free(packed.data);
	}
	keep("picture.nv12", picture, NV12_SIZE);
	client_close(&c);
}

static void test_jpeg(void **state)
{
	struct client c;
	struct stream s;

	(void)state;
	open_with(&c, "");
	assert_int_equal(encode_jpeg(&c, picture, &s), VA_STATUS_SUCCESS);
	assert_int_equal(decode_jpeg(&c, &s, back), VA_STATUS_SUCCESS);
	assert_true(psnr(picture, back, NV12_SIZE) > 35);
	keep("own.jpg", s.data, s.size);
	free(s.data);
	client_close(&c);
}

static void test_hevc_by_memory(void **state)
{
	struct client c;
	struct stream s;

	(void)state;
	open_with(&c, "PROFILES=all CHECK=0");
	assert_int_equal(encode_hevc(&c, picture, &s), VA_STATUS_SUCCESS);
	assert_int_equal(decode_hevc(&c, &s, back), VA_STATUS_SUCCESS);
	assert_memory_equal(picture, back, NV12_SIZE);
	s.data[s.size / 2] ^= 0x10;
	assert_int_equal(decode_hevc(&c, &s, back), VA_STATUS_SUCCESS);
	assert_true(psnr(picture, back, NV12_SIZE) < 15);
	free(s.data);
	client_close(&c);
}

/* Slopes stay slopes; the order of what was dark and light stays too. */
static void test_processing(void **state)
{
	enum { W = 128, H = 96 };
	VAProcPipelineParameterBuffer p = { 0 };
	VASurfaceID small;
	struct client c;
	int x;

	(void)state;
	open_with(&c, "");
	assert_int_equal(client_context(&c, VAProfileNone, VAEntrypointVideoProc, WIDTH, HEIGHT,
					VA_RT_FORMAT_YUV420),
			 VA_STATUS_SUCCESS);
	assert_int_equal(vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420, W, H, &small, 1, NULL, 0),
			 VA_STATUS_SUCCESS);
	assert_int_equal(upload(&c, c.surfaces[0], picture, WIDTH, HEIGHT, true),
			 VA_STATUS_SUCCESS);
	p.surface = c.surfaces[0];
	assert_int_equal(add_buffer(&c, VAProcPipelineParameterBufferType, &p, sizeof(p)),
			 VA_STATUS_SUCCESS);
	assert_int_equal(run_picture(&c, small), VA_STATUS_SUCCESS);
	assert_int_equal(download(&c, small, back, W, H), VA_STATUS_SUCCESS);
	for (x = 64; x < W; x++)
		assert_in_range(back[10 * W + x], (2 * x + 20) / 2 + 20, (2 * x + 22) / 2 + 21);
	vaDestroySurfaces(c.display, &small, 1);
	client_context_end(&c);
	client_close(&c);
}

static void put_ramp(struct client *c, VASurfaceID surface)
{
	static uint16_t p010[NV12_SIZE];
	int i;

	for (i = 0; i < WIDTH * HEIGHT; i++)
		p010[i] = (uint16_t)((64 + i % WIDTH * 876 / 255) << 6);
	for (; i < NV12_SIZE; i++)
		p010[i] = 512 << 6;
	assert_int_equal(upload(c, surface, (const uint8_t *)p010, WIDTH, HEIGHT, true),
			 VA_STATUS_SUCCESS);
}

static void test_tone_mapping(void **state)
{
	VAHdrMetaDataHDR10 light = { .max_display_mastering_luminance = 10000000 };
	VAProcFilterParameterBufferHDRToneMapping f = {
		.type = VAProcFilterHighDynamicRangeToneMapping,
		.data = { VAProcHighDynamicRangeMetadataHDR10, &light, sizeof(light) }
	};
	VAProcFilterCapHighDynamicRange caps[4];
	VAProcPipelineParameterBuffer p = { .num_filters = 1 };
	unsigned int num = 4;
	struct client c;
	VASurfaceID hdr;
	VABufferID filter;
	int x;

	(void)state;
	open_with(&c, "");
	assert_int_equal(client_context(&c, VAProfileNone, VAEntrypointVideoProc, WIDTH, HEIGHT,
					VA_RT_FORMAT_YUV420),
			 VA_STATUS_SUCCESS);
	assert_int_equal(vaQueryVideoProcFilterCaps(c.display, c.context,
						    VAProcFilterHighDynamicRangeToneMapping, caps,
						    &num),
			 VA_STATUS_SUCCESS);
	assert_int_equal(num, 1);
	assert_true(caps[0].caps_flag & VA_TONE_MAPPING_HDR_TO_SDR);
	assert_int_equal(vaCreateSurfaces(c.display, VA_RT_FORMAT_YUV420_10, WIDTH, HEIGHT, &hdr, 1,
					  NULL, 0),
			 VA_STATUS_SUCCESS);
	put_ramp(&c, hdr);
	assert_int_equal(vaCreateBuffer(c.display, c.context, VAProcFilterParameterBufferType,
					sizeof(f), 1, &f, &filter),
			 VA_STATUS_SUCCESS);
	p.surface = hdr;
	p.filters = &filter;
	assert_int_equal(add_buffer(&c, VAProcPipelineParameterBufferType, &p, sizeof(p)),
			 VA_STATUS_SUCCESS);
	assert_int_equal(run_picture(&c, c.surfaces[0]), VA_STATUS_SUCCESS);
	assert_int_equal(download(&c, c.surfaces[0], back, WIDTH, HEIGHT), VA_STATUS_SUCCESS);
	for (x = 1; x < WIDTH; x++)
		assert_true(back[x] >= back[x - 1]);
	assert_in_range(back[0], 15, 17);
	assert_in_range(back[WIDTH - 1], 230, 236);
	/* 200 cd/m2 are not what they are without mapping. */
	assert_true(back[148] > 64 / 4 + 148 * 876 / 255 / 4);
	vaDestroyBuffer(c.display, filter);
	vaDestroySurfaces(c.display, &hdr, 1);
	client_context_end(&c);
	client_close(&c);
}

/* A chain of OBUs that fills the stream, and their types in order. */
static void obu_types(const struct stream *s, char *types)
{
	size_t at = 0;

	while (at < s->size) {
		size_t size = 0;
		unsigned int shift = 0;

		*types++ = (char)('0' + (s->data[at++] >> 3 & 15));
		do {
			assert_true(at < s->size && shift < 56);
			size |= (size_t)(s->data[at] & 0x7f) << shift;
			shift += 7;
		} while (s->data[at++] & 0x80);
		at += size;
	}
	assert_int_equal(at, s->size);
	*types = '\0';
}

/* Sequence header, then a frame; or a frame header and a tile group. */
static void test_av1_units(void **state)
{
	static const char *const expected[] = { "134", "16" };
	struct client c;
	int i;

	(void)state;
	open_with(&c, "PROFILES=all CHECK=0");
	for (i = 0; i < 2; i++) {
		struct stream s;
		char types[16];

		assert_int_equal(encode_av1(&c, picture, i, &s), VA_STATUS_SUCCESS);
		obu_types(&s, types);
		assert_string_equal(types, expected[i]);
		free(s.data);
	}
	client_close(&c);
}

static bool in_file(const char *path, const char *line)
{
	char text[512];
	FILE *f = fopen(path, "re");
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(text, sizeof(text), f))
		found = strncmp(text, line, strlen(line)) == 0;
	fclose(f);
	return found;
}

/* What was sent, what was wrong with it, what was left behind. */
static void test_dump(void **state)
{
	static const char *const lines[] = {
		"buffer h264 slice sequence size=1132 num=1\n",
		"\tpicture_width_in_mbs=16\n",
		"\tpic_fields.bits.entropy_coding_mode_flag=0\n",
		"\tReferenceFrames.valid=0\n",
		"engine class=2 ns=122880 charged=0\n",
		"end H264Main slice 256x192 status=0\n",
		"error: HEVCMain: not so: slice != NULL\n",
		"left configs=1 surfaces=2 contexts=1 buffers=1 images=0\n",
	};
	char path[] = "/tmp/fake_va.XXXXXX", knobs[64];
	struct client c;
	struct stream s;
	size_t i;

	(void)state;
	close(mkstemp(path));
	snprintf(knobs, sizeof(knobs), "PROFILES=all DUMP=%s", path);
	open_with(&c, knobs);
	assert_int_equal(encode_h264(&c, VAProfileH264Main, VAEntrypointEncSlice, picture, true,
				     OWN_HEADERS, &s),
			 VA_STATUS_SUCCESS);
	free(s.data);
	assert_int_equal(encode_hevc(&c, picture, &s), VA_STATUS_ERROR_INVALID_PARAMETER);
	assert_int_equal(client_context(&c, VAProfileH264Main, VAEntrypointEncSlice, WIDTH, HEIGHT,
					VA_RT_FORMAT_YUV420),
			 VA_STATUS_SUCCESS);
	client_close(&c);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_row(in_file(path, lines[i]), lines[i]);
	unlink(path);
}

/* SAVE keeps the picture, EXPECT accepts it and no other. */
static void test_save_and_expect(void **state)
{
	char dir[] = "/tmp/fake_va.XXXXXX", text[256], file[64];
	struct client c;
	struct stream s;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "SAVE=%s", dir);
	open_with(&c, text);
	assert_int_equal(encode_jpeg(&c, picture, &s), VA_STATUS_SUCCESS);
	free(s.data);
	client_close(&c);
	snprintf(text, sizeof(text), "EXPECT=%s", dir);
	open_with(&c, text);
	assert_int_equal(encode_jpeg(&c, picture, &s), VA_STATUS_SUCCESS);
	free(s.data);
	memcpy(back, picture, NV12_SIZE);
	back[NV12_SIZE - 1] ^= 1;
	assert_int_equal(encode_jpeg(&c, back, &s), VA_STATUS_ERROR_ENCODING_ERROR);
	client_close(&c);
	snprintf(file, sizeof(file), "%s/256x192.nv12", dir);
	assert_int_equal(unlink(file), 0);
	snprintf(file, sizeof(file), "%s/JPEGBaseline_256x192.bin", dir);
	assert_int_equal(unlink(file), 0);
	rmdir(dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_h264),	       cmocka_unit_test(test_jpeg),
		cmocka_unit_test(test_hevc_by_memory), cmocka_unit_test(test_av1_units),
		cmocka_unit_test(test_processing),     cmocka_unit_test(test_tone_mapping),
		cmocka_unit_test(test_dump),	       cmocka_unit_test(test_save_and_expect),
	};

	out_dir = argc > 1 ? argv[1] : NULL;
	test_picture(picture);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
