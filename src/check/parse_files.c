// SPDX-License-Identifier: Apache-2.0
/* Parsers of configuration files. */
#include "parse.h"

#include "base/macros.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int parse_assignment(const char *text, size_t len, const char *key, char *buf, size_t size)
{
	size_t n = strlen(key), pos = 0;
	struct text_part line;
	int r = -ENOENT;

	while (parse_line(text, len, &pos, &line)) {
		struct text_part value;

		line = parse_trim(line);
		if (text_part_starts(line, "export "))
			line = parse_trim((struct text_part){ line.s + 7, line.len - 7 });
		if (line.len <= n || memcmp(line.s, key, n) != 0 || line.s[n] != '=')
			continue;
		value = parse_trim((struct text_part){ line.s + n + 1, line.len - n - 1 });
		if (value.len >= 2 && (*value.s == '"' || *value.s == '\'') &&
		    value.s[value.len - 1] == *value.s)
			value = (struct text_part){ value.s + 1, value.len - 2 };
		parse_copy(value, buf, size);
		r = 0;
	}
	return r;
}

static bool names_module(struct text_part word, const char *module)
{
	char name[64];

	if (word.len >= sizeof(name))
		return false;
	parse_copy(word, name, sizeof(name));
	return parse_list_has(name, module);
}

enum modprobe_rule parse_modprobe(const char *text, size_t len, const char *module,
				  unsigned *ret_line)
{
	enum modprobe_rule rule = MODPROBE_NOTHING;
	struct text_part line, word;
	unsigned number = 0;
	size_t pos = 0;

	/* A line that is continued with "\" cannot be one of these commands with its module cut off
	 * in any file that was seen; what follows such a line is read as a line of its own. */
	while (parse_line(text, len, &pos, &line)) {
		number++;
		if (!parse_word(&line, " \t\r", &word))
			continue;
		if (text_part_is(word, "blacklist")) {
			if (parse_word(&line, " \t\r", &word) && names_module(word, module) &&
			    rule == MODPROBE_NOTHING) {
				rule = MODPROBE_BLACKLIST;
				*ret_line = number;
			}
		} else if (text_part_is(word, "install") && parse_word(&line, " \t\r", &word) &&
			   names_module(word, module) && parse_word(&line, " \t\r", &word) &&
			   (text_part_is(word, "/bin/true") || text_part_is(word, "/bin/false") ||
			    text_part_is(word, "/usr/bin/true") ||
			    text_part_is(word, "/usr/bin/false"))) {
			rule = MODPROBE_INSTALL;
			*ret_line = number;
		}
	}
	return rule;
}

/* The next field of a line of passwd(5). */
static bool field(struct text_part *line, struct text_part *ret)
{
	const char *colon;

	if (!line->s)
		return false;
	colon = line->len > 0 ? memchr(line->s, ':', line->len) : NULL;
	ret->s = line->s;
	ret->len = colon ? (size_t)(colon - line->s) : line->len;
	if (colon) {
		line->s = colon + 1;
		line->len -= ret->len + 1;
	} else {
		line->s = NULL;
	}
	return true;
}

static bool number_of(struct text_part part, uint32_t *ret)
{
	uint64_t value;

	if (part.len == 0 || text_parse_u64(part.s, part.len, &value) < 0 || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

bool parse_passwd(const char *text, size_t len, const char *name_or_number, struct user_entry *ret)
{
	struct text_part line;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line)) {
		struct text_part name, password, uid, gid;

		if (!field(&line, &name) || !field(&line, &password) || !field(&line, &uid) ||
		    !field(&line, &gid) || !number_of(uid, &ret->uid) || !number_of(gid, &ret->gid))
			continue;
		if (!text_part_is(name, name_or_number) && !text_part_is(uid, name_or_number))
			continue;
		parse_copy(name, ret->name, sizeof(ret->name));
		return true;
	}
	return false;
}

