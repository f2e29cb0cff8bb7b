// SPDX-License-Identifier: Apache-2.0
/* Rounds without children and without a clock: what comes next, when, and what is then known. */
#include "test.h"

#include "scrape/rounds.h"

#include <stdio.h>
#include <string.h>

#define S	  1000000000ull
#define INTERVAL  (300 * S)
#define SWEEP	  (3600 * S)
#define UNIX_TIME 1.7e9

static const struct va_capabilities two_encoders = {
	.driver = "fake",
	.entries = { { .profile = "H264Main", .entrypoint = "EncSlice", .codec = "h264" },
		     { .profile = "H264Main", .entrypoint = "vld" },
		     { .profile = "HEVCMain", .entrypoint = "EncSliceLP", .codec = "hevc" } },
	.n = 3,
};

struct world {
	struct va_state *state;
	struct gpu gpu;
	struct va_gpu *g;
	struct va_capabilities capabilities;
	enum va_result list, h264, hevc, operations; /* what the children will say */
	bool small_fails;
	uint64_t now;
	char log[512]; /* what was asked of them in the last round */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct va_options options = { .interval_ns = INTERVAL,
				      .sweep_ns = SWEEP,
				      .codecs = ~0u,
				      .expected = VA_CODECS_AUTO };

	w->gpu = (struct gpu){
		.refs = 1, .pci = "0000:00:02.0", .driver = GPU_I915, .render = "renderD128"
	};
	w->state = va_state_new(&options);
	w->g = va_state_add(w->state, &w->gpu);
	w->capabilities = two_encoders;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	va_state_remove(w->state, w->g);
	assert_int_equal(w->gpu.refs, 1);
	free(w->state);
	free(w);
	return 0;
}

static enum va_result result_of(const struct world *w, const struct va_request *r)
{
	if (r->list)
		return w->list;
	if (*r->operation)
		return w->operations;
	if (w->small_fails && strcmp(r->size, "256x256") == 0)
		return VA_SUBMIT;
	return strcmp(r->profile, "H264Main") == 0 ? w->h264 : w->hevc;
}

/* One step, at the moment when it is due. True when it ended the round. */
static bool step(struct world *w)
{
	struct va_request request;
	struct va_run run = { .ns = 1 };

	if (w->g->due > w->now)
		w->now = w->g->due;
	if (!rounds_request(w->state, w->g, w->now, &request))
		run = (struct va_run){ .outcome.result = VA_NO_DEVICE };
	else
		run.outcome.result = result_of(w, &request);
	if (run.ns > 0)
		assert_string_equal(request.node, "/dev/dri/renderD128");
	if (w->g->step == 0)
		*w->log = '\0';
	snprintf(w->log + strlen(w->log), sizeof(w->log) - strlen(w->log), "%s%s%s%s ",
		 request.list ? "list" : "", request.operation, request.profile, request.size);
	w->now += S;
	return rounds_record(w->state, w->g, &run, request.list ? &w->capabilities : NULL, w->now,
			     UNIX_TIME + (double)(w->now / S));
}

static void finish_round(struct world *w)
{
	for (int i = 0; i < 50; i++)
		if (step(w))
			return;
	fail_msg("the round does not end: %s", w->log);
}

#define SMALL	    "list H264Main256x256 HEVCMain256x256 "
#define VIDEO	    "scale tonemap "
#define LARGE(size) "H264Main" size " HEVCMain" size " "

static void rounds(void **state)
{
	struct world *w = *state;
	uint64_t began;

	finish_round(w);
	assert_string_equal(w->log, SMALL VIDEO);
	assert_int_equal(w->now, 5 * S); /* without a pause */
	assert_true(va_gpu_works(w->g, "h264") && va_gpu_works(w->g, "hevc"));
	assert_false(va_gpu_works(w->g, "vp9"));
	assert_int_equal(w->g->runs, 5);
	assert_int_equal(w->g->failures, 0);
	assert_true(w->g->last_run == UNIX_TIME + 5 && w->g->last_success == UNIX_TIME + 5);
	assert_int_equal(w->g->due, INTERVAL);

	finish_round(w);
	assert_string_equal(w->log,
			    SMALL LARGE("1280x720") LARGE("1920x1080") LARGE("3840x2160") VIDEO);
	began = w->g->started;
	assert_int_equal(w->g->due, began + INTERVAL);
	finish_round(w);
	assert_string_equal(w->log, SMALL VIDEO);
	assert_int_equal(w->g->n_tests, 8); /* large ones keep their results */
	for (int i = 0; i < 50 && !strstr(w->log, "3840x2160"); i++)
		finish_round(w);
	assert_true(w->g->started >= began + SWEEP && w->g->started < began + SWEEP + INTERVAL);
}

