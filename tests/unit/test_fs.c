// SPDX-License-Identifier: Apache-2.0
/* With the real base/sys_linux.c: how open(2) behaves is what counts here. */
#include "test.h"

#include "base/fs.h"
#include "tree.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static struct tree tree;
static struct fs *fs;

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "sys");
	tree_folder(&tree, "proc");
	return fs_new(&fs, tree.root, NULL, NULL, &bad);
}

static int teardown(void **state)
{
	(void)state;
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void roots(void **state)
{
	char buf[16], sysfs[256];
	const char *bad = NULL;
	struct fs *other;

	(void)state;
	tree_write(&tree, "sys/a", "sys\n");
	tree_write(&tree, "proc/a", "proc\n");
	tree_write(&tree, "a", "root\n");
	tree_write(&tree, "elsewhere/a", "elsewhere\n");
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/%c", 'a'), 4);
	assert_string_equal(buf, "sys\n");
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "proc/a"), 5);
	assert_string_equal(buf, "proc\n");
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "a"), 5);
	assert_string_equal(buf, "root\n");

	strcpy(sysfs, tree_path(&tree, "elsewhere"));
	assert_int_equal(fs_new(&other, tree.root, sysfs, NULL, &bad), 0);
	assert_int_equal(fs_read(other, buf, sizeof(buf), "sys/a"), 10);
	assert_string_equal(buf, "elsewhere\n");
	assert_int_equal(fs_read(other, buf, sizeof(buf), "proc/a"), 5);
	fs_free(other);
}

static void missing_roots(void **state)
{
	struct fs *other = (struct fs *)&tree;
	const char *bad = NULL;
	struct tree empty;
	char path[128], buf[8];
	char **names = NULL;
	uint64_t inode;

	(void)state;
	tree_new(&empty);
	snprintf(path, sizeof(path), "%s/nowhere", empty.root);
	assert_int_equal(fs_new(&other, path, NULL, NULL, &bad), -ENOENT);
	assert_ptr_equal(bad, path);
	assert_int_equal(fs_new(&other, empty.root, path, NULL, &bad), -ENOENT);
	assert_ptr_equal(bad, path);
	assert_int_equal(fs_new(&other, empty.root, NULL, path, &bad), -ENOENT);
	assert_ptr_equal(bad, path);
	tree_write(&empty, "file", "");
	snprintf(path, sizeof(path), "%s/file", empty.root);
	assert_int_equal(fs_new(&other, path, NULL, NULL, &bad), -ENOTDIR);
	assert_ptr_equal(other, &tree);

	/* A container without them: every lookup says so, and nothing else goes wrong. */
	assert_int_equal(fs_new(&other, empty.root, NULL, NULL, &bad), 0);
	assert_false(fs_is_live(other));
	assert_int_equal(fs_read(other, buf, sizeof(buf), "sys/a"), -ENOENT);
	assert_int_equal(fs_read(other, buf, sizeof(buf), "proc/a"), -ENOENT);
	assert_int_equal(fs_list(other, &names, "sys/bus"), -ENOENT);
	assert_int_equal(fs_inode(other, &inode, "sys/bus"), -ENOENT);
	assert_int_equal(fs_read_link_name(other, buf, sizeof(buf), "sys/bus"), -ENOENT);
	fs_free(other);
	tree_remove(&empty);
	fs_free(NULL);
}

static void live_or_copied(void **state)
{
	struct statfs s;
	const char *bad;
	struct fs *machine;

	(void)state;
	assert_false(fs_is_live(fs));
	assert_int_equal(fs_new(&machine, "/", NULL, NULL, &bad), 0);
	assert_int_equal(fs_is_live(machine), statfs("/sys", &s) == 0 && s.f_type == SYSFS_MAGIC);
	fs_free(machine);
}

static void numbers(void **state)
{
	uint64_t value = 0;

	(void)state;
	tree_write(&tree, "sys/n", "350\n");
	tree_write(&tree, "sys/id", "0x3e92\n");
	tree_write(&tree, "sys/empty", "");
	tree_write(&tree, "sys/negative", "-1\n");
	tree_write_bytes(&tree, "sys/binary", "1\0\xff", 3);
	assert_int_equal(fs_read_u64(fs, &value, "sys/n"), 0);
	assert_int_equal(value, 350);
	assert_int_equal(fs_read_hex(fs, &value, "sys/%s", "id"), 0);
	assert_int_equal(value, 0x3e92);
	assert_int_equal(fs_read_u64(fs, &value, "sys/empty"), -ENODATA);
	assert_int_equal(fs_read_u64(fs, &value, "sys/negative"), -EINVAL);
	assert_int_equal(fs_read_u64(fs, &value, "sys/binary"), -EINVAL);
	assert_int_equal(fs_read_u64(fs, &value, "sys/none"), -ENOENT);
	assert_int_equal(value, 0x3e92);
}

