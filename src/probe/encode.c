// SPDX-License-Identifier: Apache-2.0
/*
 * One encode test: the known picture through the encoder a few times, the last result parsed,
 * decoded on the same GPU and compared. A driver's "success" proves nothing: on a GPU that takes
 * work and never does it, all calls succeed and the coded buffer is empty.
 */
#include "probe.h"

#include "base/sys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRAMES	     5 /* the first is not timed: it may load firmware */
#define MIN_DB	     30
#define BOOKING_NAPS 40 /* of 5 ms, for the engine time of a test that has passed */

/* Bits of VACodedBufferSegment.status that mean a broken stream. */
#define BAD_STATUS                                                                                 \
	(VA_CODED_BUF_STATUS_LARGE_SLICE_MASK | VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK |          \
	 VA_CODED_BUF_STATUS_FRAME_SIZE_OVERFLOW | VA_CODED_BUF_STATUS_BAD_BITSTREAM)

/* A configuration, its context and surfaces; zeroed is closed. */
struct session {
	const struct device *device;
	VAConfigID config;
	VAContextID context;
	VASurfaceID surfaces[2];
	bool has_config, has_context, has_surfaces;
};

static void session_close(struct session *s)
{
	VADisplay display = s->device->display;

	if (s->has_context)
		vaDestroyContext(display, s->context);
	if (s->has_surfaces)
		vaDestroySurfaces(display, s->surfaces, (int)ARRAY_SIZE(s->surfaces));
	if (s->has_config)
		vaDestroyConfig(display, s->config);
}

static bool session_open(struct session *s, const struct test *test, VAEntrypoint entrypoint,
			 VAConfigAttrib *attribs, int n_attribs, struct va_outcome *outcome)
{
	VADisplay display = s->device->display;
	VASurfaceAttrib format = {
		.type = VASurfaceAttribPixelFormat,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypeInteger,
			   .value.i = (int)test->profile->fourcc },
	};

	s->has_config = check(outcome, VA_CREATE_CONFIG, "vaCreateConfig",
			      vaCreateConfig(display, test->profile->profile, entrypoint, attribs,
					     n_attribs, &s->config));
	if (!s->has_config)
		return false;
	s->has_surfaces =
		check(outcome, VA_CREATE_CONTEXT, "vaCreateSurfaces",
		      vaCreateSurfaces(display, test->profile->rt_format, test->width, test->height,
				       s->surfaces, (unsigned)ARRAY_SIZE(s->surfaces), &format, 1));
	if (!s->has_surfaces)
		return false;
	s->has_context = check(outcome, VA_CREATE_CONTEXT, "vaCreateContext",
			       vaCreateContext(display, s->config, (int)test->width,
					       (int)test->height, VA_PROGRESSIVE, s->surfaces,
					       (int)ARRAY_SIZE(s->surfaces), &s->context));
	return s->has_context;
}

static bool open_encoder(struct session *s, const struct test *test, const struct codec *codec,
			 uint32_t *ret_packed, struct va_outcome *outcome)
{
	VAProfile profile = test->profile->profile;
	VAConfigAttrib attribs[3];
	uint32_t rt, rc, packed;
	int n = 0;

	rt = list_attribute(s->device, profile, test->entrypoint, VAConfigAttribRTFormat);
	rc = list_attribute(s->device, profile, test->entrypoint, VAConfigAttribRateControl);
	packed = list_attribute(s->device, profile, test->entrypoint,
				VAConfigAttribEncPackedHeaders);
	if (!(rt & test->profile->rt_format))
		return fail(outcome, VA_CREATE_CONFIG, "the driver does not take the format");
	attribs[n++] = (VAConfigAttrib){ VAConfigAttribRTFormat, test->profile->rt_format };
	/* Constant quantizer: needs no firmware but the engine's own. */
	if (rc & VA_RC_CQP)
		attribs[n++] = (VAConfigAttrib){ VAConfigAttribRateControl, VA_RC_CQP };
	*ret_packed = packed & codec->packed;
	if (*ret_packed)
		attribs[n++] = (VAConfigAttrib){ VAConfigAttribEncPackedHeaders, *ret_packed };
	return session_open(s, test, test->entrypoint, attribs, n, outcome);
}

