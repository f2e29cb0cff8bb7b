/* SPDX-License-Identifier: Apache-2.0 */
/* What the build makes of the files in page/ (page/embed.cmake). */
#ifndef WEB_PAGE_FILES_H
#define WEB_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path, *content_type, *data;
	size_t len;
};

/* Ends with a row without a path. */
extern const struct page_file page_files[];
/* The page at /, with {{names}} in it. */
extern const char *const page_template;

#endif
