// SPDX-License-Identifier: Apache-2.0
/* A /proc made of files: what is found, what is denied, and that it is read once. */
#include "test.h"

#include "fake_sys.h"
#include "sources/proc/procs.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct tree tree;
static struct fs *fs;
static struct procs *procs;
static struct walk *walk;
static struct fault fault;
static uint64_t real_round;
static const struct gpu gpu = { .pci = "0000:00:02.0", .card = "card0", .render = "renderD128" };
static const struct gpu second = { .pci = "0000:03:00.0", .card = "card1", .render = "renderD129" };

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_folder(&tree, "sys");
	tree_write(&tree, "proc/version", "Linux\n");
	tree_kthreadd(&tree);
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	procs = procs_new(fs);
	walk = NULL;
	fault = (struct fault){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	walk_unref(walk);
	procs_free(procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

static void write_fd(int pid, int fd, const char *target, const char *info)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd/%d", pid, fd);
	tree_link(&tree, path, target);
	snprintf(path, sizeof(path), "proc/%d/fdinfo/%d", pid, fd);
	tree_write(&tree, path, info);
}

static const char *client(const struct gpu *of, unsigned id)
{
	static char text[256];

	snprintf(text, sizeof(text),
		 "pos:\t0\ndrm-driver:\ti915\ndrm-pdev:\t%s\ndrm-client-id:\t%u\n"
		 "drm-engine-render:\t%u ns\n",
		 of->pci, id, id * 1000);
	return text;
}

static void take_walk(uint64_t round)
{
	walk_unref(walk);
	walk = NULL;
	assert_int_equal(procs_walk(procs, round, &walk, &fault), 0);
}

/* Ids and owners as text: "3@10 5@11 (1)", the number of silent descriptors in parentheses. */
static const char *clients(const struct gpu *of)
{
	const struct drm_client *found;
	static char text[256];
	size_t n, silent;

	*text = '\0';
	if (walk_clients(walk, of, &found, &n, &silent, &fault) < 0)
		return "failed";
	for (size_t i = 0; i < n; i++)
		sprintf(text + strlen(text), "%llu@%d ",
			(unsigned long long)found[i].info.client_id, (int)found[i].pid);
	sprintf(text + strlen(text), "(%zu)", silent);
	return text;
}

static void finds(void **state)
{
	size_t n;

	(void)state;
	write_fd(20, 0, "/dev/null", "pos:\t0\n");
	write_fd(20, 3, "socket:[1]", "pos:\t0\n");
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(20, 8, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(20, 9, "/dev/dri/card0 (deleted)", client(&gpu, 6));
	write_fd(20, 10, "/dev/dri/renderD129", client(&second, 5));
	write_fd(3, 4, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(100, 4, "/jail/dev/dri/renderD128", client(&gpu, 4));
	/* No DRM nodes, though two say so. */
	write_fd(100, 5, "/home/dri/cards", client(&gpu, 90));
	write_fd(100, 6, "/dev/dri/renderD", client(&gpu, 91));
	write_fd(100, 7, "/dev/nothing", client(&gpu, 92));
	write_fd(100, 8, "/dev/dri/renderD128", "pos:\t0\n");
	write_fd(100, 9, "/dev/dri/renderD128", "drm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\n");
	tree_folder(&tree, "proc/sys/7");
	tree_folder(&tree, "proc/0");
	tree_folder(&tree, "proc/12x");
	tree_folder(&tree, "proc/99999999999");
	take_walk(1);
	assert_int_equal(walk_pids(walk, &n)[1], 3);
	assert_int_equal(walk_pids(walk, &n)[3], 100);
	assert_int_equal(n, 4);
	assert_int_equal(walk_count(walk, &gpu), 7);
	assert_int_equal(walk_count(walk, &second), 1);
	assert_string_equal(clients(&gpu), "4@100 5@3 6@20 (2)");
	assert_string_equal(clients(&second), "5@20 (0)");
}

/* A regular file with a node's name is none. */
static void no_device(void **state)
{
	(void)state;
	tree_write(&tree, "dev/dri/renderD128", "");
	write_fd(20, 7, tree_path(&tree, "dev/dri/renderD128"), client(&gpu, 5));
	take_walk(1);
	assert_int_equal(walk_count(walk, &gpu), 0);
}

/* A descriptor of this process, as a process of the machine. */
static void real_fd(const char *node, int flags)
{
	char path[64];
	int fd = open(tree_path(&tree, node), flags | O_CLOEXEC);

	/* A directory for temporary files may be one without devices. */
	if (fd < 0)
		skip();
	snprintf(path, sizeof(path), "/proc/%d", (int)getpid());
	tree_link(&tree, "proc/20", path);
	take_walk(++real_round);
	close(fd);
}

/* Everybody may name a node with O_PATH: that opens nothing and asks for no right. */
static void named_only(void **state)
{
	pid_t pid;

	(void)state;
	tree_folder(&tree, "n/dri");
	tree_folder(&tree, "n/vfio");
	/* The numbers of /dev/null: it can be opened. */
	if (mknod(tree_path(&tree, "n/vfio/12"), S_IFCHR | 0600, makedev(1, 3)) < 0 ||
	    mknod(tree_path(&tree, "n/dri/renderD128"), S_IFCHR | 0600, makedev(226, 128)) < 0)
		skip();
	real_fd("n/vfio/12", O_RDONLY);
	assert_true(walk_vfio(walk, "12", &pid) && pid == 20);
	real_fd("n/vfio/12", O_WRONLY);
	assert_true(walk_vfio(walk, "12", &pid));
	real_fd("n/vfio/12", O_PATH);
	assert_false(walk_vfio(walk, "12", &pid));
	real_fd("n/dri/renderD128", O_PATH);
	assert_int_equal(walk_count(walk, &gpu), 0);
	assert_string_equal(clients(&gpu), "(0)");
}

static void once_a_round(void **state)
{
	unsigned opens;

	(void)state;
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	take_walk(1);
	assert_string_equal(clients(&gpu), "5@20 (0)");
	opens = fake_counts().file_opens;
	take_walk(1);
	assert_string_equal(clients(&gpu), "5@20 (0)");
	assert_int_equal(fake_counts().file_opens, opens);
	/* A process without DRM descriptors costs one folder and its name. */
	take_walk(2);
	opens = fake_counts().file_opens - opens;
	write_fd(21, 1, "/dev/null", "pos:\t0\n");
	opens += fake_counts().file_opens;
	take_walk(3);
	assert_int_equal(fake_counts().file_opens, opens + 2);
	assert_string_equal(clients(&gpu), "5@20 (0)");
	assert_int_equal(fake_counts().file_opens, opens + 3);
	/* Whose turn was late takes the newer one, and so does who comes after him. */
	opens = fake_counts().file_opens;
	take_walk(2);
	take_walk(3);
	assert_int_equal(fake_counts().file_opens, opens);
}

/* Without the right to list descriptors, but with that to read them. */
static void by_fdinfo(void **state)
{
	(void)state;
	write_fd(20, 1, "/dev/null", "pos:\t0\n");
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(20, 8, "/dev/dri/renderD129", client(&second, 6));
	write_fd(21, 8, "/dev/dri/renderD128", client(&gpu, 7));
	fake_error("proc/20/fd", -EACCES);
	take_walk(1);
	assert_string_equal(clients(&gpu), "5@20 7@21 (0)");
	assert_string_equal(clients(&second), "6@20 (0)");
	/* Whose is it? */
	write_fd(20, 9, "/dev/dri/renderD128", "drm-driver:\ti915\ndrm-client-id:\t8\n");
	take_walk(2);
	assert_string_equal(clients(&gpu), "5@20 7@21 (0)");
}

/* What inotify and epoll say of themselves may be long; a DRM node's account never is. */
static void long_fdinfo(void **state)
{
	char text[10000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_fd(20, 6, "anon_inode:inotify", text);
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	fake_error("proc/20/fd", -EACCES);
	take_walk(1);
	assert_string_equal(clients(&gpu), "5@20 (0)");
	write_fd(21, 7, "/dev/dri/renderD128", text);
	take_walk(2);
	assert_string_equal(clients(&gpu), "failed");
	assert_int_equal(fault.reason, REASON_PARSE);
}

static void denied(void **state)
{
	(void)state;
	tree_folder(&tree, "proc/2/fd");
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(21, 1, "/dev/null", "pos:\t0\n");
	fake_error("proc/21/fd", -EACCES);
	fake_error("proc/21/fdinfo", -EACCES);
	/* One of many, by another security module or a user namespace. */
	take_walk(1);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_string_equal(fault.remedy, "client-rights");
	assert_non_null(strstr(fault.detail, "1 of 3 processes"));
	assert_string_equal(clients(&gpu), "5@20 (0)");
	/* The right is missing: kthreadd is root's, and denies nobody who has it. */
	fake_error("proc/2/fd", -EACCES);
	fake_error("proc/21/fd", 0);
	take_walk(20);
	fake_error("proc/2/fdinfo", -EACCES);
	assert_int_equal(procs_walk(procs, 21, &walk, &fault), -EACCES);
	assert_string_equal(fault.remedy, "client-rights");
	/* Or most are denied. */
	fake_error("proc/2/fd", 0);
	fake_error("proc/20/fd", -EACCES);
	fake_error("proc/20/fdinfo", -EACCES);
	fake_error("proc/21/fd", -EACCES);
	assert_int_equal(procs_walk(procs, 22, &walk, &fault), -EACCES);
	fake_error("proc/20/fd", 0);
	fake_error("proc/20/fdinfo", 0);
	/* The right is given while it runs. */
	fake_error("proc/21/fd", 0);
	take_walk(23);
	fake_error("proc/20/fdinfo/7", -EACCES);
	assert_string_equal(clients(&gpu), "failed");
	assert_int_equal(fault.reason, REASON_PERMISSION);
	take_walk(24);
	fake_error("proc/20/fdinfo/7", -EIO);
	assert_string_equal(clients(&gpu), "failed");
	assert_int_equal(fault.reason, REASON_IO);
	/* Another GPU's clients are read all the same. */
	assert_string_equal(clients(&second), "(0)");
}

static void ended(void **state)
{
	(void)state;
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(21, 7, "/dev/dri/renderD128", client(&gpu, 6));
	fake_error("proc/20/fd", -ENOENT);
	take_walk(1);
	fake_error("proc/20/fd", -ESRCH);
	take_walk(5);
	tree_delete(&tree, "proc/21");
	assert_string_equal(clients(&gpu), "(0)");
	write_fd(22, 7, "/dev/dri/renderD128", "drm-client-id:\tx\n");
	take_walk(6);
	assert_string_equal(clients(&gpu), "failed");
	assert_int_equal(fault.reason, REASON_PARSE);
}

/* Who can tell that there is nothing, and who cannot. */
static void hidden(void **state)
{
	static const char initial[] = "pid:[4026531836]", other[] = "pid:[4026532567]";
	static const struct {
		const char *what, *self, *self_namespace, *namespace;
		const char environ[40], *marker;
		bool kthreadd, processes, hidden;
		const char *detail;
	} rows[] = {
		{ "a copied tree", NULL, NULL, NULL, "", NULL, true, true, false, NULL },
		{ "a host", "4711", initial, initial, "HOME=/", NULL, true, true, false, NULL },
		{ "a host, without rights", "4711", initial, NULL, "", NULL, true, true, false,
		  NULL },
		{ "the host's /proc in a container", "4711", other, initial, "HOME=/", NULL, true,
		  true, false, NULL },
		{ "hidepid", "4711", initial, NULL, "", NULL, false, true, true, "hidepid" },
		{ "a container, alone", "1", other, other, "HOME=/", NULL, false, true, true,
		  "(pid:[4026532567])" },
		{ "a container with an init", "7", other, other, "HOME=/", NULL, false, true, true,
		  "(pid:[4026532567])" },
		{ "and a process 2 like the kernel's", "7", other, other, "", NULL, true, true,
		  true, "(pid:[4026532567])" },
		{ "gVisor", "7", NULL, NULL, "", NULL, false, true, true, "process 2" },
		{ "an empty /proc", NULL, NULL, NULL, "", NULL, false, false, true, "no process" },
		{ "LXC", "7", other, other, "HOME=/\0container=lxc\0TERM=linux", NULL, false, true,
		  false, NULL },
		{ "LXC, without rights", "7", other, NULL, "", "lxc", false, true, false, NULL },
		{ "Docker in it, its root mounted", "7", other, other, "HOME=/\0", "lxc\n", false,
		  true, true, "(pid:" },
		{ "Docker in it, alone", "1", other, NULL, "", "lxc\n", false, true, true,
		  "(pid:" },
		{ "another engine", "7", other, NULL, "", "lxc-libvirt\n", false, true, true,
		  "(pid:" },
		{ "a longer word", "7", other, other, "x=1\0container=lxc2", NULL, false, true,
		  true, "(pid:" },
		{ "and one before it", "7", other, other, "mycontainer=lxc", NULL, false, true,
		  true, "(pid:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = rows[i].hidden ? -EACCES : 0;

		teardown(NULL);
		setup(NULL);
		if (!rows[i].kthreadd)
			tree_delete(&tree, "proc/2");
		if (rows[i].processes)
			write_fd(7, 7, "/dev/dri/renderD128", client(&gpu, 5));
		if (rows[i].self)
			tree_link(&tree, "proc/self", rows[i].self);
		if (rows[i].self && rows[i].self_namespace) {
			char path[64];

			snprintf(path, sizeof(path), "proc/%s/ns/pid", rows[i].self);
			tree_link(&tree, path, rows[i].self_namespace);
		}
		if (rows[i].namespace)
			tree_link(&tree, "proc/1/ns/pid", rows[i].namespace);
		if (*rows[i].environ)
			tree_write_bytes(&tree, "proc/1/environ", rows[i].environ,
					 sizeof(rows[i].environ));
		if (rows[i].marker)
			tree_write(&tree, "run/systemd/container", rows[i].marker);
		walk = NULL;
		assert_row(procs_walk(procs, 1, &walk, &fault) == r, rows[i].what);
		assert_row(r == 0 || (fault.reason == REASON_PERMISSION &&
				      strcmp(fault.remedy, "hidden-processes") == 0 &&
				      strstr(fault.detail, rows[i].detail)),
			   rows[i].what);
		walk_unref(walk);
		walk = NULL;
		assert_row(procs_walk_partial(procs, 1, &walk, &fault) == 0, rows[i].what);
		assert_row(walk_is_whole_machine(walk) == (rows[i].kthreadd && !rows[i].hidden),
			   rows[i].what);
	}
}

/* The process that has a group or a device open; 0: none. */
static int holder(const char *name)
{
	pid_t pid;

	return walk_vfio(walk, name, &pid) ? (int)pid : 0;
}

static void vfio(void **state)
{
	const struct {
		const char *target, *name;
		bool found;
	} rows[] = {
		{ "/dev/vfio/12", "12", true },
		{ "/dev/vfio/12 (deleted)", "12", true },
		{ "/jail/dev/vfio/12", "12", true },
		{ "/vfio/12", "12", true },
		{ "/dev/vfio/noiommu-3", "noiommu-3", true },
		{ "/dev/vfio/devices/vfio0", "vfio0", true },
		{ "/dev/vfio/devices/vfio0", "0", false },
		{ "/dev/vfio/12", "2", false },
		{ "/dev/vfio/12", "1", false },
		{ "/dev/vfio/12", "", false },
		{ "/dev/vfio/vfio", "vfio", false },
		{ "/dev/vfio/vfio1", "vfio1", false },
		{ "/dev/vfio/devices/12", "12", false },
		{ "/dev/vfio/12x", "12", false },
		{ "/dev/vfio/12/3", "12", false },
		{ "/dev/vfio/", "", false },
		{ "/dev/vfio/1234567890123456789012345", "12345678901234567890123", false },
		{ "socket:[12]", "12", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		write_fd(20, 7, rows[i].target, "pos:\t0\n");
		take_walk(i + 1);
		assert_row((holder(rows[i].name) == 20) == rows[i].found, rows[i].target);
		assert_int_equal(walk_count(walk, &gpu), 0);
	}
	/* A file of this name is no device. */
	tree_write(&tree, "dev/vfio/12", "");
	write_fd(20, 7, tree_path(&tree, "dev/vfio/12"), "pos:\t0\n");
	take_walk(100);
	assert_int_equal(holder("12"), 0);
	/* The lowest of those that share it. */
	write_fd(30, 7, "/dev/vfio/12", "pos:\t0\n");
	write_fd(9, 7, "/dev/vfio/12", "pos:\t0\n");
	take_walk(101);
	assert_int_equal(holder("12"), 9);
}

/* Where the device is there, its numbers tell whether the node is its. */
static void vfio_numbers(void **state)
{
	(void)state;
	tree_folder(&tree, "n/vfio");
	if (symlink("/dev/null", tree_path(&tree, "n/vfio/12")) < 0)
		skip();
	write_fd(20, 7, tree_path(&tree, "n/vfio/12"), "pos:\t0\n");
	tree_write(&tree, "sys/class/vfio/12/dev", "1:3\n");
	take_walk(1);
	assert_int_equal(holder("12"), 20);
	tree_write(&tree, "sys/class/vfio/12/dev", "238:0\n");
	take_walk(2);
	assert_int_equal(holder("12"), 0);
}

static void unseen(void **state)
{
	const pid_t *pids;
	size_t n;

	(void)state;
	write_fd(20, 7, "/dev/vfio/12", "pos:\t0\n");
	write_fd(21, 7, "/dev/vfio/13", "pos:\t0\n");
	write_fd(22, 7, "/dev/vfio/14", "pos:\t0\n");
	fake_error("proc/20/fd", -EACCES);
	fake_error("proc/21/fd", -EACCES);
	fake_error("proc/21/fdinfo", -EACCES);
	assert_int_equal(procs_walk_partial(procs, 1, &walk, &fault), 0);
	assert_int_equal(walk_unseen(walk, &n)[0], 20);
	pids = walk_unseen(walk, &n);
	assert_int_equal(pids[1], 21);
	assert_int_equal(n, 2);
	assert_int_equal(holder("12"), 0);
	assert_int_equal(holder("14"), 22);
	/* Those who need all of it are told. */
	assert_int_equal(fault.reason, REASON_NONE);
	take_walk(1);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	fake_error("proc/21/fdinfo", 0);
	take_walk(2);
	walk_unseen(walk, &n);
	assert_int_equal(n, 2);
}

static void whole_machine(void **state)
{
	static const struct {
		const char *stat;
		bool whole;
	} rows[] = {
		{ "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0\n", true },
		{ "2 (kthreadd) S 1 2 2 0 -1 4194560 0 0 0 0\n", false },
		{ "2 () S 0 0 0 0 -1 2129984 () S 1 2 2 0 -1 4194560 0 0\n", false },
		{ "2 (kthreadd) S 0 0 0 0 -1\n", false },
		{ "2 kthreadd\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_write(&tree, "proc/2/stat", rows[i].stat);
		walk_unref(walk);
		assert_int_equal(procs_walk_partial(procs, i + 1, &walk, &fault), 0);
		assert_row(walk_is_whole_machine(walk) == rows[i].whole, rows[i].stat);
	}
}

/* The host's processes are somewhere else in a container. */
static void procfs_elsewhere(void **state)
{
	char path[600];
	const char *bad;
	size_t n;

	(void)state;
	write_fd(20, 7, "/dev/dri/renderD128", client(&gpu, 5));
	tree_folder(&tree, "host");
	snprintf(path, sizeof(path), "%s", tree_path(&tree, "host/proc"));
	assert_int_equal(rename(tree_path(&tree, "proc"), path), 0);
	tree_folder(&tree, "proc/99/fd");
	procs_free(procs);
	fs_free(fs);
	assert_int_equal(fs_new(&fs, tree.root, NULL, path, &bad), 0);
	procs = procs_new(fs);
	take_walk(1);
	assert_int_equal(walk_pids(walk, &n)[1], 20);
	assert_int_equal(n, 2);
	assert_string_equal(clients(&gpu), "5@20 (0)");
}

/* Who holds what, process by process, and what a process alone that is closed costs. */
static void holders(void **state)
{
	const struct held *held;
	const struct drm_client *found;
	size_t n, n_clients, silent;

	(void)state;
	write_fd(10, 3, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(10, 4, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(10, 5, "/dev/dri/renderD129", client(&second, 5));
	write_fd(11, 3, "/dev/dri/renderD128", client(&gpu, 4));
	write_fd(11, 4, "/dev/dri/renderD128", client(&gpu, 5));
	write_fd(12, 3, "/dev/dri/renderD128", "pos:\t0\n");
	write_fd(13, 3, "/dev/dri/renderD200", client(&gpu, 9));
	tree_folder(&tree, "proc/14/fd");
	fake_error("proc/14/fd", -EACCES);
	fake_error("proc/14/fdinfo", -EACCES);
	take_walk(1);
	assert_int_equal(fault.reason, REASON_PERMISSION);
	assert_true(walk_denied(walk, 14) && !walk_denied(walk, 13) && !walk_denied(walk, 99));
	assert_int_equal(walk_holds(walk, 10, &gpu), 2);
	assert_int_equal(walk_holds(walk, 10, &second), 1);
	assert_int_equal(walk_holds(walk, 10, NULL), 3);
	assert_int_equal(walk_holds(walk, 13, &gpu), 0);
	assert_int_equal(walk_holds(walk, 13, NULL), 1);
	assert_int_equal(walk_holds(walk, 14, NULL), 0);
	assert_int_equal(walk_clients(walk, &gpu, &found, &n_clients, &silent, &fault), 0);
	assert_int_equal(walk_held(walk, &gpu, &held, &n, &fault), 0);
	assert_int_equal(n_clients, 2);
	assert_int_equal(n, 4);
	assert_true(held[0].pid == 10 && found[held[0].client].info.client_id == 5);
	assert_true(held[1].pid == 11 && found[held[1].client].info.client_id == 4);
	assert_true(held[2].pid == 11 && found[held[2].client].info.client_id == 5);
	assert_true(held[3].pid == 12 && held[3].client == HELD_SILENT);
}

/* Many descriptors of few clients, and many clients. */
static void repeated(void **state)
{
	const struct drm_client *found;
	const struct held *held;
	size_t n, n_held, silent;

	(void)state;
	for (int fd = 0; fd < 300; fd++) {
		write_fd(10, fd, "/dev/dri/renderD128", client(&gpu, 1 + (unsigned)fd % 3));
		write_fd(11, fd, "/dev/dri/renderD128", client(&gpu, 3 + (unsigned)fd));
	}
	take_walk(1);
	assert_int_equal(walk_clients(walk, &gpu, &found, &n, &silent, &fault), 0);
	assert_int_equal(walk_held(walk, &gpu, &held, &n_held, &fault), 0);
	assert_int_equal(n, 302);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(found[i].info.client_id, i + 1);
		assert_int_equal(found[i].pid, i < 3 ? 10 : 11);
	}
	/* The third one is held by both. */
	assert_int_equal(n_held, 303);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(repeated, setup, teardown),
		cmocka_unit_test_setup_teardown(holders, setup, teardown),
		cmocka_unit_test_setup_teardown(finds, setup, teardown),
		cmocka_unit_test_setup_teardown(no_device, setup, teardown),
		cmocka_unit_test_setup_teardown(named_only, setup, teardown),
		cmocka_unit_test_setup_teardown(once_a_round, setup, teardown),
		cmocka_unit_test_setup_teardown(by_fdinfo, setup, teardown),
		cmocka_unit_test_setup_teardown(long_fdinfo, setup, teardown),
		cmocka_unit_test_setup_teardown(denied, setup, teardown),
		cmocka_unit_test_setup_teardown(ended, setup, teardown),
		cmocka_unit_test_setup_teardown(procfs_elsewhere, setup, teardown),
		cmocka_unit_test_setup_teardown(hidden, setup, teardown),
		cmocka_unit_test_setup_teardown(vfio, setup, teardown),
		cmocka_unit_test_setup_teardown(vfio_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(unseen, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_machine, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
