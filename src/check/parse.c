// SPDX-License-Identifier: Apache-2.0
/* Parsers of the kernel's own texts. */
#include "parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool parse_line(const char *text, size_t len, size_t *pos, struct text_part *ret)
{
	const char *newline;

	if (*pos >= len)
		return false;
	newline = memchr(text + *pos, '\n', len - *pos);
	ret->s = text + *pos;
	ret->len = newline ? (size_t)(newline - ret->s) : len - *pos;
	*pos += ret->len + 1;
	return true;
}

bool parse_word(struct text_part *line, const char *separators, struct text_part *ret)
{
	while (line->len > 0 && memchr(separators, *line->s, strlen(separators))) {
		line->s++;
		line->len--;
	}
	if (line->len == 0)
		return false;
	ret->s = line->s;
	ret->len = 0;
	while (ret->len < line->len && !memchr(separators, ret->s[ret->len], strlen(separators)))
		ret->len++;
	line->s += ret->len;
	line->len -= ret->len;
	return true;
}

struct text_part parse_trim(struct text_part part)
{
	while (part.len > 0 && isspace((unsigned char)*part.s)) {
		part.s++;
		part.len--;
	}
	while (part.len > 0 && isspace((unsigned char)part.s[part.len - 1]))
		part.len--;
	return part;
}

void parse_copy(struct text_part part, char *buf, size_t size)
{
	text_clean(part.s, part.len, buf, size);
}

bool parse_has(struct text_part part, const char *text)
{
	return part.len > 0 && memmem(part.s, part.len, text, strlen(text));
}

static bool same_name(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return true;
}

int parse_cmdline(const char *text, size_t len, const char *name, char *buf, size_t size)
{
	size_t n = strlen(name), at = 0;
	int r = -ENOENT;

	while (at < len) {
		size_t start, end;
		bool quoted = false;

		while (at < len && isspace((unsigned char)text[at]))
			at++;
		start = at;
		while (at < len && (quoted || !isspace((unsigned char)text[at])))
			quoted ^= text[at++] == '"';
		end = at;
		if (end - start == 2 && memcmp(text + start, "--", 2) == 0)
			break;
		if (end > start && text[start] == '"') {
			start++;
			end -= end > start && text[end - 1] == '"';
		}
		if (end - start < n || !same_name(text + start, name, n))
			continue;
		if (end - start == n) {
			*buf = '\0';
			r = 0;
		} else if (text[start + n] == '=') {
			struct text_part value = { text + start + n + 1, end - start - n - 1 };

			if (value.len >= 2 && *value.s == '"' && value.s[value.len - 1] == '"')
				value = (struct text_part){ value.s + 1, value.len - 2 };
			parse_copy(value, buf, size);
			r = 0;
		}
	}
	return r;
}

bool parse_list_has(const char *list, const char *word)
{
	struct text_part rest = { list, strlen(list) }, one;

	while (parse_word(&rest, ", \t\n", &one))
		if (one.len == strlen(word) && same_name(one.s, word, one.len))
			return true;
	return false;
}

static bool digits(const char *s, size_t len, uint64_t *ret)
{
	return len > 0 && text_parse_u64(s, len, ret) == 0 && s[len - 1] != '\n';
}

/* The field behind a comma that follows at. */
static bool next_field(struct text_part line, size_t *at, uint64_t *ret)
{
	size_t start = *at;

	while (*at < line.len && line.s[*at] != ',' && line.s[*at] != ';')
		(*at)++;
	return digits(line.s + start, *at - start, ret) && (*at)++ < line.len;
}

bool parse_kernel_record(const char *text, size_t len, size_t *pos, struct kernel_record *ret)
{
	static const char device[] = " DEVICE=+pci:";
	struct text_part line;

	while (parse_line(text, len, pos, &line)) {
		const char *semicolon = line.len > 0 ? memchr(line.s, ';', line.len) : NULL;
		uint64_t ignored;
		size_t at = 0;

		if (!semicolon || *line.s == ' ' || !next_field(line, &at, &ignored) ||
		    !next_field(line, &at, &ignored) || !next_field(line, &at, &ret->usec))
			continue;
		ret->text = (struct text_part){ semicolon + 1,
						line.len - (size_t)(semicolon + 1 - line.s) };
		ret->device = (struct text_part){ line.s, 0 };
		/* Lines of a record after the first begin with a blank. */
		while (*pos < len && text[*pos] == ' ') {
			if (!parse_line(text, len, pos, &line))
				break;
			if (text_part_starts(line, device))
				ret->device = parse_trim(
					(struct text_part){ line.s + sizeof(device) - 1,
							    line.len - sizeof(device) + 1 });
		}
		return true;
	}
	return false;
}

bool parse_resource(const char *text, size_t len, unsigned bar, uint64_t *ret_bytes)
{
	struct text_part line, first, last;
	uint64_t start, end;
	size_t pos = 0;

	for (unsigned i = 0; i <= bar; i++)
		if (!parse_line(text, len, &pos, &line))
			return false;
	if (!parse_word(&line, " \t", &first) || !parse_word(&line, " \t", &last) ||
	    text_parse_hex(first.s, first.len, &start) < 0 ||
	    text_parse_hex(last.s, last.len, &end) < 0 || end < start || end == UINT64_MAX)
		return false;
	*ret_bytes = end == 0 ? 0 : end - start + 1;
	return true;
}

int parse_firmware(const char *text, size_t len, struct firmware_state *ret)
{
	struct firmware_state state = { 0 };
	struct text_part line;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line)) {
		const char *colon;

		line = parse_trim(line);
		if (parse_has(line, " not supported") && !*state.status)
			strcpy(state.status, "NOT SUPPORTED");
		else if (parse_has(line, " disabled") && !*state.status)
			strcpy(state.status, "DISABLED");
		colon = line.len > 0 ? memchr(line.s, ':', line.len) : NULL;
		if (!colon)
			continue;
		struct text_part value = parse_trim(
			(struct text_part){ colon + 1, line.len - (size_t)(colon + 1 - line.s) });

		if (text_part_starts(line, "status:")) {
			parse_copy(value, state.status, sizeof(state.status));
		} else if (text_part_starts(line, "version:")) {
			const char *found = memmem(value.s, value.len, "found ", 6);

			if (found)
				parse_copy((struct text_part){ found + 6,
							       value.len - (size_t)(found + 6 -
										    value.s) },
					   state.version, sizeof(state.version));
		} else if (parse_has((struct text_part){ line.s, (size_t)(colon - line.s) },
				     " firmware") &&
			   !*state.file) {
			parse_copy(value, state.file, sizeof(state.file));
		}
	}
	if (!*state.status)
		return -ENOENT;
	*ret = state;
	return 0;
}

int parse_named_number(const char *text, size_t len, const char *name, uint64_t *ret)
{
	struct text_part line, word;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line))
		if (parse_word(&line, " \t", &word) && text_part_is(word, name) &&
		    parse_word(&line, " \t", &word) && digits(word.s, word.len, ret))
			return 0;
	return -ENOENT;
}

bool parse_release(const char *text, unsigned ret[static 3])
{
	ret[0] = ret[1] = ret[2] = 0;
	for (unsigned i = 0; i < 3; i++) {
		if (!isdigit((unsigned char)*text))
			return i >= 2;
		for (unsigned n = 0; isdigit((unsigned char)*text) && n < 5; n++)
			ret[i] = ret[i] * 10 + (unsigned)(*text++ - '0');
		if (i < 2 && *text++ != '.')
			return i >= 1;
	}
	return true;
}
