// SPDX-License-Identifier: Apache-2.0
/*
 * Time bounds are behaviour that users rely on: each is asserted at three times what is promised,
 * so that a loaded machine does not turn the test red, and the figure is printed.
 */
#include "test.h"

#include "base/log.h"
#include "base/sys.h"
#include "capture.h"
#include "fake_sys.h"
#include "scrape/runner.h"
#include "toy_registry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS UINT64_C(1000000)

#define PAST_DEADLINE (3 * 100 * MS) /* promised: 100 ms */
#define WHILE_STUCK   (3 * 50 * MS)  /* promised: 50 ms */
#define TAKEOVER      (50 * MS)
#define DISCOVERY     (400 * MS) /* a discovery has longer: a new GPU is worth waiting for */
#define ATTEMPTS      5 /* the best one keeps its times: a busy machine delays the others */

/* A scraper is never freed; the list keeps those of earlier tests reachable. */
static struct scraper *scraper, *earlier[64];
static size_t n_earlier;
static struct fs *fs;
static struct pmu_set *pmus;

static void nap(uint64_t ns)
{
	struct timespec t = { (time_t)(ns / (1000 * MS)), (long)(ns % (1000 * MS)) };

	nanosleep(&t, NULL);
}

static void new_scraper(uint64_t timeout_ns)
{
	assert_int_equal(
		scraper_new(&scraper, &(struct scraper_options){ .fs = fs,
								 .pmus = pmus,
								 .enabled = ALL_TOYS,
								 .timeout_ns = timeout_ns,
								 .no_self_metrics = true }),
		0);
	earlier[n_earlier++] = scraper;
}

/* One machine for all tests: threads of an earlier one may still look at it. */
static int open_machine(void **state)
{
	const char *bad;

	(void)state;
	fake_sys_load(FIXTURE("uhd770-arc-a380"));
	fake_knobs.real_clock = true;
	log_setup(LOG_ERROR, LOG_LOGFMT);
	if (fs_new(&fs, FIXTURE("uhd770-arc-a380"), NULL, NULL, &bad) < 0)
		return -1;
	pmus = pmu_set_new(fs, 0);
	return 0;
}

static int setup_stopped(void **state)
{
	(void)state;
	toys_reset();
	new_scraper(5000 * MS);
	return 0;
}

static int setup(void **state)
{
	return setup_stopped(state) < 0 ? -1 : scraper_start(scraper);
}

static int teardown(void **state)
{
	(void)state;
	fake_block(NULL);
	toys_release();
	scraper_stop(scraper);
	log_setup(LOG_ERROR, LOG_LOGFMT);
	/* A collect of this test must not be counted in the next one. */
	for (int i = 0; i < 1000 && toys_inside() > 0; i++)
		nap(MS);
	assert_int_equal(toys_inside(), 0);
	return 0;
}

struct asker {
	pthread_t thread;
	collector_set set;
	uint64_t timeout, took;
	char *body;
};

static void ask(struct asker *asker)
{
	uint64_t start = sys_monotonic_ns();
	size_t len = 0;
	char *body = NULL;

	if (scraper_scrape(scraper, asker->set, asker->timeout, &body, &len) < 0)
		return;
	asker->took = sys_monotonic_ns() - start;
	asker->body = realloc(body, len + 1);
	asker->body[len] = '\0';
}

static void *asker_main(void *data)
{
	ask(data);
	return NULL;
}

static void ask_in_thread(struct asker *asker)
{
	assert_int_equal(pthread_create(&asker->thread, NULL, asker_main, asker), 0);
}

static void join(struct asker *asker)
{
	assert_int_equal(pthread_join(asker->thread, NULL), 0);
	assert_non_null(asker->body);
}

/* A scrape from this thread; the body is valid until the next one. */
static const char *scrape(collector_set set, uint64_t timeout, uint64_t *ret_took)
{
	static char *last;
	struct asker asker = { .set = set, .timeout = timeout };

	ask(&asker);
	assert_non_null(asker.body);
	free(last);
	last = asker.body;
	if (ret_took)
		*ret_took = asker.took;
	return last;
}

static void assert_has(const char *body, const char *line)
{
	if (!strstr(body, line))
		fail_msg("missing: %s\nin:\n%s", line, body);
}

