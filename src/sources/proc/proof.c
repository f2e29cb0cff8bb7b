// SPDX-License-Identifier: Apache-2.0
/*
 * A rest that grows may be a client that no process has: its descriptor is in a socket, on its way
 * from one process to another, and will show no change of the count when it arrives. So for some
 * walks nothing is taken for granted. One that falls was seen while files were opened and closed,
 * unless it is seen again.
 */
#include "proof.h"

#include "sources/proc/openers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int index_of(enum gpu_driver driver)
{
	return driver == GPU_I915 ? 0 : driver == GPU_XE ? 1 : -1;
}

void proof_init(struct proof *proof)
{
	proof->modules[0] = (struct module_refs){ .name = "i915", .fd = -1 };
	proof->modules[1] = (struct module_refs){ .name = "xe", .fd = -1 };
}

bool proof_is_there(struct proof *proof, const struct fs *fs)
{
	uint64_t count;

	return module_refs_read(&proof->modules[0], fs, &count) ||
	       module_refs_read(&proof->modules[1], fs, &count);
}

/* Root's alone, and there only with debugfs: who is denied it is not denied it less later. */
static bool count_openers(struct proof *proof, const struct fs *fs, const struct gpu *gpu,
			  size_t *ret)
{
	uint64_t changes = fs_changes(fs);
	struct opener *openers;

	if (proof->no_openers && proof->no_openers == changes)
		return false;
	proof->no_openers = 0;
	if (openers_read(fs, gpu, &openers, ret)) {
		free(openers);
		return true;
	}
	if (fs_is_followed(fs, "sys/kernel/debug/dri"))
		proof->no_openers = changes;
	return false;
}

static struct proof_gpu *know(struct proof *proof, const struct gpu *gpu, size_t clients)
{
	struct proof_gpu *found;
	size_t i = 0;

	while (i < proof->n && strcmp(proof->gpus[i].pci, gpu->pci) != 0)
		i++;
	if (i == MAX_READ)
		return NULL;
	found = &proof->gpus[i];
	if (i == proof->n) {
		proof->n++;
		snprintf(found->pci, sizeof(found->pci), "%s", gpu->pci);
	}
	found->driver = gpu->driver;
	found->clients = clients;
	return found;
}

/* What the kernel has beside the known clients; false: it does not say. */
static bool read_rest(struct proof *proof, const struct fs *fs, const struct gpu *gpu,
		      size_t clients, int64_t *ret)
{
	int driver = index_of(gpu->driver);
	uint64_t count;
	size_t n;

	if (driver >= 0 && module_refs_read(&proof->modules[driver], fs, &count)) {
		*ret = (int64_t)(count & INT64_MAX);
		for (size_t i = 0; i < proof->n; i++)
			if (proof->gpus[i].driver == gpu->driver)
				*ret -= (int64_t)proof->gpus[i].clients;
		return true;
	}
	if (!count_openers(proof, fs, gpu, &n))
		return false;
	*ret = (int64_t)n - (int64_t)clients;
	return n < OPENERS_MAX;
}

bool proof_holds(struct proof *proof, const struct fs *fs, const struct gpu *gpu, size_t clients,
		 bool full)
{
	struct proof_gpu *g = know(proof, gpu, clients);
	int64_t rest;

	if (!g || !read_rest(proof, fs, gpu, clients, &rest))
		return true;
	if (rest == g->rest) {
		g->times = 0;
		return true;
	}
	if (!full)
		return false;
	if (rest != g->seen)
		g->times = 0;
	g->seen = rest;
	g->times++;
	if (g->times >= (rest > g->rest ? PROOF_MORE : PROOF_FEWER)) {
		g->rest = rest;
		g->times = 0;
	}
	return true;
}

bool proof_is_open(const struct proof *proof)
{
	for (size_t i = 0; i < proof->n; i++)
		if (proof->gpus[i].times > 0)
			return true;
	return false;
}
