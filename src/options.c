// SPDX-License-Identifier: Apache-2.0
/*
 * The command line, through glibc's argp: one table gives the parsing and --help. The flags of
 * collectors come from the registry. Names are those of Prometheus' exporter-toolkit.
 */
#include "options.h"

#include "base/text.h"
#include "base/version.h"
#include "flags.h"
#include "option_parts.h"
#include "option_values.h"
#include "output.h"
#include "sources/transcode/match.h"
#include "web/listen.h"
#include "web/server.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_HEAD 42

static const struct argp_option fixed_options[] = {
	{ .doc = "HTTP:", .group = 1 },
	{ "web.listen-address", OPT_LISTEN, "ADDRESS", 0,
	  "Listen on HOST:PORT, [IPV6]:PORT, :PORT or unix://PATH; port 0 takes a free one, which "
	  "the log names; may be given several times "
	  "(default " WEB_DEFAULT_ADDRESS ")",
	  1 },
	{ "web.systemd-socket", OPT_SYSTEMD_SOCKET, NULL, 0,
	  "Listen on the sockets that systemd hands over, instead of addresses", 1 },
	{ "web.config.file", OPT_CONFIG_FILE, "FILE", 0,
	  "TLS, passwords and more, in the format of Prometheus' exporter-toolkit", 1 },
	{ "web.telemetry-path", OPT_PATH, "PATH", 0,
	  "Serve the metrics at PATH (default " WEB_DEFAULT_PATH ")", 1 },
	{ "web.max-requests", OPT_MAX_REQUESTS, "N", 0,
	  "Answer 503 to more than N scrapes at the same time, 4 of 5 of them for one address; "
	  "0 = no limit (default 40)",
	  1 },
	{ "web.notice", OPT_NOTICE, "TEXT", 0, "Say TEXT at the head of the page and in the log",
	  1 },
	{ "web.disable-exporter-metrics", OPT_NO_EXPORTER_METRICS, NULL, 0,
	  "Leave out process_* and intel_gpu_exporter_build_info", 1 },
	{ .doc = "Collecting:", .group = 2 },
	{ "scrape.timeout", OPT_TIMEOUT, "DURATION", 0,
	  "Render what has answered after DURATION (default 2s)", 2 },
	{ "collector.disable-defaults", OPT_DISABLE_DEFAULTS, NULL, 0,
	  "Run only the collectors that are named", 2 },
	{ "collector.engine.wait", OPT_ENGINE_WAIT, NULL, 0,
	  "Also count the time engines wait (starts a 200 Hz timer in the kernel)", 2 },
	{ "collector.engine.xe", OPT_ENGINE_XE, "WHEN", 0,
	  "Open xe's events of engines, which keep the GPU awake and out of C6: on, off, or auto: "
	  "while virtual functions are enabled (default auto)",
	  2 },
	{ "collector.client.max-workloads", OPT_MAX_WORKLOADS, "N", 0,
	  "List at most N users of a GPU, live ones first; the rest is aggregated as \"other\" "
	  "(default 200)",
	  2 },
	{ "no-collector.machine.uuid", OPT_NO_MACHINE_UUID, NULL, 0,
	  "Leave out the UUID of the machine's firmware, which only root can read", 2 },
	{ "collector.transcode.names", OPT_TRANSCODE_NAMES, "LIST", 0,
	  "Take processes of these names for transcoders, too: each at most 15 bytes", 2 },
	{ .doc = "VA-API tests (collector vaapi), each in a process of its own:", .group = 4 },
	{ "vaapi.interval", OPT_VAAPI_INTERVAL, "DURATION", 0,
	  "Spread a round of tests over DURATION (default 5m)", 4 },
	{ "vaapi.timeout", OPT_VAAPI_TIMEOUT, "DURATION", 0,
	  "End a test that takes longer (default 15s)", 4 },
	{ "vaapi.ladder-interval", OPT_VAAPI_SWEEP, "DURATION", 0,
	  "Run a resolution sweep, tests with pictures up to 3840x2160, every DURATION (default 24h)",
	  4 },
	{ "vaapi.codecs", OPT_VAAPI_CODECS, "LIST", 0,
	  "Test these encoders only, of those that the driver lists: h264,hevc,vp9,av1,jpeg", 4 },
	{ "vaapi.expect", OPT_VAAPI_EXPECT, "LIST", 0,
	  "Encoders that must work, none, or auto: h264 where a VA driver is installed (default "
	  "auto)",
	  4 },
	{ "vaapi.probe-suspended", OPT_VAAPI_SUSPENDED, "WHEN", OPTION_ARG_OPTIONAL,
	  "Wake a sleeping GPU: always (without WHEN, too), never, or auto: an integrated one for "
	  "each round, a discrete one once in the sweep interval (default auto)",
	  4 },
	{ .doc = "Where the machine's files are:", .group = 5 },
	{ "path.rootfs", OPT_ROOTFS, "PATH", 0, "Root of the machine's files (default /)", 5 },
	{ "path.sysfs", OPT_SYSFS, "PATH", 0, "sysfs, if not sys below the root", 5 },
	{ "path.procfs", OPT_PROCFS, "PATH", 0, "procfs, if not proc below the root", 5 },
	{ "path.kubelet-socket", OPT_KUBELET, "PATH", 0,
	  "The kubelet's pod-resources socket, if not in var/lib/kubelet below the root", 5 },
	{ .doc = "Log, on stderr:", .group = 6 },
	{ "log.level", OPT_LOG_LEVEL, "LEVEL", 0, "debug, info, warn or error (default info)", 6 },
	{ "log.format", OPT_LOG_FORMAT, "FORMAT", 0, "logfmt or json (default logfmt)", 6 },
	{ .doc = "Instead of serving:", .group = 7 },
	{ "once", OPT_ONCE, "DURATION", OPTION_ARG_OPTIONAL,
	  "Collect once, print, and exit with 0 if there is an Intel GPU. Counters that start when "
	  "they are opened are printed only with a DURATION, for which they are kept open",
	  7 },
	{ "health", OPT_HEALTH, NULL, 0,
	  "Ask the exporter that has these flags whether it answers; exit with 0 if so, else 1",
	  7 },
	{ "check", OPT_CHECK, "FORMAT", OPTION_ARG_OPTIONAL,
	  "Say why hardware acceleration does not work here, and what repairs it; exit with 0 if "
	  "nothing is wrong, 1 after warnings, 2 if it cannot work, 3 if that could not be checked. "
	  "FORMAT: text, json, list",
	  7 },
	{ "check.user", OPT_CHECK_USER, "NAME", 0,
	  "For the checks: who shall use the GPU, by name or number (default: who asks; if root does, "
	  "the user of an application that is known)",
	  7 },
	{ "check.ignore", OPT_CHECK_IGNORE, "LIST", 0,
	  "For the checks: take failures of these, by id, for notes", 7 },
	{ "check.verbose", 'v', NULL, 0, "With --check: print every check", 7 },
	{ "list-metrics", OPT_LIST_METRICS, NULL, 0, "Print all metrics as a Markdown table", 7 },
	{ "help", 'h', NULL, 0, "Print this list", -1 },
	{ "usage", OPT_USAGE, NULL, 0, "Print the flags alone", -1 },
	{ "version", 'V', NULL, 0, "Print the version", -1 },
};