static void assert_has_not(const char *body, const char *line)
{
	if (strstr(body, line))
		fail_msg("should not be there: %s\nin:\n%s", line, body);
}

static void assert_success(const char *body, const char *collector, int wanted)
{
	char line[128];

	snprintf(line, sizeof(line), "intel_gpu_scrape_collector_success{collector=\"%s\"} %d\n",
		 collector, wanted);
	assert_has(body, line);
}

static void assert_timeout(const char *body, const char *collector)
{
	char line[160];

	assert_success(body, collector, 0);
	snprintf(line, sizeof(line),
		 "intel_gpu_scrape_collector_error{collector=\"%s\",remedy=\"stuck-read\","
		 "reason=\"timeout\"} 1\n",
		 collector);
	assert_has(body, line);
}

/* How many scrapes wait for the job of a collector. */
static size_t waiters(enum toy toy)
{
	const struct slot *slot;
	size_t n = 0;

	pthread_mutex_lock(&scraper->lock);
	LIST_FOREACH (slot, &scraper->jobs->jobs[toy]->waiters, link)
		n++;
	pthread_mutex_unlock(&scraper->lock);
	return n;
}

static void wait_for_waiters(enum toy toy, size_t wanted)
{
	for (int i = 0; i < 3000 && waiters(toy) != wanted; i++)
		nap(MS);
	assert_int_equal(waiters(toy), wanted);
}

static void wait_until_idle(enum toy toy)
{
	bool idle = false;

	for (int i = 0; i < 3000 && !idle; i++) {
		pthread_mutex_lock(&scraper->lock);
		idle = scraper->jobs->jobs[toy]->status == JOB_IDLE;
		pthread_mutex_unlock(&scraper->lock);
		nap(MS);
	}
	assert_true(idle);
}

static void everything_works(void **state)
{
	const char *body = scrape(ALL_TOYS, 0, NULL);

	(void)state;
	assert_has(body, "toy_blocker 1\n");
	assert_has(body, "toy_quick 1\n");
	assert_has(body, "toy_slow 1\n");
	assert_has(body, "toy_gpu{pci=\"0000:00:02.0\"} ");
	assert_has(body, "toy_gpu{pci=\"0000:03:00.0\"} ");
	assert_has(body, "intel_gpu_up 1\n");
	assert_success(body, "discovery", 1);
	assert_success(body, "blocker", 1);
	assert_success(body, "slow", 1);
	/* It sleeps for 10 ms. */
	assert_has(body, "intel_gpu_scrape_collector_duration_seconds{collector=\"slow\"} 0.");
	assert_has_not(body,
		       "intel_gpu_scrape_collector_duration_seconds{collector=\"slow\"} 0.00");
	/* Not on this machine: no failure. */
	assert_has_not(body, "success{collector=\"absent\"");
	assert_has(body, "error{collector=\"absent\",reason=\"not_supported\"} 1\n");
	assert_success(body, "broken", 0);
	assert_has(body, "error{collector=\"broken\",remedy=\"read-error\",reason=\"io\"} 1\n");
	assert_int_equal(toys_runs(TOY_ABSENT), 0);
}

static void only_what_was_asked_for(void **state)
{
	const char *body = scrape(TOY(QUICK), 0, NULL);

	(void)state;
	assert_has(body, "toy_quick 1\n");
	assert_has_not(body, "toy_slow");
	assert_has_not(body, "collector=\"slow\"");
	assert_int_equal(toys_runs(TOY_SLOW), 0);
	assert_has_not(scrape(0, 0, NULL), "toy_");
	/* A collector that does not exist is nobody's. */
	assert_has_not(scrape((collector_set)1 << TOYS, 0, NULL), "toy_");
}

static void failure_publishes_nothing(void **state)
{
	const char *body;

	(void)state;
	toys_fail(-EACCES, "cause");
	body = scrape(ALL_TOYS, 0, NULL);
	assert_has_not(body, "toy_failer");
	assert_success(body, "failer", 0);
	assert_has(body, "error{collector=\"failer\",remedy=\"file-permission\","
			 "reason=\"permission\"} 1\n");
	assert_has(body, "toy_quick 1\n");
	toys_fail(0, "");
	body = scrape(ALL_TOYS, 0, NULL);
	assert_has(body, "toy_failer 2\n");
	assert_success(body, "failer", 1);
	assert_has_not(body, "error{collector=\"failer\"");
}