bool parse_group_line(struct text_part line, struct group_entry *ret)
{
	struct text_part name, password, gid;

	if (!field(&line, &name) || name.len == 0 || !field(&line, &password) ||
	    !field(&line, &gid) || !number_of(gid, &ret->gid))
		return false;
	parse_copy(name, ret->name, sizeof(ret->name));
	ret->members = line.s ? line : (struct text_part){ "", 0 };
	return true;
}

bool parse_group_name(const char *text, size_t len, uint32_t gid, char *buf, size_t size)
{
	struct text_part line;
	struct group_entry one;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line))
		if (parse_group_line(line, &one) && one.gid == gid) {
			snprintf(buf, size, "%s", one.name);
			return true;
		}
	return false;
}

bool parse_group_number(const char *text, size_t len, const char *name, uint32_t *ret)
{
	struct text_part line;
	struct group_entry one;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line))
		if (parse_group_line(line, &one) && strcmp(one.name, name) == 0) {
			*ret = one.gid;
			return true;
		}
	return false;
}

static bool octal(struct text_part part, unsigned *ret)
{
	*ret = 0;
	for (size_t i = 0; i < part.len; i++) {
		if (part.s[i] < '0' || part.s[i] > '7' || *ret > 07777)
			return false;
		*ret = *ret * 8 + (unsigned)(part.s[i] - '0');
	}
	return part.len > 0;
}

bool parse_node(const char *text, size_t len, const char *path, struct node_status *ret)
{
	struct text_part line;
	size_t pos = 0;

	while (parse_line(text, len, &pos, &line)) {
		struct text_part words[7];
		struct node_status status = { 0 };
		uint32_t major, minor;
		size_t n = 0;

		while (n < 7 && parse_word(&line, " \t", &words[n]))
			n++;
		if (n < 7 || !text_part_is(words[0], path) || !octal(words[2], &status.mode) ||
		    !number_of(words[3], &status.uid) || !number_of(words[4], &status.gid) ||
		    !number_of(words[5], &major) || !number_of(words[6], &minor))
			continue;
		status.is_device = text_part_is(words[1], "c");
		status.is_directory = text_part_is(words[1], "d");
		status.major = major;
		status.minor = minor;
		*ret = status;
		return true;
	}
	return false;
}

int parse_option(const char *value, const char *key, char *buf, size_t size)
{
	struct text_part rest = { value, strlen(value) }, one;
	size_t n = strlen(key);

	while (parse_word(&rest, ",", &one)) {
		if (one.len <= n || memcmp(one.s, key, n) != 0 || one.s[n] != '=')
			continue;
		parse_copy((struct text_part){ one.s + n + 1, one.len - n - 1 }, buf, size);
		return 0;
	}
	return -ENOENT;
}

/* Digits and points from there on. */
static struct text_part take_version(const char *text, const char *end)
{
	const char *s = text;

	while (s < end && ((*s >= '0' && *s <= '9') || *s == '.'))
		s++;
	return (struct text_part){ text, (size_t)(s - text) };
}

int parse_firmware_line(const char *text, size_t len, struct firmware_line *ret)
{
	static const char *const before[] = { "version ", "(v" };
	const char *end = text + len, *gt = memmem(text, len, "GT", 2);
	bool loaded = false;

	*ret = (struct firmware_line){ .gt = "0" };
	if (gt && end - gt > 3 && gt[2] >= '0' && gt[2] <= '9' && gt[3] == ':')
		ret->gt[0] = gt[2];
	for (size_t i = 0; i < ARRAY_SIZE(before) && !*ret->version; i++) {
		const char *found = memmem(text, len, before[i], strlen(before[i]));

		if (found)
			parse_copy(take_version(found + strlen(before[i]), end), ret->version,
				   sizeof(ret->version));
	}
	for (const char *c = ret->version; *c; c++)
		loaded |= *c >= '1' && *c <= '9';
	if (!loaded)
		*ret->version = '\0';
	return loaded ? 0 : -ENOENT;
}
