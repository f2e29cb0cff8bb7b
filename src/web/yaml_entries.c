// SPDX-License-Identifier: Apache-2.0
/* By libyaml's events. Its documents would resolve aliases and take a key twice. */
#include "yaml_entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	struct yaml_entry *entries;
	size_t n;
	char *keys[YAML_DEPTH];
	size_t depth;
	char *error;
	size_t error_size;
};

static int fail(struct reader *r, size_t line, const char *what)
{
	if (!*r->error)
		snprintf(r->error, r->error_size, "%zu: %s", line + 1, what);
	return -EINVAL;
}

static int next(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event))
		return 0;
	return fail(r, r->parser.problem_mark.line,
		    r->parser.problem ? r->parser.problem : "this is no YAML");
}

static char *join_keys(const struct reader *r)
{
	char *path = NULL;
	size_t len;
	FILE *out = open_memstream(&path, &len);

	for (size_t i = 0; out && i < r->depth; i++)
		fprintf(out, "%s%s", i ? "." : "", r->keys[i]);
	return out && fclose(out) == 0 ? path : NULL;
}

static bool is_null(const char *value, bool plain)
{
	return plain && (!*value || strcmp(value, "~") == 0 || strcasecmp(value, "null") == 0);
}

static int add(struct reader *r, size_t line, const char *value, bool is_list, bool plain,
	       bool empty)
{
	struct yaml_entry *entry = &r->entries[r->n];

	if (r->n == YAML_ENTRIES)
		return fail(r, line, "too many values");
	*entry = (struct yaml_entry){ .path = join_keys(r),
				      .key = strdup(r->depth ? r->keys[r->depth - 1] : ""),
				      .value = strdup(value),
				      .is_list = is_list,
				      .is_plain = plain,
				      .is_null = empty || is_null(value, plain),
				      .line = (unsigned)line + 1 };
	r->n++;
	return entry->path && entry->key && entry->value ? 0 : -ENOMEM;
}

/* NUL would end the text for us, but not for others. */
static bool has_nul(const yaml_event_t *event)
{
	return strlen((const char *)event->data.scalar.value) != event->data.scalar.length;
}

static int check_scalar(struct reader *r, const yaml_event_t *event)
{
	size_t line = event->start_mark.line;

	if (event->data.scalar.anchor || event->data.scalar.tag)
		return fail(r, line, "anchors and tags are not taken");
	return has_nul(event) ? fail(r, line, "a NUL is in this text") : 0;
}

static int read_value(struct reader *r, yaml_event_t *event);

static int read_list(struct reader *r, size_t line)
{
	size_t first = r->n;
	yaml_event_t event;
	int result = next(r, &event);

	while (result == 0 && event.type == YAML_SCALAR_EVENT) {
		result = check_scalar(r, &event);
		if (result == 0)
			result = add(r, event.start_mark.line,
				     (const char *)event.data.scalar.value, true,
				     event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE, false);
		yaml_event_delete(&event);
		if (result == 0)
			result = next(r, &event);
	}
	if (result < 0)
		return result;
	if (event.type != YAML_SEQUENCE_END_EVENT)
		result = fail(r, event.start_mark.line, "the items of a list are single values");
	yaml_event_delete(&event);
	return result == 0 && r->n == first ? add(r, line, "", false, false, true) : result;
}

static int check_key(struct reader *r, const yaml_event_t *event, char *const *keys, size_t n)
{
	size_t line = event->start_mark.line;
	int result;

	if (event->type != YAML_SCALAR_EVENT)
		return fail(r, line, "a key is a single word");
	result = check_scalar(r, event);
	for (size_t i = 0; result == 0 && i < n; i++)
		if (strcmp(keys[i], (const char *)event->data.scalar.value) == 0)
			return fail(r, line, "this key is there twice");
	return result;
}