/*
 * A scrape with so many collectors stuck, each for a runner of its own: whether it ended at its
 * deadline, and the others had their turn as soon as promised.
 */
static bool ends_in_time(unsigned stuck, uint64_t deadline, unsigned attempt)
{
	uint64_t start = sys_monotonic_ns(), took, taken_over;
	const char *body;
	char line[64];

	toys_block(TOY_BLOCKER);
	if (stuck > 1)
		toys_block(TOY_BLOCKER2);
	body = scrape(ALL_TOYS, deadline, &took);
	taken_over = toys_began(TOY_QUICK) - start;
	print_message("deadline %lu ms: %lu ms, takeover after %lu ms\n", deadline / MS, took / MS,
		      taken_over / MS);
	assert_timeout(body, "blocker");
	assert_has_not(body, "toy_blocker ");
	if (stuck > 1)
		assert_timeout(body, "blocker2");
	/* Another runner took over; the rest is as if nothing had happened. */
	snprintf(line, sizeof(line), "toy_quick %u\n", attempt);
	assert_has(body, line);
	snprintf(line, sizeof(line), "toy_slow %u\n", attempt);
	assert_has(body, line);
	assert_success(body, "gpu\",pci=\"0000:03:00.0", 1);
	assert_true(took >= deadline && taken_over >= stuck * TAKEOVER);
	toys_release();
	wait_until_idle(TOY_BLOCKER);
	wait_until_idle(TOY_BLOCKER2);
	return took <= deadline + PAST_DEADLINE && taken_over <= 3 * stuck * TAKEOVER;
}

static void deadline_holds(void **state)
{
	unsigned attempt = 1;

	(void)state;
	while (!ends_in_time(1, 400 * MS, attempt))
		assert_compare(attempt++, <, ATTEMPTS);
}

static void two_are_stuck(void **state)
{
	unsigned attempt = 1;

	(void)state;
	while (!ends_in_time(2, 500 * MS, attempt))
		assert_compare(attempt++, <, ATTEMPTS);
}

static void stuck_is_skipped_and_recovers(void **state)
{
	uint64_t took, best = UINT64_MAX;
	const char *body;

	(void)state;
	scraper_stop(scraper);
	new_scraper(200 * MS);
	assert_int_equal(scraper_start(scraper), 0);
	toys_block(TOY_BLOCKER);
	scrape(ALL_TOYS & ~TOY(SLOW), 0, NULL);
	for (int i = 0; i < ATTEMPTS; i++) {
		body = scrape(ALL_TOYS & ~TOY(SLOW), 0, &took);
		best = took < best ? took : best;
		assert_timeout(body, "blocker");
		assert_has(body, "toy_quick ");
	}
	print_message("scrapes beside a stuck collector: %lu us\n", best / 1000);
	assert_in_range(best, 0, WHILE_STUCK);
	assert_int_equal(toys_runs(TOY_BLOCKER), 1);

	toys_release();
	wait_until_idle(TOY_BLOCKER);
	body = scrape(ALL_TOYS, 0, NULL);
	assert_success(body, "blocker", 1);
	/* The result of the run that came too late is shown to nobody. */
	assert_has(body, "toy_blocker 2\n");
}

/* All collectors had the same thread: those of a GPU come last. */
static bool nobody_took_over(void)
{
	return toys_thread(TOY_SLOW) == toys_thread(TOY_GPU);
}

/* Who reads file after file is not stuck. A machine that does not run it for 50 ms may say so. */
static void a_long_walk_is_not_stuck(void **state)
{
	bool kept = false;

	(void)state;
	toys_walk(30);
	for (int i = 0; i < 10 && !kept; i++) {
		assert_success(scrape(ALL_TOYS, 0, NULL), "slow", 1);
		kept = nobody_took_over();
	}
	assert_true(kept);
}

