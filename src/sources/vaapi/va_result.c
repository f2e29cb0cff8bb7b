// SPDX-License-Identifier: Apache-2.0
/*
 * Parses what intel_gpu_probe --porcelain prints: lines "key=value", the last one "end". The
 * child has run a vendor's driver in its address space, so nothing of it is believed unseen.
 */
#include "sources/vaapi/va_result.h"

#include "base/macros.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const names[VA_RESULTS] = {
	[VA_OK] = "ok",
	[VA_NO_DEVICE] = "no_device",
	[VA_PERMISSION] = "permission",
	[VA_DRIVER_MISSING] = "driver_missing",
	[VA_WEDGED] = "wedged",
	[VA_DRIVER_INIT] = "driver_init",
	[VA_UNSUPPORTED] = "unsupported",
	[VA_CREATE_CONFIG] = "create_config",
	[VA_CREATE_CONTEXT] = "create_context",
	[VA_SUBMIT] = "submit",
	[VA_EXECUTE] = "execute",
	[VA_BITSTREAM] = "bitstream",
	[VA_CORRUPT] = "corrupt",
	[VA_CRASH] = "crash",
	[VA_TIMEOUT] = "timeout",
	[VA_STUCK] = "stuck",
};

static const char *const codec_names[] = { "h264", "hevc", "vp9", "av1", "jpeg" };

/* Bits as va.h defines them. */
static const char *const rate_controls[] = {
	[0] = "none",	  [1] = "CBR",	 [2] = "VBR",
	[3] = "VCM",	  [4] = "CQP",	 [5] = "VBR_CONSTRAINED",
	[6] = "ICQ",	  [7] = "MB",	 [8] = "CFS",
	[9] = "parallel", [10] = "QVBR", [11] = "AVBR",
	[12] = "TCBRC",
};

const char *va_result_name(enum va_result result)
{
	return names[result];
}

int va_result_find(const char *name, enum va_result *ret)
{
	for (size_t i = 0; i < VA_RESULTS; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum va_result)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *va_codec_name(unsigned bit)
{
	return bit < ARRAY_SIZE(codec_names) ? codec_names[bit] : NULL;
}

unsigned va_codec_bit(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(codec_names); i++)
		if (strcmp(codec_names[i], name) == 0)
			return 1u << i;
	return 0;
}

const char *va_rate_control_name(unsigned bit)
{
	return bit > 0 && bit < ARRAY_SIZE(rate_controls) ? rate_controls[bit] : NULL;
}

struct line_reader {
	const char *at, *end;
	char key[32], value[256];
	bool ended;
};

/* The next line: 1, 0 at the end, -EINVAL. Values are cleaned, so they are safe to show. */
static int next_line(struct line_reader *r)
{
	const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	const char *equals;
	size_t len, key;

	if (r->at == r->end)
		return 0;
	if (!newline)
		return -EINVAL;
	len = (size_t)(newline - r->at);
	if (len == 3 && memcmp(r->at, "end", 3) == 0) {
		r->ended = newline + 1 == r->end;
		return r->ended ? 0 : -EINVAL;
	}
	equals = memchr(r->at, '=', len);
	key = equals ? (size_t)(equals - r->at) : 0;
	if (key == 0 || key >= sizeof(r->key))
		return -EINVAL;
	memcpy(r->key, r->at, key);
	r->key[key] = '\0';
	text_clean(equals + 1, len - key - 1, r->value, sizeof(r->value));
	r->at = newline + 1;
	return 1;
}

static int parse_number(const char *text, double most, double *ret)
{
	char *end;
	double value;

	if (!*text || strspn(text, "0123456789.") != strlen(text))
		return -EINVAL;
	value = strtod(text, &end);
	if (*end || !isfinite(value) || value > most)
		return -EINVAL;
	*ret = value;
	return 0;
}

static int take_outcome(const struct line_reader *r, struct va_outcome *o, bool *has_result)
{
	if (strcmp(r->key, "result") == 0) {
		*has_result = true;
		return va_result_find(r->value, &o->result);
	}
	if (strcmp(r->key, "detail") == 0) {
		snprintf(o->detail, sizeof(o->detail), "%.199s", r->value);
		return 0;
	}
	if (strcmp(r->key, "psnr") == 0) {
		o->has_psnr = true;
		return parse_number(r->value, 200, &o->psnr_db);
	}
	if (strcmp(r->key, "fps") == 0) {
		o->has_frame_rate = true;
		return parse_number(r->value, 1e6, &o->frames_per_second);
	}
	if (strcmp(r->key, "engine_seconds") == 0) {
		o->has_engine_seconds = true;
		return parse_number(r->value, 1e4, &o->engine_seconds);
	}
	return 1;
}

/* "H264Main EncSliceLP 16 h264": profile, entry point, rate control bits, codec or "-". */
static int take_entry(const char *value, struct va_capabilities *c)
{
	struct va_entry *e = &c->entries[c->n];
	char codec[VA_NAME_MAX];
	unsigned rate_control;

	if (c->n == VA_MAX_ENTRIES)
		return 0;
	if (sscanf(value, "%39s %39s %u %39s", e->profile, e->entrypoint, &rate_control, codec) !=
	    4)
		return -EINVAL;
	e->rate_control = rate_control;
	/* A driver may list one twice; it is one encoder, and one series. */
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->entries[i].profile, e->profile) == 0 &&
		    strcmp(c->entries[i].entrypoint, e->entrypoint) == 0)
			return 0;
	snprintf(e->codec, sizeof(e->codec), "%s", strcmp(codec, "-") == 0 ? "" : codec);
	c->n++;
	return 0;
}

static int take_capability(const struct line_reader *r, struct va_capabilities *c)
{
	if (strcmp(r->key, "driver") == 0)
		snprintf(c->driver, sizeof(c->driver), "%.39s", r->value);
	else if (strcmp(r->key, "vendor") == 0)
		snprintf(c->vendor, sizeof(c->vendor), "%.127s", r->value);
	else if (strcmp(r->key, "va_version") == 0)
		snprintf(c->version, sizeof(c->version), "%.15s", r->value);
	else if (strcmp(r->key, "entry") == 0)
		return take_entry(r->value, c);
	return 0; /* a newer probe may say more */
}

static int parse(const char *text, size_t len, struct va_capabilities *c, struct va_outcome *o)
{
	struct line_reader reader = { .at = text, .end = text + len };
	bool has_result = false;
	int r;

	while ((r = next_line(&reader)) > 0) {
		r = take_outcome(&reader, o, &has_result);
		if (r > 0 && c)
			r = take_capability(&reader, c);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	return reader.ended && has_result ? 0 : -EPIPE;
}

int va_capabilities_parse(const char *text, size_t len, struct va_capabilities *ret,
			  struct va_outcome *ret_outcome)
{
	memset(ret, 0, sizeof(*ret));
	memset(ret_outcome, 0, sizeof(*ret_outcome));
	return parse(text, len, ret, ret_outcome);
}

int va_outcome_parse(const char *text, size_t len, struct va_outcome *ret)
{
	memset(ret, 0, sizeof(*ret));
	return parse(text, len, NULL, ret);
}
