/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that the server answers with, apart from the metrics. */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include <stddef.h>

/* The page at /: what this is, the GPUs (one a line) and where the metrics are. malloc'ed or NULL.
 */
char *page_index(const char *gpus, const char *telemetry_path, size_t *ret_len);

#endif
