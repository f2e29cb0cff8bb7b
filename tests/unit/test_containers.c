// SPDX-License-Identifier: Apache-2.0
/* Names from what engines keep: what they write, and what nobody may make of it. */
#include "test.h"

#include "sources/workload/containers.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID  "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"
#define ID2 "1111222233334444111122223333444411112222333344441111222233334444"

/* In memory of exactly this size, so that a sanitizer sees a byte too far. */
static int ask(int (*parse)(const char *text, size_t len, const char *id,
			    char ret[static CONTAINER_NAME_BYTES]),
	       const char *text, size_t len, char ret[static CONTAINER_NAME_BYTES])
{
	char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = parse(copy, len, ID, ret);
	free(copy);
	return r;
}

static const char docker[] =
	"{\"StreamConfig\":{},\"State\":{\"Running\":true,\"Pid\":4711,\"OOMKilled\":false,"
	"\"StartedAt\":\"2026-01-01T00:00:00.1Z\",\"Health\":null},\"ID\":\"" ID "\","
	"\"Created\":\"2026-01-01T00:00:00Z\",\"Managed\":false,\"Path\":\"/init\",\"Args\":[],"
	"\"Config\":{\"Name\":\"/inner\",\"ID\":\"" ID2
	"\",\"Env\":[\"A=\\\"Name\\\":\\\"/env\\\"\","
	"\"B=\\u0041\\u0000\\n\"],\"Labels\":{\"Name\":\"/label\",\"com.docker.compose.project\":\"media\"}},"
	"\"Image\":\"sha256:0\",\"Name\":\"/media-jellyfin_1.a\",\"Driver\":\"overlay2\","
	"\"RestartCount\":-1.5e+3,\"Big\":18446744073709551616,\"X\":[1,[2,{}],0.5]}";

static void of_docker(void **state)
{
	char name[CONTAINER_NAME_BYTES] = "";

	(void)state;
	assert_int_equal(ask(containers_docker_name, docker, strlen(docker), name), 0);
	assert_string_equal(name, "media-jellyfin_1.a");
	/* A text that is cut anywhere is none. */
	for (size_t len = 0; len < strlen(docker); len++)
		assert_int_equal(ask(containers_docker_name, docker, len, name), -EINVAL);
	assert_string_equal(name, "media-jellyfin_1.a");
}

static void bad_of_docker(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "", -EINVAL },
		{ "{}", -ENOENT },
		{ "[]", -EINVAL },
		{ "{\"ID\":\"" ID2 "\",\"Name\":\"/a\"}", -ENOENT },
		{ "{\"Name\":\"/a\"}", -ENOENT },
		{ "{\"ID\":\"" ID "\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"a\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a b\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/../b\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\\u0000\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\\u0000\",\"Name\":\"/a\"}", -ENOENT },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"Name\":\"/a\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":{\"c\":1,\"c\":1}}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":\"\xff\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":\"\\ud800\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":NaN}", -EINVAL },
		{ "\xef\xbb\xbf{\"ID\":\"" ID "\",\"Name\":\"/a\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\xff\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":[\"/a\"]}", -EINVAL },
		{ "{\"ID\":[\"" ID "\"],\"Name\":\"/a\"}", -ENOENT },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\"} x", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\"}}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",}", -EINVAL },
		{ "{\"ID\":\"" ID "\" \"Name\":\"/a\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":01}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":1.}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":-}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":1e}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":True}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":\"\n\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":\"\\x\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":\"\\u0x1f\"}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":[1 2]}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":{1:2}}", -EINVAL },
		{ "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":}", -EINVAL },
	};
	char name[CONTAINER_NAME_BYTES] = "kept";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = ask(containers_docker_name, rows[i].text, strlen(rows[i].text), name);

		assert_row(r == rows[i].r, rows[i].text);
		assert_row(strcmp(name, "kept") == 0, rows[i].text);
	}
}

