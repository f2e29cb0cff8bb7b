// SPDX-License-Identifier: Apache-2.0
/* Processes of a machine made of files, to labels; and what happens when directories hang. */
#include "test.h"

#include "fake_sys.h"
#include "sources/workload/workload.h"
#include "threads.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UID	  "0a1b2c3d-1111-2222-3333-444455556666"
#define UID2	  "ffffffff-1111-2222-3333-444455556666"
#define ID	  "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"
#define ID2	  "1111222233334444111122223333444411112222333344441111222233334444"
#define DOCKER	  "dddd222233334444111122223333444411112222333344441111222233334444"
#define PODMAN	  "eeee222233334444111122223333444411112222333344441111222233334444"
#define PODMAN_RM "ffff222233334444111122223333444411112222333344441111222233334444"

static struct tree tree;
static struct fs *fs;
static struct names *names;

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_folder(&tree, "var/log/pods/media_jellyfin-0_" UID "/jellyfin");
	tree_folder(&tree, "var/log/pods/not a pod");
	tree_link(&tree, "var/log/containers/jellyfin-0_media_web-" ID ".log", "/nowhere");
	tree_write(&tree, "var/lib/docker/containers/" DOCKER "/config.v2.json",
		   "{\"ID\":\"" DOCKER "\",\"Name\":\"/media-jellyfin-1\"}");
	tree_write(&tree, "var/lib/containers/storage/overlay-containers/containers.json",
		   "[{\"id\":\"" PODMAN "\",\"names\":[\"frigate\"]}]");
	tree_write(&tree, "var/lib/containers/storage/overlay-containers/volatile-containers.json",
		   "[{\"id\":\"" PODMAN_RM "\",\"names\":[\"ffmpeg\"]}]");
	tree_write(&tree, "etc/pve/lxc/101.conf", "arch: amd64\nhostname: media\n");
	tree_write(&tree, "etc/pve/qemu-server/100.conf", "name: win11\n[snap]\nname: old\n");
	fake_sys_load(tree.root);
	fake_knobs.real_clock = true;
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	names = names_new(fs);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_block(NULL);
	/* Readers that were blocked end now, and look at the tree until then. */
	assert_true(threads_end());
	names_free(names);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void write_process(int pid, const char *cgroup, const char *comm)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	tree_write(&tree, path, cgroup);
	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	tree_write(&tree, path, comm);
}

static struct workload of(const char *cgroup)
{
	struct workload w;

	write_process(7, cgroup, "ffmpeg\n");
	assert_int_equal(workload_of(fs, names, 7, &w), 0);
	return w;
}

/* Names come from another thread, for which a caller waits 100 ms: on a busy machine, ask again. */
static struct workload of_named(const char *cgroup, const char *workload, const char *guest)
{
	struct workload w = of(cgroup);

	for (int i = 0;
	     i < 200 && (strcmp(w.workload, workload) != 0 || strcmp(w.guest, guest) != 0); i++) {
		usleep(50000);
		w = of(cgroup);
	}
	return w;
}

