// SPDX-License-Identifier: Apache-2.0
/* What a visitor asks of an entry, by the directory that is visited. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int fs_visit_link(int dirfd, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dirfd, name, buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

/* statx(2) does not ask a server of files; seccomp filters older than it refuse it. */
int fs_visit_status(int dirfd, const char *name, int flags, unsigned mask, struct statx *ret)
{
	struct stat s;

	if (statx(dirfd, name, flags | AT_STATX_DONT_SYNC, mask, ret) == 0)
		return 0;
	/* EINVAL: glibc has a substitute that does not know the flag. */
	if (errno != EPERM && errno != ENOSYS && errno != EINVAL)
		return -errno;
	if (fstatat(dirfd, name, &s, flags) < 0)
		return -errno;
	ret->stx_mode = (uint16_t)s.st_mode;
	ret->stx_uid = s.st_uid;
	ret->stx_rdev_major = major(s.st_rdev);
	ret->stx_rdev_minor = minor(s.st_rdev);
	return 0;
}

int fs_visit_device(int dirfd, const char *name, unsigned *ret_major, unsigned *ret_minor)
{
	struct statx s;
	int r = fs_visit_status(dirfd, name, AT_NO_AUTOMOUNT, STATX_TYPE, &s);

	if (r < 0)
		return r;
	if (!S_ISCHR(s.stx_mode))
		return -ENOTTY;
	*ret_major = s.stx_rdev_major;
	*ret_minor = s.stx_rdev_minor;
	return 0;
}

int fs_visit_mode(int dirfd, const char *name)
{
	struct statx s;
	int r = fs_visit_status(dirfd, name, AT_SYMLINK_NOFOLLOW, STATX_MODE, &s);

	return r < 0 ? r : s.stx_mode & 0777;
}
