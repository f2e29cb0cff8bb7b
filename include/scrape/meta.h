/* SPDX-License-Identifier: Apache-2.0 */
/* What the exporter says of itself: is there a GPU, which collectors worked, what does it cost. */
#ifndef SCRAPE_META_H
#define SCRAPE_META_H

#include "exposition/metrics.h"

#include <stdbool.h>

struct reloads;
struct scrape;

extern const struct family meta_families[];
extern const size_t meta_families_count;

/* 0 and a batch that belongs to the caller, or -errno. web_config: NULL for none. */
int meta_collect(const struct scrape *scrape, const struct reloads *web_config, bool self_metrics,
		 struct batch **ret);

#endif
