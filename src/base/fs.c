// SPDX-License-Identifier: Apache-2.0
/*
 * The one reader of the machine's files, below roots that can be a container's mounts of the
 * host's file systems or a copied tree. The roots are kept open as directories, so a lookup walks
 * only the part below them.
 */
#include "base/fs.h"

#include "base/array.h"
#include "base/sys.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct fs {
	int rootfs, sysfs, procfs; /* directory descriptors, -1 when absent */
	bool live;
};

static int open_root(const char *path, int *ret, const char **ret_bad)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		*ret_bad = path;
		return -errno;
	}
	*ret = fd;
	return 0;
}

/* A root below rootfs that nobody asked for by name may be missing. */
static int open_below(const struct fs *fs, const char *named, const char *below, int *ret,
		      const char **ret_bad)
{
	if (named)
		return open_root(named, ret, ret_bad);
	*ret = openat(fs->rootfs, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

int fs_new(struct fs **ret, const char *rootfs, const char *sysfs, const char *procfs,
	   const char **ret_bad)
{
	struct fs *fs = calloc(1, sizeof(*fs));
	int r;

	if (!fs)
		return -ENOMEM;
	fs->rootfs = fs->sysfs = fs->procfs = -1;
	r = open_root(rootfs, &fs->rootfs, ret_bad);
	if (r == 0)
		r = open_below(fs, sysfs, "sys", &fs->sysfs, ret_bad);
	if (r == 0)
		r = open_below(fs, procfs, "proc", &fs->procfs, ret_bad);
	if (r < 0) {
		fs_free(fs);
		return r;
	}
	fs->live = fs->sysfs >= 0 && sys_is_sysfs(fs->sysfs);
	*ret = fs;
	return 0;
}

void fs_free(struct fs *fs)
{
	if (!fs)
		return;
	close_fdp(&fs->rootfs);
	close_fdp(&fs->sysfs);
	close_fdp(&fs->procfs);
	free(fs);
}

bool fs_is_live(const struct fs *fs)
{
	return fs->live;
}

/* Formats the path and says below which root it is; the rest of the path is *ret_rest. */
static _printf_(5, 0) int resolve(const struct fs *fs, char *path, size_t size,
				  const char **ret_rest, const char *fmt, va_list ap)
{
	int n = vsnprintf(path, size, fmt, ap);

	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (strncmp(path, "sys/", 4) == 0) {
		*ret_rest = path + 4;
		return fs->sysfs >= 0 ? fs->sysfs : -ENOENT;
	}
	if (strncmp(path, "proc/", 5) == 0) {
		*ret_rest = path + 5;
		return fs->procfs >= 0 ? fs->procfs : -ENOENT;
	}
	*ret_rest = path;
	return fs->rootfs;
}

static _printf_(3, 0) int open_path(const struct fs *fs, int flags, const char *fmt, va_list ap)
{
	char path[PATH_MAX];
	const char *rest;
	int dirfd = resolve(fs, path, sizeof(path), &rest, fmt, ap);

	return dirfd < 0 ? dirfd : sys_open_at(dirfd, rest, flags);
}

static _printf_(4, 0) int read_path(const struct fs *fs, char *buf, size_t size, const char *fmt,
				    va_list ap)
{
	_cleanup_close_ int fd = open_path(fs, O_RDONLY, fmt, ap);
	ssize_t n;

	if (fd < 0)
		return fd;
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -EMSGSIZE;
	buf[n] = '\0';
	return (int)n;
}

int fs_read(const struct fs *fs, char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = read_path(fs, buf, size, fmt, ap);
	va_end(ap);
	return r;
}

int fs_read_u64(const struct fs *fs, uint64_t *ret, const char *fmt, ...)
{
	char buf[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = read_path(fs, buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return n < 0 ? n : text_parse_u64(buf, (size_t)n, ret);
}

int fs_read_hex(const struct fs *fs, uint64_t *ret, const char *fmt, ...)
{
	char buf[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = read_path(fs, buf, sizeof(buf), fmt, ap);
	va_end(ap);
	return n < 0 ? n : text_parse_hex(buf, (size_t)n, ret);
}

static int read_link(const struct fs *fs, char target[static PATH_MAX], const char *fmt, va_list ap)
{
	char path[PATH_MAX];
	const char *rest;
	int dirfd = resolve(fs, path, sizeof(path), &rest, fmt, ap);
	ssize_t n;

	if (dirfd < 0)
		return dirfd;
	n = readlinkat(dirfd, rest, target, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	return 0;
}

int fs_read_link(const struct fs *fs, char *buf, size_t size, const char *fmt, ...)
{
	char target[PATH_MAX];
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = read_link(fs, target, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	if (strlen(target) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, target);
	return 0;
}

int fs_read_link_name(const struct fs *fs, char *buf, size_t size, const char *fmt, ...)
{
	char target[PATH_MAX];
	const char *name;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = read_link(fs, target, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
	if (strlen(name) >= size)
		return -ENAMETOOLONG;
	strcpy(buf, name);
	return 0;
}

int fs_inode(const struct fs *fs, uint64_t *ret, const char *fmt, ...)
{
	char path[PATH_MAX];
	const char *rest;
	struct stat s;
	va_list ap;
	int dirfd;

	va_start(ap, fmt);
	dirfd = resolve(fs, path, sizeof(path), &rest, fmt, ap);
	va_end(ap);
	if (dirfd < 0)
		return dirfd;
	if (fstatat(dirfd, rest, &s, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = s.st_ino;
	return 0;
}

static _printf_(3, 0) int open_list(const struct fs *fs, DIR **ret, const char *fmt, va_list ap)
{
	int fd = open_path(fs, O_RDONLY | O_DIRECTORY, fmt, ap);
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		int r = -errno;

		close(fd);
		return r;
	}
	*ret = dir;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int append_name(char ***names, size_t n, size_t *size, const char *name)
{
	/* One slot more than the names for the NULL at the end. */
	if (!array_reserve(*names, size, n + 2))
		return -ENOMEM;
	(*names)[n] = strdup(name);
	(*names)[n + 1] = NULL;
	return (*names)[n] ? 0 : -ENOMEM;
}

int fs_list(const struct fs *fs, char ***ret_names, const char *fmt, ...)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_list_ char **names = NULL;
	const struct dirent *entry;
	size_t n = 0, size = 0;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = open_list(fs, &dir, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	while (n < FS_LIST_MAX && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = append_name(&names, n, &size, entry->d_name);
		if (r < 0)
			return r;
		n++;
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), compare_names);
	*ret_names = names;
	names = NULL;
	return (int)n;
}

void fs_list_free(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
	*names = NULL;
}

int fs_visit(const struct fs *fs, fs_visitor visit, void *data, const char *fmt, ...)
{
	_Alignas(struct dirent64) char buf[16384];
	_cleanup_close_ int fd = -1;
	va_list ap;
	ssize_t n;
	int r = 0;

	va_start(ap, fmt);
	fd = open_path(fs, O_RDONLY | O_DIRECTORY, fmt, ap);
	va_end(ap);
	if (fd < 0)
		return fd;
	/* readdir(3) would ask what the descriptor is first. */
	while (r >= 0 && (n = getdents64(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n && r >= 0;) {
			const struct dirent64 *entry = (const void *)(buf + at);

			r = visit(data, fd, entry->d_name);
			at += entry->d_reclen;
		}
	}
	return r < 0 ? r : n < 0 ? -errno : 0;
}

int fs_visit_link(int dirfd, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dirfd, name, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

int fs_visit_device(int dirfd, const char *name, unsigned *ret_major, unsigned *ret_minor)
{
	struct statx s;

	if (statx(dirfd, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &s) < 0)
		return -errno;
	if (!S_ISCHR(s.stx_mode))
		return -ENOTTY;
	*ret_major = s.stx_rdev_major;
	*ret_minor = s.stx_rdev_minor;
	return 0;
}

int fs_visit_mode(int dirfd, const char *name)
{
	struct statx s;

	if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_MODE, &s) < 0)
		return -errno;
	return s.stx_mode & 0777;
}

int fs_list_hash(const struct fs *fs, uint64_t *ret, const char *fmt, ...)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	uint64_t sum = 0;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = open_list(fs, &dir, fmt, ap);
	va_end(ap);
	if (r < 0)
		return r;
	while ((entry = readdir(dir))) {
		/* FNV-1a for each name; a sum does not depend on the order. */
		uint64_t hash = 0xcbf29ce484222325u;

		for (const char *c = entry->d_name; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
		sum += hash;
	}
	*ret = sum;
	return 0;
}

int fs_watch_dir(const struct fs *fs, int watch, const char *fmt, ...)
{
	_cleanup_close_ int fd = -1;
	va_list ap;

	/* O_PATH: any other open would be an event of the watch itself. */
	va_start(ap, fmt);
	fd = open_path(fs, O_PATH | O_DIRECTORY, fmt, ap);
	va_end(ap);
	return fd < 0 ? fd : sys_watch_dir(watch, fd);
}

int fs_connect(const struct fs *fs, const char *fmt, ...)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int path = -1;
	va_list ap;
	int fd;

	va_start(ap, fmt);
	path = open_path(fs, O_PATH, fmt, ap);
	va_end(ap);
	if (path < 0)
		return path;
	/* A path as the roots have it may be longer than an address. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd < 0 ? -errno : fd;
}