static void sizes(void **state)
{
	char text[100], buf[10];
	uint64_t value;

	(void)state;
	memset(text, '7', sizeof(text));
	tree_write_bytes(&tree, "sys/fits", text, 9);
	tree_write_bytes(&tree, "sys/large", text, 10);
	tree_write_bytes(&tree, "sys/number", text, 64);
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/fits"), 9);
	assert_int_equal(buf[9], '\0');
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/large"), -EMSGSIZE);
	assert_int_equal(fs_read_u64(fs, &value, "sys/number"), -EMSGSIZE);
}

/* A file that stays open is read from its beginning; one that fails is opened anew. */
static void kept(void **state)
{
	char buf[8];
	int fd = -1, first;

	(void)state;
	assert_int_equal(fs_read_kept(fs, &fd, buf, sizeof(buf), "sys/%s", "kept"), -ENOENT);
	assert_int_equal(fd, -1);
	tree_write(&tree, "sys/kept", "1\n");
	assert_int_equal(fs_read_kept(fs, &fd, buf, sizeof(buf), "sys/%s", "kept"), 2);
	first = fd;
	assert_compare(first, >=, 0);
	tree_write(&tree, "sys/kept", "23\n");
	assert_int_equal(fs_read_kept(fs, &fd, buf, sizeof(buf), "sys/%s", "kept"), 3);
	assert_string_equal(buf, "23\n");
	assert_int_equal(fd, first);
	tree_write(&tree, "sys/kept", "too much of it\n");
	assert_int_equal(fs_read_kept(fs, &fd, buf, sizeof(buf), "sys/%s", "kept"), -EMSGSIZE);
	assert_int_equal(fd, -1);
	tree_delete(&tree, "sys/kept");
	tree_write(&tree, "sys/kept", "4\n");
	assert_int_equal(fs_read_kept(fs, &fd, buf, sizeof(buf), "sys/%s", "kept"), 2);
	assert_string_equal(buf, "4\n");
	close(fd);
}

static void assert_kept(int *fd, const char *path, const char *wanted)
{
	char buf[16];
	int n = fs_read_kept(fs, fd, buf, sizeof(buf), "sys/%s", path);

	assert_int_equal(n, wanted ? (int)strlen(wanted) : -ENOENT);
	if (wanted)
		assert_string_equal(buf, wanted);
}

static void move(const char *from, const char *to)
{
	char source[512];

	strcpy(source, tree_path(&tree, from));
	assert_int_equal(rename(source, tree_path(&tree, to)), 0);
}

