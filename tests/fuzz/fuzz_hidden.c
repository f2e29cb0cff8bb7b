// SPDX-License-Identifier: Apache-2.0
/*
 * Whether /proc shows all processes, and is of LXC: by what processes 1 and 2 say there. The input
 * is, with a '|' behind each: process 2's stat, process 1's PID namespace, a word of systemd, and
 * at the end process 1's environment, a NUL behind each variable.
 */
#include "fuzz.h"

#include "fake_sys.h"
#include "sources/proc/walk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMESPACE "pid:[4026531836]"

static char root[] = "/dev/shm/fuzz_hidden.XXXXXX";
static const char *const dirs[] = { "proc", "proc/1", "proc/1/ns",  "proc/2",
				    "sys",  "run",    "run/systemd" };
static struct fs *fs;
static int root_fd;

static void remove_tree(void)
{
	static const char *const files[] = { "proc/2/stat", "proc/1/environ", "proc/1/ns/pid",
					     "run/systemd/container" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(root_fd, files[i], 0);
	for (size_t i = ARRAY_SIZE(dirs); i-- > 0;)
		unlinkat(root_fd, dirs[i], AT_REMOVEDIR);
	rmdir(root);
}

static void make_tree(void)
{
	const char *bad;

	if (fs)
		return;
	CHECK(mkdtemp(root));
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		CHECK(mkdirat(root_fd, dirs[i], 0755) == 0);
	atexit(remove_tree);
	fake_sys_load(root);
	CHECK(fs_new(&fs, root, NULL, NULL, &bad) == 0);
}

static void put(const char *path, const char *content, size_t len)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, content, len) == (ssize_t)len);
	close(fd);
}

/* The part up to the next '|', NUL-terminated for names; what is behind it moves to *text. */
static char *part(const uint8_t **text, const uint8_t *end, size_t *ret_len)
{
	const uint8_t *bar = *text < end ? memchr(*text, '|', (size_t)(end - *text)) : NULL;
	char *copy = terminated(*text, (size_t)((bar ? bar : end) - *text));

	*ret_len = (size_t)((bar ? bar : end) - *text);
	*text = bar ? bar + 1 : end;
	return copy;
}

/* Is it one of the variables? An environment that is too long is not read to its end. */
static bool has_variable(const char *environment, size_t len)
{
	for (size_t at = 0; at < len; at += strnlen(environment + at, len - at) + 1)
		if (len - at >= 13 && strnlen(environment + at, len - at) == 13 &&
		    memcmp(environment + at, "container=lxc", 13) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	size_t stat_len, namespace_len, word_len, len;
	char *stat, *namespace, *word;
	pid_t pids[] = { 1, 2 };
	struct walk walk = { .pids = pids, .n_pids = ARRAY_SIZE(pids) };
	struct sight sight = { 0 };
	bool all, lxc;

	make_tree();
	walk.fs = fs;
	stat = part(&data, end, &stat_len);
	namespace = part(&data, end, &namespace_len);
	word = part(&data, end, &word_len);
	len = (size_t)(end - data);
	put("proc/2/stat", stat, stat_len);
	put("run/systemd/container", word, word_len);
	put("proc/1/environ", (const char *)data, len);
	unlinkat(root_fd, "proc/1/ns/pid", 0);
	if (*namespace)
		CHECK(symlinkat(namespace, root_fd, "proc/1/ns/pid") == 0 ||
		      strlen(namespace) > 4000);
	sight_init(&sight);
	walk_find_sight(&walk, &sight);
	sight_close(&sight);
	all = walk.whole;
	lxc = procs_is_lxc(fs);
	/* The flags are behind the name. */
	CHECK(!all || memchr(stat, ')', stat_len));
	CHECK(!all || !*namespace || strlen(namespace) > 31 || strcmp(namespace, NAMESPACE) == 0);
	if (len > 0)
		CHECK(lxc == has_variable((const char *)data, len));
	else
		CHECK(lxc ==
		      (strncmp(word, "lxc", 3) == 0 && (word[3] == '\0' || word[3] == '\n')));
	free(stat);
	free(namespace);
	free(word);
	return 0;
}
