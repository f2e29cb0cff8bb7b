// SPDX-License-Identifier: Apache-2.0
#include "sources/workload/group_memory.h"

#include "base/text.h"
#include "sources/workload/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROOT_GROUP "sys/fs/cgroup"
#define ID_DIGITS  64

/* The path of cgroup v2, which dmem needs: the line "0::/path". */
static struct text_part unified_path(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;

		if (line_end - text > 4 && memcmp(text, "0::/", 4) == 0)
			return (struct text_part){ text + 4, (size_t)(line_end - text - 4) };
		text = line_end + 1;
	}
	return (struct text_part){ NULL, 0 };
}

/* Up to the end of the last directory that has the container's id in its name. */
static bool cut_behind(struct text_part *path, const char *id)
{
	for (size_t at = path->len; at >= ID_DIGITS; at--) {
		if (memcmp(path->s + at - ID_DIGITS, id, ID_DIGITS) != 0)
			continue;
		while (at < path->len && path->s[at] != '/')
			at++;
		path->len = at;
		return true;
	}
	return false;
}

/*
 * In a control group namespace of its own the exporter sees other groups as "../../a-b.slice/…".
 * The name of a slice has those of all slices above it (systemd.slice(5)).
 */
static int add_slices(struct text_part path, char *ret, size_t size)
{
	const char *slash = memchr(path.s, '/', path.len);
	size_t first = slash ? (size_t)(slash - path.s) : 0, n = 0;

	if (first <= 6 || memcmp(path.s + first - 6, ".slice", 6) != 0)
		return -ENOENT;
	for (size_t i = 1; i < first - 6; i++) {
		if (path.s[i] != '-')
			continue;
		n += (size_t)snprintf(ret + n, size - n, "%.*s.slice/", (int)i, path.s);
		if (n >= size)
			return -ENOENT;
	}
	return (int)n;
}

static bool has_parents(struct text_part path)
{
	for (size_t i = 0; i + 1 < path.len; i++)
		if (path.s[i] == '.' && path.s[i + 1] == '.' && (i == 0 || path.s[i - 1] == '/') &&
		    (i + 2 == path.len || path.s[i + 2] == '/'))
			return true;
	return false;
}

int group_dir(const char *text, size_t len, const char *container, char ret[static GROUP_DIR_BYTES])
{
	struct text_part path = unified_path(text, len);
	int n = 0;

	if (strlen(container) != ID_DIGITS || !path.s || !cut_behind(&path, container))
		return -ENOENT;
	if (path.len > 3 && memcmp(path.s, "../", 3) == 0) {
		for (; path.len > 3 && memcmp(path.s, "../", 3) == 0; path.len -= 3)
			path.s += 3;
		n = add_slices(path, ret, GROUP_DIR_BYTES);
	}
	if (n < 0 || path.len >= GROUP_DIR_BYTES - (size_t)n || *path.s == '/' ||
	    has_parents(path) || memchr(path.s, '\0', path.len))
		return -ENOENT;
	memcpy(ret + n, path.s, path.len);
	ret[(size_t)n + path.len] = '\0';
	return 0;
}

bool group_memory_enabled(const struct fs *fs, int *fd)
{
	char text[256];
	int n = fs_read_kept(fs, fd, text, sizeof(text), ROOT_GROUP "/cgroup.subtree_control");

	for (const char *word = text; n > 0 && word < text + n;) {
		size_t len = strcspn(word, " \n");

		if (len == 4 && memcmp(word, "dmem", 4) == 0)
			return true;
		word += len + 1;
	}
	return false;
}

int group_memory(const struct fs *fs, pid_t pid, const char *pci,
		 struct dmem_region ret[static DMEM_MAX_REGIONS])
{
	char text[8192], dir[GROUP_DIR_BYTES];
	struct cgroup cgroup;
	int n = fs_read(fs, text, sizeof(text), "proc/%d/cgroup", (int)pid);

	if (n < 0)
		return 0;
	cgroup_parse(text, (size_t)n, &cgroup);
	if (group_dir(text, (size_t)n, cgroup.container, dir) < 0)
		return 0;
	n = fs_read(fs, text, sizeof(text), ROOT_GROUP "/%s/dmem.current", dir);
	if (n > 0)
		n = dmem_parse(text, (size_t)n, pci, ret);
	return n < 0 ? 0 : n;
}
