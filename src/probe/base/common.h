/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the probe share: the opened device, a test, and what it came to. Every step
 * returns true, or false with the outcome filled in.
 */
#ifndef PROBE_BASE_COMMON_H
#define PROBE_BASE_COMMON_H

#include "base/macros.h"
#include "sources/vaapi/va_result.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <va/va.h>

struct device {
	const char *path;
	int fd;
	VADisplay display;
	int major, minor; /* of VA-API, as the driver gave them */
	const char *vendor;
	char log[4096]; /* what libva and the driver said */
	size_t log_len;
};

/* Fills the outcome in and returns false. */
bool fail(struct va_outcome *outcome, enum va_result result, const char *fmt, ...) _printf_(3, 4);
/* The same for a VA status that is not success; true for success. */
bool check(struct va_outcome *outcome, enum va_result result, const char *call, VAStatus status);

/* device.c: the render node and its driver. */
bool device_open(struct device *device, const char *path, struct va_outcome *outcome);
void device_close(struct device *device);
/* libva's name of the driver that it has loaded ("iHD"), from its log; "" when it did not say. */
const char *device_driver_name(const struct device *device, char *buf, size_t size);
/* Video engine time of this process' own DRM client (fdinfo). False where the kernel hides it. */
bool device_engine_seconds(const struct device *device, double *ret);

/* names.c: VA's numbers and our words. */
struct profile {
	VAProfile profile;
	const char *name;  /* without VAProfile */
	const char *codec; /* of an encode test, or NULL: only listed */
	unsigned rt_format;
	uint32_t fourcc; /* of surfaces: VA_FOURCC_NV12, VA_FOURCC_P010 */
};
const struct profile *profile_find(VAProfile profile);
const struct profile *profile_find_name(const char *name);
const char *entrypoint_name(VAEntrypoint entrypoint);
bool entrypoint_find(const char *name, VAEntrypoint *ret);
bool entrypoint_encodes(VAEntrypoint entrypoint);

/* list.c: what the driver lists, in its order. Stops when visit returns false. */
typedef bool (*entry_visitor)(void *data, const struct profile *profile, VAEntrypoint entrypoint);
void list_entries(const struct device *device, entry_visitor visit, void *data);
uint32_t list_attribute(const struct device *device, VAProfile profile, VAEntrypoint entrypoint,
			VAConfigAttribType type); /* 0 when not supported */
bool list_has(const struct device *device, VAProfile profile, VAEntrypoint entrypoint);

/* picture.c: the picture that is encoded. Planes are tightly packed; 10 bits in 16 (P010). */
struct picture {
	unsigned width, height; /* even */
	uint32_t fourcc;
	uint8_t *data; /* luma, then interleaved chroma */
	size_t size;
};
bool picture_new(struct picture *picture, unsigned width, unsigned height, uint32_t fourcc);
void picture_free(struct picture *picture);
void picture_draw(struct picture *picture);
/* Of the plane that fares worst; 100 for equal pictures. Both of one size and format. */
double picture_psnr(const struct picture *a, const struct picture *b);

/* surface.c: pictures to and from surfaces. */
bool surface_upload(const struct device *device, VASurfaceID surface, const struct picture *picture,
		    struct va_outcome *outcome);
bool surface_download(const struct device *device, VASurfaceID surface, struct picture *picture,
		      struct va_outcome *outcome);

/* buffers.c: the parameter buffers of one vaRenderPicture. */
struct buffers {
	const struct device *device;
	VAContextID context;
	VABufferID ids[32];
	int n;
	VAStatus status; /* of the first that failed */
};
void buffers_add(struct buffers *buffers, VABufferType type, const void *data, size_t size);
/* bits: of the header, without padding. */
void buffers_add_packed(struct buffers *buffers, VAEncPackedHeaderType type, const void *data,
			size_t bits);
/* Begin, render, end, sync. Destroys the buffers, whatever comes of it. */
bool buffers_render(struct buffers *buffers, VASurfaceID target, struct va_outcome *outcome);
void buffers_destroy(struct buffers *buffers);

/* An encode test, with the decode back. */
struct test {
	const struct profile *profile;
	VAEntrypoint entrypoint;
	unsigned width, height;
};

struct coded {
	uint8_t *data;
	size_t len;
};

/* What a codec's file needs to fill its buffers. */
struct encoding {
	const struct device *device;
	const struct test *test;
	uint32_t packed; /* VA_ENC_PACKED_HEADER_* that the driver takes */
	VABufferID coded;
	VASurfaceID reconstructed;
};

struct codec {
	const char *name;
	uint32_t packed; /* headers that it writes itself */
	unsigned quantizer;
	/* The buffers of one intra picture. */
	void (*encode)(const struct encoding *encoding, struct buffers *buffers);
	/* Is this the codec's stream with one key picture? False with the reason in why. */
	bool (*check)(const struct test *test, const struct coded *coded, char *why, size_t size);
	/* The buffers that decode it. */
	bool (*decode)(const struct test *test, const struct coded *coded, VASurfaceID target,
		       struct buffers *buffers);
};

#endif