/* Who computes, or has no processor, is in no read that never ends; but not for ever. */
static void who_only_runs_has_longer(void **state)
{
	bool kept = false;

	(void)state;
	toys_compute(250);
	for (int i = 0; i < 10 && !kept; i++) {
		assert_success(scrape(TOY(SLOW) | TOY(GPU), 0, NULL), "slow", 1);
		kept = nobody_took_over();
	}
	assert_true(kept);
	toys_compute(1500);
	assert_success(scrape(TOY(SLOW) | TOY(GPU), 0, NULL), "slow", 1);
	assert_false(nobody_took_over());
}

static void wait_for_spares(unsigned wanted)
{
	unsigned found = 0;

	for (int i = 0; i < 3000 && found != wanted; i++) {
		nap(MS);
		pthread_mutex_lock(&scraper->lock);
		found = scraper->n_spares;
		pthread_mutex_unlock(&scraper->lock);
	}
	assert_int_equal(found, wanted);
}

/* Two threads do for one that is stuck at each scrape; on a busy machine more may take over. */
static void no_new_thread(void **state)
{
	pid_t blocked = 0, quick = 0;
	bool used = false;

	(void)state;
	for (int i = 0; i < 10 && !used; i++) {
		pid_t before[] = { blocked, quick };

		toys_block(TOY_BLOCKER);
		assert_timeout(scrape(ALL_TOYS, 300 * MS, NULL), "blocker");
		blocked = toys_thread(TOY_BLOCKER);
		quick = toys_thread(TOY_QUICK);
		assert_true(blocked != quick);
		used = (blocked == before[0] && quick == before[1]) ||
		       (blocked == before[1] && quick == before[0]);
		toys_release();
		wait_for_spares(2);
	}
	assert_true(used);
}

static atomic_uint news;

static void note_news(void *data)
{
	(void)data;
	news++;
}

static struct scrape *begin(collector_set set)
{
	struct scrape *scrape;

	assert_int_equal(scraper_begin(scraper, set, 0, note_news, NULL, &scrape), 0);
	return scrape;
}

static void assert_end(struct scrape *scrape, const char *line)
{
	_cleanup_free_ char *body = NULL;
	uint64_t again;
	size_t len;

	assert_true(scraper_is_over(scrape, &again));
	assert_int_equal(scraper_end(scrape, TEXT_PROMETHEUS, &body, &len), 0);
	body = realloc(body, len + 1);
	body[len] = '\0';
	assert_has(body, line);
}

/* For all who have begun, with news for each, and without any thread of the scraper's own. */
static void work_in_the_calling_thread(void **state)
{
	struct scrape *both[] = { begin(TOY(QUICK)), begin(TOY(QUICK) | TOY(SLOW)) };

	(void)state;
	nap(2 * MS);
	assert_int_equal(toys_runs(TOY_QUICK), 0);
	news = 0;
	scraper_work(scraper);
	assert_int_equal(news, 2);
	assert_end(both[0], "toy_quick 1\n");
	assert_end(both[1], "toy_slow 1\n");
	assert_int_equal(toys_thread(TOY_QUICK), gettid());
	assert_int_equal(toys_thread(TOY_SLOW), gettid());
	/* Nothing is left to do, and nobody is kept. */
	scraper_work(scraper);
	assert_int_equal(toys_runs(TOY_QUICK), 1);
	assert_has(scrape(TOY(QUICK), 0, NULL), "toy_quick 2\n");
	assert_true(toys_thread(TOY_QUICK) != gettid());
}

static void *work_main(void *data)
{
	(void)data;
	scraper_work(scraper);
	return NULL;
}

/* Who is stuck in a collector of its own call comes back when that does; the others go on. */
static void who_works_is_taken_over(void **state)
{
	struct scrape *scrape = begin(TOY(BLOCKER) | TOY(QUICK)), *second;
	uint64_t again;
	pthread_t thread;

	(void)state;
	toys_block(TOY_BLOCKER);
	assert_int_equal(pthread_create(&thread, NULL, work_main, NULL), 0);
	wait_for_waiters(TOY_BLOCKER, 1);
	/* Another one that asks has nothing to do for it now. */
	second = begin(TOY(SLOW));
	scraper_work(scraper);
	assert_int_equal(toys_runs(TOY_SLOW), 0);
	for (int i = 0; i < 1000 && !scraper_is_over(second, &again); i++)
		nap(MS);
	assert_end(second, "toy_slow 1\n");
	assert_int_equal(toys_runs(TOY_QUICK), 1);
	assert_false(scraper_is_over(scrape, &again));
	toys_release();
	pthread_join(thread, NULL);
	assert_end(scrape, "toy_blocker 1\n");
	/* Nothing of it stays behind. */
	second = begin(TOY(QUICK));
	scraper_work(scraper);
	assert_end(second, "toy_quick 2\n");
	assert_int_equal(toys_thread(TOY_QUICK), gettid());
}