_Static_assert(ARRAY_SIZE(fixed_options) <= TABLE_HEAD, "TABLE_HEAD is too small");

struct parse {
	struct options *options;
	collector_set on, off;
	bool disable_defaults;
	/* Room for the fixed options, a heading, two for each collector, and the end. */
	struct argp_option table[TABLE_HEAD + 2 + 2 * COLLECTORS_MAX];
	char names[2 * COLLECTORS_MAX][64];
	char docs[COLLECTORS_MAX][160];
};

static void parse_web(int key, char *arg, struct argp_state *state, struct options *o)
{
	switch (key) {
	case OPT_LISTEN:
		if (o->n_addresses == OPTIONS_MAX_ADDRESSES)
			argp_failure(state, argp_err_exit_status, 0,
				     "--web.listen-address: at most %d addresses",
				     OPTIONS_MAX_ADDRESSES);
		if (!*arg)
			option_fail(state, "web.listen-address", arg, LISTEN_FORMS);
		o->addresses[o->n_addresses++] = arg;
		break;
	case OPT_PATH:
		option_telemetry_path(state, arg);
		o->telemetry_path = arg;
		break;
	case OPT_NOTICE:
		o->notice = option_notice(state, arg);
		break;
	case OPT_SYSTEMD_SOCKET:
		o->systemd_socket = true;
		break;
	case OPT_CONFIG_FILE:
		o->config_file = arg;
		break;
	case OPT_MAX_REQUESTS:
		o->max_requests = option_number(state, "web.max-requests", arg, 0, 100000);
		break;
	}
}

#define SECOND 1000000000u

