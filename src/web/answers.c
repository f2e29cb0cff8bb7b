// SPDX-License-Identifier: Apache-2.0
#include "answers.h"

#include "pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The configuration's headers come instead of ours of the same name. */
static void add_header(struct MHD_Response *response, const struct web_config *config,
		       const char *name, const char *value)
{
	for (size_t i = 0; config && i < config->n_headers; i++)
		if (strcasecmp(config->headers[i].name, name) == 0)
			return;
	MHD_add_response_header(response, name, value);
}

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
	const struct web_config *config = answer->config;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
	/* For the answers that every browser should take with care. */
	add_header(response, config, "X-Content-Type-Options", "nosniff");
	add_header(response, config, "Content-Security-Policy",
		   answer->policy ? answer->policy : "default-src 'none'");
	for (size_t i = 0; i < sizeof(answer->headers) / sizeof(answer->headers[0]); i++)
		if (answer->headers[i].name)
			MHD_add_response_header(response, answer->headers[i].name,
						answer->headers[i].value);
	for (size_t i = 0; config && i < config->n_headers; i++)
		MHD_add_response_header(response, config->headers[i].name,
					config->headers[i].value);
}

enum MHD_Result answer_send(const struct answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!answer->text)
		return MHD_NO;
	/* libmicrohttpd does not write to the text, in any mode. */
	response = MHD_create_response_from_buffer(answer->len, answer->text,
						   answer->is_constant ? MHD_RESPMEM_PERSISTENT
								       : MHD_RESPMEM_MUST_FREE);
	if (!response) {
		if (!answer->is_constant)
			free(answer->text);
		return MHD_NO;
	}
	add_headers(response, answer);
	result = MHD_queue_response(answer->connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result answer_line(struct MHD_Connection *connection, const struct web_config *config,
			    unsigned status, const char *line)
{
	const struct answer answer = {
		.connection = connection,
		.config = config,
		.status = status,
		.content_type = ANSWER_PLAIN,
		.headers = { { status == MHD_HTTP_METHOD_NOT_ALLOWED ? MHD_HTTP_HEADER_ALLOW : NULL,
			       "GET, HEAD" } },
		.text = strdup(line),
		.len = strlen(line),
	};

	return answer_send(&answer);
}

/* The next version's page must not run this version's script. */
static struct answer page(struct MHD_Connection *connection, const struct web_config *config,
			  const char *content_type)
{
	return (struct answer){
		.connection = connection,
		.config = config,
		.status = MHD_HTTP_OK,
		.content_type = content_type,
		.policy = PAGES_POLICY,
		.headers = { { MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache" } },
	};
}

enum MHD_Result answer_page(struct MHD_Connection *connection, const struct web_config *config,
			    const char *content_type, const char *text, size_t len)
{
	struct answer answer = page(connection, config, content_type);

	answer.text = (char *)(uintptr_t)text;
	answer.len = len;
	answer.is_constant = true;
	return answer_send(&answer);
}

enum MHD_Result answer_ready(struct MHD_Connection *connection,
			     const struct server_options *options)
{
	char line[96];
	size_t gpus;
	bool ready = scraper_is_ready(options->scraper, &gpus);

	if (!ready)
		snprintf(line, sizeof(line), "Not ready: still looking for GPUs.\n");
	else
		snprintf(line, sizeof(line), "Ready: %zu Intel GPU%s found.\n", gpus,
			 gpus == 1 ? "" : "s");
	return answer_line(connection, config_file_now(options->config),
			   ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

enum MHD_Result answer_index(struct MHD_Connection *connection,
			     const struct server_options *options)
{
	struct answer answer =
		page(connection, config_file_now(options->config), "text/html; charset=utf-8");
	char *gpus = scraper_describe(options->scraper);
	struct page_facts facts = { .gpus = gpus ? gpus : "",
				    .notice = options->notice,
				    .telemetry_path = options->telemetry_path };

	scraper_codecs(options->scraper, &facts.codecs);
	answer.text = page_index(&facts, &answer.len);
	free(gpus);
	return answer_send(&answer);
}