static void overlapping_scrapes_share_a_run(void **state)
{
	struct asker first = { .set = ALL_TOYS }, second = { .set = TOY(BLOCKER) | TOY(QUICK) };

	(void)state;
	toys_block(TOY_BLOCKER);
	ask_in_thread(&first);
	wait_for_waiters(TOY_BLOCKER, 1);
	ask_in_thread(&second);
	wait_for_waiters(TOY_BLOCKER, 2);
	toys_release();
	join(&first);
	join(&second);
	assert_int_equal(toys_runs(TOY_BLOCKER), 1);
	assert_has(first.body, "toy_blocker 1\n");
	assert_has(second.body, "toy_blocker 1\n");
	assert_has(first.body, "toy_slow 1\n");
	assert_has_not(second.body, "toy_slow");
	free(first.body);
	free(second.body);
}

static void each_has_its_own_deadline(void **state)
{
	struct asker patient = { .set = ALL_TOYS, .timeout = 4000 * MS };
	const char *body;
	uint64_t took;

	(void)state;
	toys_block(TOY_BLOCKER);
	ask_in_thread(&patient);
	wait_for_waiters(TOY_BLOCKER, 1);
	body = scrape(ALL_TOYS, 200 * MS, &took);
	assert_in_range(took, 200 * MS, 200 * MS + PAST_DEADLINE);
	assert_timeout(body, "blocker");
	toys_release();
	join(&patient);
	assert_has(patient.body, "toy_blocker 1\n");
	assert_success(patient.body, "blocker", 1);
	free(patient.body);
}

/* It is stuck by its own time: somebody's hurry is not another one's failure. */
static void hurry_makes_nothing_stuck(void **state)
{
	struct asker patient = { .set = ALL_TOYS, .timeout = 4000 * MS };

	(void)state;
	toys_block(TOY_BLOCKER);
	assert_timeout(scrape(ALL_TOYS, 100 * MS, NULL), "blocker");
	ask_in_thread(&patient);
	wait_for_waiters(TOY_BLOCKER, 1);
	toys_release();
	join(&patient);
	assert_has(patient.body, "toy_blocker 1\n");
	assert_success(patient.body, "blocker", 1);
	free(patient.body);
}

/* Who comes late to a job that is stuck waits until that is known, and not for its own deadline. */
static void stuck_ends_the_wait(void **state)
{
	struct asker late = { .set = ALL_TOYS };
	uint64_t start = sys_monotonic_ns();

	(void)state;
	scraper_stop(scraper);
	new_scraper(2000 * MS);
	assert_int_equal(scraper_start(scraper), 0);
	toys_block(TOY_BLOCKER);
	assert_timeout(scrape(ALL_TOYS, 1800 * MS, NULL), "blocker");
	ask(&late);
	print_message("1800 ms late, of 2000: waited %lu ms\n", late.took / MS);
	assert_timeout(late.body, "blocker");
	assert_true(sys_monotonic_ns() - start >= 2000 * MS);
	assert_in_range(late.took, 0, 1500 * MS);
	free(late.body);
}

/* The client cannot ask for more than the configured deadline. */
static void deadline_is_cut_to_the_configured_one(void **state)
{
	uint64_t took;

	(void)state;
	scraper_stop(scraper);
	new_scraper(200 * MS);
	assert_int_equal(scraper_start(scraper), 0);
	toys_block(TOY_BLOCKER);
	scrape(ALL_TOYS, 5000 * MS, &took);
	assert_in_range(took, 200 * MS, 200 * MS + PAST_DEADLINE);
}

