/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary trees for tests that change a machine while it is looked at. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

#include <stddef.h>

struct tree {
	char root[64];
};

/* An empty directory, or a copy of another (links stay links). Failures end the program. */
void tree_new(struct tree *tree);
void tree_copy(struct tree *tree, const char *from);
void tree_remove(struct tree *tree);

/* Paths are below the root; missing directories are made. */
void tree_folder(const struct tree *tree, const char *path);
void tree_write(const struct tree *tree, const char *path, const char *content);
void tree_write_bytes(const struct tree *tree, const char *path, const void *content, size_t len);

/*
 * Makes or replaces a link. A link that is replaced gets another inode for sure, as in sysfs: the
 * old one exists until the new one does.
 */
void tree_link(const struct tree *tree, const char *path, const char *target);
void tree_delete(const struct tree *tree, const char *path);

/* Process 2, the kernel's own: /proc shows the whole machine. */
void tree_kthreadd(const struct tree *tree);

/* The whole path; a static buffer. */
const char *tree_path(const struct tree *tree, const char *path);

#endif
