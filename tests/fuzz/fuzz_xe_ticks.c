// SPDX-License-Identifier: Apache-2.0
/*
 * An engine of three functions, reading after reading: 8 bytes for each of them, 4 of the time
 * since the last. No total falls, and all of them together grow by no more than the time.
 */
#include "fuzz.h"

#include "sources/gpu/xe_ticks.h"

#define HZ UINT64_C(19200000)

static uint64_t sum_ns(const struct xe_active *f)
{
	return xe_ticks_ns(f[0].ticks + f[1].ticks + f[2].ticks, HZ);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xe_active f[3] = { 0 };
	uint64_t now = 0;

	for (; size >= 28; data += 28, size -= 28) {
		uint64_t raw[3], before = sum_ns(f), since, clock;
		struct xe_active last[3];
		uint32_t ns;

		memcpy(raw, data, sizeof(raw));
		memcpy(&ns, data + 24, sizeof(ns));
		memcpy(last, f, sizeof(last));
		now += ns;
		since = now;
		for (int i = 0; i < 3; i++)
			since = f[i].at < since ? f[i].at : since;
		xe_active_add(f, 3, raw, now, HZ);
		for (int i = 0; i < 3; i++) {
			CHECK(f[i].ticks >= last[i].ticks);
			CHECK(f[i].at <= now);
		}
		CHECK(sum_ns(f) - before <= (now - since) + (now - since) / 20 + 1000);
		xe_sharing_of(f, 3, now - since, HZ);
		clock = xe_clock_of(raw, 3, ns);
		CHECK(clock == 0 || xe_clock_snap(clock) == clock);
		clock = xe_clock_of(raw, 1, ns);
		CHECK(clock == 0 || clock >= 6000000);
	}
	return 0;
}
