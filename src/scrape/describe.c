// SPDX-License-Identifier: Apache-2.0
/* What is known without a scrape, for the page of a browser that runs no scripts. */
#include "base/sys.h"
#include "base/text.h"
#include "runner.h"
#include "scrape/scrape.h"
#include "sources/vaapi/va_state.h"

#include <stdio.h>
#include <string.h>

/* The expected codecs, when their tests say something of now: the collector vaapi exports them. */
static unsigned judged(const struct va_state *state, const struct va_gpu *g, uint64_t now)
{
	if (g->rounds == 0 || g->start_error < 0 || va_gpu_skip(state, g, now) == VA_PASSTHROUGH ||
	    va_gpu_is_stale(state, g, now))
		return 0;
	return va_gpu_expected(state, g);
}

static bool is_wedged(const struct va_gpu *g)
{
	if (g->list.has_run && g->list.run.outcome.result == VA_WEDGED)
		return true;
	for (size_t i = 0; i < g->n_tests; i++)
		if (g->tests[i].answer.has_run &&
		    g->tests[i].answer.run.outcome.result == VA_WEDGED)
			return true;
	return false;
}

void scraper_codecs(struct scraper *s, struct scraper_codecs *ret)
{
	struct va_state *state = s->options.vaapi;
	const struct va_gpu *g;

	*ret = (struct scraper_codecs){ 0 };
	if (!state)
		return;
	pthread_mutex_lock(&state->lock);
	LIST_FOREACH (g, &state->gpus, link) {
		unsigned codecs = judged(state, g, sys_monotonic_ns());

		for (unsigned bit = 0; va_codec_name(bit); bit++) {
			ret->expected += codecs >> bit & 1;
			ret->working += codecs >> bit & 1 && va_gpu_works(g, va_codec_name(bit));
		}
		ret->wedged |= is_wedged(g);
	}
	pthread_mutex_unlock(&state->lock);
}

/* "  h264 works, hevc fails, tested 3 min ago" */
static void describe_codecs(FILE *out, const struct va_state *state, const struct va_gpu *g)
{
	uint64_t now = sys_monotonic_ns();
	unsigned codecs = judged(state, g, now);

	if (!codecs) {
		fputs("  encoding is not tested\n", out);
		return;
	}
	fputc(' ', out);
	for (unsigned bit = 0; va_codec_name(bit); bit++)
		if (codecs >> bit & 1)
			fprintf(out, " %s %s,", va_codec_name(bit),
				va_gpu_works(g, va_codec_name(bit)) ? "works" : "fails");
	fprintf(out, " tested %llu min ago\n",
		(unsigned long long)((now - g->ended) / UINT64_C(60000000000)));
}

static void describe_gpu(FILE *out, const struct gpu *gpu)
{
	const char *model = *gpu->model	    ? gpu->model
			    : gpu->platform ? gpu->platform->name
					    : "unknown model";
	char clean_model[4 * sizeof(gpu->model)], driver[4 * sizeof(gpu->driver_name)];

	text_clean(model, strlen(model), clean_model, sizeof(clean_model));
	text_clean(gpu->driver_name, strlen(gpu->driver_name), driver, sizeof(driver));
	fprintf(out, "%s  %s  driver %s", gpu->pci, clean_model, driver);
	if (*gpu->render)
		fprintf(out, "  %s%s", gpu->render,
			gpu->nodes_known && !gpu->render_node ? " (not in /dev/dri here)" : "");
	fputc('\n', out);
}

/* The tests' lock is taken within the scraper's, and never the other way round. */
static void describe_tests(FILE *out, struct va_state *state, const struct gpu *gpu)
{
	const struct va_gpu *g;

	if (!state)
		return;
	pthread_mutex_lock(&state->lock);
	LIST_FOREACH (g, &state->gpus, link)
		if (g->gpu == gpu)
			describe_codecs(out, state, g);
	pthread_mutex_unlock(&state->lock);
}

char *scraper_describe(struct scraper *s)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; s->gpus && i < s->gpus->n; i++) {
		describe_gpu(out, s->gpus->gpus[i]);
		describe_tests(out, s->options.vaapi, s->gpus->gpus[i]);
	}
	pthread_mutex_unlock(&s->lock);
	fclose(out);
	return text;
}
