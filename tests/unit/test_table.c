// SPDX-License-Identifier: Apache-2.0
/* What a walk takes over from the one before: who is scanned again, and when nobody is missed. */
#include "test.h"

#include "fake_sys.h"
#include "sources/proc/procs.h"
#include "sources/proc/proof.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCESSES 256 /* one in 16 is scanned at each walk */
#define PERIOD	  64
#define FIRST	  1000

static struct tree tree;
static struct fs *fs;
static struct procs *procs;
static struct fault fault;
static uint64_t round_number;
static const struct gpu gpu = {
	.pci = "0000:00:02.0", .driver = GPU_I915, .card = "card0", .render = "renderD128"
};

static void add_process(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/0", pid);
	tree_link(&tree, path, "/dev/null");
	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_write(&tree, path, "worker\n");
}

static void open_client(int pid, int fd, unsigned id)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	tree_link(&tree, path, "/dev/dri/renderD128");
	snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
	snprintf(text, sizeof(text),
		 "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n", id);
	tree_write(&tree, path, text);
}

/* Its fdinfo may be open: in procfs a read would fail. */
static void close_client(int pid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	tree_delete(&tree, path);
	snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
	tree_write(&tree, path, "");
	tree_delete(&tree, path);
}

static void set_count(unsigned count)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", count);
	tree_write(&tree, "sys/module/i915/refcnt", text);
}

static void setup_fs(void)
{
	const char *bad;

	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	procs = procs_new(fs);
	fault = (struct fault){ 0 };
}

