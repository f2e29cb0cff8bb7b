// SPDX-License-Identifier: Apache-2.0
#include "sources/gpu/resets.h"

#include "base/macros.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_GPUS 64

struct resets {
	pthread_mutex_t lock;
	bool listens;
	size_t n;
	struct {
		char pci[24];
		uint64_t count;
	} gpus[MAX_GPUS];
};

struct resets *resets_new(void)
{
	struct resets *resets = calloc(1, sizeof(*resets));

	if (resets)
		pthread_mutex_init(&resets->lock, NULL);
	return resets;
}

void resets_free(struct resets *resets)
{
	free(resets);
}

void resets_listen(struct resets *resets, bool listens)
{
	pthread_mutex_lock(&resets->lock);
	resets->listens = listens;
	pthread_mutex_unlock(&resets->lock);
}

/* Under the lock. The number of a GPU, n when it had no reset yet. */
static size_t find(const struct resets *resets, const char *pci, size_t len)
{
	size_t i = 0;

	while (i < resets->n &&
	       (strlen(resets->gpus[i].pci) != len || memcmp(resets->gpus[i].pci, pci, len) != 0))
		i++;
	return i;
}

void resets_add(struct resets *resets, const char *pci, size_t len)
{
	size_t i;

	if (len >= sizeof(resets->gpus[0].pci))
		return;
	pthread_mutex_lock(&resets->lock);
	i = find(resets, pci, len);
	if (i == resets->n && i < MAX_GPUS) {
		memcpy(resets->gpus[i].pci, pci, len);
		resets->n++;
	}
	if (i < resets->n)
		resets->gpus[i].count++;
	pthread_mutex_unlock(&resets->lock);
}

bool resets_of(struct resets *resets, const char *pci, uint64_t *ret)
{
	size_t i;
	bool listens;

	pthread_mutex_lock(&resets->lock);
	listens = resets->listens;
	i = find(resets, pci, strlen(pci));
	*ret = i < resets->n ? resets->gpus[i].count : 0;
	pthread_mutex_unlock(&resets->lock);
	return listens;
}
