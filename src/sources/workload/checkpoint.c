// SPDX-License-Identifier: Apache-2.0
#include "sources/workload/checkpoint.h"

#include "json.h"

#include <errno.h>
#include <string.h>

static bool is_of_card(const json_t *id, const char *card)
{
	const char *s = json_string_value(id);
	size_t len = strlen(card);

	return s && len > 0 && strncmp(s, card, len) == 0 && s[len] == '-';
}

/* An array, or null, which is what Go writes for an empty one. */
static bool is_list(const json_t *value)
{
	return json_is_array(value) || json_is_null(value);
}

static int read_data(const json_t *data, const char *resource, const char *card,
		     struct checkpoint_devices *ret)
{
	const json_t *entries = json_object_get(data, "PodDeviceEntries");
	const json_t *registered = json_object_get(data, "RegisteredDevices");
	const json_t *devices = json_object_get(registered, resource);

	*ret = (struct checkpoint_devices){ 0 };
	if (!json_is_object(registered) || (entries && !is_list(entries)))
		return -EINVAL;
	if (!devices)
		return -ENOENT;
	if (!is_list(devices))
		return -EINVAL;
	ret->healthy = json_array_size(devices);
	for (size_t i = 0; i < ret->healthy; i++)
		ret->of_card += is_of_card(json_array_get(devices, i), card);
	for (size_t i = 0; i < json_array_size(entries); i++)
		ret->containers += json_is_this_string(
			json_object_get(json_array_get(entries, i), "ResourceName"), resource);
	return 0;
}

int checkpoint_read(const char *text, size_t len, const char *resource, const char *card,
		    struct checkpoint_devices *ret)
{
	json_t *checkpoint = json_load_bounded(text, len);
	int r = read_data(json_object_get(checkpoint, "Data"), resource, card, ret);

	json_decref(checkpoint);
	return r;
}
