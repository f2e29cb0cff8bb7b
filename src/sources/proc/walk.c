// SPDX-License-Identifier: Apache-2.0
/* What collectors are given of a walk. */
#include "walk.h"

const pid_t *walk_pids(const struct walk *walk, size_t *ret_n)
{
	*ret_n = walk->n_pids;
	return walk->pids;
}

int walk_name(const struct walk *walk, size_t i, const char **ret)
{
	*ret = walk->processes[i].comm;
	return walk->processes[i].comm_r;
}

const pid_t *walk_unseen(const struct walk *walk, size_t *ret_n)
{
	*ret_n = walk->n_unseen;
	return walk->unseen;
}

bool walk_is_whole_machine(const struct walk *walk)
{
	return walk->whole;
}

bool procs_known_clients(struct procs *procs, uint64_t round, const struct gpu *gpu,
			 struct walk **ret_walk, const struct drm_client **ret, size_t *ret_n,
			 bool *ret_all)
{
	const struct reading *reading;
	struct walk *walk = procs_last_walk(procs, round);
	bool none;

	if (!walk)
		return false;
	reading = walk_reading(walk, gpu);
	/* Who has found no descriptor need not have read any. */
	none = !reading && walk_count(walk, gpu) == 0;
	if (!reading && !none) {
		walk_unref(walk);
		return false;
	}
	*ret = none ? NULL : reading->clients;
	*ret_n = none ? 0 : reading->n;
	*ret_all = walk->whole && walk->n_denied == 0 && walk->n_unseen == 0 && walk->n_cut == 0 &&
		   (none || reading->silent == 0);
	*ret_walk = walk;
	return true;
}
