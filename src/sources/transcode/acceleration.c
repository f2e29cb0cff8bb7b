// SPDX-License-Identifier: Apache-2.0
/*
 * The limits are shares of the time that is judged. Too long a time would hide that a transcode
 * fell back to software; too short a one takes a pause or a burst for its nature: servers
 * throttle transcodes that are ahead of the viewer by stopping them for seconds.
 */
#include "sources/transcode/acceleration.h"

#define WINDOW_NS 10000000000u
#define APART_NS  1000000000u

/* Where the contract draws it: hardware transcodes of 4K take a tenth of a core, sound included. */
#define MIXED_CPU 0.5
/* No process codes video below this; a waiting transcode polls its input with less than 1 %. */
#define SOFTWARE_CPU 0.02
/* More than the few jobs of a context that is opened and not used. */
#define GPU_SHARE 0.001
/* Less than that is use, if it grows from each scan to the next: a camera's small picture. */
#define STEADY_SCANS 2

static const char *const names[ACCELERATIONS] = {
	[ACCELERATION_HARDWARE] = "hardware", [ACCELERATION_MIXED] = "mixed",
	[ACCELERATION_SOFTWARE] = "software", [ACCELERATION_IDLE] = "idle",
	[ACCELERATION_UNKNOWN] = "unknown",
};

const char *acceleration_name(enum acceleration acceleration)
{
	return names[acceleration];
}

void acceleration_add(struct acceleration_history *h, const struct acceleration_sample *sample)
{
	if (h->n > 0 && sample->at < h->samples[h->n - 1].at + APART_NS)
		return;
	if (h->n == ACCELERATION_SAMPLES) {
		for (size_t i = 1; i < h->n; i++)
			h->samples[i - 1] = h->samples[i];
		h->n--;
	}
	h->samples[h->n++] = *sample;
}

static double share(uint64_t now, uint64_t then, double elapsed)
{
	return now > then ? (double)(now - then) / elapsed : 0;
}

enum use { NEVER, SOMETIMES, ALWAYS };

/* Whether the GPU's time has grown since the n-th scan: at all, or from each scan to the next. */
static enum use gpu_use(const struct acceleration_history *h, const struct acceleration_sample *now,
			size_t n)
{
	size_t scans = h->n - n, grown = 0;
	enum use use = NEVER;

	for (size_t i = h->n; i-- > 0 && (i >= n || h->n - i <= STEADY_SCANS);) {
		const struct acceleration_sample *then = &h->samples[i];

		if (now->video_ns > then->video_ns)
			grown++;
		if (i >= n && (now->video_ns > then->video_ns || now->other_ns > then->other_ns))
			use = SOMETIMES;
		now = then;
	}
	return grown >= scans && grown >= STEADY_SCANS ? ALWAYS : use;
}

bool acceleration_judge(const struct acceleration_history *h, const struct acceleration_sample *now,
			enum coding coding, enum acceleration *ret)
{
	const struct acceleration_sample *then;
	double elapsed, cpu, video, other;
	size_t n = h->n;
	enum use use;

	while (n > 0 && h->samples[n - 1].at + WINDOW_NS > now->at)
		n--;
	if (n == 0)
		return false;
	then = &h->samples[--n];
	elapsed = (double)(now->at - then->at);
	cpu = share(now->cpu_ns, then->cpu_ns, elapsed);
	video = share(now->video_ns, then->video_ns, elapsed);
	other = share(now->other_ns, then->other_ns, elapsed);
	use = gpu_use(h, now, n);
	if (!now->gpu_known || !then->gpu_known)
		*ret = ACCELERATION_UNKNOWN;
	else if (video >= GPU_SHARE || use == ALWAYS)
		*ret = cpu > MIXED_CPU || coding == CODING_SOFTWARE ? ACCELERATION_MIXED
								    : ACCELERATION_HARDWARE;
	else if (other >= GPU_SHARE)
		*ret = coding >= CODING_HARDWARE ? ACCELERATION_MIXED : ACCELERATION_UNKNOWN;
	else if (cpu <= SOFTWARE_CPU || coding == CODING_NONE)
		*ret = ACCELERATION_IDLE;
	else
		*ret = coding >= CODING_VIDEO && use == NEVER ? ACCELERATION_SOFTWARE
							      : ACCELERATION_UNKNOWN;
	return true;
}