static int setup(void **state)
{
	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "sys");
	tree_kthreadd(&tree);
	for (int i = 0; i < PROCESSES; i++)
		add_process(FIRST + i);
	set_count(0);
	fake_sys_load(tree.root);
	setup_fs();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	procs_free(procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* Who has which client, "5@1000 …", in one scrape, and how many files that opened. */
static const char *scrape(unsigned *ret_opens)
{
	const struct drm_client *found;
	static char text[4096];
	struct walk *walk;
	size_t n, silent;
	unsigned opens = fake_counts().file_opens;

	fault = (struct fault){ 0 };
	assert_int_equal(procs_walk(procs, ++round_number, &walk, &fault), 0);
	assert_int_equal(procs_clients(procs, &walk, &gpu, &found, &n, &silent, &fault), 0);
	*text = '\0';
	for (size_t i = 0; i < n && strlen(text) < sizeof(text) - 64; i++)
		sprintf(text + strlen(text), "%s%llu@%d", i ? " " : "",
			(unsigned long long)found[i].info.client_id, (int)found[i].pid);
	walk_unref(walk);
	if (ret_opens)
		*ret_opens = fake_counts().file_opens - opens;
	return text;
}

/* The number of the last walk, which says whose turn it was. */
static uint64_t turn(void)
{
	struct walk *walk;
	uint64_t scan;

	assert_int_equal(procs_walk(procs, round_number, &walk, &fault), 0);
	scan = walk->scan;
	walk_unref(walk);
	return scan;
}

/* All processes are old. */
static void age(void)
{
	for (int i = 0; i < 5; i++)
		scrape(NULL);
	fake_clock_advance(11000000000u);
	for (int i = 0; i < 10; i++)
		scrape(NULL);
}

static void old_ones_in_turn(void **state)
{
	unsigned opens, all = 0;

	(void)state;
	scrape(&opens);
	/* Their descriptors, and their names. */
	assert_in_range(opens, 2 * PROCESSES, 2 * PROCESSES + 20);
	scrape(&opens);
	assert_in_range(opens, 2 * PROCESSES, 2 * PROCESSES + 20);
	age();
	for (int i = 0; i < PERIOD; i++) {
		scrape(&opens);
		assert_in_range(opens, 2 * PROCESSES / PERIOD, 2 * PROCESSES / PERIOD + 20);
		all += opens;
	}
	assert_in_range(all, 2 * PROCESSES, 2 * PROCESSES + PERIOD * 20);
	/* A new one is scanned as long as it is young. */
	scrape(&opens);
	add_process(FIRST + PROCESSES + 7);
	for (int i = 0; i < 6; i++) {
		unsigned more;

		scrape(&more);
		assert_in_range(more, opens, opens + 6);
	}
}

/* Somebody who has been there for long opens the GPU: the count says so. */
static void old_one_opens(void **state)
{
	(void)state;
	age();
	for (int i = 0; i < 40; i++) {
		int pid = FIRST + i * 5;
		char wanted[32];

		snprintf(wanted, sizeof(wanted), "%d@%d", i + 1, pid);
		open_client(pid, 7, (unsigned)i + 1);
		set_count(1);
		assert_string_equal(scrape(NULL), wanted);
		close_client(pid, 7);
		if (i % 2) {
			set_count(0);
			assert_string_equal(scrape(NULL), "");
		}
	}
	/* One ends and another begins: the count is the same. */
	open_client(FIRST + 3, 7, 100);
	set_count(1);
	assert_string_equal(scrape(NULL), "100@1003");
	close_client(FIRST + 3, 7);
	open_client(FIRST + 100, 9, 101);
	assert_string_equal(scrape(NULL), "101@1100");
	/* By the same number in the same process, which no link shows. */
	open_client(FIRST + 100, 9, 102);
	assert_string_equal(scrape(NULL), "102@1100");
}

/* The module counts the files of all its GPUs. */
static void two_gpus(void **state)
{
	static const struct gpu second = {
		.pci = "0000:03:00.0", .driver = GPU_I915, .card = "card1", .render = "renderD129"
	};

	(void)state;
	age();
	for (unsigned i = 0; i < 20; i++) {
		int pid = FIRST + 3 + (int)i * 7;
		const struct drm_client *found;
		struct walk *walk;
		size_t n, silent;
		char path[64], text[128];

		open_client(pid, 6, 2 * i + 1);
		snprintf(path, sizeof(path), "proc/%d/fd/7", pid);
		tree_link(&tree, path, "/dev/dri/renderD129");
		snprintf(path, sizeof(path), "proc/%d/fdinfo/7", pid);
		snprintf(text, sizeof(text), "drm-pdev:\t0000:03:00.0\ndrm-client-id:\t%u\n", i);
		tree_write(&tree, path, text);
		set_count(2 * (i + 1));
		assert_int_equal(procs_walk(procs, ++round_number, &walk, &fault), 0);
		assert_int_equal(procs_clients(procs, &walk, &gpu, &found, &n, &silent, &fault), 0);
		assert_int_equal(n, i + 1);
		assert_int_equal(procs_clients(procs, &walk, &second, &found, &n, &silent, &fault),
				 0);
		assert_int_equal(n, i + 1);
		walk_unref(walk);
	}
}

/* A driver that is built into the kernel has no count, but a list of its files. */
static void built_in(void **state)
{
	char text[1024] = "             command  tgid dev master a   uid      magic\n";

	(void)state;
	fake_knobs.is_procfs = true;
	procs_free(procs);
	fs_free(fs);
	tree_delete(&tree, "sys/module/i915/refcnt");
	setup_fs();
	tree_write(&tree, "sys/kernel/debug/dri/0/clients", text);
	age();
	for (int i = 0; i < 8; i++) {
		char wanted[32];

		sprintf(text + strlen(text), "%20s %5d %3d   n    n     0          0\n", "ffmpeg",
			FIRST + i * 30, 128);
		tree_write(&tree, "sys/kernel/debug/dri/0/clients", text);
		open_client(FIRST + i * 30, 7, (unsigned)i + 1);
		snprintf(wanted, sizeof(wanted), "%d@%d", i + 1, FIRST + i * 30);
		assert_non_null(strstr(scrape(NULL), wanted));
	}
}

/* Perf events, buffers and sound hold the module, too. */
static void others_hold_it(void **state)
{
	unsigned opens, scans = 0;

	(void)state;
	set_count(3);
	open_client(FIRST, 5, 1);
	set_count(4);
	age();
	scrape(&opens);
	assert_in_range(opens, 0, PROCESSES / 2);
	open_client(FIRST + 9, 5, 2);
	set_count(5);
	assert_string_equal(scrape(NULL), "1@1000 2@1009");
	/* Two more that are no clients, as long as a descriptor may be on its way. */
	set_count(7);
	do {
		scrape(&opens);
		scans++;
	} while (opens > PROCESSES);
	assert_int_equal(scans, PROOF_MORE + 1);
	/* One less: it is believed at once, or nearly so. */
	set_count(6);
	scrape(&opens);
	assert_in_range(opens, PROCESSES, 4 * PROCESSES);
	scrape(&opens);
	scrape(&opens);
	assert_in_range(opens, 0, PROCESSES / 2);
}

/* A descriptor in a socket is nobody's until it arrives. */
static void passed_on(void **state)
{
	(void)state;
	open_client(FIRST + 1, 5, 1);
	set_count(1);
	age();
	close_client(FIRST + 1, 5);
	assert_string_equal(scrape(NULL), "");
	assert_string_equal(scrape(NULL), "");
	open_client(FIRST + 200, 8, 1);
	assert_string_equal(scrape(NULL), "1@1200");
}

/* What has no proof: within one turn. */
static void exec(void **state)
{
	(void)state;
	age();
	for (int i = 0; i < 32; i++) {
		char path[64], text[32];
		const char *name = "";
		struct walk *walk;
		int scrapes = 0;

		snprintf(path, sizeof(path), "proc/%d/comm", FIRST + i * 7);
		snprintf(text, sizeof(text), "ffmpeg%d\n", i);
		tree_write(&tree, path, text);
		while (strncmp(name, text, strlen(text) - 1) != 0) {
			scrapes++;
			assert_true(scrapes <= PERIOD);
			assert_int_equal(procs_walk(procs, ++round_number, &walk, &fault), 0);
			assert_int_equal(walk_name(walk, 1 + (size_t)i * 7, &name), 0);
			name = strdupa(name);
			walk_unref(walk);
		}
	}
}

/* A number that is used again is another process. */
static void number_again(void **state)
{
	char path[300];

	(void)state;
	open_client(FIRST + 2, 5, 1);
	set_count(1);
	age();
	snprintf(path, sizeof(path), "%s", tree_path(&tree, "gone"));
	assert_int_equal(rename(tree_path(&tree, "proc/1002"), path), 0);
	add_process(FIRST + 2);
	open_client(FIRST + 2, 6, 2);
	assert_string_equal(scrape(NULL), "2@1002");
}

/* fdinfo of a client is opened once. */
static void stays_open(void **state)
{
	unsigned opens, without;

	(void)state;
	age();
	scrape(&without);
	for (int i = 0; i < 20; i++)
		open_client(FIRST + 1, 10 + i, 1 + (unsigned)i);
	set_count(20);
	scrape(&opens);
	for (int i = 0; i < 20; i++) {
		scrape(&opens);
		assert_in_range(opens, 0, without + 10);
	}
	open_client(FIRST + 1, 12, 50);
	assert_non_null(strstr(scrape(NULL), "50@1001"));
	/* What is as long as before is not the same. */
	open_client(FIRST + 1, 22, 60);
	assert_non_null(strstr(scrape(NULL), "60@1001"));
	assert_null(strstr(scrape(NULL), "13@1001"));
}

/* Without the right to list descriptors each one is read, once. */
static void learns(void **state)
{
	unsigned without, opens;
	char path[64];

	(void)state;
	fake_error("proc/1001/fd", -EACCES);
	for (int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "proc/1001/fdinfo/%d", i);
		tree_write(&tree, path, "pos:\t0\nflags:\t02\n");
	}
	open_client(FIRST + 1, 100, 1);
	set_count(1);
	age();
	/* Not the one whose turn it is. */
	do
		scrape(&without);
	while ((FIRST + 1) % PERIOD == turn() % PERIOD);
	assert_in_range(without, 0, 100);
	for (int i = 0; i < PERIOD; i++) {
		assert_string_equal(scrape(&opens), "1@1001");
		/* In its turn, and never beside. */
		assert_true(opens < without + 20 || opens >= without + 90);
		assert_true(opens < without + 20 || (FIRST + 1) % PERIOD == turn() % PERIOD);
	}
	/* The number of a socket is now a client's. */
	open_client(FIRST + 1, 50, 2);
	set_count(2);
	assert_string_equal(scrape(NULL), "1@1001 2@1001");
}

