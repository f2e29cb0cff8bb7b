/* SPDX-License-Identifier: Apache-2.0 */
/* What a request for the metrics asks for: collect[], exclude[] and how long it waits. */
#ifndef WEB_QUERY_H
#define WEB_QUERY_H

#include "collectors/registry.h"

struct query {
	collector_set collect, exclude;
	bool has_collect, has_exclude;
	char unknown[64]; /* the first name that is no collector, or is off; cleaned */
};

/* Takes one argument of the URL; value may be NULL. Arguments that are not ours are ignored. */
void query_add(struct query *query, collector_set enabled, const char *key, const char *value);

/*
 * The collectors to run. 0, or -EINVAL with the text for the client in buf.
 */
int query_result(const struct query *query, collector_set enabled, collector_set *ret, char *buf,
		 size_t size);

/*
 * How long a scrape may take by the header X-Prometheus-Scrape-Timeout-Seconds: half a second less,
 * for the way back, and at least 100 ms. 0 (no limit of the client's) for NULL or what is no
 * positive number.
 */
uint64_t query_timeout(const char *header);

#endif
