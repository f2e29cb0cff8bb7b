// SPDX-License-Identifier: Apache-2.0
/*
 * A rest that grows may be a client that no process has: its descriptor is in a socket, on its way
 * from one process to another, and will show no change of the count when it arrives. So for some
 * walks nothing is taken for granted. One that falls was seen while files were opened and closed,
 * unless it is seen again.
 */
#include "proof.h"

#include <stdio.h>
#include <string.h>

static const char *const modules[] = { "i915", "xe" };

static int index_of(enum gpu_driver driver)
{
	return driver == GPU_I915 ? 0 : driver == GPU_XE ? 1 : -1;
}

static bool read_count(const struct fs *fs, int module, uint64_t *ret)
{
	return fs_read_u64(fs, ret, "sys/module/%s/refcnt", modules[module]) == 0;
}

bool proof_is_there(const struct fs *fs)
{
	uint64_t count;

	return read_count(fs, 0, &count) || read_count(fs, 1, &count);
}

static void know(struct proof *proof, const struct gpu *gpu, size_t clients)
{
	size_t i = 0;

	while (i < proof->n_known && strcmp(proof->known[i].pci, gpu->pci) != 0)
		i++;
	if (i == MAX_READ)
		return;
	if (i == proof->n_known)
		snprintf(proof->known[proof->n_known++].pci, sizeof(proof->known[i].pci), "%s",
			 gpu->pci);
	proof->known[i].driver = gpu->driver;
	proof->known[i].clients = clients;
}

bool proof_holds(struct proof *proof, const struct fs *fs, const struct gpu *gpu, size_t clients,
		 bool full)
{
	int driver = index_of(gpu->driver);
	uint64_t count;
	int64_t rest;

	know(proof, gpu, clients);
	if (driver < 0 || !read_count(fs, driver, &count))
		return true;
	rest = (int64_t)(count & INT64_MAX);
	for (size_t i = 0; i < proof->n_known; i++)
		if (proof->known[i].driver == gpu->driver)
			rest -= (int64_t)proof->known[i].clients;
	if (rest == proof->drivers[driver].rest) {
		proof->drivers[driver].times = 0;
		return true;
	}
	if (!full)
		return false;
	if (proof->drivers[driver].times == 0 || rest != proof->drivers[driver].seen)
		proof->drivers[driver].times = 0;
	proof->drivers[driver].seen = rest;
	proof->drivers[driver].times++;
	if (proof->drivers[driver].times >=
	    (rest > proof->drivers[driver].rest ? PROOF_MORE : PROOF_FEWER)) {
		proof->drivers[driver].rest = rest;
		proof->drivers[driver].times = 0;
	}
	return true;
}

bool proof_is_open(const struct proof *proof)
{
	return proof->drivers[0].times > 0 || proof->drivers[1].times > 0;
}