/* In a copied tree names change, and a round sees it. */
static void another_in_its_place(void **state)
{
	int fd = -1;

	(void)state;
	tree_write(&tree, "sys/devices/a/b", "1\n");
	tree_link(&tree, "sys/class/x", "../devices/a");
	assert_false(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", "1\n");
	assert_false(fs_begin_round(fs));
	tree_write(&tree, "sys/new", "2\n");
	assert_true(fs_begin_round(fs));
	move("sys/new", "sys/devices/a/b");
	assert_true(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", "2\n");
	assert_false(fs_begin_round(fs));
	tree_write(&tree, "sys/devices/c/b", "3\n");
	tree_link(&tree, "sys/class/x", "../devices/c");
	assert_true(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", "3\n");
	assert_false(fs_begin_round(fs));
	move("sys/devices/c", "sys/devices/d");
	assert_true(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", NULL);
	assert_int_equal(fd, -1);
	move("sys/devices/d", "sys/devices/c");
	assert_true(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", "3\n");
	tree_delete(&tree, "sys/devices/c");
	assert_true(fs_begin_round(fs));
	assert_kept(&fd, "class/x/b", NULL);
	assert_int_equal(fs_round(fs), 10);
}

/* Whoever has found nothing need not ask again until a name has changed. */
static void follows(void **state)
{
	(void)state;
	assert_int_equal(fs_changes(fs), 0);
	fs_note_changes(fs);
	assert_int_equal(fs_changes(fs), 1);
	assert_true(fs_is_followed(fs, "sys/module"));
	assert_false(fs_begin_round(fs));
	tree_folder(&tree, "sys/module");
	assert_true(fs_begin_round(fs));
	assert_false(fs_begin_round(fs));
}

static void not_files(void **state)
{
	char buf[16];
	char **names = NULL;

	(void)state;
	tree_folder(&tree, "sys/folder");
	tree_write(&tree, "sys/file", "1\n");
	tree_link(&tree, "sys/loop", "loop");
	tree_link(&tree, "sys/dangling", "nowhere");
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/folder"), -EISDIR);
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/loop"), -ELOOP);
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/dangling"), -ENOENT);
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/file/x"), -ENOTDIR);
	assert_int_equal(fs_list(fs, &names, "sys/file"), -ENOTDIR);
	assert_null(names);
}

static void fifo_does_not_block(void **state)
{
	char buf[16];
	char **names = NULL;

	(void)state;
	assert_int_equal(mkfifo(tree_path(&tree, "sys/fifo"), 0600), 0);
	alarm(10); /* the signal ends a test that blocks */
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/fifo"), 0);
	assert_int_equal(fs_list(fs, &names, "sys/fifo"), -ENOTDIR);
	alarm(0);
}

static void link_names(void **state)
{
	char buf[8] = "before";

	(void)state;
	tree_link(&tree, "sys/driver", "../../../bus/pci/drivers/i915");
	tree_link(&tree, "sys/plain", "i915");
	tree_link(&tree, "sys/fits", "a/1234567");
	tree_link(&tree, "sys/long", "a/12345678");
	tree_write(&tree, "sys/file", "");
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/long"), -ENAMETOOLONG);
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/none"), -ENOENT);
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/file"), -EINVAL);
	assert_string_equal(buf, "before");
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/%s", "driver"), 0);
	assert_string_equal(buf, "i915");
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/fits"), 0);
	assert_string_equal(buf, "1234567");
	assert_int_equal(fs_read_link_name(fs, buf, sizeof(buf), "sys/plain"), 0);
	assert_string_equal(buf, "i915");
}

static void inodes(void **state)
{
	uint64_t before, after, target;

	(void)state;
	tree_folder(&tree, "sys/target");
	tree_link(&tree, "sys/driver", "target");
	assert_int_equal(fs_inode(fs, &before, "sys/driver"), 0);
	assert_int_equal(fs_inode(fs, &target, "sys/target"), 0);
	assert_int_not_equal(before, target);
	tree_link(&tree, "sys/driver", "target");
	assert_int_equal(fs_inode(fs, &after, "sys/driver"), 0);
	assert_int_not_equal(before, after);
	assert_int_equal(fs_inode(fs, &after, "sys/none"), -ENOENT);
}

static void lists(void **state)
{
	static const char *const files[] = { "b", "a", "c10", "c2", ".keep", ".hidden", "A" };
	static const char *const sorted[] = { "A", "a", "b", "c10", "c2" };
	_cleanup_list_ char **names = NULL;
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "sys/list/%s", files[i]);
		tree_write(&tree, path, "");
	}
	assert_int_equal(fs_list(fs, &names, "sys/%s", "list"), ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(names[i], sorted[i]);
	assert_null(names[ARRAY_SIZE(sorted)]);
	fs_list_free(&names);
	assert_null(names);

	tree_write(&tree, "sys/kept/.keep", "");
	assert_int_equal(fs_list(fs, &names, "sys/kept"), 0);
	assert_null(names);
}

static void long_lists_end(void **state)
{
	_cleanup_list_ char **names = NULL;
	char path[64];

	(void)state;
	for (int i = 0; i < FS_LIST_MAX + 10; i++) {
		snprintf(path, sizeof(path), "sys/many/%05d", i);
		tree_write(&tree, path, "");
	}
	assert_int_equal(fs_list(fs, &names, "sys/many"), FS_LIST_MAX);
	assert_null(names[FS_LIST_MAX]);
	for (int i = 1; i < FS_LIST_MAX; i++)
		assert_compare(strcmp(names[i - 1], names[i]), <, 0);
}

static void hashes(void **state)
{
	uint64_t one, two, grown, renamed;

	(void)state;
	tree_write(&tree, "sys/one/x", "");
	tree_write(&tree, "sys/one/y", "");
	tree_write(&tree, "sys/two/y", "");
	tree_write(&tree, "sys/two/x", "");
	assert_int_equal(fs_list_hash(fs, &one, "sys/one"), 0);
	assert_int_equal(fs_list_hash(fs, &two, "sys/two"), 0);
	assert_int_equal(one, two);
	tree_write(&tree, "sys/two/z", "");
	assert_int_equal(fs_list_hash(fs, &grown, "sys/two"), 0);
	assert_int_not_equal(two, grown);
	tree_delete(&tree, "sys/two/z");
	tree_delete(&tree, "sys/two/y");
	tree_write(&tree, "sys/two/w", "");
	assert_int_equal(fs_list_hash(fs, &renamed, "sys/two"), 0);
	assert_int_not_equal(two, renamed);
	assert_int_equal(fs_list_hash(fs, &one, "sys/none"), -ENOENT);
}

static void long_paths(void **state)
{
	static char name[5000];
	char buf[8];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/%s", name), -ENAMETOOLONG);
	name[300] = '\0';
	assert_int_equal(fs_read(fs, buf, sizeof(buf), "sys/%s", name), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(roots, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_roots, setup, teardown),
		cmocka_unit_test_setup_teardown(live_or_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes, setup, teardown),
		cmocka_unit_test_setup_teardown(kept, setup, teardown),
		cmocka_unit_test_setup_teardown(another_in_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(follows, setup, teardown),
		cmocka_unit_test_setup_teardown(not_files, setup, teardown),
		cmocka_unit_test_setup_teardown(fifo_does_not_block, setup, teardown),
		cmocka_unit_test_setup_teardown(link_names, setup, teardown),
		cmocka_unit_test_setup_teardown(inodes, setup, teardown),
		cmocka_unit_test_setup_teardown(lists, setup, teardown),
		cmocka_unit_test_setup_teardown(long_lists_end, setup, teardown),
		cmocka_unit_test_setup_teardown(hashes, setup, teardown),
		cmocka_unit_test_setup_teardown(long_paths, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
