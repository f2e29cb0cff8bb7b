// SPDX-License-Identifier: Apache-2.0
/*
 * The one reader of the machine's files, below roots that can be a container's mounts of the
 * host's file systems or a copied tree. The roots are kept open as directories, so a lookup walks
 * only the part below them.
 */
#include "base/fs.h"

#include "base/sys.h"
#include "base/text.h"
#include "fs_names.h"
#include "fs_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static _Thread_local atomic_ulong *thread_steps;

void fs_count_steps(atomic_ulong *steps)
{
	thread_steps = steps;
}

void fs_step(void)
{
	if (thread_steps)
		atomic_fetch_add_explicit(thread_steps, 1, memory_order_relaxed);
}

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

/* Half of the descriptors are for clients, and a quarter for what else the exporter reads. */
static int most_kept(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 4 < INT_MAX
		       ? (int)(limit.rlim_cur / 4)
		       : INT_MAX;
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
	fs->live_proc = fs->procfs >= 0 && sys_is_procfs(fs->procfs);
	fs->most_kept = most_kept();
	if (!fs->live)
		fs->names = fs_names_new();
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
	fs_names_free(fs->names);
	free(fs);
}

bool fs_is_live(const struct fs *fs)
{
	return fs->live;
}

bool fs_has_live_proc(const struct fs *fs)
{
	return fs->live_proc;
}

int fs_resolve(const struct fs *fs, char *path, size_t size, const char **ret_rest, const char *fmt,
	       va_list ap)
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

int fs_open_resolved(int dirfd, const char *rest, int flags)
{
	int fd = dirfd < 0 ? dirfd : sys_open_at(dirfd, rest, flags);

	fs_step();
	return fd;
}

static _printf_(3, 0) int open_path(const struct fs *fs, int flags, const char *fmt, va_list ap)
{
	char path[PATH_MAX];
	const char *rest;
	int dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);

	return fs_open_resolved(dirfd, rest, flags);
}

/* n: what a read of size bytes has returned. */
static int end_read(ssize_t n, char *buf, size_t size)
{
	fs_step();
	if (n < 0)
		return -errno;
	if ((size_t)n >= size)
		return -EMSGSIZE;
	buf[n] = '\0';
	return (int)n;
}

int fs_reread(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = sys_reread(fd, buf, size);
	while (n < 0 && errno == EINTR);
	return end_read(n, buf, size);
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
	return end_read(n, buf, size);
}

int fs_open(const struct fs *fs, const char *fmt, ...)
{
	va_list ap;
	int fd;

	va_start(ap, fmt);
	fd = open_path(fs, O_RDONLY, fmt, ap);
	va_end(ap);
	return fd;
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
	int dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);
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
	dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);
	va_end(ap);
	if (dirfd < 0)
		return dirfd;
	if (fstatat(dirfd, rest, &s, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*ret = s.st_ino;
	return 0;
}

int fs_open_list(const struct fs *fs, DIR **ret, const char *fmt, va_list ap)
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

			r = visit(data, fd, entry->d_name, entry->d_ino);
			fs_step();
			at += entry->d_reclen;
		}
	}
	return r < 0 ? r : n < 0 ? -errno : 0;
}

/* procfs fills the buffer with as many entries as it has room for; others may stop earlier. */
#define LARGEST_ENTRY (ssize_t)(offsetof(struct dirent64, d_name) + FS_NAME_MAX + 8)

int fs_visit_proc(const struct fs *fs, fs_visitor visit, void *data)
{
	_Alignas(struct dirent64) char buf[16384];
	const ssize_t size = sizeof(buf);
	ssize_t n = size;
	int r = 0;

	if (!fs->live_proc)
		return fs_visit(fs, visit, data, "proc/.");
	if (lseek(fs->procfs, 0, SEEK_SET) < 0)
		return -errno;
	while (r >= 0 && n + LARGEST_ENTRY > size &&
	       (n = getdents64(fs->procfs, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n && r >= 0;) {
			const struct dirent64 *entry = (const void *)(buf + at);

			r = visit(data, fs->procfs, entry->d_name, entry->d_ino);
			fs_step();
			at += entry->d_reclen;
		}
	}
	return r < 0 ? r : n < 0 ? -errno : 0;
}

int fs_owner(const struct fs *fs, uid_t *ret, const char *fmt, ...)
{
	char path[PATH_MAX];
	const char *rest;
	struct statx s;
	va_list ap;
	int dirfd, r;

	va_start(ap, fmt);
	dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);
	va_end(ap);
	if (dirfd < 0)
		return dirfd;
	r = fs_visit_status(dirfd, rest, AT_SYMLINK_NOFOLLOW, STATX_UID, &s);
	if (r == 0)
		*ret = s.stx_uid;
	return r;
}

int fs_status(const struct fs *fs, struct stat *ret, const char *fmt, ...)
{
	char path[PATH_MAX];
	const char *rest;
	va_list ap;
	int dirfd;

	va_start(ap, fmt);
	dirfd = fs_resolve(fs, path, sizeof(path), &rest, fmt, ap);
	va_end(ap);
	if (dirfd < 0)
		return dirfd;
	return fstatat(dirfd, rest, ret, 0) < 0 ? -errno : 0;
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
