/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has opened a DRM file, by the kernel's own list: sys/kernel/debug/dri/<minor>/clients, as
 * drivers/gpu/drm/drm_debugfs.c prints it. Only root may read it, and not everywhere.
 */
#ifndef SOURCES_PROC_OPENERS_H
#define SOURCES_PROC_OPENERS_H

#include "base/fs.h"
#include "sources/gpu/gpu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct opener {
	pid_t pid; /* since Linux 6.8 who uses it, if it was passed on */
	bool has_id;
	uint64_t id; /* of the client, which later kernels print */
};

/*
 * Parses a whole file: at most max openers, and how many those are. A process may call itself what
 * it likes, newlines included: a line that is not the kernel's is skipped.
 */
size_t openers_parse(const char *text, size_t len, struct opener *ret, size_t max);

/* Of those that hold a client the one that has opened it; 0: not known. */
pid_t openers_find(const struct opener *openers, size_t n, uint64_t id, const pid_t *holders,
		   size_t n_holders);

#define OPENERS_MAX 1024

/* Reads the list of a GPU, at most OPENERS_MAX; the caller frees it. False: it cannot be read. */
bool openers_read(const struct fs *fs, const struct gpu *gpu, struct opener **ret, size_t *ret_n);

#endif