/* Copies the coded buffer's segments together. */
static bool take_coded(const struct device *device, VABufferID buffer, struct coded *coded,
		       struct va_outcome *outcome)
{
	const VACodedBufferSegment *segment = NULL;
	void *mapped = NULL;
	size_t room = coded->len;
	bool ok = true;

	coded->len = 0;
	if (!check(outcome, VA_EXECUTE, "vaMapBuffer of the coded picture",
		   vaMapBuffer(device->display, buffer, &mapped)))
		return false;
	for (segment = mapped; segment && ok; segment = segment->next) {
		if (segment->status & BAD_STATUS)
			ok = fail(outcome, VA_BITSTREAM, "coded status 0x%x, size %u",
				  segment->status & BAD_STATUS, segment->size);
		else if (segment->size > room - coded->len)
			ok = fail(outcome, VA_BITSTREAM, "coded size %u", segment->size);
		else if (segment->size > 0) {
			memcpy(coded->data + coded->len, segment->buf, segment->size);
			coded->len += segment->size;
		}
	}
	vaUnmapBuffer(device->display, buffer);
	if (ok && coded->len == 0)
		return fail(outcome, VA_BITSTREAM,
			    "coded size 0: the GPU took the work and did nothing");
	return ok;
}

static bool encode_once(const struct session *s, const struct encoding *encoding,
			const struct codec *codec, struct coded *coded, size_t room,
			struct va_outcome *outcome)
{
	struct buffers buffers = { .device = s->device, .context = s->context };

	codec->encode(encoding, &buffers);
	coded->len = room;
	return buffers_render(&buffers, s->surfaces[0], outcome) &&
	       take_coded(s->device, encoding->coded, coded, outcome);
}

static bool encode_frames(const struct session *s, const struct encoding *encoding,
			  const struct codec *codec, struct coded *coded,
			  struct va_outcome *outcome)
{
	size_t room = coded->len;
	uint64_t start = 0;

	for (int i = 0; i < FRAMES; i++) {
		if (!encode_once(s, encoding, codec, coded, room, outcome))
			return false;
		if (i == 0)
			start = sys_monotonic_ns();
	}
	outcome->has_frame_rate = true;
	outcome->frames_per_second =
		(FRAMES - 1) / ((double)(sys_monotonic_ns() - start + 1) / 1e9);
	return true;
}

static bool run_encoder(const struct device *device, const struct test *test,
			const struct codec *codec, const struct picture *picture,
			struct coded *coded, struct va_outcome *outcome)
{
	struct session s = { .device = device };
	struct encoding encoding = { .device = device, .test = test };
	bool has_coded = false;
	bool ok = open_encoder(&s, test, codec, &encoding.packed, outcome) &&
		  surface_upload(device, s.surfaces[0], picture, outcome);

	if (ok)
		ok = has_coded =
			check(outcome, VA_SUBMIT, "vaCreateBuffer of the coded picture",
			      vaCreateBuffer(device->display, s.context, VAEncCodedBufferType,
					     (unsigned)coded->len, 1, NULL, &encoding.coded));
	encoding.reconstructed = s.surfaces[1];
	ok = ok && encode_frames(&s, &encoding, codec, coded, outcome);
	if (has_coded)
		vaDestroyBuffer(device->display, encoding.coded);
	session_close(&s);
	return ok;
}

