// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/sriov_profile.h"

#include <errno.h>
#include <stdio.h>

#define ADMIN	  "sys/bus/pci/devices/%s/sriov_admin/%s/profile/%s"
#define DEBUGFS	  "sys/kernel/debug/dri/%s"
#define MAX_TILES 2
#define MAX_GTS	  4

/* The names in debugfs since 6.19, and those of before, which are below each GT. */
static int read_gt(const struct fs *fs, bool old, const char *pci, const char *function,
		   unsigned tile, unsigned gt, const char *file, uint64_t *ret)
{
	if (old)
		return fs_read_u64(fs, ret, DEBUGFS "/gt%u/%s/%s", pci, gt, function, file);
	return fs_read_u64(fs, ret, DEBUGFS "/sriov/%s/tile%u/gt%u/%s", pci, function, tile, gt,
			   file);
}

/* A value that all GTs have; else 0. */
static uint64_t read_gts(const struct fs *fs, bool old, const char *pci, const char *function,
			 const char *file)
{
	uint64_t value, found = 0;
	bool any = false;

	for (unsigned tile = 0; tile < (old ? 1 : MAX_TILES); tile++)
		for (unsigned gt = 0; gt < MAX_GTS; gt++) {
			int r = read_gt(fs, old, pci, function, tile, gt, file, &value);

			if (r == -ENOENT)
				continue;
			if (r < 0 || (any && value != found))
				return 0;
			found = value;
			any = true;
		}
	return found;
}

static uint64_t read_limit(const struct fs *fs, const char *pci, const char *function,
			   const char *file, bool debugfs)
{
	uint64_t value;
	int r = fs_read_u64(fs, &value, ADMIN, pci, function, file);

	if (r == 0)
		return value;
	/* -EUCLEAN: GTs differ. */
	if (r != -ENOENT || !debugfs)
		return 0;
	value = read_gts(fs, false, pci, function, file);
	return value ? value : read_gts(fs, true, pci, function, file);
}

static bool read_memory(const struct fs *fs, const char *pci, const char *function, bool debugfs,
			uint64_t *ret)
{
	static const char file[] = "vram_quota";
	uint64_t value;
	bool any = false;

	if (fs_read_u64(fs, ret, ADMIN, pci, function, file) == 0)
		return true;
	*ret = 0;
	for (unsigned tile = 0; debugfs && tile < MAX_TILES; tile++) {
		int r = fs_read_u64(fs, &value, DEBUGFS "/sriov/%s/tile%u/%s", pci, function, tile,
				    file);

		if (r == -ENOENT)
			continue;
		if (r < 0 || __builtin_add_overflow(*ret, value, ret))
			return false;
		any = true;
	}
	return any;
}

void sriov_profile_read(const struct fs *fs, const char *pci, unsigned function,
			struct sriov_profile *ret)
{
	uint64_t inode;
	bool debugfs = fs_inode(fs, &inode, DEBUGFS, pci) == 0;
	char name[16] = "pf";

	*ret = (struct sriov_profile){ 0 };
	if (function > 0)
		snprintf(name, sizeof(name), "vf%u", function);
	ret->quantum_ms = read_limit(fs, pci, name, "exec_quantum_ms", debugfs);
	ret->preempt_us = read_limit(fs, pci, name, "preempt_timeout_us", debugfs);
	/* The physical function has the rest. */
	ret->has_memory = function > 0 && read_memory(fs, pci, name, debugfs, &ret->memory);
}
