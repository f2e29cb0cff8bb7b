// SPDX-License-Identifier: Apache-2.0
/* The page of a browser without scripts: what is known of encode tests, and how it says so. */
#include "test.h"

#include "base/log.h"
#include "base/sys.h"
#include "fake_sys.h"
#include "scrape/scrape.h"
#include "sources/vaapi/va_state.h"
#include "tree.h"
#include "web/pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static struct scraper *scraper;
static struct va_state *va;
static struct tree tree;
static struct fs *fs;
static struct pmu_set *pmus;
/* None of these is ever freed; the lists keep those of earlier tests reachable. */
static struct scraper *scrapers[64];
static struct va_state *states[64];
static struct fs *machines[64];
static struct pmu_set *pmu_sets[64];
static size_t n_earlier;

static int setup(void **state)
{
	const struct va_options options = { .interval_ns = 5 * MINUTE,
					    .codecs = ~0u,
					    .expected =
						    va_codec_bit("h264") | va_codec_bit("hevc") };
	const char *bad;

	(void)state;
	tree_copy(&tree, FIXTURE("uhd770-arc-a380"));
	fake_sys_load(tree.root);
	log_setup(LOG_ERROR, LOG_LOGFMT);
	va = va_state_new(&options);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	pmus = pmu_set_new(fs, 0xff);
	if (scraper_new(&scraper, &(struct scraper_options){ .fs = fs,
							     .pmus = pmus,
							     .vaapi = va,
							     .enabled = collectors_default(),
							     .timeout_ns = 10 * SECOND }) < 0)
		return -1;
	scrapers[n_earlier] = scraper;
	states[n_earlier] = va;
	machines[n_earlier] = fs;
	pmu_sets[n_earlier++] = pmus;
	return scraper_start(scraper);
}

static int teardown(void **state)
{
	(void)state;
	scraper_stop(scraper);
	tree_remove(&tree);
	return 0;
}

static struct va_gpu *gpu_at(const char *pci)
{
	struct va_gpu *g;

	LIST_FOREACH (g, &va->gpus, link)
		if (strcmp(g->gpu->pci, pci) == 0)
			return g;
	fail_msg("no GPU at %s", pci);
	return NULL;
}

/* A round that ended minutes ago. */
static void come_to(const char *pci, enum va_result h264, enum va_result hevc, unsigned minutes)
{
	struct va_gpu *g = gpu_at(pci);

	free(g->tests);
	g->tests = calloc(2, sizeof(*g->tests));
	g->n_tests = 2;
	strcpy(g->tests[0].codec, "h264");
	strcpy(g->tests[1].codec, "hevc");
	g->tests[0].answer = (struct va_answer){ .has_run = true, .run.outcome.result = h264 };
	g->tests[1].answer = (struct va_answer){ .has_run = true, .run.outcome.result = hevc };
	g->rounds = 1;
	g->ended = g->started = sys_monotonic_ns() - minutes * MINUTE;
}

static char *page(void)
{
	char *gpus = scraper_describe(scraper), *text;
	struct page_facts facts = { .gpus = gpus, .telemetry_path = "/metrics" };
	size_t len;

	scraper_codecs(scraper, &facts.codecs);
	text = page_index(&facts, &len);
	assert_non_null(text);
	assert_int_equal(strlen(text), len);
	free(gpus);
	return text;
}

/* In the title, and where a person sees it, with its colour. */
static void assert_verdict(const char *kind, const char *words)
{
	char expected[160], *text = page();

	snprintf(expected, sizeof(expected), "<title>%s · intel-gpu-exporter</title>", words);
	if (!strstr(text, expected))
		fail_msg("no %s in %s", expected, text);
	snprintf(expected, sizeof(expected), "class=\"mark %s\" role=\"status\">%s</p>", kind,
		 words);
	if (!strstr(text, expected))
		fail_msg("no %s in %s", expected, text);
	free(text);
}

static void assert_line(const char *line)
{
	char *text = page();

	if (!strstr(text, line))
		fail_msg("no %s in %s", line, text);
	free(text);
}

static void before_the_first_round(void **state)
{
	(void)state;
	assert_verdict("plain", "– encoding is not tested");
	assert_line("  driver i915  renderD129\n  encoding is not tested\n");
}

static void both_work(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_OK, VA_OK, 3);
	come_to("0000:03:00.0", VA_OK, VA_OK, 1);
	assert_verdict("good", "✓ encoding works");
	assert_line("  driver i915  renderD129\n  h264 works, hevc works, tested 3 min ago\n");
	assert_line("  driver i915  renderD128\n  h264 works, hevc works, tested 1 min ago\n");
}

static void some_fail(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_OK, VA_OK, 0);
	come_to("0000:03:00.0", VA_OK, VA_CRASH, 0);
	assert_verdict("bad", "✗ 1 of 4 codecs fail");
	assert_line("  h264 works, hevc fails, tested 0 min ago\n");
}

static void all_fail(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_EXECUTE, VA_TIMEOUT, 0);
	assert_verdict("bad", "✗ encoding fails");
}

static void given_up(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_WEDGED, VA_OK, 0);
	assert_verdict("bad", "✗ GPU given up by its driver");
}

/* What worked long ago is no verdict of now; what failed stays. */
static void too_old(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_OK, VA_OK, 16);
	assert_verdict("plain", "– encoding is not tested");
	come_to("0000:00:02.0", VA_CRASH, VA_CRASH, 16);
	assert_verdict("bad", "✗ encoding fails");
}

static void a_vm_has_it(void **state)
{
	(void)state;
	come_to("0000:00:02.0", VA_CRASH, VA_CRASH, 0);
	gpu_at("0000:00:02.0")->skip = VA_PASSTHROUGH;
	assert_verdict("plain", "– encoding is not tested");
}

static void nothing_there(void **state)
{
	const struct page_facts facts = { .gpus = "", .telemetry_path = "/m", .notice = "<b>" };
	size_t len;
	char *text = page_index(&facts, &len);

	(void)state;
	assert_non_null(strstr(text, "– no Intel GPU</p>"));
	assert_non_null(strstr(text, "&lt;b&gt;"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(before_the_first_round, setup, teardown),
		cmocka_unit_test_setup_teardown(both_work, setup, teardown),
		cmocka_unit_test_setup_teardown(some_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(all_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(too_old, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vm_has_it, setup, teardown),
		cmocka_unit_test(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