static int read_pair(struct reader *r, const char *key)
{
	yaml_event_t event;
	int result = next(r, &event);

	if (result < 0)
		return result;
	if (r->depth == YAML_DEPTH)
		result = fail(r, event.start_mark.line, "there are too many levels");
	if (result == 0) {
		r->keys[r->depth] = strdup(key);
		if (!r->keys[r->depth])
			result = -ENOMEM;
	}
	if (result == 0) {
		r->depth++;
		result = read_value(r, &event);
		free(r->keys[--r->depth]);
	}
	yaml_event_delete(&event);
	return result;
}

static int read_mapping(struct reader *r, size_t line)
{
	char *seen[YAML_ENTRIES];
	size_t n = 0;
	int result;

	for (;;) {
		yaml_event_t event;

		result = next(r, &event);
		if (result < 0)
			break;
		if (event.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&event);
			break;
		}
		result = n == YAML_ENTRIES ? fail(r, line, "too many keys")
					   : check_key(r, &event, seen, n);
		if (result == 0) {
			seen[n] = strdup((const char *)event.data.scalar.value);
			result = seen[n] ? read_pair(r, seen[n]) : -ENOMEM;
			n++;
		}
		yaml_event_delete(&event);
		if (result < 0)
			break;
	}
	if (result == 0 && n == 0)
		result = add(r, line, "", false, false, true);
	for (size_t i = 0; i < n; i++)
		free(seen[i]);
	return result;
}

static int read_value(struct reader *r, yaml_event_t *event)
{
	size_t line = event->start_mark.line;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return check_scalar(r, event) < 0
			       ? -EINVAL
			       : add(r, line, (const char *)event->data.scalar.value, false,
				     event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE, false);
	case YAML_SEQUENCE_START_EVENT:
		if (event->data.sequence_start.anchor || event->data.sequence_start.tag)
			break;
		return read_list(r, line);
	case YAML_MAPPING_START_EVENT:
		if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
			break;
		return read_mapping(r, line);
	default:
		break;
	}
	return fail(r, line, "anchors, aliases and tags are not taken");
}

/* The one document; nothing at all is one, too. */
static int read_document(struct reader *r)
{
	yaml_event_t event;
	bool in_document = false;
	int result;

	for (;;) {
		result = next(r, &event);
		if (result < 0)
			return result;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_STREAM_END_EVENT:
			yaml_event_delete(&event);
			return 0;
		case YAML_DOCUMENT_START_EVENT:
			if (in_document)
				result =
					fail(r, event.start_mark.line, "this is a second document");
			in_document = true;
			break;
		case YAML_MAPPING_START_EVENT:
			result = read_value(r, &event);
			break;
		case YAML_SCALAR_EVENT:
			if (is_null((const char *)event.data.scalar.value,
				    event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE))
				break;
			result = fail(r, event.start_mark.line,
				      "sections are expected, such as \"tls_server_config:\"");
			break;
		default:
			result = fail(r, event.start_mark.line,
				      "sections are expected, such as \"tls_server_config:\"");
		}
		yaml_event_delete(&event);
		if (result < 0)
			return result;
	}
}

int yaml_entries_parse(const char *text, size_t len, struct yaml_entry **ret, size_t *ret_n,
		       char *error, size_t error_size)
{
	struct reader r = { .entries = calloc(YAML_ENTRIES, sizeof(struct yaml_entry)),
			    .error = error,
			    .error_size = error_size };
	int result = -ENOMEM;

	*error = '\0';
	if (r.entries && yaml_parser_initialize(&r.parser)) {
		yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
		result = read_document(&r);
		yaml_parser_delete(&r.parser);
	}
	if (result < 0) {
		yaml_entries_free(r.entries, r.n);
		return result;
	}
	*ret = r.entries;
	*ret_n = r.n;
	return 0;
}

void yaml_entries_free(struct yaml_entry *entries, size_t n)
{
	for (size_t i = 0; entries && i < n; i++) {
		free(entries[i].path);
		free(entries[i].key);
		/* It may be a key or a password's hash. */
		if (entries[i].value)
			explicit_bzero(entries[i].value, strlen(entries[i].value));
		free(entries[i].value);
	}
	free(entries);
}