/* A text that opens without end is left at a depth, not at the end of the stack. */
static void deep(void **state)
{
	static const char start[] = "{\"ID\":\"" ID "\",\"Name\":\"/a\",\"b\":";
	size_t size = 1 << 20;
	char name[CONTAINER_NAME_BYTES], *text = malloc(size);

	(void)state;
	assert_non_null(text);
	memset(text, '[', size);
	memcpy(text, start, strlen(start));
	assert_int_equal(ask(containers_docker_name, text, size, name), -EINVAL);
	assert_int_equal(
		ask(containers_podman_name, text + strlen(start), size - strlen(start), name),
		-EINVAL);
	free(text);
}

/* Small objects take much more memory than text: they end at a limit, and the next text has it
 * again. */
static void large(void **state)
{
	size_t size = 1 << 20;
	char name[CONTAINER_NAME_BYTES], *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i + 4 <= size; i += 4)
		memcpy(text + i, i ? ",{} " : "[{} ", 4);
	text[size - 1] = ']';
	assert_int_equal(containers_podman_name(text, size, ID, name), -EINVAL);
	free(text);
}

/* As deep as the library goes, on a stack as small as prepare.c makes them. */
static void *deepest(void *ret)
{
	char text[4096], name[CONTAINER_NAME_BYTES];

	memset(text, '[', 2047);
	memset(text + 2047, ']', 2047);
	*(int *)ret = containers_podman_name(text, 4094, ID, name);
	return NULL;
}

static void small_stack(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = 0;

	(void)state;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 20);
	assert_int_equal(pthread_create(&thread, &attr, deepest, &r), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	assert_int_equal(r, -ENOENT);
}

static void of_podman(void **state)
{
	static const char storage[] =
		"[{\"id\":\"" ID2 "\",\"names\":[\"other\"],\"image\":\"x\",\"flags\":{}},"
		"{\"id\":\"" ID "\",\"names\":[\"jellyfin\",\"alias\"],\"layer\":\"y\","
		"\"metadata\":\"{\\\"name\\\":\\\"inner\\\",\\\"names\\\":[\\\"a\\\"]}\","
		"\"big-data-names\":[\"names\"],\"created\":\"2026-01-01T00:00:00Z\"}]";
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "[]", -ENOENT },
		{ " [ ] \n", -ENOENT },
		{ "[{}]", -ENOENT },
		{ "{}", -EINVAL },
		{ "[{\"id\":\"" ID "\"}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[]}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":\"a\"}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[[\"a\"]]}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[\"a/b\"]}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[\"a\"]},]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[\"a\"]}", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[\"a\",]}]", -EINVAL },
		{ "[{\"id\":\"" ID "\",\"names\":[\"a\"]}] []", -EINVAL },
	};
	char name[CONTAINER_NAME_BYTES] = "";

	(void)state;
	assert_int_equal(ask(containers_podman_name, storage, strlen(storage), name), 0);
	assert_string_equal(name, "jellyfin");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(ask(containers_podman_name, rows[i].text, strlen(rows[i].text), name) ==
				   rows[i].r,
			   rows[i].text);
	assert_string_equal(name, "jellyfin");
}

/* As long as a name may be, and longer. */
static void lengths(void **state)
{
	char text[512], name[CONTAINER_NAME_BYTES];

	(void)state;
	for (int len = CONTAINER_NAME_BYTES - 2; len < CONTAINER_NAME_BYTES + 2; len++) {
		int n = snprintf(text, sizeof(text), "{\"ID\":\"" ID "\",\"Name\":\"/%0*d\"}", len,
				 7);
		bool fits = len < CONTAINER_NAME_BYTES;

		assert_int_equal(ask(containers_docker_name, text, (size_t)n, name),
				 fits ? 0 : -EINVAL);
		assert_true(!fits || (int)strlen(name) == len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_docker),   cmocka_unit_test(bad_of_docker),
		cmocka_unit_test(deep),	       cmocka_unit_test(of_podman),
		cmocka_unit_test(lengths),     cmocka_unit_test(large),
		cmocka_unit_test(small_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
