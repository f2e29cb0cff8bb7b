/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that the server answers with, apart from the metrics. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "page_files.h"

/*
 * What a browser may do with them: load the page's own script, style and icon and read the metrics
 * of the same server; nothing inline, nothing from or to elsewhere, in nobody's frame.
 */
#define PAGES_POLICY                                                                               \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "                \
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* The page at /: what this is, the notice (NULL: none), the GPUs (one a line), where the metrics
 * are, and the script that draws them live. malloc'ed or NULL. */
char *page_index(const char *gpus, const char *telemetry_path, const char *notice, size_t *ret_len);

/* The file that the page links as this path, or NULL. */
const struct page_file *page_find(const char *path);

#endif
