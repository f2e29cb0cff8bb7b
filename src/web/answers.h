/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of each kind, with the headers that belong to it. MHD_NO when memory is out. */
#ifndef WEB_ANSWERS_H
#define WEB_ANSWERS_H

#include "web/server.h"

#include <microhttpd.h>
#include <stddef.h>

/* Takes the malloc'ed text. */
enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
			    const char *content_type, char *text, size_t len);

enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status, const char *line);

/* For people: a page or what it loads. */
enum MHD_Result answer_page(struct MHD_Connection *connection, const char *content_type,
			    const char *text, size_t len, enum MHD_ResponseMemoryMode mode);

enum MHD_Result answer_index(struct MHD_Connection *connection,
			     const struct server_options *options);

enum MHD_Result answer_ready(struct MHD_Connection *connection, struct scraper *scraper);

#endif
