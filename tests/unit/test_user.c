// SPDX-License-Identifier: Apache-2.0
/* Whether another user may open a file is the kernel's answer. */
#include "test.h"

#include "base/sys.h"
#include "tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void opens(void **state)
{
	const gid_t groups[] = { 12345 };
	const uid_t other = geteuid() == 4321 ? 4322 : 4321;
	const int denied = geteuid() == 0 ? -EACCES : -ENOTSUP;
	struct tree tree;
	const char *path;

	(void)state;
	tree_new(&tree);
	/* The directory must not decide. */
	assert_int_equal(chmod(tree.root, 0755), 0);
	tree_write(&tree, "node", "");
	path = tree_path(&tree, "node");
	assert_int_equal(chmod(path, 0660), 0);
	assert_int_equal(sys_open_as(path, geteuid(), getegid(), NULL, 0), 0);
	assert_int_equal(sys_open_as(path, other, 4321, NULL, 0), denied);
	assert_int_equal(sys_open_as(path, other, 4321, groups, 1), denied);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 0, 12345), 0);
		assert_int_equal(sys_open_as(path, other, 4321, groups, 1), 0);
		assert_int_equal(sys_open_as(path, other, 12345, NULL, 0), 0);
		assert_int_equal(sys_open_as(path, other, 4321, NULL, 0), -EACCES);
	}
	/* It is still its own user. */
	assert_int_equal(sys_open_as(path, geteuid(), getegid(), NULL, 0), 0);
	tree_delete(&tree, "node");
	assert_int_equal(sys_open_as(path, geteuid(), getegid(), NULL, 0), -ENOENT);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