static void steps_fill_the_interval(void **state)
{
	struct world *w = *state;
	uint64_t first, second, last = 0;

	finish_round(w);
	finish_round(w); /* a resolution sweep */
	step(w);
	first = w->g->due;
	step(w);
	second = w->g->due;
	/* list, 2 + 6 tests (the large ones left out), 2 operations */
	assert_int_equal(second - first, INTERVAL / 11);
	while (!step(w))
		last = w->g->due;
	assert_true(last > w->g->started + INTERVAL * 2 / 3 && last < w->g->started + INTERVAL);
}

static void backs_off_from_harm_only(void **state)
{
	struct world *w = *state;
	static const unsigned factors[] = { 2, 4, 4 };

	w->hevc = VA_CREATE_CONTEXT;
	finish_round(w);
	assert_int_equal(w->g->backoff, 1);
	w->hevc = VA_TIMEOUT;
	for (size_t i = 0; i < ARRAY_SIZE(factors); i++) {
		finish_round(w);
		assert_int_equal(w->g->backoff, factors[i]);
		assert_int_equal(w->g->due, w->g->started + factors[i] * INTERVAL);
		assert_int_equal(va_gpu_skip(w->state, w->g, w->g->started + INTERVAL),
				 VA_NOT_SKIPPED);
		assert_int_equal(va_gpu_skip(w->state, w->g, w->g->started + INTERVAL + 1),
				 VA_BACKOFF);
	}
	assert_true(va_gpu_works(w->g, "h264"));
	w->hevc = VA_OK;
	finish_round(w);
	assert_int_equal(w->g->backoff, 1);
	assert_int_equal(w->g->due, w->g->started + INTERVAL * 1 > w->now ? w->g->started + INTERVAL
									  : w->g->due);
}

static void expectation(void **state)
{
	struct world *w = *state;
	unsigned h264 = va_codec_bit("h264");

	assert_int_equal(va_gpu_expected(w->state, w->g), 0);
	w->state->options.driver_installed = true;
	assert_int_equal(va_gpu_expected(w->state, w->g), h264);
	w->state->options.driver_installed = false;
	finish_round(w); /* libva found one */
	assert_int_equal(va_gpu_expected(w->state, w->g), h264);
	w->state->options.expected = va_codec_bit("av1");
	assert_int_equal(va_gpu_expected(w->state, w->g), va_codec_bit("av1"));
	w->state->options.expected = 0;
	assert_int_equal(va_gpu_expected(w->state, w->g), 0);
}

static void success_is_of_what_is_expected(void **state)
{
	struct world *w = *state;

	w->hevc = VA_CORRUPT;
	finish_round(w);
	assert_compare(w->g->last_success, >, 0);
	w->h264 = VA_SUBMIT;
	finish_round(w);
	assert_compare(w->g->last_run, >, w->g->last_success);
	assert_false(va_gpu_works(w->g, "h264"));
	assert_compare(w->g->failures, >=, 3);
	/* Large pictures that pass are no proof of the size that is tested every time. */
	w->h264 = VA_OK;
	w->small_fails = true;
	va_state_ask(w->state);
	finish_round(w);
	assert_non_null(strstr(w->log, "3840x2160"));
	assert_false(va_gpu_works(w->g, "h264"));
}

/* Yesterday's results would say that all is well. */
static void without_a_driver_nothing_is_known(void **state)
{
	struct world *w = *state;

	finish_round(w);
	w->list = VA_DRIVER_INIT;
	finish_round(w);
	assert_string_equal(w->log, "list ");
	assert_int_equal(w->g->n_tests, 0);
	assert_int_equal(w->g->capabilities.n, 0);
	assert_false(w->g->operations[VA_SCALE].has_run);
	assert_int_equal(w->g->due, w->g->started + INTERVAL);
	w->list = VA_OK;
	finish_round(w);
	assert_true(va_gpu_works(w->g, "h264"));
}

static void a_codec_goes(void **state)
{
	struct world *w = *state;

	finish_round(w);
	step(w); /* the list of the next round takes nothing back that is still listed */
	assert_true(va_gpu_works(w->g, "h264") && va_gpu_works(w->g, "hevc"));
	finish_round(w);
	w->capabilities.n = 1;
	finish_round(w);
	assert_true(va_gpu_works(w->g, "h264"));
	assert_false(va_gpu_works(w->g, "hevc"));
	w->state->options.codecs = va_codec_bit("hevc");
	finish_round(w);
	assert_int_equal(w->g->n_tests, 0);
}

