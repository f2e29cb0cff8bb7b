// SPDX-License-Identifier: Apache-2.0
/*
 * A client's value that dips is held (Documentation/gpu/drm-usage-stats.rst: keep the larger one).
 * xe counts cycles of a clock: their share of all the clock's cycles between two readings, times
 * the time between them, so that its first reading reports nothing yet. Two readings that tell
 * nothing are a gap: the older one is kept for one more, which may bridge it, and is given up then.
 */
#include "sources/proc/gpu_time.h"

#include <stdio.h>
#include <string.h>

void gpu_time_begin(struct gpu_time *time, bool fresh)
{
	time->known = true;
	time->gap = false;
	if (fresh)
		time->since_start = true;
	for (size_t i = 0; i < time->n; i++)
		time->clients[i].seen = false;
}

static struct gpu_time_client *find(struct gpu_time *time, const char *pci, uint64_t id)
{
	for (size_t i = 0; i < time->n; i++)
		if (time->clients[i].id == id && strcmp(time->clients[i].pci, pci) == 0)
			return &time->clients[i];
	return NULL;
}

static struct gpu_time_client *insert(struct gpu_time *time, const char *pci, uint64_t id)
{
	struct gpu_time_client *client;

	if (time->n == GPU_TIME_CLIENTS)
		return NULL;
	client = &time->clients[time->n++];
	*client = (struct gpu_time_client){ .id = id };
	snprintf(client->pci, sizeof(client->pci), "%s", pci);
	return client;
}

static uint64_t grown_ns(const struct fdinfo_engine *now, struct fdinfo_engine *last)
{
	uint64_t ns = now->ns > last->ns ? now->ns - last->ns : 0;

	last->ns += ns;
	return ns;
}

static uint64_t grown_cycles(struct gpu_time *time, struct gpu_time_client *last, int class,
			     const struct drm_client *client)
{
	const struct fdinfo_engine *now = &client->info.engines[class];
	uint64_t elapsed = client->at - last->at[class], cycles, total;
	double ns = 0, most = (double)fdinfo_capacity(now) * (double)elapsed;

	if (fdinfo_cycles_grown(&last->engines[class], now, elapsed, &cycles, &total)) {
		last->held[class] = false;
		ns = total > 0 ? (double)cycles / (double)total * (double)elapsed : 0;
	} else {
		time->gap = true;
		last->held[class] = !last->held[class];
		if (last->held[class])
			return 0;
	}
	last->engines[class] = *now;
	last->at[class] = client->at;
	return (uint64_t)(ns < most ? ns : most);
}

void gpu_time_add(struct gpu_time *time, const char *pci, const struct drm_client *client,
		  bool fresh)
{
	const struct fdinfo *info = &client->info;
	struct gpu_time_client *last = find(time, pci, info->client_id);
	bool is_new = !last, reports = false;

	if (is_new)
		last = insert(time, pci, info->client_id);
	/* A process with more clients is no known transcoder. */
	if (!last) {
		time->known = false;
		return;
	}
	for (int i = 0; i < FDINFO_CLASSES; i++) {
		const struct fdinfo_engine *now = &info->engines[i];
		uint64_t ns = 0;

		if (!now->has_ns && !now->has_cycles)
			continue;
		reports = true;
		if (is_new && (!fresh || now->has_cycles)) {
			last->engines[i] = *now;
			last->at[i] = client->at;
		} else if (now->has_ns) {
			ns = grown_ns(now, &last->engines[i]);
		} else {
			ns = grown_cycles(time, last, i, client);
		}
		if (is_new && now->has_cycles && now->cycles > 0)
			time->since_start = false;
		if (i == FDINFO_VIDEO || i == FDINFO_VIDEO_ENHANCE)
			time->video_ns += ns;
		else
			time->other_ns += ns;
	}
	time->known &= reports;
	last->seen = true;
}

void gpu_time_sleeps(struct gpu_time *time, const char *pci)
{
	/* The GPU may have worked before it was suspended. */
	time->since_start = false;
	for (size_t i = 0; i < time->n; i++)
		time->clients[i].seen |= strcmp(time->clients[i].pci, pci) == 0;
}

/* The time of a client that is gone stays counted. */
void gpu_time_end(struct gpu_time *time)
{
	size_t n = 0;

	for (size_t i = 0; i < time->n; i++)
		if (time->clients[i].seen)
			time->clients[n++] = time->clients[i];
	time->n = n;
}
