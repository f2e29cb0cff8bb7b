// SPDX-License-Identifier: Apache-2.0
#include "answers.h"

#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For the answers that every browser should take with care. */
static void add_headers(struct MHD_Response *response, const char *content_type, const char *policy)
{
	MHD_add_response_header(response, "Content-Type", content_type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Content-Security-Policy", policy);
}

enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
			    const char *content_type, char *text, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		free(text);
		return MHD_NO;
	}
	add_headers(response, content_type, "default-src 'none'");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status, const char *line)
{
	char *text = strdup(line);

	return text ? answer_text(connection, status, "text/plain; charset=utf-8", text,
				  strlen(text))
		    : MHD_NO;
}

enum MHD_Result answer_page(struct MHD_Connection *connection, const char *content_type,
			    const char *text, size_t len, enum MHD_ResponseMemoryMode mode)
{
	/* libmicrohttpd does not write to the text, in any mode. */
	void *body = (void *)(uintptr_t)text;
	struct MHD_Response *response = MHD_create_response_from_buffer(len, body, mode);
	enum MHD_Result result;

	if (!response) {
		if (mode == MHD_RESPMEM_MUST_FREE)
			free(body);
		return MHD_NO;
	}
	add_headers(response, content_type, PAGES_POLICY);
	/* The next version's page must not run this version's script. */
	MHD_add_response_header(response, "Cache-Control", "no-cache");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result answer_ready(struct MHD_Connection *connection, struct scraper *scraper)
{
	char line[96];
	size_t gpus;
	bool ready = scraper_is_ready(scraper, &gpus);

	if (!ready)
		snprintf(line, sizeof(line), "Not ready: still looking for GPUs.\n");
	else
		snprintf(line, sizeof(line), "Ready: %zu Intel GPU%s found.\n", gpus,
			 gpus == 1 ? "" : "s");
	return answer_line(connection, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

enum MHD_Result answer_index(struct MHD_Connection *connection,
			     const struct server_options *options)
{
	char *gpus = scraper_describe(options->scraper);
	size_t len;
	char *page = page_index(gpus ? gpus : "", options->telemetry_path, options->notice, &len);

	free(gpus);
	return page ? answer_page(connection, "text/html; charset=utf-8", page, len,
				  MHD_RESPMEM_MUST_FREE)
		    : MHD_NO;
}
