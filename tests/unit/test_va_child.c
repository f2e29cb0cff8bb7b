// SPDX-License-Identifier: Apache-2.0
/* Shell scripts in place of the probe: everything that a child can do is a result. */
#include "test.h"

#include "sources/vaapi/va_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONG_NS	 60000000000u /* for scripts that end by themselves */
#define SHORT_NS 1000000000u  /* for those that do not, and may still say all before */

static struct va_program program = { .timeout_ns = LONG_NS };
static const struct va_request list = { .node = "/dev/dri/renderD128", .list = true };

static int write_script(const char *body)
{
	FILE *f;

	snprintf(program.path, sizeof(program.path), "/tmp/va_child.%d", (int)getpid());
	unlink(program.path);
	f = fopen(program.path, "we");
	if (!f)
		return -1;
	fprintf(f, "#!/bin/sh\n%s\n", body);
	fclose(f);
	return chmod(program.path, 0700);
}

static int teardown(void **state)
{
	(void)state;
	program.timeout_ns = LONG_NS;
	return unlink(program.path);
}

static void results(void **state)
{
	static const struct {
		const char *body;
		enum va_result result;
		bool endless;
	} rows[] = {
		{ "echo result=ok; echo end", VA_OK },
		{ "echo result=corrupt; echo psnr=5; echo end; exit 1", VA_CORRUPT },
		/* It crashed while the driver was let go, or hung in that: it had said all. */
		{ "echo result=ok; echo end; kill -SEGV $$", VA_OK },
		{ "echo result=ok; echo end; exec sleep 60", VA_OK, true },
		{ "echo result=ok; kill -SEGV $$", VA_CRASH },
		{ "kill -ABRT $$", VA_CRASH },
		{ "exit 0", VA_CRASH },
		{ "echo result=great; echo end", VA_CRASH },
		{ "echo noise; echo result=ok; echo end", VA_CRASH },
		{ "exec yes", VA_CRASH },
		{ "exec sleep 60", VA_TIMEOUT, true },
		{ "trap '' TERM INT; while :; do :; done", VA_TIMEOUT, true },
		{ "echo result=ok; exec >&-; exec sleep 60", VA_TIMEOUT, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct va_run run;

		assert_int_equal(write_script(rows[i].body), 0);
		program.timeout_ns = rows[i].endless ? SHORT_NS : LONG_NS;
		assert_int_equal(va_child_run(&program, &list, NULL, &run), 0);
		if (run.outcome.result != rows[i].result)
			fail_msg("%s: %s", rows[i].body, va_result_name(run.outcome.result));
		assert_true(run.ns >= (rows[i].endless ? SHORT_NS : 1));
		assert_true(run.ns < (rows[i].endless ? 3 * SHORT_NS : LONG_NS));
		assert_int_equal(run.stuck, 0);
		if (run.outcome.result == VA_CRASH || run.outcome.result == VA_TIMEOUT)
			assert_true(*run.outcome.detail);
	}
}

static void a_list_that_breaks_off_is_empty(void **state)
{
	struct va_capabilities c;
	struct va_run run;

	(void)state;
	assert_int_equal(write_script("echo vendor=A; echo entry=H264Main EncSlice 16 h264; echo "
				      "result=ok; echo end"),
			 0);
	assert_int_equal(va_child_run(&program, &list, &c, &run), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(write_script("echo vendor=A; echo entry=H264Main EncSlice 16 h264; kill "
				      "-SEGV $$"),
			 0);
	assert_int_equal(va_child_run(&program, &list, &c, &run), 0);
	assert_int_equal(c.n, 0);
	assert_string_equal(c.vendor, "");
}

/* The script answers with its arguments and what it sees of the environment. */
static void what_it_is_told(void **state)
{
	const struct va_request test = { .node = "/dev/dri/renderD129",
					 .profile = "H264Main",
					 .entrypoint = "EncSliceLP",
					 .size = "256x256" };
	char wanted[300];
	struct va_run run;

	(void)state;
	setenv("LIBVA_DRIVER_NAME", "fake", 1);
	setenv("LIBVA_TRACE", "/tmp/trace", 1);
	setenv("SECRET", "x", 1);
	assert_int_equal(write_script("echo result=ok; echo \"detail=$* "
				      "$LIBVA_DRIVER_NAME:$LIBVA_TRACE:$SECRET:$HOME\"; echo end"),
			 0);
	assert_int_equal(va_child_run(&program, &test, NULL, &run), 0);
	snprintf(wanted, sizeof(wanted),
		 "--porcelain --parent %d --device /dev/dri/renderD129 --profile H264Main "
		 "--entrypoint EncSliceLP --size 256x256 fake:::",
		 (int)getpid());
	assert_string_equal(run.outcome.detail, wanted);
	assert_int_equal(write_script("echo result=ok; echo \"detail=$*\"; echo end"), 0);
	assert_int_equal(va_child_run(&program, &list, NULL, &run), 0);
	assert_non_null(strstr(run.outcome.detail, " --list"));
	unsetenv("LIBVA_DRIVER_NAME");
}

static void no_program(void **state)
{
	struct va_program missing = { "/nosuch/intel_gpu_probe", 1 };
	struct va_run run;

	(void)state;
	assert_int_equal(va_child_run(&missing, &list, NULL, &run), -ENOENT);
	assert_int_equal(va_program_find(&missing), -ENOENT); /* none beside this test */
}

static void installed(void **state)
{
	char folder[] = "/tmp/va_child.XXXXXX", path[128], both[128];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(both, sizeof(both), "/nosuch:%s", folder);
	setenv("LIBVA_DRIVERS_PATH", both, 1);
	assert_false(va_driver_is_installed());
	snprintf(path, sizeof(path), "%s/iHD_drv_video.so", folder);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_true(va_driver_is_installed());
	setenv("LIBVA_DRIVER_NAME", "i965", 1);
	assert_false(va_driver_is_installed());
	setenv("LIBVA_DRIVER_NAME", "iHD", 1);
	assert_true(va_driver_is_installed());
	unlink(path);
	rmdir(folder);
	unsetenv("LIBVA_DRIVERS_PATH");
	unsetenv("LIBVA_DRIVER_NAME");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(results, teardown),
		cmocka_unit_test_teardown(a_list_that_breaks_off_is_empty, teardown),
		cmocka_unit_test_teardown(what_it_is_told, teardown),
		cmocka_unit_test(no_program),
		cmocka_unit_test(installed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
