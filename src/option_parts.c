// SPDX-License-Identifier: Apache-2.0
#include "option_parts.h"

#include "option_values.h"

#include <string.h>

#define SECOND 1000000000u

static void parse_wake(const char *arg, struct argp_state *state, struct options *o)
{
	/* The flag had no value before it had three. */
	if (!arg || strcmp(arg, "always") == 0)
		o->vaapi.wake = VA_WAKE_ALWAYS;
	else if (strcmp(arg, "never") == 0)
		o->vaapi.wake = VA_WAKE_NEVER;
	else if (strcmp(arg, "auto") == 0)
		o->vaapi.wake = VA_WAKE_AUTO;
	else
		option_fail(state, "vaapi.probe-suspended", arg, "one of auto, always, never");
}

void option_vaapi(int key, char *arg, struct argp_state *state, struct options *o)
{
	static const char wanted[] = "a list such as h264,hevc of h264, hevc, vp9, av1, jpeg";
	static const struct option_duration interval = { "vaapi.interval", SECOND,
							 86400ull * SECOND,
							 "a duration from 1s to 24h" };
	static const struct option_duration timeout = { "vaapi.timeout", SECOND / 10,
							300ull * SECOND,
							"a duration from 100ms to 5m" };
	static const struct option_duration sweep = { "vaapi.ladder-interval", SECOND,
						      365 * 86400ull * SECOND,
						      "a duration from 1s to 8760h" };

	if (key == OPT_VAAPI_SUSPENDED)
		parse_wake(arg, state, o);
	if (key == OPT_VAAPI_INTERVAL)
		option_duration(state, &interval, arg, &o->vaapi.interval_ns);
	if (key == OPT_VAAPI_TIMEOUT)
		option_duration(state, &timeout, arg, &o->vaapi_timeout_ns);
	if (key == OPT_VAAPI_SWEEP)
		option_duration(state, &sweep, arg, &o->vaapi.sweep_ns);
	if (key == OPT_VAAPI_CODECS && !option_codecs(arg, &o->vaapi.codecs))
		option_fail(state, "vaapi.codecs", arg, wanted);
	if (key != OPT_VAAPI_EXPECT)
		return;
	if (strcmp(arg, "auto") == 0)
		o->vaapi.expected = VA_CODECS_AUTO;
	else if (strcmp(arg, "none") == 0)
		o->vaapi.expected = 0;
	else if (!option_codecs(arg, &o->vaapi.expected))
		option_fail(
			state, "vaapi.expect", arg,
			"auto, none, or a list such as h264,hevc of h264, hevc, vp9, av1, jpeg");
}

void option_check(int key, char *arg, struct argp_state *state, struct check_options *check)
{
	switch (key) {
	case OPT_CHECK:
		if (!check_format_parse(arg, &check->format))
			option_fail(state, "check", arg, "one of text, json, list");
		break;
	case OPT_CHECK_USER:
		if (!*arg)
			option_fail(state, "check.user", arg, "a name or a number");
		check->user = arg;
		break;
	case OPT_CHECK_IGNORE:
		if (!check_ids_valid(arg))
			option_fail(state, "check.ignore", arg,
				    "a list of ids of checks, see --check=list");
		check->ignore = arg;
		break;
	default:
		check->verbose = true;
	}
}
