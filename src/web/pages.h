/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that the server answers with, apart from the metrics. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "page_files.h"
#include "scrape/scrape.h"

/*
 * What a browser may do with them: load the page's own script, style and icon and read the metrics
 * of the same server; nothing inline, nothing from or to elsewhere, in nobody's frame.
 */
#define PAGES_POLICY                                                                               \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* What the page at / says without its script, which draws live figures in its place. */
struct page_facts {
	const char *gpus;   /* for people, one a line or more; empty: there are none */
	const char *notice; /* NULL: none */
	const char *telemetry_path;
	struct scraper_codecs codecs;
};

/* malloc'ed or NULL. */
char *page_index(const struct page_facts *facts, size_t *ret_len);

/* The file that the page links as this path, or NULL. */
const struct page_file *page_find(const char *path);

#endif
