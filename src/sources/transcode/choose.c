// SPDX-License-Identifier: Apache-2.0
/* The rank of each in its group, then by rank: a group of thousands has one in each turn. */
#include "choose.h"

#include "base/array.h"
#include "sources/workload/workload.h"

#include <errno.h>
#include <stdlib.h>

static int compare_numbers(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

static int compare_in_group(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->group != y->group)
		return compare_numbers(x->group, y->group);
	if (x->uses_gpu != y->uses_gpu)
		return x->uses_gpu ? -1 : 1;
	if (x->known != y->known)
		return x->known ? -1 : 1;
	return compare_numbers((uint64_t)x->pid, (uint64_t)y->pid);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rank != y->rank)
		return compare_numbers(x->rank, y->rank);
	return compare_in_group(a, b);
}

static int compare_pids(const void *a, const void *b)
{
	return compare_numbers((uint64_t)((const struct candidate *)a)->pid,
			       (uint64_t)((const struct candidate *)b)->pid);
}

/* Those to keep come first. */
static void sort_fairly(struct candidate *all, size_t n)
{
	qsort(all, n, sizeof(*all), compare_in_group);
	for (size_t i = 1; i < n; i++)
		all[i].rank = all[i].group == all[i - 1].group ? all[i - 1].rank + 1 : 0;
	qsort(all, n, sizeof(*all), compare_ranks);
}

static int add(struct candidates *c, pid_t pid, const struct transcoder *named)
{
	if (!array_reserve(c->all, &c->size, c->n + 1))
		return -ENOMEM;
	c->all[c->n++] = (struct candidate){ .pid = pid, .named = *named };
	return 0;
}

int candidates_find(struct candidates *c, const struct walk *walk, const char *more,
		    struct fault *fault)
{
	size_t n;
	const pid_t *pids = walk_pids(walk, &n);

	c->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct transcoder named;
		const char *comm;
		int r = walk_name(walk, i, &comm);

		/* Ended; a thread of the kernel may have a longer name than any program. */
		if (r == -ENOENT || r == -ESRCH || r == -EMSGSIZE)
			continue;
		if (r < 0)
			return fault_errno(fault, r, "proc/%d/comm", (int)pids[i]);
		if (transcode_match(comm, more, &named) && add(c, pids[i], &named) < 0)
			return fault_errno(fault, -ENOMEM, "transcoders");
	}
	return 0;
}

size_t candidates_limit(struct candidates *c, size_t max, const struct fs *fs, struct names *names,
			const struct walk *walk)
{
	size_t over = c->n > max ? c->n - max : 0;

	if (over == 0)
		return 0;
	for (size_t i = 0; i < c->n; i++) {
		struct candidate *one = &c->all[i];
		struct workload workload;

		if (workload_of(fs, names, one->pid, &workload) == 0)
			one->group = workload.owner ? workload.owner : workload_hash(&workload);
		one->uses_gpu = walk_holds(walk, one->pid, NULL) > 0;
	}
	sort_fairly(c->all, c->n);
	c->n = max;
	qsort(c->all, c->n, sizeof(*c->all), compare_pids);
	return over;
}
