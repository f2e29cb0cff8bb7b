// SPDX-License-Identifier: Apache-2.0
/* options_parse() ends the process on an error, so each command line has a child of its own. */
#include "test.h"

#include "capture.h"
#include "options.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MAX_ARGS 24

/* What the child parsed. Strings point into memory that parent and child share by fork. */
static struct options *parsed;

static int setup(void **state)
{
	(void)state;
	parsed = mmap(NULL, sizeof(*parsed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return parsed == MAP_FAILED;
}

/* Parses in a child: its exit status, 0 also when parsing returned. */
static int run(const char *const *args)
{
	char *argv[MAX_ARGS + 2] = { (char *)"intel_gpu_exporter" };
	int argc = 1, status;
	pid_t pid;

	while (argc <= MAX_ARGS && args[argc - 1]) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	fflush(NULL);
	pid = fork();
	assert_compare(pid, >=, 0);
	if (pid == 0) {
		options_parse(parsed, argc, argv);
		fflush(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static collector_set bit(const char *name)
{
	return (collector_set)1 << collector_find(name);
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(run(ARGS()), 0);
	assert_int_equal(parsed->n_addresses, 1);
	assert_string_equal(parsed->addresses[0], ":10057");
	assert_string_equal(parsed->telemetry_path, "/metrics");
	assert_int_equal(parsed->max_requests, 40);
	assert_string_equal(parsed->rootfs, "/");
	assert_null(parsed->sysfs);
	assert_null(parsed->procfs);
	assert_null(parsed->kubelet);
	assert_int_equal(parsed->scrape_timeout_ns, 2000000000);
	assert_int_equal(parsed->log_level, LOG_INFO);
	assert_int_equal(parsed->log_format, LOG_LOGFMT);
	assert_false(parsed->once || parsed->health || parsed->list_metrics ||
		     parsed->engine_wait || parsed->no_machine_uuid || parsed->no_exporter_metrics);
	assert_int_equal(parsed->collectors, collectors_default());
	assert_false(parsed->collectors & bit("cycles"));
	assert_int_equal(parsed->engine_xe, PMU_XE_AUTO);
	assert_int_equal(parsed->client_max_workloads, 200);
	assert_null(parsed->transcode_names);
}

static void values(void **state)
{
	static const char path[] = "/m", root[] = "/host", sysfs[] = "/s", procfs[] = "/p";

	(void)state;
	assert_int_equal(run(ARGS("--web.listen-address=127.0.0.1:1", "--web.listen-address",
				  "[::1]:2", "--web.telemetry-path=/m", "--web.max-requests=0",
				  "--web.disable-exporter-metrics", "--collector.engine.wait",
				  "--collector.engine.xe=on", "--no-collector.machine.uuid",
				  "--collector.client.max-workloads=7",
				  "--collector.transcode.names=avconv,mine", "--path.rootfs=/host",
				  "--path.sysfs=/s", "--path.procfs=/p", "--path.kubelet-socket=/k",
				  "--scrape.timeout=500ms", "--log.level=debug",
				  "--log.format=json", "--once=10s", "--health", "--list-metrics")),
			 0);
	assert_int_equal(parsed->n_addresses, 2);
	assert_string_equal(parsed->addresses[0], "127.0.0.1:1");
	assert_string_equal(parsed->addresses[1], "[::1]:2");
	assert_string_equal(parsed->telemetry_path, path);
	assert_int_equal(parsed->max_requests, 0);
	assert_true(parsed->no_exporter_metrics);
	assert_true(parsed->engine_wait);
	assert_int_equal(parsed->engine_xe, PMU_XE_ON);
	assert_true(parsed->no_machine_uuid);
	assert_true(parsed->collectors & bit("machine"));
	assert_int_equal(parsed->client_max_workloads, 7);
	assert_string_equal(parsed->transcode_names, "avconv,mine");
	assert_string_equal(parsed->rootfs, root);
	assert_string_equal(parsed->sysfs, sysfs);
	assert_string_equal(parsed->procfs, procfs);
	assert_string_equal(parsed->kubelet, "/k");
	assert_int_equal(parsed->scrape_timeout_ns, 500000000);
	assert_int_equal(parsed->log_level, LOG_DEBUG);
	assert_int_equal(parsed->log_format, LOG_JSON);
	assert_true(parsed->once);
	assert_int_equal(parsed->once_ns, 10000000000);
	assert_true(parsed->health);
	assert_true(parsed->list_metrics);

	assert_int_equal(run(ARGS("--once")), 0);
	assert_true(parsed->once);
	assert_int_equal(parsed->once_ns, 0);
}

/* One line, of 400 bytes at most, in UTF-8. */
static void notice(void **state)
{
	static const char *const bad[] = { "two\nlines", "a bell\a", "a lone \xc3 byte" };
	char flag[] = "--web.notice=", text[512];

	(void)state;
	assert_int_equal(run(ARGS()), 0);
	assert_null(parsed->notice);
	assert_int_equal(run(ARGS("--web.notice=")), 0);
	assert_int_equal(run(ARGS("--web.notice=<b> & \"größer\"")), 0);
	for (int len = 400; len <= 401; len++) {
		snprintf(text, sizeof(text), "%s%0*d", flag, len, 0);
		assert_int_equal(run(ARGS(text)), len > 400);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "%s%s", flag, bad[i]);
		assert_row(run(ARGS(text)) == 1, bad[i]);
	}
}

static void collectors(void **state)
{
	collector_set set = collectors_default();

	(void)state;
	assert_int_equal(run(ARGS("--collector.cycles", "--no-collector.vgpu")), 0);
	assert_int_equal(parsed->collectors, (set | bit("cycles")) & ~bit("vgpu"));
	assert_int_equal(run(ARGS("--collector.disable-defaults")), 0);
	assert_int_equal(parsed->collectors, 0);
	assert_int_equal(run(ARGS("--collector.info", "--collector.disable-defaults")), 0);
	assert_int_equal(parsed->collectors, bit("info"));
	/* The last one counts. */
	assert_int_equal(run(ARGS("--no-collector.info", "--collector.info")), 0);
	assert_int_equal(parsed->collectors, set);
	assert_int_equal(run(ARGS("--collector.info", "--no-collector.info")), 0);
	assert_int_equal(parsed->collectors, set & ~bit("info"));
	/* The name of a collector is no prefix of its own option's. */
	assert_int_equal(run(ARGS("--collector.disable-defaults", "--collector.engine")), 0);
	assert_int_equal(parsed->collectors, bit("engine"));
	assert_false(parsed->engine_wait);
	for (size_t i = 0; i < collectors_count; i++) {
		char on[64], off[64];

		snprintf(on, sizeof(on), "--collector.%s", collectors_all[i]->name);
		snprintf(off, sizeof(off), "--no-collector.%s", collectors_all[i]->name);
		assert_int_equal(run(ARGS("--collector.disable-defaults", on)), 0);
		assert_int_equal(parsed->collectors, (collector_set)1 << i);
		assert_int_equal(run(ARGS(on, off)), 0);
		assert_int_equal(parsed->collectors, set & ~((collector_set)1 << i));
	}
}

/* Each ends with 1 and a line on stderr that names the flag. */
static void wrong_values(void **state)
{
	static const char *const rows[][2] = {
		{ "--web.telemetry-path=metrics", "web.telemetry-path" },
		{ "--web.telemetry-path=", "web.telemetry-path" },
		{ "--web.telemetry-path=//metrics", "begins with one /" },
		{ "--web.telemetry-path=/-/healthy", "serves something else" },
		{ "--web.telemetry-path=/-/ready", "serves something else" },
		{ "--web.telemetry-path=/runbook", "serves something else" },
		{ "--web.telemetry-path=/page.js", "serves something else" },
		{ "--web.telemetry-path=/metrics?x=1", "blanks, ?, # and %" },
		{ "--web.telemetry-path=/metrics#x", "blanks, ?, # and %" },
		{ "--web.telemetry-path=/my metrics", "blanks, ?, # and %" },
		{ "--web.telemetry-path=/my%20metrics", "blanks, ?, # and %" },
		{ "--web.telemetry-path=/metrics\n", "blanks, ?, # and %" },
		{ "--web.max-requests=-1", "web.max-requests" },
		{ "--web.max-requests=many", "web.max-requests" },
		{ "--web.max-requests=100001", "web.max-requests" },
		{ "--web.max-requests=", "web.max-requests" },
		{ "--collector.transcode.names=", "collector.transcode.names" },
		{ "--collector.transcode.names=a,,b", "collector.transcode.names" },
		{ "--collector.transcode.names=1234567890123456", "collector.transcode.names" },
		{ "--collector.client.max-workloads=0", "collector.client.max-workloads" },
		{ "--collector.client.max-workloads=1001", "collector.client.max-workloads" },
		{ "--collector.client.max-workloads=x", "collector.client.max-workloads" },
		{ "--scrape.timeout=2", "write 2s" },
		{ "--scrape.timeout=500", "write 500s" },
		{ "--scrape.timeout=5000", "write 5000ms" },
		{ "--scrape.timeout=0.5", "write 0.5s" },
		{ "--scrape.timeout=1", "\"1\" has no unit" },
		{ "--scrape.timeout=99999999", "50ms to 1h" },
		{ "--scrape.timeout=1.2.3", "50ms to 1h" },
		{ "--once=10", "--once: \"10\" has no unit; write 10s" },
		{ "--vaapi.interval=300", "write 300s" },
		{ "--vaapi.timeout=15", "write 15s" },
		{ "--vaapi.ladder-interval=3600", "write 3600s" },
		{ "--vaapi.probe-suspended=yes", "auto, always, never" },
		{ "--scrape.timeout=0", "scrape.timeout" },
		{ "--scrape.timeout=49ms", "scrape.timeout" },
		{ "--scrape.timeout=2h", "scrape.timeout" },
		{ "--scrape.timeout=-1s", "scrape.timeout" },
		{ "--scrape.timeout=soon", "scrape.timeout" },
		{ "--log.level=loud", "log.level" },
		{ "--log.level=", "log.level" },
		{ "--log.format=xml", "log.format" },
		{ "--once=later", "once" },
		{ "--once=", "once" },
		{ "--unknown", "unknown" },
		{ "--collector.nonesuch", "collector.nonesuch" },
		{ "--no-collector.nonesuch", "no-collector.nonesuch" },
		{ "--collector.engine.xe=maybe", "collector.engine.xe" },
		{ "--collector.engine.xe=", "collector.engine.xe" },
		{ "--web.listen-address", "web.listen-address" },
		{ "--version=1", "version" },
		{ "-x", "x" },
		{ "-v", "v" },
		{ "--web.listen=:1", "--web.listen: a flag is not abbreviated; write "
				     "--web.listen-address" },
		{ "--vers", "write --version" },
		{ "--list", "write --list-metrics" },
		{ "--no-collector.vg", "write --no-collector.vgpu" },
		{ "--web", "ambiguous" },
		{ "-web.listen-address=:1", "-web.listen-address: a flag has two dashes; write "
					    "--web.listen-address" },
		{ "-once", "write --once" },
		{ "-version=1", "write --version" },
		{ "positional", "positional" },
		{ "--log.level=\x1b[31m\xff", "\\x1b[31m\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text;
		int status;

		capture_begin(STDERR_FILENO);
		status = run(ARGS(rows[i][0]));
		text = capture_end();
		assert_row(status == 1, rows[i][0]);
		if (!strstr(text, rows[i][1]))
			fail_msg("%s: \"%s\" does not name it", rows[i][0], text);
		assert_row(strncmp(text, "intel_gpu_exporter: ", 20) == 0, rows[i][0]);
	}
}

static void too_many_addresses(void **state)
{
	const char *args[OPTIONS_MAX_ADDRESSES + 2] = { NULL };

	(void)state;
	for (size_t i = 0; i < OPTIONS_MAX_ADDRESSES; i++)
		args[i] = "--web.listen-address=:1";
	assert_int_equal(run(args), 0);
	assert_int_equal(parsed->n_addresses, OPTIONS_MAX_ADDRESSES);
	args[OPTIONS_MAX_ADDRESSES] = "--web.listen-address=:1";
	capture_begin(STDERR_FILENO);
	assert_int_equal(run(args), 1);
	assert_non_null(strstr(capture_end(), "web.listen-address"));
}

static void vaapi(void **state)
{
	const uint64_t s = 1000000000u;

	(void)state;
	assert_int_equal(run(ARGS()), 0);
	assert_int_equal(parsed->vaapi.interval_ns, 300 * s);
	assert_int_equal(parsed->vaapi.sweep_ns, 86400 * s);
	assert_int_equal(parsed->vaapi_timeout_ns, 15 * s);
	assert_int_equal(parsed->vaapi.expected, VA_CODECS_AUTO);
	assert_int_equal(parsed->vaapi.wake, VA_WAKE_AUTO);
	for (unsigned bit = 0; va_codec_name(bit); bit++)
		assert_true(parsed->vaapi.codecs >> bit & 1);
	assert_int_equal(run(ARGS("--vaapi.interval=90s", "--vaapi.timeout=500ms",
				  "--vaapi.ladder-interval=1h", "--vaapi.codecs=av1",
				  "--vaapi.expect=h264,hevc", "--vaapi.probe-suspended")),
			 0);
	assert_int_equal(parsed->vaapi.interval_ns, 90 * s);
	assert_int_equal(parsed->vaapi_timeout_ns, s / 2);
	assert_int_equal(parsed->vaapi.sweep_ns, 3600 * s);
	assert_int_equal(parsed->vaapi.codecs, va_codec_bit("av1"));
	assert_int_equal(parsed->vaapi.expected, va_codec_bit("h264") | va_codec_bit("hevc"));
	assert_int_equal(parsed->vaapi.wake, VA_WAKE_ALWAYS);
	assert_int_equal(run(ARGS("--vaapi.probe-suspended=never")), 0);
	assert_int_equal(parsed->vaapi.wake, VA_WAKE_NEVER);
	assert_int_equal(run(ARGS("--vaapi.probe-suspended=always")), 0);
	assert_int_equal(parsed->vaapi.wake, VA_WAKE_ALWAYS);
	assert_int_equal(run(ARGS("--vaapi.probe-suspended", "--vaapi.probe-suspended=auto")), 0);
	assert_int_equal(parsed->vaapi.wake, VA_WAKE_AUTO);
	assert_int_equal(run(ARGS("--vaapi.expect=none")), 0);
	assert_int_equal(parsed->vaapi.expected, 0);
	assert_int_equal(run(ARGS("--vaapi.expect=none", "--vaapi.expect=auto")), 0);
	assert_int_equal(parsed->vaapi.expected, VA_CODECS_AUTO);
}

/* What a value begins with is no flag's concern, and nothing is one behind "--". */
static void values_that_look_like_flags(void **state)
{
	(void)state;
	assert_int_equal(run(ARGS("--path.rootfs", "--web.listen", "--path.sysfs", "-help")), 0);
	assert_string_equal(parsed->rootfs, "--web.listen");
	assert_string_equal(parsed->sysfs, "-help");
	/* The value of --once is only ever behind "=". */
	assert_int_equal(run(ARGS("--once", "--list")), 1);
	assert_int_equal(run(ARGS("--", "--help")), 1);
	assert_int_equal(run(ARGS("--web.telemetry-path=/")), 0);
}

static void help_and_version(void **state)
{
	static const char *const forms[][2] = {
		{ "--help", "  --web.listen-address=ADDRESS" },
		{ "-h", "  --web.listen-address=ADDRESS" },
		{ "-help", "  --web.listen-address=ADDRESS" },
		{ "--usage", "[--web.listen-address=ADDRESS]" },
		{ "--version", "intel_gpu_exporter, version " },
		{ "-version", "intel_gpu_exporter, version " },
		{ "-V", "intel_gpu_exporter, version " },
	};
	const char *text;
	int status;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		capture_begin(STDOUT_FILENO);
		status = run(ARGS(forms[i][0]));
		text = capture_end();
		assert_row(status == 0, forms[i][0]);
		if (!strstr(text, forms[i][1]))
			fail_msg("%s: \"%s\"", forms[i][0], text);
	}

	capture_begin(STDOUT_FILENO);
	status = run(ARGS("--help"));
	text = capture_end();
	assert_int_equal(status, 0);
	assert_non_null(strstr(text, "-h, --help"));
	assert_non_null(strstr(text, "-V, --version"));
	for (size_t i = 0; i < collectors_count; i++) {
		char flag[64];

		snprintf(flag, sizeof(flag), "--collector.%s", collectors_all[i]->name);
		assert_row(strstr(text, flag) != NULL, flag);
	}
	assert_non_null(strstr(text, "--web.listen-address"));
	assert_non_null(strstr(text, ":10057"));
	assert_non_null(strstr(text, "--vaapi.expect"));
	assert_non_null(strstr(text, "--collector.engine.xe=WHEN"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(collectors),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(too_many_addresses),
		cmocka_unit_test(vaapi),
		cmocka_unit_test(help_and_version),
		cmocka_unit_test(notice),
		cmocka_unit_test(values_that_look_like_flags),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
