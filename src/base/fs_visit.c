// SPDX-License-Identifier: Apache-2.0
/* What a visitor asks of an entry, by the directory that is visited. */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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
