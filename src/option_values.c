// SPDX-License-Identifier: Apache-2.0
#include "option_values.h"

#include "base/macros.h"
#include "base/text.h"
#include "sources/vaapi/va_state.h"
#include "web/server.h"

#include <stdio.h>
#include <string.h>

#define NOTICE_BYTES 400 /* a line or two at the head of the page */

void option_fail(struct argp_state *state, const char *flag, const char *value, const char *wanted)
{
	char clean[256];

	text_clean(value, strlen(value), clean, sizeof(clean));
	argp_failure(state, argp_err_exit_status, 0, "--%s: \"%s\" is not %s", flag, clean, wanted);
}

static bool in_range(const struct option_duration *duration, const char *text, uint64_t *ret_ns)
{
	return text_parse_duration(text, ret_ns) == 0 && *ret_ns >= duration->min &&
	       *ret_ns <= duration->max;
}

void option_duration(struct argp_state *state, const struct option_duration *duration,
		     const char *arg, uint64_t *ret_ns)
{
	static const char *const units[] = { "s", "ms" };
	size_t len = strlen(arg);
	uint64_t ns;

	if (in_range(duration, arg, &ns)) {
		*ret_ns = ns;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		char with_unit[32];

		if (len == 0 || len > 20 || strspn(arg, "0123456789.") < len)
			break;
		snprintf(with_unit, sizeof(with_unit), "%s%s", arg, units[i]);
		if (in_range(duration, with_unit, &ns))
			argp_failure(state, argp_err_exit_status, 0,
				     "--%s: \"%s\" has no unit; write %s", duration->flag, arg,
				     with_unit);
	}
	option_fail(state, duration->flag, arg, duration->wanted);
}

/* What a browser, curl or Prometheus would not ask for, or would not get the metrics for. */
void option_telemetry_path(struct argp_state *state, const char *arg)
{
	static const char flag[] = "web.telemetry-path";

	if (arg[0] != '/' || arg[1] == '/')
		option_fail(state, flag, arg, "a path that begins with one /");
	for (const char *c = arg; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("?#%", *c))
			option_fail(state, flag, arg,
				    "a path: blanks, ?, # and % end or encode one in a URL");
	/* Instead of the page at / the metrics may be served, as by other exporters. */
	if (strcmp(arg, "/") != 0 && server_has_page(arg))
		option_fail(state, flag, arg, "free: the exporter serves something else there");
}

/* Clean is what text_clean() leaves as it is: without control characters, in UTF-8. */
const char *option_notice(struct argp_state *state, const char *arg)
{
	char clean[NOTICE_BYTES + 1];

	text_clean(arg, strlen(arg), clean, sizeof(clean));
	if (strcmp(arg, clean) != 0)
		option_fail(state, "web.notice", arg, "one line of text of at most 400 bytes");
	return arg;
}

unsigned option_number(struct argp_state *state, const char *flag, const char *arg, unsigned min,
		       unsigned max)
{
	uint64_t n = min;
	char wanted[64];

	snprintf(wanted, sizeof(wanted), "a number from %u to %u", min, max);
	if (text_parse_u64(arg, strlen(arg), &n) < 0 || n < min || n > max)
		option_fail(state, flag, arg, wanted);
	return (unsigned)n;
}

bool option_xe_mode(const char *text, enum pmu_xe_mode *ret)
{
	static const char *const names[] = {
		[PMU_XE_AUTO] = "auto",
		[PMU_XE_ON] = "on",
		[PMU_XE_OFF] = "off",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum pmu_xe_mode)i;
			return true;
		}
	return false;
}

bool option_codecs(const char *text, unsigned *ret)
{
	char name[VA_NAME_MAX];
	unsigned set = 0;

	for (;;) {
		size_t len = strcspn(text, ",");
		unsigned bit;

		if (len >= sizeof(name))
			return false;
		memcpy(name, text, len);
		name[len] = '\0';
		bit = va_codec_bit(name);
		if (!bit)
			return false;
		set |= bit;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret = set;
	return true;
}
