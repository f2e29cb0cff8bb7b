/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of a copied tree change: directories that lead to open files are watched. */
#ifndef FS_NAMES_H
#define FS_NAMES_H

#include <stdbool.h>

struct fs_names;

/* NULL when memory is out. Nothing is watched yet. */
struct fs_names *fs_names_new(void);
void fs_names_free(struct fs_names *names);

/* Has each directory on the way to it watched. False: not all of them can be. */
bool fs_names_watch(struct fs_names *names, int dirfd, const char *path);

/* A descriptor was opened; it is old when a name has changed since, as fs_names_read() has seen. */
void fs_names_opened(struct fs_names *names, int fd);
bool fs_names_are_old(struct fs_names *names, int fd);

/* Whether a name has changed since the last call. */
bool fs_names_read(struct fs_names *names);

#endif
