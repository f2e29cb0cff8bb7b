// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/proc/gpu_time.h"

#define S 1000000000ull
#define A "0000:00:02.0"
#define B "0000:03:00.0"

static struct gpu_time gpu;
static uint64_t now;

static struct drm_client i915(uint64_t id, uint64_t video_ns, uint64_t render_ns)
{
	struct drm_client c = { .at = now, .info = { .has_client_id = true, .client_id = id } };

	c.info.engines[FDINFO_VIDEO] = (struct fdinfo_engine){ .has_ns = true, .ns = video_ns };
	c.info.engines[FDINFO_RENDER] = (struct fdinfo_engine){ .has_ns = true, .ns = render_ns };
	return c;
}

static struct drm_client xe(uint64_t id, uint64_t cycles, uint64_t total)
{
	struct drm_client c = { .at = now, .info = { .has_client_id = true, .client_id = id } };

	c.info.engines[FDINFO_VIDEO_ENHANCE] = (struct fdinfo_engine){ .has_cycles = true,
								       .cycles = cycles,
								       .total_cycles = total };
	return c;
}

static void look(const char *pci, const struct drm_client *clients, size_t n, bool whole)
{
	gpu_time_begin(&gpu, whole);
	for (size_t i = 0; i < n; i++)
		gpu_time_add(&gpu, pci, &clients[i], whole);
	gpu_time_end(&gpu);
	now += 10 * S;
}

#define LOOK(pci, whole, ...)                                                                      \
	look(pci, (const struct drm_client[]){ __VA_ARGS__ },                                      \
	     sizeof((const struct drm_client[]){ __VA_ARGS__ }) / sizeof(struct drm_client),       \
	     whole)

static int setup(void **state)
{
	(void)state;
	gpu = (struct gpu_time){ 0 };
	now = 100 * S;
	return 0;
}

static void adds_up(void **state)
{
	(void)state;
	LOOK(A, false, i915(1, 7 * S, S));
	assert_true(gpu.known && gpu.video_ns == 0 && gpu.other_ns == 0);
	LOOK(A, true, i915(1, 9 * S, 2 * S), i915(2, 3 * S, 0));
	assert_true(gpu.video_ns == 5 * S && gpu.other_ns == S);
	/* One ends, and one of the same number is another GPU's. */
	LOOK(A, true, i915(2, 4 * S, 0));
	LOOK(B, true, i915(2, 1 * S, 0));
	assert_true(gpu.video_ns == 7 * S && gpu.n == 1);
}

static void dips(void **state)
{
	(void)state;
	LOOK(A, true, i915(1, 7 * S, 0));
	LOOK(A, true, i915(1, 5 * S, 0));
	assert_compare(gpu.video_ns, ==, 7 * S);
	LOOK(A, true, i915(1, 8 * S, 0));
	assert_compare(gpu.video_ns, ==, 8 * S);
}

static void cycles(void **state)
{
	(void)state;
	LOOK(A, true, xe(1, 500, 1000));
	assert_true(gpu.known && !gpu.since_start && gpu.video_ns == 0);
	LOOK(A, true, xe(1, 750, 2000));
	assert_compare(gpu.video_ns, ==, S * 10 / 4);
	/* The share of the last time alone, not of one in which it did nothing. */
	LOOK(A, true, xe(1, 750, 4000));
	LOOK(A, true, xe(1, 1250, 5000));
	assert_compare(gpu.video_ns, ==, S * 10 / 4 + S * 10 / 2);
	gpu = (struct gpu_time){ 0 };
	LOOK(A, true, xe(1, 500, 1000));
	LOOK(A, true, xe(1, 750, 2000));
	LOOK(A, true, xe(1, 600, 2500));
	LOOK(A, true, xe(1, 750, 2000));
	assert_compare(gpu.video_ns, ==, S * 10 / 4);
	gpu = (struct gpu_time){ 0 };
	LOOK(A, true, xe(1, 0, 1000));
	assert_true(gpu.known && gpu.since_start);
}

