// SPDX-License-Identifier: Apache-2.0
/*
 * How many transcodes does the GPU do, and how many fell back to software? Processes of known
 * names are judged by their CPU time and their own clients' engine time.
 */
#include "collectors/collector.h"
#include "sources/transcode/scan.h"

#include <errno.h>
#include <string.h>

enum { TRANSCODES, PROCESSES, CPU };

#define USE_LABELS                                                                                 \
	"application", "acceleration", "workload", "workload_kind", "namespace", "pod",            \
		"container", "vmid", "guest"

static const struct family families[] = {
	[TRANSCODES] = {
		.name = "intel_gpu_transcodes",
		.help = "Processes that transcode video by what does it, from their CPU time and "
			"their clients' fdinfo over at least 10 s; unknown: younger, or the "
			"GPU's use cannot be read.",
		.type = GAUGE,
		.labels = { "acceleration" },
	},
	[PROCESSES] = {
		.name = "intel_gpu_transcode_processes",
		.help = "The same by application and workload; 0 for 15 minutes after the last "
			"one.",
		.type = GAUGE,
		.labels = { USE_LABELS },
	},
	[CPU] = {
		.name = "intel_gpu_transcode_cpu_seconds_total",
		.help = "CPU time of such processes, from /proc/<pid>/stat; what one takes "
			"between the last scrape and its end is not seen.",
		.type = COUNTER,
		.labels = { USE_LABELS },
	},
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)gpu;
	*ret_state = transcode_scan_new(context->fs, context->names, context->transcode_names);
	return *ret_state ? 0 : -ENOMEM;
}

static void destroy(void *state)
{
	transcode_scan_free(state);
}

static void put_use(const struct collection *c, const struct transcode_total *use)
{
	const struct workload *w = &use->workload;
	const char *acceleration = acceleration_name(use->acceleration);

	if (use->last_live == 0)
		return;
	put(c->batch, &families[PROCESSES], use->processes, use->application, acceleration,
	    w->workload, w->kind, w->namespace, w->pod, w->container, w->vmid, w->guest);
	put(c->batch, &families[CPU], (double)use->cpu_ns / 1e9, use->application, acceleration,
	    w->workload, w->kind, w->namespace, w->pod, w->container, w->vmid, w->guest);
}

static void put_all(const struct collection *c)
{
	const struct transcode_totals *totals = transcode_scan_totals(c->state);
	unsigned counts[ACCELERATIONS];

	transcode_scan_count(c->state, counts);
	for (int i = 0; i < ACCELERATIONS; i++)
		put(c->batch, &families[TRANSCODES], counts[i],
		    acceleration_name((enum acceleration)i));
	for (size_t i = 0; i < totals->n; i++)
		put_use(c, &totals->rows[i]);
	for (int i = 0; i < ACCELERATIONS; i++)
		put_use(c, &totals->others[i]);
}

/* Descriptors that may not be listed make the transcoders that they belong to unknown. */
static int collect(const struct collection *c)
{
	struct walk *walk;
	int r = procs_walk_partial(c->context->procs, c->round->number, &walk, c->fault);

	if (r < 0)
		return r;
	r = walk_is_hidden(walk, c->fault);
	if (r == 0)
		r = transcode_scan_run(c->state, walk, c->round->gpus, c->fault);
	walk_unref(walk);
	if (r < 0)
		return r;
	put_all(c);
	return 0;
}

const struct collector transcode_collector = {
	.name = "transcode",
	.help = "how many transcodes run in hardware and in software, from processes' CPU time and "
		"fdinfo",
	.scope = HOST,
	.reads_processes = true,
	.needs_baseline = true,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
	.destroy = destroy,
};
