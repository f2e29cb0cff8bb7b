/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language between intel_gpu_probe and the exporter: what a test can come to, and the lines
 * that carry it. Output that does not finish with the line "end" means nothing.
 */
#ifndef SOURCES_VAAPI_VA_RESULT_H
#define SOURCES_VAAPI_VA_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A closed set: the label `result`. */
enum va_result {
	VA_OK,
	VA_NO_DEVICE,	   /* no such node, or not a DRM one */
	VA_PERMISSION,	   /* the node may not be opened */
	VA_DRIVER_MISSING, /* libva finds no driver file */
	VA_WEDGED,	   /* i915 has given the GPU up */
	VA_DRIVER_INIT,	   /* the driver refuses to initialise */
	VA_UNSUPPORTED, /* the driver does not list the codec: no failure unless it is expected */
	VA_CREATE_CONFIG,
	VA_CREATE_CONTEXT,
	VA_SUBMIT,    /* vaBeginPicture, vaRenderPicture or vaEndPicture fails */
	VA_EXECUTE,   /* vaSyncSurface or vaMapBuffer fails */
	VA_BITSTREAM, /* nothing was coded, or not what the codec's stream begins with */
	VA_CORRUPT,   /* decoded back, the picture is another one */
	VA_CRASH,     /* the child died of a signal */
	VA_TIMEOUT,   /* the child was killed at the deadline */
	VA_STUCK,     /* and could not be killed */
	VA_RESULTS,
};

const char *va_result_name(enum va_result result);
/* 0 or -EINVAL. */
int va_result_find(const char *name, enum va_result *ret);

#define VA_NAME_MAX    40 /* of profiles, entry points, codecs, sizes */
#define VA_MAX_ENTRIES 128

/* A profile and entry point that the driver lists. */
struct va_entry {
	char profile[VA_NAME_MAX];    /* VA's name without VAProfile: "H264Main" */
	char entrypoint[VA_NAME_MAX]; /* as vainfo prints it: EncSlice, EncSliceLP, VLD … */
	uint32_t rate_control;	      /* VA_RC_* bits, 0 when there are none */
	char codec[VA_NAME_MAX];      /* the codec of its encode test, or empty */
};

/* The output of a child that lists. */
struct va_capabilities {
	char driver[VA_NAME_MAX]; /* libva's name: "iHD" */
	char vendor[128];
	char version[16]; /* of VA-API: "1.17" */
	struct va_entry entries[VA_MAX_ENTRIES];
	size_t n;
};

/* The output of a child that tests. */
struct va_outcome {
	enum va_result result;
	bool has_psnr, has_frame_rate, has_engine_seconds;
	double psnr_db, frames_per_second, engine_seconds;
	char detail[200];
};

/*
 * Parses a child's whole output. 0; -EPIPE when it ended before its time (no line "end"), -EINVAL
 * for a line that is none. The list may come with a result other than ok: then it is empty.
 */
int va_capabilities_parse(const char *text, size_t len, struct va_capabilities *ret,
			  struct va_outcome *ret_outcome);
int va_outcome_parse(const char *text, size_t len, struct va_outcome *ret);

/* The codecs that can be tested and expected: each is a bit of a set. NULL after the last. */
const char *va_codec_name(unsigned bit);
/* 0 for no codec. */
unsigned va_codec_bit(const char *name);

/* The name of a VA_RC_* bit ("CQP"), or NULL. */
const char *va_rate_control_name(unsigned bit);

#endif
