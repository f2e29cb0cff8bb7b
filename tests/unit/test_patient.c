// SPDX-License-Identifier: Apache-2.0
/* A process whose memory map is locked for ever: nobody waits for it twice. */
#include "test.h"

#include "base/sys.h"
#include "fake_sys.h"
#include "sources/proc/patient.h"
#include "sources/proc/process.h"
#include "threads.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MS 1000000u

static struct tree tree;
static struct fs *fs;

static void process(int pid, unsigned uid)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	snprintf(text, sizeof(text), "ffmpeg %d", pid);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/status", pid);
	snprintf(text, sizeof(text), "Name:\tffmpeg\nUmask:\t0022\nUid:\t%u\t0\t0\t0\n", uid);
	tree_write(&tree, path, text);
}

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "sys");
	for (int pid = 10; pid < 20; pid++)
		process(pid, pid < 15 ? 1000 : 1001);
	fake_sys_load(tree.root);
	fake_knobs.real_clock = true;
	return fs_new(&fs, tree.root, NULL, NULL, &bad);
}

static int teardown(void **state)
{
	(void)state;
	fake_block(NULL);
	patient_end();
	assert_true(threads_end());
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* What is read of a process, and whether that was fast. */
static int read_one(int pid, char buf[static 64], uint64_t *ret_took)
{
	uint64_t begin = sys_monotonic_ns();
	int n = patient_read(fs, pid, "cmdline", buf, 64);

	*ret_took = sys_monotonic_ns() - begin;
	return n;
}

static void waits_once(void **state)
{
	uint64_t took;
	char buf[64];
	int n = 0;

	(void)state;
	assert_int_equal(read_one(11, buf, &took), 9);
	assert_string_equal(buf, "ffmpeg 11");
	assert_int_equal(read_one(99, buf, &took), -ENOENT);
	fake_block("proc/11/cmdline");
	assert_int_equal(read_one(11, buf, &took), -ETIMEDOUT);
	assert_in_range(took, PATIENT_WAIT_NS, 3 * PATIENT_WAIT_NS + 1000 * MS);
	/* Nor is anybody asked who has the same user, and others are. */
	assert_int_equal(read_one(11, buf, &took), -ETIMEDOUT);
	assert_in_range(took, 0, PATIENT_WAIT_NS - 1);
	assert_int_equal(read_one(12, buf, &took), -ETIMEDOUT);
	assert_in_range(took, 0, PATIENT_WAIT_NS - 1);
	assert_int_equal(read_one(15, buf, &took), 9);
	assert_string_equal(buf, "ffmpeg 15");
	fake_block(NULL);
	for (int i = 0; i < 1000 && n != 9; i++) {
		usleep(10000);
		n = read_one(12, buf, &took);
	}
	assert_string_equal(buf, "ffmpeg 12");
	assert_int_equal(read_one(11, buf, &took), 9);
}

static void long_file(void **state)
{
	uint64_t took;
	char text[200], buf[64];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	tree_write(&tree, "proc/11/cmdline", text);
	assert_int_equal(read_one(11, buf, &took), -EMSGSIZE);
	assert_memory_equal(buf, text, sizeof(buf));
}

static void uid(void **state)
{
	static const struct {
		const char *text;
		int r;
		uid_t uid;
	} rows[] = {
		{ "Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t1\n", 0, 1000 },
		{ "Name:\tx\nUid:\t0\t1\t2\t3\n", 0, 0 },
		{ "Name:\tUid:\\n\nUid:\t7\t1\n", 0, 7 },
		{ "Uid:\t7\t1\n", -EINVAL, 0 },
		{ "Name:\tx\nUid:\t", -EINVAL, 0 },
		{ "Name:\tx\nUid:\t12", -EINVAL, 0 },
		{ "Name:\tx\nUid:\t-1\t1\n", -EINVAL, 0 },
		{ "Name:\tx\nUid:\t99999999999\t1\n", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uid_t found = 0;

		assert_row(process_uid_parse(rows[i].text, strlen(rows[i].text), &found) ==
				   rows[i].r,
			   rows[i].text);
		assert_row(found == rows[i].uid, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(waits_once, setup, teardown),
		cmocka_unit_test_setup_teardown(long_file, setup, teardown),
		cmocka_unit_test(uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