static bool decode_and_compare(const struct device *device, const struct test *test,
			       const struct codec *codec, const struct picture *picture,
			       const struct coded *coded, struct va_outcome *outcome)
{
	VAConfigAttrib attrib = { VAConfigAttribRTFormat, test->profile->rt_format };
	struct session s = { .device = device };
	struct buffers buffers = { .device = device };
	struct picture decoded = { 0 };
	struct picture blank = { 0 };
	bool ok = session_open(&s, test, VAEntrypointVLD, &attrib, 1, outcome);

	/*
	 * A driver may give the memory that held the uploaded picture again: a decoder that does
	 * nothing would then be perfect.
	 */
	if (ok && !picture_new(&blank, test->width, test->height, test->profile->fourcc))
		ok = fail(outcome, VA_EXECUTE, "out of memory");
	ok = ok && surface_upload(device, s.surfaces[0], &blank, outcome);
	picture_free(&blank);
	buffers.context = s.context;
	if (ok && !codec->decode(test, coded, s.surfaces[0], &buffers))
		ok = fail(outcome, VA_BITSTREAM, "the stream's headers cannot be read back");
	ok = ok && buffers_render(&buffers, s.surfaces[0], outcome);
	if (ok && !picture_new(&decoded, test->width, test->height, test->profile->fourcc))
		ok = fail(outcome, VA_EXECUTE, "out of memory");
	ok = ok && surface_download(device, s.surfaces[0], &decoded, outcome);
	if (ok) {
		outcome->has_psnr = true;
		outcome->psnr_db = picture_psnr(picture, &decoded);
		if (outcome->psnr_db < MIN_DB)
			ok = fail(outcome, VA_CORRUPT,
				  "decoded back, the picture is another one: %.1f dB",
				  outcome->psnr_db);
	}
	picture_free(&decoded);
	session_close(&s);
	return ok;
}

static bool look_at(const struct test *test, const struct codec *codec, const struct coded *coded,
		    struct va_outcome *outcome)
{
	char why[128];

	return codec->check(test, coded, why, sizeof(why)) ||
	       fail(outcome, VA_BITSTREAM, "%s", why);
}

/*
 * The kernel books a context's time when the engine leaves it (__execlists_schedule_out() of i915's
 * intel_execlists_submission.c), which may be later than the picture is done: it is waited for, and
 * a time of 0 is none.
 */
static void measure_engine(const struct device *device, double before, struct va_outcome *outcome)
{
	static const struct timespec nap = { .tv_nsec = 5000000 };
	double after = before;

	for (int i = 0; i < BOOKING_NAPS && device_engine_seconds(device, &after); i++) {
		if (after != before || outcome->result != VA_OK)
			break;
		nanosleep(&nap, NULL);
	}
	outcome->has_engine_seconds = after > before;
	outcome->engine_seconds = after - before;
}

void encode_test(const struct device *device, const struct test *test, struct va_outcome *outcome)
{
	const struct codec *codec = codec_find(test->profile->codec);
	struct picture picture = { 0 };
	struct coded coded = { .len = (size_t)test->width * test->height * 3 + 65536 };
	double before = 0;
	bool timed = device_engine_seconds(device, &before);
	bool ok;

	if (!list_has(device, test->profile->profile, test->entrypoint)) {
		fail(outcome, VA_UNSUPPORTED, "the driver does not list %s with %s",
		     test->profile->name, entrypoint_name(test->entrypoint));
		return;
	}
	coded.data = malloc(coded.len);
	ok = coded.data && picture_new(&picture, test->width, test->height, test->profile->fourcc);
	if (ok) {
		picture_draw(&picture);
		ok = run_encoder(device, test, codec, &picture, &coded, outcome) &&
		     look_at(test, codec, &coded, outcome);
	} else {
		fail(outcome, VA_SUBMIT, "out of memory");
	}
	/* A GPU that cannot decode what it encodes still encodes. */
	if (ok && list_has(device, test->profile->profile, VAEntrypointVLD))
		decode_and_compare(device, test, codec, &picture, &coded, outcome);
	if (timed)
		measure_engine(device, before, outcome);
	picture_free(&picture);
	free(coded.data);
}
