// SPDX-License-Identifier: Apache-2.0
/*
 * Files that stay open from scrape to scrape: pread(2) of an attribute takes a tenth of what it
 * takes to open, read and close it.
 *
 * An attribute of sysfs that has gone says ENODEV, also when one of the same name has come since
 * (kernfs_get_active() of fs/kernfs/dir.c), and an open file neither keeps a driver nor delays its
 * end: kernfs waits for reads that are in progress alone. So the path is opened anew then. A file
 * of a copied tree goes on to say what it said when another one is moved to its place: there the
 * directories that lead to it are watched, and every change of a name has all files opened anew.
 */
#include "fs_names.h"
#include "fs_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

/* Whether a change of a name that leads there will be seen. */
static bool watch(const struct fs *fs, int dirfd, const char *rest)
{
	return fs->names && dirfd >= 0 && fs_names_watch(fs->names, dirfd, rest);
}

bool fs_is_followed(const struct fs *fs, const char *fmt, ...)
{
	char path[PATH_MAX];
	const char *rest;
	va_list ap;
	int dirfd;

	va_start(ap, fmt);
	dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);
	va_end(ap);
	return fs->live || watch(fs, dirfd, rest);
}

/* What is known of the files, and not of the roots. */
static struct fs *known(const struct fs *fs)
{
	return (struct fs *)(uintptr_t)fs;
}

bool fs_begin_round(const struct fs *fs)
{
	atomic_fetch_add(&known(fs)->round, 1);
	return fs->names && fs_names_read(fs->names);
}

void fs_note_changes(const struct fs *fs)
{
	atomic_fetch_add(&known(fs)->changes, 1);
}

uint64_t fs_round(const struct fs *fs)
{
	return atomic_load(&fs->round);
}

uint64_t fs_changes(const struct fs *fs)
{
	return atomic_load(&fs->changes);
}

/* keep: it says so when it is another file. */
static _printf_(3, 0) int open_kept(const struct fs *fs, bool *ret_keep, const char *fmt,
				    va_list ap)
{
	char path[PATH_MAX];
	const char *rest;
	int dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap), fd;

	*ret_keep = fs->live || watch(fs, dirfd, rest);
	fd = fs_open_resolved(dirfd, rest, O_RDONLY);
	*ret_keep &= fd < fs->most_kept;
	if (fd >= 0 && *ret_keep && !fs->live)
		fs_names_opened(fs->names, fd);
	return fd;
}

int fs_read_kept(const struct fs *fs, int *fd, char *buf, size_t size, const char *fmt, ...)
{
	bool again, keep = true;
	va_list ap;
	int n;

	if (*fd >= 0 && fs->names && fs_names_are_old(fs->names, *fd)) {
		close(*fd);
		*fd = -1;
	}
	again = *fd >= 0;
	do {
		if (*fd < 0) {
			va_start(ap, fmt);
			n = open_kept(fs, &keep, fmt, ap);
			va_end(ap);
			if (n < 0)
				return n;
			*fd = n;
			again = false;
		}
		n = fs_reread(*fd, buf, size);
		if (n < 0 || !keep) {
			close(*fd);
			*fd = -1;
		}
	} while (again && (n == -ENODEV || n == -ESTALE));
	return n;
}
