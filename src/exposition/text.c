// SPDX-License-Identifier: Apache-2.0
/*
 * Text format 0.0.4, as docs/instrumenting/exposition_formats.md of Prometheus defines it, and
 * OpenMetrics 1.0 (RFC draft-richih-opsawg-openmetrics): all lines of a family together, HELP and
 * TYPE before the first sample. Samples are the same in both; OpenMetrics names a counter's family
 * without its suffix, escapes quotes in HELP, too, and has an end.
 */
#include "exposition/text.h"

#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct body {
	enum text_format format;
	char *text;
	size_t len, size;
	int error;
};

static void append(struct body *body, const char *text, size_t len)
{
	if (body->error)
		return;
	if (body->len + len > TEXT_MAX_BYTES) {
		body->error = -E2BIG;
		return;
	}
	if (!array_reserve(body->text, &body->size, body->len + len)) {
		body->error = -ENOMEM;
		return;
	}
	memcpy(body->text + body->len, text, len);
	body->len += len;
}

static void append_string(struct body *body, const char *text)
{
	append(body, text, strlen(text));
}

static void append_help(struct body *body, const char *help)
{
	for (; *help; help++) {
		if (*help == '\\')
			append_string(body, "\\\\");
		else if (*help == '\n')
			append_string(body, "\\n");
		else if (*help == '"' && body->format == TEXT_OPENMETRICS)
			append_string(body, "\\\"");
		else
			append(body, help, 1);
	}
}

static void append_meta(struct body *body, const struct family *family)
{
	size_t len = strlen(family->name);

	if (body->format == TEXT_OPENMETRICS && family->type == COUNTER)
		len -= strlen("_total");
	append_string(body, "# HELP ");
	append(body, family->name, len);
	append_string(body, " ");
	append_help(body, family->help);
	append_string(body, "\n# TYPE ");
	append(body, family->name, len);
	append_string(body, family->type == COUNTER ? " counter\n" : " gauge\n");
}

static void append_family(struct body *body, const struct batch_group *group,
			  const struct family *family)
{
	bool started = false;

	for (size_t i = 0; i < group->n_batches; i++) {
		size_t state = 0, len;
		const char *piece;

		while ((piece = batch_piece(group->batches[i], family, &state, &len))) {
			if (!started)
				append_meta(body, family);
			started = true;
			append(body, piece, len);
		}
	}
}

int text_render(const struct batch_group *groups, size_t n_groups, enum text_format format,
		char **ret, size_t *ret_len)
{
	struct body body = { .format = format, .text = malloc(16384), .size = 16384 };

	if (!body.text)
		return -ENOMEM;
	for (size_t i = 0; i < n_groups; i++)
		for (size_t j = 0; j < groups[i].n_families; j++)
			append_family(&body, &groups[i], &groups[i].families[j]);
	if (format == TEXT_OPENMETRICS)
		append_string(&body, "# EOF\n");
	if (body.error) {
		free(body.text);
		return body.error;
	}
	*ret = body.text;
	*ret_len = body.len;
	return 0;
}