/* The share of time in which an idle GPU is awake, if it falls asleep 10 s after its last use. */
static double awake_share(struct world *w)
{
	uint64_t awake = 0, until = 0, end = w->g->due + 12 * INTERVAL;
	enum gpu_power power = GPU_SUSPENDED;

	while (w->g->due < end) {
		uint64_t since;

		if (w->g->due > w->now)
			w->now = w->g->due;
		power = w->now < until ? GPU_MAY_SLEEP : GPU_SUSPENDED;
		assert_int_equal(rounds_why_not(w->state, w->g, power, w->now), VA_NOT_SKIPPED);
		since = w->now < until ? until : w->now;
		step(w);
		until = w->now + 10 * S;
		awake += until - since;
	}
	return (double)awake / (12.0 * INTERVAL);
}

/* By default i915 lets an integrated GPU sleep, and nobody else may use it for days. */
static void integrated_gpu_that_sleeps(void **state)
{
	struct world *w = *state;
	unsigned long rounds;
	double share;

	w->state->options.sweep_ns = 24 * SWEEP;
	finish_round(w);
	finish_round(w); /* with large pictures */
	rounds = w->g->rounds;
	share = awake_share(w);
	print_message("awake for %.1f %% of the time, 1 s for each of 5 steps\n", 100 * share);
	assert_true(share <= 0.05);
	assert_int_equal(w->g->rounds, rounds + 12);
}

static void whole_round_for_who_may_sleep(void **state)
{
	struct world *w = *state;

	finish_round(w);
	finish_round(w);
	w->now = w->g->due;
	rounds_why_not(w->state, w->g, GPU_SUSPENDED, w->now);
	step(w);
	assert_int_equal(w->g->due, w->now);
	rounds_why_not(w->state, w->g, GPU_MAY_SLEEP, w->now);
	step(w);
	assert_int_equal(w->g->due, w->now);
	/* It has been told to stay awake: then there is no hurry. */
	rounds_why_not(w->state, w->g, GPU_AWAKE, w->now);
	step(w);
	assert_true(w->g->due > w->now + S);
}

static enum va_skip why_not(struct world *w, uint64_t after)
{
	return rounds_why_not(w->state, w->g, GPU_SUSPENDED, w->g->started + after);
}

static void discrete_gpu_that_sleeps(void **state)
{
	struct world *w = *state;

	w->gpu.discrete = true;
	w->now = S;
	assert_int_equal(why_not(w, INTERVAL), VA_NOT_SKIPPED); /* nothing is known of it */
	step(w);
	assert_int_equal(why_not(w, S), VA_NOT_SKIPPED); /* in the middle of a round */
	finish_round(w);
	assert_int_equal(why_not(w, INTERVAL), VA_SUSPENDED);
	assert_int_equal(why_not(w, SWEEP - 1), VA_SUSPENDED);
	assert_int_equal(why_not(w, SWEEP), VA_NOT_SKIPPED);
	assert_int_equal(rounds_why_not(w->state, w->g, GPU_MAY_SLEEP, w->now), VA_NOT_SKIPPED);
	va_state_ask(w->state);
	assert_int_equal(why_not(w, INTERVAL), VA_NOT_SKIPPED);
}

static void always_and_never(void **state)
{
	struct world *w = *state;

	w->state->options.wake = VA_WAKE_NEVER;
	assert_int_equal(why_not(w, 0), VA_SUSPENDED);
	assert_int_equal(rounds_why_not(w->state, w->g, GPU_MAY_SLEEP, 0), VA_NOT_SKIPPED);
	w->gpu.discrete = true;
	finish_round(w);
	w->state->options.wake = VA_WAKE_ALWAYS;
	assert_int_equal(why_not(w, INTERVAL), VA_NOT_SKIPPED);
}

