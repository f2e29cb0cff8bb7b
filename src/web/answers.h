/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of each kind, with the headers that belong to it. MHD_NO when memory is out. */
#ifndef WEB_ANSWERS_H
#define WEB_ANSWERS_H

#include "web/config.h"
#include "web/server.h"

#include <microhttpd.h>
#include <stddef.h>

#define ANSWER_PLAIN "text/plain; charset=utf-8"

struct answer_header {
	const char *name, *value;
};

struct answer {
	struct MHD_Connection *connection;
	const struct web_config *config; /* whose headers replace ours; may be NULL */
	unsigned status;
	const char *content_type;
	const char *policy;		 /* Content-Security-Policy; NULL: nothing is allowed */
	struct answer_header headers[3]; /* more of them; those without a name are none */
	char *text;			 /* malloc'ed, and taken; NULL: memory is out */
	size_t len;
	bool is_constant; /* it is not taken, and outlives the answer */
};

enum MHD_Result answer_send(const struct answer *answer);

/* One line of text. */
enum MHD_Result answer_line(struct MHD_Connection *connection, const struct web_config *config,
			    unsigned status, const char *line);

/* For people: a page or what it loads. */
enum MHD_Result answer_page(struct MHD_Connection *connection, const struct web_config *config,
			    const char *content_type, const char *text, size_t len);

enum MHD_Result answer_index(struct MHD_Connection *connection,
			     const struct server_options *options);

enum MHD_Result answer_ready(struct MHD_Connection *connection,
			     const struct server_options *options);

#endif
