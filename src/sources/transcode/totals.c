// SPDX-License-Identifier: Apache-2.0
/* Rows of a table with a limit: names come from outside, and new ones may come for ever. */
#include "sources/transcode/totals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_NS 900000000000u

int transcode_uses_init(struct transcode_uses *u)
{
	*u = (struct transcode_uses){ 0 };
	for (int i = 0; i < ACCELERATIONS; i++) {
		struct transcode_use *other = &u->others[i];

		strcpy(other->application, "other");
		other->acceleration = (enum acceleration)i;
		other->workload.kind = "other";
		strcpy(other->workload.workload, "other");
	}
	u->uses = calloc(TRANSCODE_USES_MAX, sizeof(*u->uses));
	return u->uses ? 0 : -ENOMEM;
}

void transcode_uses_done(struct transcode_uses *u)
{
	free(u->uses);
}

void transcode_uses_begin(struct transcode_uses *u, uint64_t now)
{
	u->before = u->now;
	u->now = now;
	for (size_t i = 0; i < u->n; i++)
		u->uses[i].processes = 0;
	for (int i = 0; i < ACCELERATIONS; i++)
		u->others[i].processes = 0;
}

static struct transcode_use *find(struct transcode_uses *u, const char *application,
				  enum acceleration acceleration, const struct workload *workload)
{
	struct transcode_use *oldest = NULL;

	for (size_t i = 0; i < u->n; i++) {
		struct transcode_use *use = &u->uses[i];

		if (use->acceleration == acceleration &&
		    strcmp(use->application, application) == 0 &&
		    workload_equal(&use->workload, workload))
			return use;
		/* One that was seen at the last look may yet be seen at this one. */
		if (use->last_live < u->before && (!oldest || use->last_live < oldest->last_live))
			oldest = use;
	}
	if (u->n < TRANSCODE_USES_MAX)
		oldest = &u->uses[u->n++];
	if (!oldest)
		return &u->others[acceleration];
	*oldest = (struct transcode_use){ .acceleration = acceleration, .workload = *workload };
	snprintf(oldest->application, sizeof(oldest->application), "%s", application);
	return oldest;
}

void transcode_uses_add(struct transcode_uses *u, const char *application,
			enum acceleration acceleration, const struct workload *workload,
			unsigned processes, uint64_t cpu_ns)
{
	struct transcode_use *use = find(u, application, acceleration, workload);

	use->processes += processes;
	use->cpu_ns += cpu_ns;
	use->last_live = u->now;
}

void transcode_uses_end(struct transcode_uses *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		if (u->now - u->uses[i].last_live > FORGET_NS)
			continue;
		if (n != i)
			u->uses[n] = u->uses[i];
		n++;
	}
	u->n = n;
}