static void parse_times(int key, char *arg, struct argp_state *state, struct options *o)
{
	static const struct option_duration timeout = { "scrape.timeout", SECOND / 20,
							3600ull * SECOND,
							"a duration from 50ms to 1h" };
	static const struct option_duration any = { "once", 0, UINT64_MAX,
						    "a duration such as 500ms, 2s or 5m" };

	if (key == OPT_TIMEOUT) {
		option_duration(state, &timeout, arg, &o->scrape_timeout_ns);
		return;
	}
	o->once = true;
	if (arg)
		option_duration(state, &any, arg, &o->once_ns);
}

static void parse_log(int key, char *arg, struct argp_state *state, struct options *o)
{
	if (key == OPT_LOG_LEVEL && log_level_parse(arg, &o->log_level) < 0)
		option_fail(state, "log.level", arg, "one of debug, info, warn, error");
	if (key == OPT_LOG_FORMAT && log_format_parse(arg, &o->log_format) < 0)
		option_fail(state, "log.format", arg, "one of logfmt, json");
}

static void parse_path(int key, char *arg, struct argp_state *state, struct options *o)
{
	static const char *const flags[] = { "path.rootfs", "path.sysfs", "path.procfs",
					     "path.kubelet-socket" };
	const char **const places[] = { &o->rootfs, &o->sysfs, &o->procfs, &o->kubelet };

	if (key == OPT_KUBELET ? *arg != '/' : !*arg)
		option_fail(state, flags[key - OPT_ROOTFS], arg,
			    *arg ? "an absolute path" : "a path");
	*places[key - OPT_ROOTFS] = arg;
}

static void parse_names(char *arg, struct argp_state *state, struct options *o)
{
	if (!transcode_match_names_valid(arg))
		option_fail(state, "collector.transcode.names", arg,
			    "a list such as avconv,my-encoder of names of 1 to 15 bytes");
	o->transcode_names = arg;
}

static void print(int key, struct argp_state *state)
{
	int r;

	if (key == 'V')
		puts("intel_gpu_exporter, version " EXPORTER_VERSION
		     " (revision: " EXPORTER_REVISION ")");
	else
		argp_state_help(state, stdout,
				(key == 'h' ? ARGP_HELP_STD_HELP : ARGP_HELP_USAGE) &
					~(ARGP_HELP_EXIT_OK | ARGP_HELP_EXIT_ERR));
	r = output_end();
	if (r < 0)
		argp_failure(state, argp_err_exit_status, -r, "cannot write to stdout");
	exit(0);
}

