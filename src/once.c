// SPDX-License-Identifier: Apache-2.0
#include "once.h"

#include "base/log.h"
#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static collector_set without_counters(collector_set set)
{
	for (size_t i = 0; i < collectors_count; i++)
		if (collector_pmu_kinds(collectors_all[i]) || collectors_all[i]->needs_baseline)
			set &= ~((collector_set)1 << i);
	return set;
}

/* The first scrape opens the sources. */
static int keep_open(struct scraper *scraper, collector_set set, uint64_t ns)
{
	struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
	size_t len;
	char *body;
	int r = scraper_scrape(scraper, set, 0, &body, &len);

	if (r < 0)
		return r;
	free(body);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
	return 0;
}

int once(struct scraper *scraper, collector_set set, uint64_t keep_open_ns)
{
	size_t len, gpus;
	char *body;
	int r = 0;

	if (keep_open_ns > 0)
		r = keep_open(scraper, set, keep_open_ns);
	else
		set = without_counters(set);
	if (r == 0)
		r = scraper_scrape(scraper, set, 0, &body, &len);
	if (r < 0) {
		log_error("scrape failed", "err", strerror(-r));
		return 1;
	}
	fwrite(body, 1, len, stdout);
	r = output_end();
	if (r < 0) {
		log_error("cannot write to stdout", "err", strerror(-r));
		return 1;
	}
	scraper_is_ready(scraper, &gpus);
	return gpus > 0 ? 0 : 1;
}
