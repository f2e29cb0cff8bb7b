// SPDX-License-Identifier: Apache-2.0
/* A directory's names, as a list or as a number that changes with them. */
#include "base/array.h"
#include "fs_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	r = fs_open_list(fs, &dir, fmt, ap);
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

int fs_list_hash(const struct fs *fs, uint64_t *ret, const char *fmt, ...)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	uint64_t sum = 0;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = fs_open_list(fs, &dir, fmt, ap);
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