/* Who has more descriptors than are scanned costs nobody else his. */
static void too_many(void **state)
{
	struct walk *walk;

	(void)state;
	for (int i = 0; i < PROCESS_FDS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "proc/%d/fd/%d", FIRST + 1, 1 + i);
		tree_link(&tree, path, "socket:[1]");
	}
	open_client(FIRST + 2, 5, 1);
	set_count(1);
	assert_string_equal(scrape(NULL), "1@1002");
	assert_int_equal(fault.reason, REASON_LIMIT);
	assert_string_equal(fault.remedy, "limits");
	assert_non_null(strstr(fault.detail, "1 processes"));
	assert_non_null(strstr(fault.detail, "1001"));
	assert_int_equal(procs_walk(procs, round_number, &walk, &fault), 0);
	assert_true(walk_is_cut(walk, FIRST + 1) && !walk_is_cut(walk, FIRST + 2));
	walk_unref(walk);
}

/* One user's many descriptors are not another one's. */
static void fair_between_users(void **state)
{
	struct users users = { 0 };
	size_t all;

	(void)state;
	for (uid_t uid = 100; uid > 0; uid--)
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(users_add(&users, uid, i + uid, &all), 0);
	for (uid_t uid = 1; uid <= 100; uid++) {
		assert_int_equal(users_add(&users, uid, 0, &all), 0);
		assert_int_equal(all, 3 + 3 * uid);
	}
	free(users.users);
	/* The second user's process is the last one, behind all that the first one has. */
	for (int p = 0; p <= USER_FDS / PROCESS_FDS; p++) {
		char path[64];

		for (int i = 1; i < PROCESS_FDS; i++) {
			snprintf(path, sizeof(path), "proc/%d/fd/%d", FIRST + p, i);
			tree_link(&tree, path, "socket:[1]");
		}
	}
	for (int pid = FIRST + 200; pid <= FIRST + 201; pid++)
		for (int i = 1; i <= 2 * REST_FDS; i++) {
			char path[64];

			snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, i);
			tree_link(&tree, path, "socket:[1]");
		}
	if (chown(tree_path(&tree, "proc/1201"), 1000, 1000) < 0)
		skip();
	scrape(NULL);
	assert_int_equal(fault.reason, REASON_LIMIT);
	/* The first user's ninth process of many, and the one with a few. */
	assert_non_null(strstr(fault.detail, "2 processes"));
	/* Nor are those that are root's in /proc because they forbid to be dumped. */
	for (int p = 0; p <= USER_FDS / PROCESS_FDS; p++) {
		char path[64];

		snprintf(path, sizeof(path), "proc/%d/status", FIRST + p);
		tree_write(&tree, path, "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n");
	}
	if (chown(tree_path(&tree, "proc/1201"), 1001, 1001) < 0)
		skip();
	scrape(NULL);
	assert_non_null(strstr(fault.detail, "1 processes"));
	assert_non_null(strstr(fault.detail, "1008 of user 1000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_ones_in_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(old_one_opens, setup, teardown),
		cmocka_unit_test_setup_teardown(two_gpus, setup, teardown),
		cmocka_unit_test_setup_teardown(built_in, setup, teardown),
		cmocka_unit_test_setup_teardown(others_hold_it, setup, teardown),
		cmocka_unit_test_setup_teardown(passed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(exec, setup, teardown),
		cmocka_unit_test_setup_teardown(number_again, setup, teardown),
		cmocka_unit_test_setup_teardown(stays_open, setup, teardown),
		cmocka_unit_test_setup_teardown(learns, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(fair_between_users, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