static void log_tells_changes_only(void **state)
{
	const char *text;

	(void)state;
	scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	log_setup(LOG_INFO, LOG_LOGFMT);
	capture_begin(STDERR_FILENO);
	toys_fail(-EACCES, "the cause");
	for (int i = 0; i < 3; i++)
		scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	text = capture_take();
	/* One cause, one line, once. */
	assert_int_equal(count_of(text, "\n"), 1);
	assert_has(text, "level=warn msg=\"collector failing\" collector=failer,failer2 "
			 "reason=permission err=\"the cause: Permission denied\" "
			 "remedy=file-permission\n");

	toys_fail(-EIO, "the cause");
	scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	text = capture_take();
	assert_int_equal(count_of(text, "\n"), 1);
	assert_has(text, "reason=io");

	toys_fail(0, "");
	scrape(TOY(QUICK), 0, NULL);
	assert_string_equal(capture_take(), "");
	scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	text = capture_end();
	assert_int_equal(count_of(text, "\n"), 2);
	assert_has(text, "level=info msg=\"collector recovered\" collector=failer\n");
	assert_has(text, "level=info msg=\"collector recovered\" collector=failer2\n");
}

static void log_of_a_stuck_one(void **state)
{
	const char *text;

	(void)state;
	scraper_stop(scraper);
	new_scraper(200 * MS);
	assert_int_equal(scraper_start(scraper), 0);
	scrape(ALL_TOYS, 0, NULL);
	log_setup(LOG_INFO, LOG_LOGFMT);
	toys_block(TOY_BLOCKER);
	capture_begin(STDERR_FILENO);
	scrape(TOY(BLOCKER), 10 * MS, NULL);
	assert_string_equal(capture_take(), ""); /* a client's hurry */
	scrape(TOY(BLOCKER), 0, NULL);
	scrape(TOY(BLOCKER), 0, NULL);
	text = capture_take();
	assert_int_equal(count_of(text, "\n"), 1);
	assert_has(text, "collector=blocker reason=timeout err=\"no answer by the deadline\" "
			 "remedy=stuck-read\n");
	toys_release();
	wait_until_idle(TOY_BLOCKER);
	scrape(TOY(BLOCKER), 0, NULL);
	assert_has(capture_end(), "msg=\"collector recovered\" collector=blocker\n");
}

/* A collector's own timeout, a name that did not come, and one that is stuck are two causes, in
 * either order. */
static void log_of_two_timeouts(void **state)
{
	static const enum toy stuck[] = { TOY_BLOCKER, TOY_FAILER2 };
	const char *text;

	(void)state;
	scraper_stop(scraper);
	new_scraper(200 * MS);
	assert_int_equal(scraper_start(scraper), 0);
	scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	log_setup(LOG_INFO, LOG_LOGFMT);
	for (size_t i = 0; i < ARRAY_SIZE(stuck); i++) {
		char line[80];

		toys_fail(-ETIMEDOUT, "its own");
		toys_block(stuck[i]);
		capture_begin(STDERR_FILENO);
		scrape(TOY(FAILER) | (collector_set)1 << stuck[i], 0, NULL);
		text = capture_end();
		snprintf(line, sizeof(line), "collector=%s reason=timeout err=\"no answer by",
			 collectors_all[stuck[i]]->name);
		assert_int_equal(count_of(text, "\n"), 2);
		assert_has(text, line);
		assert_has(text, "collector=failer reason=timeout err=\"its own: ");
		toys_fail(0, "");
		toys_release();
		wait_until_idle(stuck[i]);
		scrape(ALL_TOYS & ~TOY(BROKEN), 0, NULL);
	}
}

static void stop_wakes_waiting_scrapes(void **state)
{
	struct asker askers[3] = { { .set = ALL_TOYS },
				   { .set = ALL_TOYS },
				   { .set = TOY(BLOCKER) } };
	uint64_t start, took;
	size_t gpus;

	(void)state;
	toys_block(TOY_BLOCKER);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		ask_in_thread(&askers[i]);
		wait_for_waiters(TOY_BLOCKER, i + 1);
	}
	/* Until nothing but the stop can wake them. */
	nap(2 * TAKEOVER);
	start = sys_monotonic_ns();
	scraper_stop(scraper);
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		join(&askers[i]);
		assert_timeout(askers[i].body, "blocker");
		free(askers[i].body);
	}
	took = sys_monotonic_ns() - start;
	/* Their deadline is five seconds away. */
	print_message("stop woke three scrapes in %lu us\n", took / 1000);
	assert_in_range(took, 0, 1000 * MS);
	assert_false(scraper_is_ready(scraper, &gpus));
	/* Who comes later does not wait either. */
	scrape(ALL_TOYS, 0, &took);
	assert_in_range(took, 0, 1000 * MS);
}