static void what_is_old_says_nothing(void **state)
{
	struct world *w = *state;

	assert_false(va_gpu_is_stale(w->state, w->g, 100 * INTERVAL)); /* nothing is known */
	finish_round(w);
	assert_false(va_gpu_is_stale(w->state, w->g, w->now + 3 * INTERVAL));
	assert_true(va_gpu_is_stale(w->state, w->g, w->now + 3 * INTERVAL + 1));
	/* One that hangs is tried less often. */
	w->hevc = VA_TIMEOUT;
	finish_round(w);
	assert_false(va_gpu_is_stale(w->state, w->g, w->now + 6 * INTERVAL));
	assert_true(va_gpu_is_stale(w->state, w->g, w->now + 6 * INTERVAL + 1));
	/* A failure stays one. */
	w->h264 = w->hevc = VA_CORRUPT;
	finish_round(w);
	assert_false(va_gpu_is_stale(w->state, w->g, w->now + 100 * INTERVAL));
}

static void no_node(void **state)
{
	struct world *w = *state;

	*w->gpu.render = '\0';
	finish_round(w);
	assert_int_equal(w->g->list.run.outcome.result, VA_NO_DEVICE);
	assert_int_equal(w->g->rounds, 1);
	assert_int_equal(w->g->runs, 0); /* that was no child */
}

static int last_result_of(const struct world *w, const char *profile)
{
	for (size_t i = 0; i < w->g->n_tests; i++)
		if (w->g->tests[i].answer.has_run && strcmp(w->g->tests[i].profile, profile) == 0)
			return (int)w->g->tests[i].answer.run.outcome.result;
	return -1;
}

/* The first round must end, or nobody is told. */
static void a_stuck_child_ends_the_round(void **state)
{
	struct world *w = *state;
	double success;

	w->h264 = VA_STUCK;
	finish_round(w);
	assert_string_equal(w->log, "list H264Main256x256 ");
	assert_int_equal(w->g->rounds, 1);
	assert_int_equal(w->g->step, 0);
	rounds_postpone(w->state, w->g, VA_CHILD_STUCK, w->now);
	assert_int_equal(va_gpu_skip(w->state, w->g, w->now), VA_CHILD_STUCK);
	assert_true(w->g->due > w->now && w->g->due < w->now + INTERVAL);
	w->h264 = VA_OK;
	finish_round(w);
	assert_int_equal(va_gpu_skip(w->state, w->g, w->now), VA_NOT_SKIPPED);
	assert_true(va_gpu_works(w->g, "h264"));

	/* What passed before the GPU hung says nothing: not for other codecs, nor later. */
	success = w->g->last_success;
	w->hevc = VA_STUCK;
	finish_round(w);
	assert_false(va_gpu_works(w->g, "h264"));
	assert_compare(w->g->last_success, ==, success);
	assert_false(w->g->operations[VA_SCALE].has_run);
	assert_int_equal(last_result_of(w, "HEVCMain"), VA_STUCK);
	step(w);
	assert_false(va_gpu_works(w->g, "h264"));
	w->hevc = VA_OK;
	finish_round(w);
	assert_true(va_gpu_works(w->g, "h264"));
}

static void on_demand(void **state)
{
	struct world *w = *state;

	finish_round(w);
	va_state_ask(w->state);
	assert_compare(w->g->due, <=, w->now);
	finish_round(w);
	assert_non_null(strstr(w->log, "3840x2160"));
	assert_int_equal(w->now, 16 * S); /* without a pause */
	assert_false(w->g->asked);

	/* In the middle of a round: that one is finished first, and also without a pause. */
	w->now = w->g->due;
	step(w);
	va_state_ask(w->state);
	finish_round(w);
	assert_null(strstr(w->log, "3840x2160"));
	finish_round(w);
	assert_non_null(strstr(w->log, "3840x2160"));
	rounds_postpone(w->state, w->g, VA_PASSTHROUGH, w->now);
	va_state_ask(w->state);
	assert_int_equal(w->g->due, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rounds, setup, teardown),
		cmocka_unit_test_setup_teardown(steps_fill_the_interval, setup, teardown),
		cmocka_unit_test_setup_teardown(backs_off_from_harm_only, setup, teardown),
		cmocka_unit_test_setup_teardown(expectation, setup, teardown),
		cmocka_unit_test_setup_teardown(success_is_of_what_is_expected, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_driver_nothing_is_known, setup, teardown),
		cmocka_unit_test_setup_teardown(a_codec_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(integrated_gpu_that_sleeps, setup, teardown),
		cmocka_unit_test_setup_teardown(whole_round_for_who_may_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(discrete_gpu_that_sleeps, setup, teardown),
		cmocka_unit_test_setup_teardown(always_and_never, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_old_says_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(no_node, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stuck_child_ends_the_round, setup, teardown),
		cmocka_unit_test_setup_teardown(on_demand, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
