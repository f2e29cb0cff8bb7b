// SPDX-License-Identifier: Apache-2.0
/* Rows of a table with a limit: names come from outside, and new ones may come for ever. */
#include "sources/transcode/totals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_NS 900000000000u

int transcode_totals_init(struct transcode_totals *t)
{
	*t = (struct transcode_totals){ 0 };
	for (int i = 0; i < ACCELERATIONS; i++) {
		struct transcode_total *other = &t->others[i];

		strcpy(other->application, "other");
		other->acceleration = (enum acceleration)i;
		other->workload.kind = "other";
		strcpy(other->workload.workload, "other");
	}
	t->rows = calloc(TRANSCODE_TOTALS_MAX, sizeof(*t->rows));
	return t->rows ? 0 : -ENOMEM;
}

void transcode_totals_done(struct transcode_totals *t)
{
	free(t->rows);
}

void transcode_totals_begin(struct transcode_totals *t, uint64_t now)
{
	t->before = t->now;
	t->now = now;
	for (size_t i = 0; i < t->n; i++)
		t->rows[i].processes = 0;
	for (int i = 0; i < ACCELERATIONS; i++)
		t->others[i].processes = 0;
}

static struct transcode_total *find(struct transcode_totals *t, const char *application,
				    enum acceleration acceleration, const struct workload *workload)
{
	struct transcode_total *oldest = NULL;
	unsigned owned = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct transcode_total *use = &t->rows[i];

		if (use->acceleration == acceleration &&
		    strcmp(use->application, application) == 0 &&
		    workload_equal(&use->workload, workload))
			return use;
		owned += workload->owner && use->workload.owner == workload->owner;
		/* A row of the last scan may yet be used in this one. */
		if (use->last_live < t->before && (!oldest || use->last_live < oldest->last_live))
			oldest = use;
	}
	/* Those that are remembered stay, lest an owner have new ones at each scan. */
	if (workload->owner && owned >= WORKLOAD_SHARE(TRANSCODE_TOTALS_MAX))
		return &t->others[acceleration];
	if (t->n < TRANSCODE_TOTALS_MAX)
		oldest = &t->rows[t->n++];
	if (!oldest)
		return &t->others[acceleration];
	*oldest = (struct transcode_total){ .acceleration = acceleration, .workload = *workload };
	snprintf(oldest->application, sizeof(oldest->application), "%s", application);
	return oldest;
}

void transcode_totals_add(struct transcode_totals *t, const char *application,
			  enum acceleration acceleration, const struct workload *workload,
			  unsigned processes, uint64_t cpu_ns)
{
	struct transcode_total *use = find(t, application, acceleration, workload);

	use->processes += processes;
	use->cpu_ns += cpu_ns;
	use->last_live = t->now;
}

void transcode_totals_end(struct transcode_totals *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->now - t->rows[i].last_live > FORGET_NS)
			continue;
		if (n != i)
			t->rows[n] = t->rows[i];
		n++;
	}
	t->n = n;
}
