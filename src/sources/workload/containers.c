// SPDX-License-Identifier: Apache-2.0
/*
 * One pass over JSON that is checked as a whole and kept nowhere. Strings are compared as they are
 * written: what Go's encoder writes for ids, names and these keys has no escapes.
 */
#include "sources/workload/containers.h"

#include "base/macros.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_DEPTH 32

struct json {
	const char *s, *end;
};

static void skip_space(struct json *j)
{
	while (j->s < j->end && memchr(" \t\r\n", *j->s, 4))
		j->s++;
}

/* Takes this character after blanks. */
static bool take(struct json *j, char c)
{
	skip_space(j);
	if (j->s == j->end || *j->s != c)
		return false;
	j->s++;
	return true;
}

static bool take_escape(struct json *j)
{
	if (j->s == j->end)
		return false;
	if (*j->s != 'u')
		return memchr("\"\\/bfnrt", *j->s++, 8);
	j->s++;
	for (int i = 0; i < 4; i++, j->s++)
		if (j->s == j->end || !isxdigit((unsigned char)*j->s))
			return false;
	return true;
}

/* What stands between the quotes, escapes and all. */
static bool take_string(struct json *j, struct text_part *ret)
{
	const char *start;

	if (!take(j, '"'))
		return false;
	for (start = j->s; j->s < j->end && *j->s != '"';)
		if ((unsigned char)*j->s < ' ' || (*j->s++ == '\\' && !take_escape(j)))
			return false;
	*ret = (struct text_part){ start, (size_t)(j->s - start) };
	return take(j, '"');
}

static bool take_digits(struct json *j)
{
	const char *start = j->s;

	while (j->s < j->end && *j->s >= '0' && *j->s <= '9')
		j->s++;
	return j->s > start;
}

static bool take_any(struct json *j, const char *characters)
{
	if (j->s == j->end || !strchr(characters, *j->s) || !*j->s)
		return false;
	j->s++;
	return true;
}

static bool take_number(struct json *j)
{
	bool zero;

	take_any(j, "-");
	zero = j->s < j->end && *j->s == '0';
	if (zero ? !take_any(j, "0") : !take_digits(j))
		return false;
	if (take_any(j, ".") && !take_digits(j))
		return false;
	if (!take_any(j, "eE"))
		return true;
	take_any(j, "+-");
	return take_digits(j);
}

static bool take_word(struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(j->end - j->s) < len || memcmp(j->s, words[i], len) != 0)
			continue;
		j->s += len;
		return true;
	}
	return false;
}

static bool take_value(struct json *j, unsigned depth);

/* After "{" or ",": the key of the next member. */
static bool take_key(struct json *j, struct text_part *ret)
{
	return take_string(j, ret) && take(j, ':');
}

static bool take_members(struct json *j, bool of_object, unsigned depth)
{
	char close = of_object ? '}' : ']';
	struct text_part key;

	if (take(j, close))
		return true;
	do {
		if ((of_object && !take_key(j, &key)) || !take_value(j, depth))
			return false;
	} while (take(j, ','));
	return take(j, close);
}

/* Any value; depth is how deep it may be. */
static bool take_value(struct json *j, unsigned depth)
{
	struct text_part string;

	skip_space(j);
	if (j->s == j->end)
		return false;
	switch (*j->s) {
	case '"':
		return take_string(j, &string);
	case '{':
	case '[':
		return depth > 0 && take_members(j, *j->s++ == '{', depth - 1);
	case '-':
	case '0' ... '9':
		return take_number(j);
	default:
		return take_word(j);
	}
}

static bool at_end(struct json *j)
{
	skip_space(j);
	return j->s == j->end;
}

/* A string, or anything else, which is none. */
static bool take_text(struct json *j, struct text_part *ret)
{
	skip_space(j);
	*ret = (struct text_part){ 0 };
	return j->s < j->end && *j->s == '"' ? take_string(j, ret) : take_value(j, MAX_DEPTH - 2);
}

/* The first string of an array. */
static bool take_first_text(struct json *j, struct text_part *ret)
{
	struct text_part next;

	*ret = (struct text_part){ 0 };
	skip_space(j);
	if (j->s == j->end || *j->s != '[')
		return take_value(j, MAX_DEPTH - 2);
	j->s++;
	if (take(j, ']'))
		return true;
	if (!take_text(j, ret))
		return false;
	while (take(j, ','))
		if (!take_text(j, &next))
			return false;
	return take(j, ']');
}

/* What an engine calls an object's members, and how it writes the name. */
struct form {
	const char *id, *name;
	bool (*take_name)(struct json *j, struct text_part *ret);
};

/* An object's id and name; of a key that is there twice the last one counts, as for Go. */
static bool take_container(struct json *j, const struct form *form, struct text_part *ret_id,
			   struct text_part *ret_name)
{
	struct text_part key, other;

	*ret_id = *ret_name = (struct text_part){ 0 };
	if (!take(j, '{'))
		return false;
	if (take(j, '}'))
		return true;
	do {
		bool good = take_key(j, &key);

		if (good && text_part_is(key, form->name))
			good = form->take_name(j, ret_name);
		else if (good)
			good = take_text(j, text_part_is(key, form->id) ? ret_id : &other);
		if (!good)
			return false;
	} while (take(j, ','));
	return take(j, '}');
}

static int copy_name(struct text_part name, char *ret)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	if (name.len == 0 || name.len >= CONTAINER_NAME_BYTES)
		return -EINVAL;
	for (size_t i = 0; i < name.len; i++)
		if (!memchr(allowed, name.s[i], sizeof(allowed) - 1))
			return -EINVAL;
	memcpy(ret, name.s, name.len);
	ret[name.len] = '\0';
	return 0;
}

int containers_docker_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES])
{
	static const struct form form = { "ID", "Name", take_text };
	struct json j = { text, text + len };
	struct text_part its_id, name;

	if (!take_container(&j, &form, &its_id, &name) || !at_end(&j))
		return -EINVAL;
	if (!text_part_is(its_id, id))
		return -ENOENT;
	if (name.len < 2 || *name.s != '/')
		return -EINVAL;
	return copy_name((struct text_part){ name.s + 1, name.len - 1 }, ret);
}

int containers_podman_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES])
{
	static const struct form form = { "id", "names", take_first_text };
	struct json j = { text, text + len };
	struct text_part its_id, name, found = { 0 };

	if (!take(&j, '['))
		return -EINVAL;
	if (!take(&j, ']')) {
		do {
			if (!take_container(&j, &form, &its_id, &name))
				return -EINVAL;
			if (text_part_is(its_id, id))
				found = name;
		} while (take(&j, ','));
		if (!take(&j, ']'))
			return -EINVAL;
	}
	if (!at_end(&j))
		return -EINVAL;
	return found.s ? copy_name(found, ret) : -ENOENT;
}