/* Whose groups are made by one who is not root. */
static void owners(void **state)
{
	static const struct {
		const char *a, *b;
		bool owned, same;
	} rows[] = {
		{ "0::/user.slice/user-1000.slice/libpod-" ID ".scope\n",
		  "0::/user.slice/user-1000.slice/user@1000.service/x/libpod-" ID2 ".scope\n", true,
		  true },
		{ "0::/user.slice/user-1000.slice/session-1.scope\n",
		  "0::/user.slice/user-1001.slice/session-1.scope\n", true, false },
		{ "0::/system.slice/a.service/x\n", "0::/system.slice/a.service/y/z\n", true,
		  true },
		{ "0::/system.slice/a.service/x\n", "0::/system.slice/b.service/x\n", true, false },
		{ "0::/system.slice/a.service\n", "0::/system.slice/b.service\n", false, true },
		{ "0::/lxc/101/ns/system.slice/a.service\n", "0::/lxc/101/ns/init.scope\n", true,
		  true },
		{ "0::/lxc/101/ns/init.scope\n", "0::/lxc/102/ns/init.scope\n", true, false },
		{ "0::/lxc.payload.a/x\n", "0::/lxc.payload.a/y\n", true, true },
		{ "0::/kubepods/pod" UID "/" ID "\n", "0::/qemu.slice/100.scope\n", false, true },
		{ "0::/user-runtime.slice/a.service\n", "0::/user-.slice/a.service\n", false,
		  true },
		{ "2:cpu:/user.slice/user-7.slice\n1:name=systemd:/\n",
		  "0::/user.slice/user-7.slice/a\n", true, true },
		{ "0::/\n", "0::/\n", true, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t a = of(rows[i].a).owner, b = of(rows[i].b).owner;

		assert_row((a != 0) == rows[i].owned, rows[i].a);
		assert_row((b != 0) == rows[i].owned, rows[i].b);
		assert_row((a == b) == rows[i].same, rows[i].a);
	}
}

static void labels(void **state)
{
	static const struct {
		const char *cgroup, *kind, *workload, *namespace, *pod, *container, *vmid, *guest;
	} rows[] = {
		{ "0::/kubepods/pod" UID "/" ID "\n", "pod", "pod/media/jellyfin-0/web", "media",
		  "jellyfin-0", "web", "", "" },
		{ "0::/kubepods/pod" UID "/" ID2 "\n", "pod", "pod/media/jellyfin-0/111122223333",
		  "media", "jellyfin-0", "111122223333", "", "" },
		{ "0::/kubepods/pod" UID2 "/" ID2 "\n", "pod", "pod/" UID2 "/111122223333", "",
		  UID2, "111122223333", "", "" },
		{ "0::/kubepods/pod" UID "\n", "pod", "pod/media/jellyfin-0", "media", "jellyfin-0",
		  "", "", "" },
		{ "0::/../cri-containerd-" ID ".scope\n", "pod", "pod/media/jellyfin-0/web",
		  "media", "jellyfin-0", "web", "", "" },
		{ "0::/../cri-containerd-" ID2 ".scope\n", "container", "container/111122223333",
		  "", "", "111122223333", "", "" },
		{ "0::/system.slice/docker-" ID ".scope\n", "container", "container/aaaabbbbcccc",
		  "", "", "aaaabbbbcccc", "", "" },
		{ "0::/system.slice/docker-" DOCKER ".scope\n", "container",
		  "container/media-jellyfin-1", "", "", "media-jellyfin-1", "", "" },
		{ "4:devices:/docker/" DOCKER "\n", "container", "container/media-jellyfin-1", "",
		  "", "media-jellyfin-1", "", "" },
		{ "0::/machine.slice/libpod-" PODMAN ".scope/container\n", "container",
		  "container/frigate", "", "", "frigate", "", "" },
		{ "0::/machine.slice/libpod-" PODMAN_RM ".scope\n", "container", "container/ffmpeg",
		  "", "", "ffmpeg", "", "" },
		/* Ids that somebody else has chosen. */
		{ "0::/lxc/101/ns/docker/" DOCKER "\n", "container", "container/dddd22223333", "",
		  "", "dddd22223333", "101", "media" },
		{ "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" DOCKER
		  ".scope\n",
		  "container", "container/dddd22223333@user-1000", "", "",
		  "dddd22223333@user-1000", "", "" },
		{ "0::/kubepods/pod" UID "/" ID "/docker/" DOCKER "\n", "container",
		  "container/dddd22223333", "media", "jellyfin-0", "dddd22223333", "", "" },
		{ "0::/kubepods/pod" UID "/" ID "/docker/" ID2 "\n", "container",
		  "container/111122223333", "media", "jellyfin-0", "111122223333", "", "" },
		/* A kubelet in a container or guest has its own names; so has who owns a service.
		 */
		{ "0::/docker/" ID2 "/kubepods/pod" UID "/" ID "\n", "pod",
		  "pod/" UID "@container-111122223333/aaaabbbbcccc", "",
		  UID "@container-111122223333", "aaaabbbbcccc", "", "" },
		{ "0::/lxc/101/ns/kubepods/pod" UID "/" ID "\n", "pod", "pod/" UID "/aaaabbbbcccc",
		  "", UID, "aaaabbbbcccc", "101", "media" },
		{ "0::/lxc/101/ns/cri-containerd-" ID ".scope\n", "container",
		  "container/aaaabbbbcccc", "", "", "aaaabbbbcccc", "101", "media" },
		{ "0::/system.slice/a.service/cri-containerd-" ID ".scope\n", "container",
		  "container/aaaabbbbcccc@a.service", "", "", "aaaabbbbcccc@a.service", "", "" },
		{ "0::/docker/" ID2 "/cri-containerd-" ID ".scope\n", "container",
		  "container/aaaabbbbcccc@container-111122223333", "", "",
		  "aaaabbbbcccc@container-111122223333", "", "" },
		{ "0::/kubepods/pod" UID2 "/" ID2 "/cri-containerd-" ID ".scope\n", "container",
		  "container/aaaabbbbcccc", "", UID2, "aaaabbbbcccc", "", "" },
		{ "0::/lxc/101/ns/init.scope\n", "lxc", "lxc/101", "", "", "", "101", "media" },
		{ "0::/lxc/101/ns/system.slice/jellyfin.service\n", "service",
		  "service/jellyfin.service", "", "", "", "101", "media" },
		{ "0::/lxc/999/ns\n", "lxc", "lxc/999", "", "", "", "999", "" },
		{ "0::/lxc.payload.web/init.scope\n", "lxc", "lxc/web", "", "", "", "", "web" },
		{ "0::/qemu.slice/100.scope\n", "vm", "vm/100", "", "", "", "100", "win11" },
		{ "0::/user.slice/user-1000.slice/session-1.scope\n", "user", "user/1000", "", "",
		  "", "", "" },
		{ "0::/\n", "process", "process/ffmpeg", "", "", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct workload w = of_named(rows[i].cgroup, rows[i].workload, rows[i].guest);

		assert_row(strcmp(w.kind, rows[i].kind) == 0, rows[i].cgroup);
		assert_row(strcmp(w.workload, rows[i].workload) == 0, rows[i].cgroup);
		assert_row(strcmp(w.namespace, rows[i].namespace) == 0, rows[i].cgroup);
		assert_row(strcmp(w.pod, rows[i].pod) == 0, rows[i].cgroup);
		assert_row(strcmp(w.container, rows[i].container) == 0, rows[i].cgroup);
		assert_row(strcmp(w.vmid, rows[i].vmid) == 0, rows[i].cgroup);
		assert_row(strcmp(w.guest, rows[i].guest) == 0, rows[i].cgroup);
	}
}

/* A process names itself as it likes, and is still a process. */
static void hostile(void **state)
{
	struct workload w;

	(void)state;
	write_process(8, "0::/\n", "../pod/a\"\xff\n");
	assert_int_equal(workload_of(fs, names, 8, &w), 0);
	assert_string_equal(w.kind, "process");
	assert_string_equal(w.workload, "process/../pod/a\"\\xff");
	/* A user's container is not the system's with the same id, nor a pod's. */
	w = of("0::/user.slice/user-1000.slice/user@1000.service/user.slice/cri-containerd-" ID
	       ".scope\n");
	assert_string_equal(w.workload, "container/aaaabbbbcccc@user-1000");
	assert_string_equal(w.pod, "");
	assert_int_equal(workload_of(fs, names, 99, &w), -ENOENT);
}

/* Files of a dozen hierarchies with the longest of paths. */
static void long_file(void **state)
{
	char text[10000];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "0::/user.slice/", 15);
	text[sizeof(text) - 1] = '\0';
	assert_string_equal(of(text).workload, "process/ffmpeg");
}

static void equality(void **state)
{
	struct workload a = of("0::/kubepods/pod" UID "/" ID "\n"), b = a;

	(void)state;
	assert_true(workload_equal(&a, &b));
	assert_int_equal(workload_hash(&a), workload_hash(&b));
	strcpy(b.vmid, "101");
	assert_false(workload_equal(&a, &b));
	assert_int_not_equal(workload_hash(&a), workload_hash(&b));
	/* Where one label ends and the next begins counts. */
	strcpy(a.vmid, ""), strcpy(a.container, "ab");
	b = a;
	strcpy(b.container, "a"), strcpy(b.vmid, "b");
	assert_int_not_equal(workload_hash(&a), workload_hash(&b));
}

/* A pod that started after the directories were read. */
static void new_names(void **state)
{
	struct workload w = of("0::/kubepods/pod" UID2 "/" ID2 "\n");

	(void)state;
	assert_string_equal(w.namespace, "");
	tree_folder(&tree, "var/log/pods/media_late_" UID2);
	usleep(1100000);
	w = of_named("0::/kubepods/pod" UID2 "/" ID2 "\n", "pod/media/late/111122223333", "");
	assert_string_equal(w.workload, "pod/media/late/111122223333");
	/* What was read once stays when the directories go. */
	tree_delete(&tree, "var/log");
	usleep(1100000);
	w = of("0::/kubepods/podffffffff-0000-2222-3333-444455556666/" ID2 "\n");
	assert_string_equal(w.namespace, "");
	w = of("0::/kubepods/pod" UID2 "/" ID2 "\n");
	assert_string_equal(w.workload, "pod/media/late/111122223333");
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void hung_folder(void **state)
{
	struct workload w;
	double start = seconds();

	(void)state;
	fake_block("etc/pve/lxc/101.conf");
	w = of("0::/lxc/101/ns/init.scope\n");
	assert_true(seconds() - start >= 0.09 && seconds() - start < 2);
	assert_string_equal(w.workload, "lxc/101");
	assert_string_equal(w.guest, "");
	/* Nobody waits for it again, not for another guest either. */
	start = seconds();
	for (int i = 0; i < 30; i++) {
		w = of("0::/qemu.slice/100.scope\n");
		assert_string_equal(w.guest, "");
	}
	/* Pods have their names all the same. */
	assert_compare(seconds() - start, <, 1.5);
	w = of_named("0::/kubepods/pod" UID "/" ID "\n", "pod/media/jellyfin-0/web", "");
	assert_string_equal(w.workload, "pod/media/jellyfin-0/web");
	/* When the read returns, the names are there. */
	fake_block(NULL);
	for (int i = 0; i < 100 && !*w.guest; i++) {
		usleep(20000);
		w = of("0::/qemu.slice/100.scope\n");
	}
	assert_string_equal(w.guest, "win11");
	assert_string_equal(of("0::/lxc/101/ns/init.scope\n").guest, "media");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(labels, setup, teardown),
		cmocka_unit_test_setup_teardown(owners, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(long_file, setup, teardown),
		cmocka_unit_test_setup_teardown(equality, setup, teardown),
		cmocka_unit_test_setup_teardown(new_names, setup, teardown),
		cmocka_unit_test_setup_teardown(hung_folder, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
