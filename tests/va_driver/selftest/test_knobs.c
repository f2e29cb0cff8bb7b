// SPDX-License-Identifier: Apache-2.0
/* Each knob of the driver does what README.md says. */
#include "test.h"

#include "client.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t picture[NV12_SIZE], back[NV12_SIZE];

static void open_with(struct client *c, const char *knobs)
{
	set_knobs(knobs);
	assert_int_equal(client_open(c), VA_STATUS_SUCCESS);
}

static VAStatus quick_encode(struct client *c, struct stream *s)
{
	return encode_h264(c, VAProfileH264Main, VAEntrypointEncSlice, picture, true, OWN_HEADERS,
			   s);
}

/* The first call that fails gives its status. */
static void test_failures(void **state)
{
	static const struct {
		const char *knobs;
		VAStatus expected;
	} rows[] = {
		{ "FAIL=CreateConfig:12", 12 },
		{ "FAIL=CreateSurfaces:2", 2 },
		{ "FAIL=CreateContext", 1 },
		{ "FAIL=CreateBuffer#2:2", 2 },
		{ "FAIL=DeriveImage:20", 20 },
		{ "DERIVE=off", 1 },
		{ "FAIL=MapImage:7", 7 },
		{ "FAIL=BeginPicture:6", 6 },
		{ "FAIL=RenderPicture:0x7", 7 },
		{ "FAIL=EndPicture:24", 24 },
		{ "FAIL.h264=EndPicture:24", 24 },
		{ "FAIL__h264__slice=EndPicture:24 FAIL=EndPicture:1", 24 },
		{ "FAIL.slice_lp=EndPicture:24", 0 },
		{ "FAIL.jpeg=EndPicture:24", 0 },
		{ "FAIL.256x192=EndPicture:24", 24 },
		{ "FAIL.320x240=EndPicture:24", 0 },
		{ "FAIL=SyncSurface:34", 34 },
		{ "FAIL=MapCoded:24", 24 },
		{ "FAIL=EndPicture#2:24", 0 },
		{ "MAX=255x192", 1 },
		{ "MAX=256x192", 0 },
		{ "MAX=128x128 MAX_MODE=garbage", 0 },
		{ "NOENC=1", VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT },
		{ "NOENC=1 NODEC=1", VA_STATUS_ERROR_UNSUPPORTED_PROFILE },
		{ "LP=only", VA_STATUS_ERROR_UNSUPPORTED_ENTRYPOINT },
		{ "LP=none", 0 },
		{ "PROFILES=H264High:vld+slice", VA_STATUS_ERROR_UNSUPPORTED_PROFILE },
		{ "EXPECT=/nonexistent", VA_STATUS_ERROR_ENCODING_ERROR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c;
		struct stream s = { 0 };

		open_with(&c, rows[i].knobs);
		assert_row(quick_encode(&c, &s) == rows[i].expected, rows[i].knobs);
		free(s.data);
		client_close(&c);
	}
}

static void test_bad_start(void **state)
{
	static const struct {
		const char *knobs;
		VAStatus expected;
	} rows[] = {
		{ "FAIL=Initialize:2", 2 },
		{ "FIAL=Initialize", VA_STATUS_ERROR_INVALID_PARAMETER },
		{ "FAIL=EndPicure:24", VA_STATUS_ERROR_INVALID_PARAMETER },
		{ "FAIL.h265=EndPicture:24", VA_STATUS_ERROR_INVALID_PARAMETER },
		{ "CONF=/nonexistent", VA_STATUS_ERROR_INVALID_PARAMETER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c;

		set_knobs(rows[i].knobs);
		assert_row(client_open(&c) == rows[i].expected, rows[i].knobs);
		client_close(&c);
	}
}

static void test_coded(void **state)
{
	static const struct {
		const char *knobs;
		size_t size, segments;
		uint32_t status;
	} rows[] = {
		{ "CODED_SIZE=0", 0, 1, 26 },
		{ "CODED_SIZE=100", 100, 1, 26 },
		{ "CODED_STATUS=0x8000 CODED_SIZE=0", 0, 1, 0x8000 | 26 },
		{ "CODED_SEGMENTS=3 CODED_SIZE=1000", 1000, 3, 26 },
		{ "CODED_NULL=1", 0, 0, 0 },
	};
	struct client c;
	struct stream s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_with(&c, rows[i].knobs);
		assert_int_equal(quick_encode(&c, &s), VA_STATUS_SUCCESS);
		assert_row(s.size == rows[i].size, rows[i].knobs);
		assert_row(s.segments == rows[i].segments, rows[i].knobs);
		assert_row(s.status == rows[i].status, rows[i].knobs);
		free(s.data);
		client_close(&c);
	}
	open_with(&c, "NAL=1");
	assert_int_equal(quick_encode(&c, &s), VA_STATUS_SUCCESS);
	assert_null(memmem(s.data, s.size, "\0\0\1\x65", 4));
	assert_non_null(memmem(s.data, s.size, "\0\0\1\x61", 4));
	free(s.data);
	client_close(&c);
}

static void test_corruption(void **state)
{
	static const struct {
		const char *knobs;
		double at_least, at_most;
	} rows[] = {
		{ "CORRUPT=shift", 4, 8 },
		{ "CORRUPT=half", 6, 12 },
		{ "CORRUPT=green", 0, 15 },
		{ "CORRUPT=noise:8", 30.0, 30.2 },
		{ "CORRUPT=noise:9", 29.0, 29.2 },
		{ "CORRUPT=stream", 0, 15 },
		{ "CORRUPT_DEC=shift", 4, 8 },
		{ "CORRUPT_DEC.jpeg=shift", INFINITY, INFINITY },
		{ "MAX=128x128 MAX_MODE=garbage", 0, 15 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c;
		struct stream s;
		double quality;

		open_with(&c, rows[i].knobs);
		assert_int_equal(quick_encode(&c, &s), VA_STATUS_SUCCESS);
		assert_int_equal(decode_h264(&c, VAProfileH264Main, &s, back), VA_STATUS_SUCCESS);
		quality = psnr(picture, back, NV12_SIZE);
		assert_row(quality >= rows[i].at_least && quality <= rows[i].at_most,
			   rows[i].knobs);
		free(s.data);
		client_close(&c);
	}
}

/* What ends a child that encodes one picture within "limit" seconds. */
static int fate(const char *knobs, unsigned int limit)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const struct rlimit none = { 0, 0 };
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		struct client c;
		struct stream s;

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		setrlimit(RLIMIT_CORE, &none);
		set_knobs(knobs);
		alarm(limit);
		if (client_open(&c) != VA_STATUS_SUCCESS)
			_exit(2);
		_exit(quick_encode(&c, &s) == VA_STATUS_SUCCESS ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

static void test_fates(void **state)
{
	static const struct {
		const char *knobs;
		int expected;
	} rows[] = {
		{ "LOG=info", 1000 },
		{ "LOG=error,100000", 1000 },
		{ "NOISE=100000", 1000 },
		{ "SLOW=20", 1000 },
		{ "CRASH=EndPicture", SIGSEGV },
		{ "CRASH=CreateContext:abort", SIGABRT },
		{ "CRASH=Initialize:bus", SIGBUS },
		{ "CRASH.h264=MapCoded:fpe", SIGFPE },
		{ "CRASH=EndPicture:exit", 1000 },
		{ "CRASH.hevc=EndPicture", 1000 },
		{ "HANG=EndPicture", SIGALRM },
		{ "HANG=MapCoded:spin", SIGALRM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool hangs = rows[i].expected == SIGALRM;

		assert_row(fate(rows[i].knobs, hangs ? 1 : 30) == rows[i].expected, rows[i].knobs);
	}
}

/* A file that nobody answers for. */
static void test_hang_in_open(void **state)
{
	char path[] = "/tmp/fake_va.XXXXXX", knobs[64];

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(knobs, sizeof(knobs), "HANG=EndPicture:open=%s", path);
	assert_int_equal(fate(knobs, 1), SIGALRM);
	unlink(path);
}

/* A file is read at each start, and the environment comes after it. */
static void test_conf(void **state)
{
	char path[] = "/tmp/fake_va.XXXXXX", knobs[64];
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	struct client c;
	struct stream s;

	(void)state;
	fputs("# a comment\n\nFAIL.h264=EndPicture:24\r\nVENDOR=from a file\n", f);
	fclose(f);
	snprintf(knobs, sizeof(knobs), "CONF=%s", path);
	open_with(&c, knobs);
	assert_string_equal(vaQueryVendorString(c.display), "from a file");
	assert_int_equal(quick_encode(&c, &s), 24);
	client_close(&c);
	snprintf(knobs, sizeof(knobs), "CONF=%s FAIL__h264=EndPicture:23", path);
	open_with(&c, knobs);
	assert_int_equal(quick_encode(&c, &s), 23);
	client_close(&c);
	unlink(path);
}

static void test_rate_controls(void **state)
{
	VAConfigAttrib a = { .type = VAConfigAttribRateControl };
	struct client c;

	(void)state;
	open_with(&c, "RC.slice_lp=0x10");
	assert_int_equal(
		vaGetConfigAttributes(c.display, VAProfileH264Main, VAEntrypointEncSlice, &a, 1),
		VA_STATUS_SUCCESS);
	assert_int_equal(a.value, VA_RC_CQP | VA_RC_CBR | VA_RC_VBR);
	assert_int_equal(
		vaGetConfigAttributes(c.display, VAProfileH264Main, VAEntrypointEncSliceLP, &a, 1),
		VA_STATUS_SUCCESS);
	assert_int_equal(a.value, VA_RC_CQP);
	assert_int_equal(vaGetConfigAttributes(c.display, VAProfileJPEGBaseline,
					       VAEntrypointEncPicture, &a, 1),
			 VA_STATUS_SUCCESS);
	assert_int_equal(a.value, VA_ATTRIB_NOT_SUPPORTED);
	client_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),     cmocka_unit_test(test_bad_start),
		cmocka_unit_test(test_coded),	     cmocka_unit_test(test_corruption),
		cmocka_unit_test(test_hang_in_open), cmocka_unit_test(test_fates),
		cmocka_unit_test(test_conf),	     cmocka_unit_test(test_rate_controls),
	};

	test_picture(picture);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