static void stuck_discovery_leaves_the_old_list(void **state)
{
	const char *body;
	uint64_t took;

	(void)state;
	scrape(ALL_TOYS, 0, NULL);
	fake_block("sys/bus/pci/devices");
	body = scrape(ALL_TOYS, 2000 * MS, &took);
	print_message("scrape with a stuck discovery: %lu ms\n", took / MS);
	assert_in_range(took, DISCOVERY, 3 * DISCOVERY);
	assert_timeout(body, "discovery");
	assert_has(body, "intel_gpu_up 1\n");
	assert_has(body, "toy_quick 2\n");
	assert_has(body, "toy_gpu{pci=\"0000:03:00.0\"} ");
	/* It is not waited for again. */
	body = scrape(ALL_TOYS, 2000 * MS, &took);
	assert_in_range(took, 0, DISCOVERY);
	assert_timeout(body, "discovery");
	fake_block(NULL);
	for (int i = 0; i < 200 && !strstr(body, "success{collector=\"discovery\"} 1\n"); i++) {
		nap(10 * MS);
		body = scrape(ALL_TOYS, 0, NULL);
	}
	assert_success(body, "discovery", 1);
}

static void failed_discovery_leaves_the_old_list(void **state)
{
	const char *body;

	(void)state;
	log_setup(LOG_INFO, LOG_LOGFMT);
	scrape(TOY(QUICK) | TOY(GPU), 0, NULL);
	capture_begin(STDERR_FILENO);
	fake_error("sys/bus/pci/devices", -EACCES);
	scrape(TOY(QUICK) | TOY(GPU), 0, NULL);
	body = scrape(TOY(QUICK) | TOY(GPU), 0, NULL);
	assert_int_equal(count_of(capture_take(), "msg=\"discovery failing\" reason=permission"),
			 1);
	assert_success(body, "discovery", 0);
	assert_has(body, "error{collector=\"discovery\",remedy=\"file-permission\","
			 "reason=\"permission\"} 1\n");
	assert_has(body, "toy_gpu{pci=\"0000:03:00.0\"} ");
	fake_error("sys/bus/pci/devices", 0);
	body = scrape(TOY(QUICK) | TOY(GPU), 0, NULL);
	assert_success(body, "discovery", 1);
	assert_int_equal(count_of(capture_end(), "msg=\"discovery recovered\""), 1);
}

static void start_with_a_stuck_discovery(void **state)
{
	uint64_t start = sys_monotonic_ns();
	const char *body;
	size_t gpus = 77;

	(void)state;
	scraper_stop(scraper);
	new_scraper(300 * MS);
	fake_block("sys/bus/pci/devices");
	assert_int_equal(scraper_start(scraper), 0);
	assert_in_range(sys_monotonic_ns() - start, 0, 300 * MS + PAST_DEADLINE);
	assert_false(scraper_is_ready(scraper, &gpus));
	body = scrape(ALL_TOYS, 0, NULL);
	assert_has_not(body, "intel_gpu_up "); /* nobody has looked */
	assert_timeout(body, "discovery");
	fake_block(NULL);
	for (int i = 0; i < 2000 && !scraper_is_ready(scraper, &gpus); i++)
		nap(MS);
	assert_true(scraper_is_ready(scraper, &gpus));
	assert_int_equal(gpus, 2);
	assert_has(scrape(ALL_TOYS, 0, NULL), "toy_quick ");
}

static void *unblock_later(void *data)
{
	(void)data;
	nap(DISCOVERY + 200 * MS);
	fake_block(NULL);
	return NULL;
}

/* There is no old list that could serve: a slow start is better than one without GPUs. */
static void slow_first_discovery_is_waited_for(void **state)
{
	pthread_t thread;
	size_t gpus = 0;

	(void)state;
	fake_block("sys/bus/pci/devices");
	assert_int_equal(pthread_create(&thread, NULL, unblock_later, NULL), 0);
	assert_int_equal(scraper_start(scraper), 0);
	assert_true(scraper_is_ready(scraper, &gpus));
	assert_int_equal(gpus, 2);
	pthread_join(thread, NULL);
}

