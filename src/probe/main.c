// SPDX-License-Identifier: Apache-2.0
/*
 * intel_gpu_probe: does hardware encoding work? The only program here that maps libva and a
 * vendor's driver; the exporter runs it as a child for each test.
 */
#include "flags.h"
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
	struct flags flags;
	const struct device *device;
	FILE *out;
	unsigned tests, failures;
};

static bool is_wanted(const struct run *run, const struct profile *profile, VAEntrypoint entrypoint)
{
	return entrypoint_encodes(entrypoint) && codec_find(profile->codec) &&
	       (!run->flags.codec || strcmp(run->flags.codec, profile->codec) == 0) &&
	       (!run->flags.profile || run->flags.profile == profile) &&
	       (!run->flags.has_entrypoint || run->flags.entrypoint == entrypoint);
}

static bool test_entry(void *data, const struct profile *profile, VAEntrypoint entrypoint)
{
	struct run *run = data;
	const struct test test = { profile, entrypoint, run->flags.width, run->flags.height };
	struct va_outcome outcome = { .result = VA_OK };
	char what[128];

	if (!is_wanted(run, profile, entrypoint))
		return true;
	snprintf(what, sizeof(what), "%s %s %ux%u", profile->name, entrypoint_name(entrypoint),
		 run->flags.width, run->flags.height);
	encode_test(run->device, &test, &outcome);
	report_outcome(&outcome, what, run->flags.porcelain, run->out);
	fflush(run->out);
	run->tests++;
	run->failures += outcome.result != VA_OK;
	/* A child of the exporter makes one test: another one is another child. */
	return !run->flags.porcelain;
}

static void test_operation(struct run *run, const char *operation)
{
	struct va_outcome outcome = { .result = VA_OK };

	processing_test(run->device, operation, &outcome);
	report_outcome(&outcome, operation, run->flags.porcelain, run->out);
	fflush(run->out);
	/* What a driver does not list fails only where it was asked for. */
	run->failures += outcome.result != VA_OK &&
			 (run->flags.operation || outcome.result != VA_UNSUPPORTED);
}

/*
 * Drivers print to stdout and stderr as they like: results go to a copy of stdout, and both of
 * theirs to nowhere. By hand stderr stays.
 */
static FILE *take_stdout(bool porcelain)
{
	int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (copy < 0 || null < 0)
		return NULL;
	dup2(null, STDOUT_FILENO);
	if (porcelain)
		dup2(null, STDERR_FILENO);
	close(null);
	return fdopen(copy, "w");
}

static void nothing_listed(struct run *run)
{
	struct va_outcome outcome = { .result = VA_UNSUPPORTED };

	snprintf(outcome.detail, sizeof(outcome.detail), "the driver lists no such encoder");
	report_outcome(&outcome, "encode", run->flags.porcelain, run->out);
	run->failures++;
}

static void run_tests(struct run *run)
{
	if (run->flags.operation) {
		test_operation(run, run->flags.operation);
		return;
	}
	list_entries(run->device, test_entry, run);
	if (run->tests == 0)
		nothing_listed(run);
	if (run->flags.porcelain || flags_select_encoders(&run->flags))
		return;
	for (size_t i = 0; operation_name(i); i++)
		test_operation(run, operation_name(i));
}

static int run_all(struct run *run)
{
	struct va_outcome outcome = { .result = VA_OK };
	struct device device = { .fd = -1 };
	bool ok = (!run->flags.porcelain ||
		   sandbox_enter(run->flags.path, run->flags.parent, &outcome)) &&
		  device_open(&device, run->flags.path, &outcome);

	run->device = &device;
	if (!ok || run->flags.list) {
		if (ok)
			report_list(&device, run->flags.porcelain, run->out);
		if (!ok || run->flags.porcelain)
			report_outcome(&outcome, run->flags.path, run->flags.porcelain, run->out);
	} else {
		run_tests(run);
	}
	/* What is known is said before the driver is let go: that, too, may crash. */
	if (run->flags.porcelain)
		fputs("end\n", run->out);
	fflush(run->out);
	device_close(&device);
	if (!ok)
		return 2;
	return run->failures > 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct run run = { .out = NULL };

	flags_parse(&run.flags, argc, argv);
	run.out = take_stdout(run.flags.porcelain);
	if (!run.out) {
		perror("intel_gpu_probe");
		return 3;
	}
	return run_all(&run);
}
