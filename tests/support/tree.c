// SPDX-License-Identifier: Apache-2.0
/* Temporary trees below $TMPDIR or /tmp. */
#include "tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int r, const char *what)
{
	if (r >= 0)
		return;
	perror(what);
	abort();
}

const char *tree_path(const struct tree *tree, const char *path)
{
	static char buf[512];

	snprintf(buf, sizeof(buf), "%s/%s", tree->root, path);
	return buf;
}

void tree_new(struct tree *tree)
{
	const char *base = getenv("TMPDIR");

	snprintf(tree->root, sizeof(tree->root), "%.40s/tree.XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(tree->root))
		check(-1, tree->root);
}

void tree_copy(struct tree *tree, const char *from)
{
	char source[512];
	int status;
	pid_t pid;

	tree_new(tree);
	snprintf(source, sizeof(source), "%s/.", from);
	pid = fork();
	check(pid, "fork");
	if (pid == 0) {
		execlp("cp", "cp", "-a", source, tree->root, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	check(status == 0 ? 0 : -1, "cp -a");
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s, (void)type, (void)ftw;
	return remove(path);
}

void tree_remove(struct tree *tree)
{
	check(nftw(tree->root, remove_one, 16, FTW_DEPTH | FTW_PHYS), tree->root);
}

static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			check(-1, path);
		*slash = '/';
	}
}

void tree_folder(const struct tree *tree, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s/%s/", tree->root, path);
	make_folders(whole);
}

void tree_write_bytes(const struct tree *tree, const char *path, const void *content, size_t len)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", tree->root, path);
	make_folders(whole);
	file = fopen(whole, "we");
	check(file && fwrite(content, 1, len, file) == len && fclose(file) == 0 ? 0 : -1, whole);
}

void tree_write(const struct tree *tree, const char *path, const char *content)
{
	tree_write_bytes(tree, path, content, strlen(content));
}

void tree_link(const struct tree *tree, const char *path, const char *target)
{
	char whole[512], fresh[520];

	snprintf(whole, sizeof(whole), "%s/%s", tree->root, path);
	make_folders(whole);
	snprintf(fresh, sizeof(fresh), "%s.new", whole);
	check(symlink(target, fresh), fresh);
	check(rename(fresh, whole), whole);
}

void tree_delete(const struct tree *tree, const char *path)
{
	check(nftw(tree_path(tree, path), remove_one, 16, FTW_DEPTH | FTW_PHYS), path);
}

void tree_kthreadd(const struct tree *tree)
{
	tree_write(tree, "proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0\n");
}
