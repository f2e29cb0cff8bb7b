/* SPDX-License-Identifier: Apache-2.0 */
/* What fs.c has for fs_list.c and fs_kept.c. */
#ifndef FS_OPEN_H
#define FS_OPEN_H

#include "base/fs.h"

#include <dirent.h>

struct fs {
	int rootfs, sysfs, procfs; /* directory descriptors, -1 when absent */
	bool live, live_proc;
	struct fs_names *names; /* NULL of a live system */
	int most_kept;		/* no descriptor from here on stays open */
	_Atomic uint64_t round, changes;
};

/* A file was opened or read: see fs_count_steps(). */
void fs_step(void);

/* Formats the path and says below which root it is; the rest of the path is *ret_rest. */
int fs_resolve(const struct fs *fs, char *path, size_t size, const char **ret_rest, const char *fmt,
	       va_list ap) _printf_(5, 0);

/* Opens what fs_resolve() has found. A descriptor or -errno. */
int fs_open_resolved(int dirfd, const char *rest, int flags);

/* A directory to be read. 0 or -errno. */
int fs_open_list(const struct fs *fs, DIR **ret, const char *fmt, va_list ap) _printf_(3, 0);

#endif
