// SPDX-License-Identifier: Apache-2.0
/* The kernel's own watch: who only reads the directory of a driver is no unbind, however often. */
#include "test.h"

#include "base/macros.h"
#include "base/sys.h"
#include "scrape/unbind.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define QUEUE  16384 /* fs.inotify.max_queued_events of a machine that says none */
#define MANY   200000

static struct tree tree;
static int watch;

static int setup(void **state)
{
	int dir;

	(void)state;
	tree_new(&tree);
	tree_write(&tree, "i915/unbind", "");
	tree_write(&tree, "i915/bind", "");
	chmod(tree.root, 0755);
	chmod(tree_path(&tree, "i915"), 0755);
	chmod(tree_path(&tree, "i915/unbind"), 0200);
	chmod(tree_path(&tree, "i915/bind"), 0200);
	watch = sys_watch_open();
	dir = open(tree_path(&tree, "i915"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sys_watch_dir(watch, dir), 0);
	close(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(watch);
	tree_remove(&tree);
	return 0;
}

/* What the events that wait say, and how many bytes they are. */
static enum unbind_state receive(size_t *ret_len)
{
	enum unbind_state state = UNBIND_NOTHING, one;
	char buf[4096];
	ssize_t n;

	*ret_len = 0;
	while ((n = sys_watch_receive(watch, buf, sizeof(buf), 0)) > 0) {
		one = unbind_parse(buf, (size_t)n);
		state = one == UNBIND_NOTHING ? state : one;
		*ret_len += (size_t)n;
	}
	assert_int_equal(n, 0);
	return state;
}

static unsigned long queue_length(void)
{
	unsigned long length = QUEUE;
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

	if (f) {
		if (fscanf(f, "%lu", &length) != 1)
			length = QUEUE;
		fclose(f);
	}
	return length < MANY ? length : MANY;
}

/* Whatever a user without rights can do to the directory, more often than the queue is long. */
static void read_as_nobody(unsigned long times)
{
	if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
		_exit(1);
	for (unsigned long i = 0; i < times; i++) {
		DIR *dir = opendir(tree_path(&tree, "i915"));

		if (!dir)
			_exit(2);
		while (i % 100 == 0 && readdir(dir))
			;
		closedir(dir);
		if (i % 100)
			continue;
		for (int flags = O_RDONLY; flags <= O_RDWR; flags++)
			if (geteuid() == NOBODY &&
			    open(tree_path(&tree, "i915/unbind"), flags) >= 0)
				_exit(3);
		close(open(tree_path(&tree, "i915/unbind"), O_PATH | O_CLOEXEC));
	}
	_exit(0);
}

static void readers_do_not_fill_it(void **state)
{
	int status, fd;
	size_t len;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		read_as_nobody(queue_length() + 1000);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(receive(&len), UNBIND_NOTHING);
	/* Nothing was taken out meanwhile, and one event is all that was queued. */
	assert_int_equal(len, sizeof(struct inotify_event));

	fd = open(tree_path(&tree, "i915/unbind"), O_WRONLY | O_CLOEXEC);
	assert_int_equal(receive(&len), UNBIND_BEGINS);
	close(fd);
	assert_int_equal(receive(&len), UNBIND_IS_OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(readers_do_not_fill_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
