// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "fake_sys.h"
#include "tree.h"

#include "sources/workload/group_memory.h"

#include <errno.h>
#include <string.h>

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffff0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD   "kubepods-burstable-pod0a1b2c3d_1111_2222_3333_444455556666.slice"

static int dir_of(const char *text, char ret[static GROUP_DIR_BYTES])
{
	return group_dir(text, strlen(text), ID, ret);
}

static void dirs(void **unused)
{
	static const struct {
		const char *text, *dir;
	} cases[] = {
		{ "0::/kubepods.slice/kubepods-burstable.slice/" POD "/cri-containerd-" ID
		  ".scope\n",
		  "kubepods.slice/kubepods-burstable.slice/" POD "/cri-containerd-" ID ".scope" },
		/* Below it is its own affair. */
		{ "0::/kubepods/burstable/pod0a1b2c3d/" ID "/init/b\n",
		  "kubepods/burstable/pod0a1b2c3d/" ID },
		{ "0::/system.slice/kubepods-pod1.slice:cri-containerd:" ID "\n",
		  "system.slice/kubepods-pod1.slice:cri-containerd:" ID },
		{ "0::/system.slice/docker-" ID ".scope", "system.slice/docker-" ID ".scope" },
		/* The innermost of two of its name. */
		{ "0::/docker/" ID "/docker/" ID "/x\n", "docker/" ID "/docker/" ID },
		{ "12:devices:/docker/" OTHER "\n0::/docker/" ID "\n", "docker/" ID },
		/* From another namespace: slices have the names of those above them. */
		{ "0::/../../../" POD "/cri-containerd-" ID ".scope\n",
		  "kubepods.slice/kubepods-burstable.slice/" POD "/cri-containerd-" ID ".scope" },
		{ "0::/../system.slice/docker-" ID ".scope\n", "system.slice/docker-" ID ".scope" },
		/* Of what is not known nothing is guessed. */
		{ "0::/../cri-containerd-" ID ".scope\n", NULL },
		{ "0::/../pod1/" ID "\n", NULL },
		{ "0::/../a.slice/../docker-" ID ".scope\n", NULL },
		{ "0::/docker/../" ID "\n", NULL },
		{ "0::/..\n", NULL },
		{ "0:://docker/" ID "\n", NULL },
		{ "0::/docker/" OTHER "\n", NULL },
		{ "1:devices:/docker/" ID "\n", NULL },
		{ "0::/\n", NULL },
		{ "", NULL },
	};
	char dir[GROUP_DIR_BYTES], text[GROUP_DIR_BYTES + 100];

	(void)unused;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(dir_of(cases[i].text, dir), cases[i].dir ? 0 : -ENOENT);
		if (cases[i].dir)
			assert_string_equal(dir, cases[i].dir);
	}
	/* Longer than anybody needs. */
	for (size_t len = GROUP_DIR_BYTES - 5; len < GROUP_DIR_BYTES + 5; len++) {
		memset(text, 'a', sizeof(text));
		memcpy(text, "0::/", 4);
		memcpy(text + 4 + len - 64, ID, 64);
		assert_int_equal(group_dir(text, 4 + len, ID, dir),
				 len < GROUP_DIR_BYTES ? 0 : -ENOENT);
		memset(text + 4, '-', 100);
		memcpy(text + 4, "../", 3);
		memcpy(text + 104, ".slice/", 7);
		assert_int_equal(group_dir(text, 4 + len, ID, dir), -ENOENT);
	}
	assert_int_equal(group_dir("0::/a", 5, "a", dir), -ENOENT);
}

static void reads(void **unused)
{
	struct dmem_region regions[DMEM_MAX_REGIONS];
	struct tree tree;
	struct fs *fs;
	const char *bad;
	int fd = -1;

	(void)unused;
	tree_new(&tree);
	fake_sys_load(tree.root);
	tree_folder(&tree, "sys");
	tree_folder(&tree, "proc");
	assert_int_equal(fs_new(&fs, tree.root, NULL, NULL, &bad), 0);
	assert_false(group_memory_enabled(fs, &fd));
	tree_write(&tree, "sys/fs/cgroup/cgroup.subtree_control", "cpu dmemory\n");
	assert_false(group_memory_enabled(fs, &fd));
	tree_write(&tree, "sys/fs/cgroup/cgroup.subtree_control", "cpu dmem pids\n");
	assert_true(group_memory_enabled(fs, &fd));
	close_fdp(&fd);
	assert_int_equal(group_memory(fs, 7, "0000:03:00.0", regions), 0);
	tree_write(&tree, "proc/7/cgroup", "0::/docker/" ID "/init\n");
	assert_int_equal(group_memory(fs, 7, "0000:03:00.0", regions), 0);
	tree_write(&tree, "sys/fs/cgroup/docker/" ID "/dmem.current",
		   "drm/0000:03:00.0/vram0 4096\ndrm/0000:04:00.0/vram0 8192\n");
	assert_int_equal(group_memory(fs, 7, "0000:03:00.0", regions), 1);
	assert_string_equal(regions[0].name, "vram0");
	assert_int_equal(regions[0].bytes, 4096);
	assert_int_equal(group_memory(fs, 7, "0000:05:00.0", regions), 0);
	tree_write(&tree, "sys/fs/cgroup/docker/" ID "/dmem.current", "rubbish");
	assert_int_equal(group_memory(fs, 7, "0000:03:00.0", regions), 0);
	/* A service has others below itself. */
	tree_write(&tree, "proc/8/cgroup", "0::/system.slice/a.service\n");
	tree_write(&tree, "sys/fs/cgroup/system.slice/a.service/dmem.current",
		   "drm/0000:03:00.0/vram0 4096\n");
	assert_int_equal(group_memory(fs, 8, "0000:03:00.0", regions), 0);
	fs_free(fs);
	tree_remove(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirs),
		cmocka_unit_test(reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