static void finish(struct parse *parse, struct argp_state *state)
{
	struct options *o = parse->options;

	if (o->n_addresses > 0 && o->systemd_socket)
		argp_failure(state, argp_err_exit_status, 0,
			     "--web.systemd-socket and --web.listen-address: one of them only");
	if (o->n_addresses == 0 && !o->systemd_socket)
		o->addresses[o->n_addresses++] = WEB_DEFAULT_ADDRESS;
	if (!o->check.format && o->check.verbose)
		argp_failure(state, argp_err_exit_status, 0, "-v belongs to --check");
	o->collectors = parse->disable_defaults ? 0 : collectors_default();
	o->collectors = (o->collectors | parse->on) & ~parse->off;
}

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	struct options *o = parse->options;

	if (key >= OPT_COLLECTOR && key < OPT_NO_COLLECTOR) {
		parse->on |= (collector_set)1 << (key - OPT_COLLECTOR);
		parse->off &= ~((collector_set)1 << (key - OPT_COLLECTOR));
		return 0;
	}
	if (key >= OPT_NO_COLLECTOR && key < OPT_NO_COLLECTOR + COLLECTORS_MAX) {
		parse->off |= (collector_set)1 << (key - OPT_NO_COLLECTOR);
		parse->on &= ~((collector_set)1 << (key - OPT_NO_COLLECTOR));
		return 0;
	}
	switch (key) {
	case OPT_LISTEN:
	case OPT_PATH:
	case OPT_MAX_REQUESTS:
	case OPT_NOTICE:
	case OPT_SYSTEMD_SOCKET:
	case OPT_CONFIG_FILE:
		parse_web(key, arg, state, o);
		return 0;
	case OPT_TIMEOUT:
	case OPT_ONCE:
		parse_times(key, arg, state, o);
		return 0;
	case OPT_VAAPI_INTERVAL:
	case OPT_VAAPI_TIMEOUT:
	case OPT_VAAPI_SWEEP:
	case OPT_VAAPI_CODECS:
	case OPT_VAAPI_EXPECT:
	case OPT_VAAPI_SUSPENDED:
		option_vaapi(key, arg, state, o);
		return 0;
	case OPT_LOG_LEVEL:
	case OPT_LOG_FORMAT:
		parse_log(key, arg, state, o);
		return 0;
	case OPT_NO_EXPORTER_METRICS:
		o->no_exporter_metrics = true;
		return 0;
	case OPT_DISABLE_DEFAULTS:
		parse->disable_defaults = true;
		return 0;
	case OPT_ENGINE_WAIT:
		o->engine_wait = true;
		return 0;
	case OPT_ENGINE_XE:
		if (!option_xe_mode(arg, &o->engine_xe))
			option_fail(state, "collector.engine.xe", arg, "one of on, off, auto");
		return 0;
	case OPT_NO_MACHINE_UUID:
		o->no_machine_uuid = true;
		return 0;
	case OPT_MAX_WORKLOADS:
		/* Each has up to a dozen samples, and a collect at most 4 MiB of them. */
		o->client_max_workloads =
			option_number(state, "collector.client.max-workloads", arg, 1, 1000);
		return 0;
	case OPT_TRANSCODE_NAMES:
		parse_names(arg, state, o);
		return 0;
	case OPT_ROOTFS:
	case OPT_SYSFS:
	case OPT_PROCFS:
	case OPT_KUBELET:
		parse_path(key, arg, state, o);
		return 0;
	case OPT_HEALTH:
		o->health = true;
		return 0;
	case OPT_CHECK:
	case OPT_CHECK_USER:
	case OPT_CHECK_IGNORE:
	case 'v':
		option_check(key, arg, state, &o->check);
		return 0;
	case OPT_LIST_METRICS:
		o->list_metrics = true;
		return 0;
	case 'h':
	case OPT_USAGE:
	case 'V':
		print(key, state);
		return 0;
	case ARGP_KEY_INIT:
		flags_check(state, parse->table);
		return 0;
	case ARGP_KEY_ARG:
		argp_failure(state, argp_err_exit_status, 0,
			     "\"%s\": only flags are taken, see --help", arg);
		return 0;
	case ARGP_KEY_END:
		finish(parse, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void build_table(struct parse *parse)
{
	size_t n = ARRAY_SIZE(fixed_options);

	memcpy(parse->table, fixed_options, sizeof(fixed_options));
	parse->table[n++] =
		(struct argp_option){ .doc = "Collectors, each with its --no- form:", .group = 3 };
	for (size_t i = 0; i < collectors_count; i++) {
		const struct collector *c = collectors_all[i];

		snprintf(parse->names[2 * i], sizeof(parse->names[0]), "collector.%s", c->name);
		snprintf(parse->names[2 * i + 1], sizeof(parse->names[0]), "no-collector.%s",
			 c->name);
		snprintf(parse->docs[i], sizeof(parse->docs[0]), "%s (%s)", c->help,
			 c->off_by_default ? "off by default" : "on by default");
		parse->table[n++] = (struct argp_option){ .name = parse->names[2 * i],
							  .key = OPT_COLLECTOR + (int)i,
							  .doc = parse->docs[i],
							  .group = 3 };
		parse->table[n++] = (struct argp_option){ .name = parse->names[2 * i + 1],
							  .key = OPT_NO_COLLECTOR + (int)i,
							  .flags = OPTION_HIDDEN,
							  .group = 3 };
	}
}

void options_parse(struct options *options, int argc, char **argv)
{
	struct parse parse = { .options = options };
	const struct argp argp = {
		.options = parse.table,
		.parser = parse_one,
		.doc = "Prometheus exporter for Intel GPUs.\v"
		       "Without flags it serves http://HOST" WEB_DEFAULT_ADDRESS WEB_DEFAULT_PATH
		       ". SIGUSR1 runs a resolution sweep of VA-API tests now; SIGUSR2 closes all perf "
		       "events and starts no test for 30 s; SIGTERM and SIGINT end it.",
	};

	*options = (struct options){
		.telemetry_path = WEB_DEFAULT_PATH,
		.max_requests = WEB_DEFAULT_MAX_REQUESTS,
		.client_max_workloads = CLIENT_MAX_WORKLOADS,
		.rootfs = "/",
		.scrape_timeout_ns = 2000000000u,
		.vaapi = { .interval_ns = 300 * 1000000000ull,
			   .sweep_ns = 86400 * 1000000000ull,
			   .codecs = VA_CODECS_AUTO - 1,
			   .expected = VA_CODECS_AUTO },
		.vaapi_timeout_ns = 15 * 1000000000ull,
		.log_level = LOG_INFO,
		.log_format = LOG_LOGFMT,
	};
	build_table(&parse);
	/* 1 is what --check says of a machine with warnings. */
	argp_err_exit_status = 1;
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--check", 7) == 0)
			argp_err_exit_status = CHECK_COULD_NOT;
	argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, &parse);
}
