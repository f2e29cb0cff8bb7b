/* SPDX-License-Identifier: Apache-2.0 */
/* A small client of libva for the driver's tests: one picture through one entry point. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <va/va.h>

enum { WIDTH = 256, HEIGHT = 192, NV12_SIZE = WIDTH * HEIGHT * 3 / 2 };

struct client {
	int fd;
	VADisplay display;
	VAConfigID config;
	VAContextID context;
	VASurfaceID surfaces[2]; /* input, reconstruction */
	VABufferID buffers[16];
	int num_buffers;
	VABufferID coded;
};

struct stream {
	uint8_t *data;
	size_t size, segments;
	uint32_t status;
};

/* "NAME=value NAME=value": the driver's knobs, instead of all that were set before. */
void set_knobs(const char *knobs);
void test_picture(uint8_t nv12[NV12_SIZE]);
double psnr(const uint8_t *a, const uint8_t *b, size_t size);

/* Each returns what libva returned at the first call that failed. */
VAStatus client_open(struct client *c);
void client_close(struct client *c);
VAStatus client_context(struct client *c, VAProfile profile, VAEntrypoint entrypoint, int width,
			int height, unsigned int rt_format);
void client_context_end(struct client *c);
VAStatus add_buffer(struct client *c, VABufferType type, const void *data, size_t size);
VAStatus run_picture(struct client *c, VASurfaceID target);
VAStatus upload(struct client *c, VASurfaceID surface, const uint8_t *raw, int width, int height,
		bool derive);
VAStatus download(struct client *c, VASurfaceID surface, uint8_t *raw, int width, int height);
VAStatus take_stream(struct client *c, struct stream *ret);

/* codec.c: a picture of WIDTH x HEIGHT encoded, and decoded back. */
enum headers { OWN_HEADERS, PACKED_HEADERS };
VAStatus encode_h264(struct client *c, VAProfile profile, VAEntrypoint entrypoint,
		     const uint8_t *nv12, bool derive, enum headers headers, struct stream *ret);
VAStatus decode_h264(struct client *c, VAProfile profile, const struct stream *in, uint8_t *nv12);
VAStatus encode_jpeg(struct client *c, const uint8_t *nv12, struct stream *ret);
VAStatus decode_jpeg(struct client *c, const struct stream *in, uint8_t *nv12);
VAStatus encode_hevc(struct client *c, const uint8_t *nv12, struct stream *ret);
VAStatus decode_hevc(struct client *c, const struct stream *in, uint8_t *nv12);
VAStatus encode_av1(struct client *c, const uint8_t *nv12, bool one_unit, struct stream *ret);

#endif
