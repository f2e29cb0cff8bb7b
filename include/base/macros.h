/* SPDX-License-Identifier: Apache-2.0 */
/* Small language helpers that every directory uses: cleanup attributes and array length. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f)   __attribute__((cleanup(f)))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))

static inline void close_fdp(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void free_charp(char **p)
{
	free(*p);
}

static inline void closedir_dirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define _cleanup_close_	   _cleanup_(close_fdp)
#define _cleanup_free_	   _cleanup_(free_charp)
#define _cleanup_closedir_ _cleanup_(closedir_dirp)

#endif
