// SPDX-License-Identifier: Apache-2.0
/*
 * A process' clients, reading after reading: texts of fdinfo, each with a byte before it that says
 * how much later it is read. What is added up never falls, and cycles give no more time than has
 * passed.
 */
#include "fuzz.h"

#include "sources/proc/gpu_time.h"

#define MS 1000000u

/* A driver's own nanoseconds are taken as they are; sums of these need not fit. */
#define SANE_NS (UINT64_C(1) << 56)

static bool is_sane(const struct fdinfo *info, uint64_t *most_ns, uint64_t elapsed)
{
	for (int i = 0; i < FDINFO_CLASSES; i++) {
		const struct fdinfo_engine *e = &info->engines[i];

		if (e->has_ns && e->ns > SANE_NS)
			return false;
		*most_ns += e->has_ns ? e->ns : fdinfo_capacity(e) * elapsed;
	}
	return true;
}

static void check_grown(const struct fdinfo *last, const struct fdinfo *now, uint64_t elapsed)
{
	for (int i = 0; i < FDINFO_CLASSES; i++) {
		uint64_t cycles = 1, total = 1;

		if (fdinfo_cycles_grown(&last->engines[i], &now->engines[i], elapsed, &cycles,
					&total))
			CHECK(total > 0 || cycles == 0);
	}
}

static void read_again(struct gpu_time *time, const struct drm_client *client, bool fresh)
{
	uint64_t video = time->video_ns, other = time->other_ns;

	gpu_time_begin(time, fresh);
	gpu_time_add(time, "0000:00:02.0", client, fresh);
	gpu_time_end(time);
	CHECK(time->n <= GPU_TIME_CLIENTS);
	CHECK(time->video_ns >= video && time->other_ns >= other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gpu_time zero;
	const uint8_t *end = data + size;
	struct gpu_time time = zero;
	struct drm_client client = { 0 }, last = { 0 };
	uint64_t most_ns = 0;

	while (data < end) {
		const uint8_t *next = memchr(data, '\0', (size_t)(end - data));
		size_t len = (size_t)((next ? next : end) - data) - 1;
		uint64_t elapsed = (uint64_t)(*data) * *data * MS;
		char *text;

		if (next == data) {
			data++;
			continue;
		}
		text = padded(data + 1, len, FDINFO_SLACK);
		client.at += elapsed;
		if (fdinfo_parse(text, len, &client.info) == 0) {
			if (!is_sane(&client.info, &most_ns, client.at)) {
				free(text);
				return 0;
			}
			check_grown(&last.info, &client.info, elapsed);
			read_again(&time, &client, time.n == 0 && *data & 1);
			CHECK(time.video_ns + time.other_ns <= most_ns);
			last = client;
		}
		free(text);
		data = next ? next + 1 : end;
	}
	return 0;
}
