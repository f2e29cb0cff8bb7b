// SPDX-License-Identifier: Apache-2.0
/*
 * By libjansson, which takes RFC 8259 and nothing else: UTF-8 without faults, at most 2048 levels.
 * It must not run out of memory (2.14 then writes behind its buffer), so how many values it gets is
 * bounded before it sees them: "{}," is 230 bytes of memory, so that a file takes 16 MB at most.
 */
#include "sources/workload/containers.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

/* A file of 1 MB, the largest that is read, has 30,000 as engines write it. */
#define MAX_VALUES (1 << 16)

static bool has_few_values(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return n < MAX_VALUES;
}

static json_t *load(const char *text, size_t len)
{
	if (!has_few_values(text, len))
		return NULL;
	/* No number counts, so that none is too large. */
	return json_loadb(text, len,
			  JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

static bool is_string(const json_t *value, const char *string)
{
	size_t len = strlen(string);

	return json_is_string(value) && json_string_length(value) == len &&
	       memcmp(json_string_value(value), string, len) == 0;
}

/* Without the slash that Docker puts in front. */
static int copy_name(const json_t *value, const char *prefix, char *ret)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	const char *name = json_string_value(value);
	size_t len = json_string_length(value), skip = strlen(prefix);

	if (!name || strncmp(name, prefix, skip) != 0)
		return -EINVAL;
	name += skip;
	len -= skip;
	if (len == 0 || len >= CONTAINER_NAME_BYTES || strspn(name, allowed) != len)
		return -EINVAL;
	memcpy(ret, name, len + 1);
	return 0;
}

int containers_docker_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES])
{
	json_t *container = load(text, len);
	int r;

	if (!json_is_object(container))
		r = -EINVAL;
	else if (!is_string(json_object_get(container, "ID"), id))
		r = -ENOENT;
	else
		r = copy_name(json_object_get(container, "Name"), "/", ret);
	json_decref(container);
	return r;
}

int containers_podman_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES])
{
	json_t *containers = load(text, len), *container;
	int r = json_is_array(containers) ? -ENOENT : -EINVAL;
	size_t i;

	json_array_foreach(containers, i, container)
	{
		if (!is_string(json_object_get(container, "id"), id))
			continue;
		r = copy_name(json_array_get(json_object_get(container, "names"), 0), "", ret);
		break;
	}
	json_decref(containers);
	return r;
}
