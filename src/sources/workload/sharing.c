// SPDX-License-Identifier: Apache-2.0
#include "sources/workload/sharing.h"

#include "sources/proc/openers.h"
#include "sources/workload/workload.h"

#include <errno.h>
#include <stdlib.h>

/* A process that holds a client; sorted by client. */
struct holder {
	size_t client;
	pid_t pid;
	uint64_t workload; /* a hash; 0: it has ended */
};

static int compare_clients(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int compare_pids(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Drops those that are a client's only holder. */
static size_t drop_single(struct holder *holders, size_t n)
{
	size_t kept = 0, group;

	for (size_t i = 0; i < n; i += group) {
		for (group = 1; i + group < n && holders[i + group].client == holders[i].client;)
			group++;
		for (size_t j = 0; group > 1 && j < group; j++)
			holders[kept++] = holders[i + j];
	}
	return kept;
}

static void read_workloads(const struct fs *fs, struct names *names, struct holder *holders,
			   size_t n)
{
	struct workload workload;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && holders[i].pid == holders[i - 1].pid)
			holders[i].workload = holders[i - 1].workload;
		else if (workload_of(fs, names, holders[i].pid, &workload) == 0)
			holders[i].workload = workload_hash(&workload) | 1;
	}
}

/* The workload of those holders that are still there; false if there are several. */
static bool agree(const struct holder *holders, size_t n, pid_t *ret)
{
	const struct holder *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (holders[i].workload == 0)
			continue;
		if (first && first->workload != holders[i].workload)
			return false;
		first = first ? first : &holders[i];
	}
	*ret = first ? first->pid : holders[0].pid;
	return true;
}

static pid_t ask_kernel(const struct opener *openers, size_t n_openers, uint64_t id,
			const struct holder *holders, size_t n)
{
	pid_t *pids = calloc(n, sizeof(*pids)), found = 0;

	for (size_t i = 0; pids && i < n; i++)
		pids[i] = holders[i].pid;
	if (pids)
		found = openers_find(openers, n_openers, id, pids, n);
	free(pids);
	return found;
}

static void decide(const struct fs *fs, const struct gpu *gpu, const struct drm_client *clients,
		   const struct holder *holders, size_t n, pid_t *owners)
{
	struct opener *openers = NULL;
	size_t n_openers = 0, group;
	bool asked = false;

	for (size_t i = 0; i < n; i += group) {
		size_t client = holders[i].client;

		for (group = 1; i + group < n && holders[i + group].client == client; group++)
			;
		if (agree(&holders[i], group, &owners[client]))
			continue;
		if (!asked)
			openers_read(fs, gpu, &openers, &n_openers);
		asked = true;
		owners[client] = ask_kernel(openers, n_openers, clients[client].info.client_id,
					    &holders[i], group);
	}
	free(openers);
}

int sharing_owners(const struct fs *fs, struct names *names, const struct gpu *gpu,
		   const struct drm_client *clients, size_t n, const struct held *held,
		   size_t n_held, pid_t *ret_owners)
{
	struct holder *holders;
	size_t shared = 0;

	for (size_t i = 0; i < n; i++)
		ret_owners[i] = clients[i].pid;
	holders = calloc(n_held ? n_held : 1, sizeof(*holders));
	if (!holders)
		return -ENOMEM;
	for (size_t i = 0; i < n_held; i++)
		if (held[i].client != HELD_SILENT)
			holders[shared++] =
				(struct holder){ .client = held[i].client, .pid = held[i].pid };
	/* Else each has one holder. */
	if (shared > n) {
		qsort(holders, shared, sizeof(*holders), compare_clients);
		shared = drop_single(holders, shared);
		qsort(holders, shared, sizeof(*holders), compare_pids);
		read_workloads(fs, names, holders, shared);
		qsort(holders, shared, sizeof(*holders), compare_clients);
		decide(fs, gpu, clients, holders, shared, ret_owners);
	}
	free(holders);
	return 0;
}
