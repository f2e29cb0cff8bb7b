/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Was a client missed? The kernel counts the open files of a DRM driver in the references of its
 * module (drm_open() takes one by the file operations' owner: fs/char_dev.c), beside whatever else
 * holds it: perf events, exported buffers, other modules. As long as that rest stays the same, as
 * many clients are known as there are. A driver that is no module has its list of files alone
 * (openers.h), which only root may read.
 */
#ifndef SOURCES_PROC_PROOF_H
#define SOURCES_PROC_PROOF_H

#include "module_refs.h"
#include "walk.h"

#define PROOF_MORE  8 /* so often a larger rest is seen in a row before it is believed */
#define PROOF_FEWER 2

struct proof {
	struct proof_gpu {
		char pci[24];
		enum gpu_driver driver;
		size_t clients;
		int64_t rest, seen; /* what is believed, and what was seen last instead */
		unsigned times;
	} gpus[MAX_READ];
	size_t n;
	struct module_refs modules[2]; /* of the drivers */
	uint64_t no_openers;	       /* there was no list when fs_changes() was this */
};

void proof_init(struct proof *proof);

/*
 * After a reading of a GPU's clients, of which there are so many; full: by a walk that has scanned
 * every process. False: somebody may have been missed. True as well where the kernel does not say.
 */
bool proof_holds(struct proof *proof, const struct fs *fs, const struct gpu *gpu, size_t clients,
		 bool full);

/* What is seen is not explained yet: the next walk has to scan every process. */
bool proof_is_open(const struct proof *proof);

/* Whether the tree has a count of references of a DRM driver. */
bool proof_is_there(struct proof *proof, const struct fs *fs);

#endif
