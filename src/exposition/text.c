// SPDX-License-Identifier: Apache-2.0
/*
 * Text format 0.0.4, as docs/instrumenting/exposition_formats.md of Prometheus defines it, and
 * OpenMetrics 1.0 (RFC draft-richih-opsawg-openmetrics): all lines of a family together, HELP and
 * TYPE before the first sample. Samples are the same in both; OpenMetrics names a counter's family
 * without its suffix, escapes quotes in HELP, too, and has an end.
 *
 * HELP and TYPE never change: those of a table of families are written once, when it is rendered
 * first. No body is longer than all of them and the batches, and everything is copied once.
 */
#include "exposition/text.h"

#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* HELP and TYPE of a table's families. Constant once it is in the list, and there for ever. */
struct heads {
	const struct family *families;
	size_t n_families;
	enum text_format format;
	struct heads *next;
	char *text;
	size_t ends[]; /* of each family, in text */
};

static struct {
	pthread_mutex_t lock;
	struct heads *first;
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static char *add(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

static char *add_part(char *out, struct text_part part)
{
	return add(out, part.s, part.len);
}

static char *add_string(char *out, const char *text)
{
	return add(out, text, strlen(text));
}

static char *add_help(char *out, const char *help, enum text_format format)
{
	for (; *help; help++) {
		if (*help == '\\')
			out = add_string(out, "\\\\");
		else if (*help == '\n')
			out = add_string(out, "\\n");
		else if (*help == '"' && format == TEXT_OPENMETRICS)
			out = add_string(out, "\\\"");
		else
			*out++ = *help;
	}
	return out;
}

static char *add_head(char *out, const struct family *family, enum text_format format)
{
	size_t len = strlen(family->name);

	if (format == TEXT_OPENMETRICS && family->type == COUNTER)
		len -= strlen("_total");
	out = add_string(out, "# HELP ");
	out = add(out, family->name, len);
	out = add_string(out, " ");
	out = add_help(out, family->help, format);
	out = add_string(out, "\n# TYPE ");
	out = add(out, family->name, len);
	return add_string(out, family->type == COUNTER ? " counter\n" : " gauge\n");
}

static struct heads *heads_new(const struct batch_group *group, enum text_format format)
{
	struct heads *heads =
		calloc(1, sizeof(*heads) + group->n_families * sizeof(heads->ends[0]));
	size_t most = 1;
	char *end, *fitted;

	for (size_t i = 0; i < group->n_families; i++)
		most += 2 * strlen(group->families[i].name) + 2 * strlen(group->families[i].help) +
			32;
	end = heads ? malloc(most) : NULL;
	if (!end) {
		free(heads);
		return NULL;
	}
	heads->families = group->families;
	heads->n_families = group->n_families;
	heads->format = format;
	heads->text = end;
	for (size_t i = 0; i < group->n_families; i++) {
		end = add_head(end, &group->families[i], format);
		heads->ends[i] = (size_t)(end - heads->text);
	}
	fitted = realloc(heads->text, (size_t)(end - heads->text) + 1);
	if (fitted)
		heads->text = fitted;
	return heads;
}

/* NULL when memory is out. */
static const struct heads *heads_of(const struct batch_group *group, enum text_format format)
{
	struct heads *heads;

	pthread_mutex_lock(&known.lock);
	heads = known.first;
	while (heads && (heads->families != group->families ||
			 heads->n_families != group->n_families || heads->format != format))
		heads = heads->next;
	if (!heads) {
		heads = heads_new(group, format);
		if (heads) {
			heads->next = known.first;
			known.first = heads;
		}
	}
	pthread_mutex_unlock(&known.lock);
	return heads;
}

static struct text_part head_of(const struct heads *heads, size_t family)
{
	size_t start = family ? heads->ends[family - 1] : 0;

	return (struct text_part){ heads->text + start, heads->ends[family] - start };
}

/* Adds a family's lines. */
static char *add_family(char *out, const struct batch_group *group, const struct heads *heads,
			size_t family)
{
	bool first = true;

	for (size_t i = 0; i < group->n_batches; i++) {
		size_t state = 0, len;
		const char *piece;

		while ((piece = batch_piece(group->batches[i], &group->families[family], &state,
					    &len))) {
			if (first)
				out = add_part(out, head_of(heads, family));
			first = false;
			out = add(out, piece, len);
		}
	}
	return out;
}

static size_t most_of(const struct batch_group *group, const struct heads *heads)
{
	size_t most = group->n_families ? heads->ends[group->n_families - 1] : 0;

	for (size_t i = 0; i < group->n_batches; i++)
		most += batch_len(group->batches[i]);
	return most;
}

int text_render(const struct batch_group *groups, size_t n_groups, enum text_format format,
		char **ret, size_t *ret_len)
{
	const struct heads *heads[TEXT_MAX_GROUPS];
	const char *end = format == TEXT_OPENMETRICS ? "# EOF\n" : "";
	size_t most = strlen(end) + 1;
	char *text, *out;

	if (n_groups > TEXT_MAX_GROUPS)
		return -E2BIG;
	for (size_t i = 0; i < n_groups; i++) {
		heads[i] = heads_of(&groups[i], format);
		if (!heads[i])
			return -ENOMEM;
		most += most_of(&groups[i], heads[i]);
	}
	if (most > TEXT_MAX_BYTES)
		return -E2BIG;
	out = text = malloc(most);
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < n_groups; i++)
		for (size_t j = 0; j < groups[i].n_families; j++)
			out = add_family(out, &groups[i], heads[i], j);
	strcpy(out, end);
	*ret = text;
	*ret_len = (size_t)(out - text) + strlen(end);
	return 0;
}