#define MHZ_19_2 192000000ull /* in 10 s */

/* Half busy all the time, whatever goes round. */
static void goes_round(void **state)
{
	const uint64_t bit32 = 1ull << 32, bit36 = 1ull << 36, half = MHZ_19_2 / 2;

	(void)state;
	LOOK(A, true, xe(1, bit32 - half, bit36 - MHZ_19_2));
	LOOK(A, true, xe(1, bit32, bit36 - 1));
	assert_true(!gpu.gap && gpu.video_ns / 1000 == 5 * S / 1000);
	LOOK(A, true, xe(1, half, MHZ_19_2 - 1));
	assert_true(!gpu.gap && gpu.video_ns / 1000 == 10 * S / 1000);
	LOOK(A, true, xe(1, 2 * half, 2 * MHZ_19_2 - 1));
	assert_true(!gpu.gap && gpu.video_ns / 1000 == 15 * S / 1000);
}

static void gaps(void **state)
{
	(void)state;
	LOOK(A, true, xe(1, 500, 1000));
	LOOK(A, true, xe(1, 1000, 2000));
	assert_true(!gpu.gap && gpu.video_ns == 5 * S);
	/* What dips says nothing of this time, and the next reading of both. */
	LOOK(A, true, xe(1, 900, 3000));
	assert_true(gpu.gap && gpu.known && gpu.video_ns == 5 * S);
	LOOK(A, true, xe(1, 2000, 4000));
	assert_true(!gpu.gap && gpu.video_ns == 15 * S);
	/* What starts again is a new base at the second reading. */
	LOOK(A, true, xe(1, 10, 100));
	LOOK(A, true, xe(1, 20, 200));
	assert_true(gpu.gap && gpu.video_ns == 15 * S);
	LOOK(A, true, xe(1, 120, 300));
	assert_true(!gpu.gap && gpu.video_ns == 25 * S);
	/* No more than the engines of the class can do. */
	LOOK(A, true, xe(1, 1020, 400));
	assert_true(gpu.video_ns == 35 * S);
}

static void hidden(void **state)
{
	(void)state;
	LOOK(A, true, (struct drm_client){ .info = { .has_client_id = true, .client_id = 1 } });
	assert_false(gpu.known);
	LOOK(A, true, (struct drm_client){ .info = { .has_client_id = true, .client_id = 1 } },
	     i915(2, 0, 0));
	assert_false(gpu.known);
	LOOK(A, true, i915(1, 0, 0));
	assert_true(gpu.known);
	gpu_time_begin(&gpu, true);
	for (uint64_t i = 0; i < GPU_TIME_CLIENTS + 1; i++) {
		struct drm_client c = i915(i, 0, 0);

		gpu_time_add(&gpu, B, &c, true);
	}
	gpu_time_end(&gpu);
	assert_true(!gpu.known && gpu.n == GPU_TIME_CLIENTS - 1);
}

static void sleeps(void **state)
{
	(void)state;
	LOOK(A, true, i915(1, 7 * S, 0));
	gpu_time_begin(&gpu, false);
	gpu_time_sleeps(&gpu, A);
	gpu_time_end(&gpu);
	assert_true(gpu.known && !gpu.since_start);
	LOOK(A, false, i915(1, 8 * S, 0));
	assert_compare(gpu.video_ns, ==, 8 * S);
	gpu_time_begin(&gpu, false);
	gpu_time_sleeps(&gpu, B);
	gpu_time_end(&gpu);
	assert_int_equal(gpu.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(adds_up, setup), cmocka_unit_test_setup(dips, setup),
		cmocka_unit_test_setup(cycles, setup),	cmocka_unit_test_setup(hidden, setup),
		cmocka_unit_test_setup(gaps, setup),	cmocka_unit_test_setup(goes_round, setup),
		cmocka_unit_test_setup(sleeps, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