static void *stress_main(void *data)
{
	for (int i = 0; i < 40; i++) {
		struct asker asker = { .set = ALL_TOYS & ~TOY(SLOW), .timeout = 150 * MS };

		ask(&asker);
		/* Whoever is late is named; how late they are is seen where one asks alone. */
		if (!asker.body || !(strstr(asker.body, "toy_quick ") ||
				     strstr(asker.body, "error{collector=\"quick\"")))
			*(bool *)data = false;
		free(asker.body);
	}
	return NULL;
}

/* Collectors get stuck and free while many ask and devices change; for sanitizers above all. */
static void many_at_once(void **state)
{
	pthread_t threads[6];
	bool good[ARRAY_SIZE(threads)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		good[i] = true;
		assert_int_equal(pthread_create(&threads[i], NULL, stress_main, &good[i]), 0);
	}
	for (int i = 0; i < 20; i++) {
		toys_block(TOY_BLOCKER);
		scraper_rediscover(scraper);
		nap(7 * MS);
		toys_release();
		nap(2 * MS);
	}
	toys_release();
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], NULL);
		assert_true(good[i]);
	}
	wait_until_idle(TOY_BLOCKER);
	assert_success(scrape(ALL_TOYS, 0, NULL), "blocker", 1);
}

/* On a busy machine the runner's thread begins after the deadline of the start's own scrape. */
static void start_without_time(void **state)
{
	size_t gpus = 77;

	(void)state;
	scraper_stop(scraper);
	new_scraper(1);
	assert_int_equal(scraper_start(scraper), 0);
	for (int i = 0; i < 5000 && !scraper_is_ready(scraper, &gpus); i++)
		nap(MS);
	assert_true(scraper_is_ready(scraper, &gpus));
	assert_int_equal(gpus, 2);
}

static void description(void **state)
{
	_cleanup_free_ char *text = scraper_describe(scraper);

	(void)state;
	assert_has(text, "0000:00:02.0  AlderLake-S GT1  driver i915  renderD129\n");
	assert_has(text, "0000:03:00.0  DG2 [Arc A380]  driver i915  renderD128\n");
	assert_int_equal(scraper_enabled(scraper), ALL_TOYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_works, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_was_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(failure_publishes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(deadline_holds, setup, teardown),
		cmocka_unit_test_setup_teardown(two_are_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(stuck_is_skipped_and_recovers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_walk_is_not_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(who_only_runs_has_longer, setup, teardown),
		cmocka_unit_test_setup_teardown(no_new_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(work_in_the_calling_thread, setup, teardown),
		cmocka_unit_test_setup_teardown(who_works_is_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(overlapping_scrapes_share_a_run, setup, teardown),
		cmocka_unit_test_setup_teardown(each_has_its_own_deadline, setup, teardown),
		cmocka_unit_test_setup_teardown(hurry_makes_nothing_stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(stuck_ends_the_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(deadline_is_cut_to_the_configured_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(log_tells_changes_only, setup, teardown),
		cmocka_unit_test_setup_teardown(log_of_a_stuck_one, setup, teardown),
		cmocka_unit_test_setup_teardown(log_of_two_timeouts, setup, teardown),
		cmocka_unit_test_setup_teardown(stop_wakes_waiting_scrapes, setup, teardown),
		cmocka_unit_test_setup_teardown(stuck_discovery_leaves_the_old_list, setup,
						teardown),
		cmocka_unit_test_setup_teardown(failed_discovery_leaves_the_old_list, setup,
						teardown),
		cmocka_unit_test_setup_teardown(start_with_a_stuck_discovery, setup_stopped,
						teardown),
		cmocka_unit_test_setup_teardown(slow_first_discovery_is_waited_for, setup_stopped,
						teardown),
		cmocka_unit_test_setup_teardown(start_without_time, setup_stopped, teardown),
		cmocka_unit_test_setup_teardown(many_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(description, setup, teardown),
	};

	return cmocka_run_group_tests(tests, open_machine, NULL);
}
