// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/gts.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The numbers of the entries "<prefix>N" in a directory, sorted as its names are; or -errno. */
static int list_numbers(const struct fs *fs, const char *dir, const char *prefix, unsigned *numbers)
{
	_cleanup_list_ char **names = NULL;
	size_t len = strlen(prefix);
	int r = fs_list(fs, &names, "%s", dir), n = 0;

	if (r < 0)
		return r;
	for (char **name = names; name && *name && n < GTS_MAX; name++) {
		uint64_t number;

		if (strncmp(*name, prefix, len) != 0 ||
		    text_parse_u64(*name + len, strlen(*name + len), &number) < 0 || number > 255 ||
		    ((*name)[len] == '0' && (*name)[len + 1]))
			continue;
		numbers[n++] = (unsigned)number;
	}
	return n;
}

/* Adds those of one directory to the n that there are. How many there are then, or -errno. */
static int add_gts(const struct fs *fs, const char *dir, struct gt_place *ret, int n)
{
	unsigned numbers[GTS_MAX];
	int found = list_numbers(fs, dir, "gt", numbers);

	if (found < 0)
		return found;
	for (int i = 0; i < found && n < GTS_MAX; i++, n++) {
		ret[n].number = numbers[i];
		snprintf(ret[n].dir, sizeof(ret[n].dir), "%s/gt%u/", dir, numbers[i]);
	}
	return n;
}

int gts_find(const struct fs *fs, const struct gpu *gpu, struct gt_place *ret)
{
	unsigned tiles[GTS_MAX];
	char dir[sizeof(ret->dir) - sizeof("/gt255/")];
	int n_tiles, n = 0;

	if (gpu->driver == GPU_I915) {
		snprintf(dir, sizeof(dir), "sys/class/drm/%s/gt", gpu->card);
		return add_gts(fs, dir, ret, 0);
	}
	snprintf(dir, sizeof(dir), "sys/bus/pci/devices/%s", gpu->pci);
	n_tiles = list_numbers(fs, dir, "tile", tiles);
	for (int i = 0; i < n_tiles; i++) {
		int r;

		snprintf(dir, sizeof(dir), "sys/bus/pci/devices/%s/tile%u", gpu->pci, tiles[i]);
		r = add_gts(fs, dir, ret, n);
		n = r < 0 ? n : r;
	}
	return n_tiles < 0 ? n_tiles : n;
}
