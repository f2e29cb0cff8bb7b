/* SPDX-License-Identifier: Apache-2.0 */
/* What fs.c has for fs_list.c. */
#ifndef FS_OPEN_H
#define FS_OPEN_H

#include "base/fs.h"

#include <dirent.h>

/* A directory to be read. 0 or -errno. */
int fs_open_list(const struct fs *fs, DIR **ret, const char *fmt, va_list ap) _printf_(3, 0);

#endif
