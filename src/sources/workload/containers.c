// SPDX-License-Identifier: Apache-2.0
#include "sources/workload/containers.h"

#include "json.h"

#include <errno.h>
#include <string.h>

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
	json_t *container = json_load_bounded(text, len);
	int r;

	if (!json_is_object(container))
		r = -EINVAL;
	else if (!json_is_this_string(json_object_get(container, "ID"), id))
		r = -ENOENT;
	else
		r = copy_name(json_object_get(container, "Name"), "/", ret);
	json_decref(container);
	return r;
}

int containers_podman_name(const char *text, size_t len, const char *id,
			   char ret[static CONTAINER_NAME_BYTES])
{
	json_t *containers = json_load_bounded(text, len), *container;
	int r = json_is_array(containers) ? -ENOENT : -EINVAL;
	size_t i;

	json_array_foreach(containers, i, container)
	{
		if (!json_is_this_string(json_object_get(container, "id"), id))
			continue;
		r = copy_name(json_array_get(json_object_get(container, "names"), 0), "", ret);
		break;
	}
	json_decref(containers);
	return r;
}
