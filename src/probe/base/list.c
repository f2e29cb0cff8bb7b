// SPDX-License-Identifier: Apache-2.0
/* What the driver says it can do. Saying it proves nothing. */
#include "common.h"

#include <stdlib.h>

#define MAX_PROFILES	256
#define MAX_ENTRYPOINTS 64

uint32_t list_attribute(const struct device *device, VAProfile profile, VAEntrypoint entrypoint,
			VAConfigAttribType type)
{
	VAConfigAttrib attrib = { .type = type };

	if (vaGetConfigAttributes(device->display, profile, entrypoint, &attrib, 1) !=
		    VA_STATUS_SUCCESS ||
	    attrib.value == VA_ATTRIB_NOT_SUPPORTED)
		return 0;
	return attrib.value;
}

/* The arrays are as large as the driver says, within reason. */
static int entrypoints_of(const struct device *device, VAProfile profile, VAEntrypoint *list)
{
	int n = 0;

	if (vaMaxNumEntrypoints(device->display) > MAX_ENTRYPOINTS ||
	    vaQueryConfigEntrypoints(device->display, profile, list, &n) != VA_STATUS_SUCCESS)
		return 0;
	return n < 0 || n > MAX_ENTRYPOINTS ? 0 : n;
}

bool list_has(const struct device *device, VAProfile profile, VAEntrypoint wanted)
{
	VAEntrypoint list[MAX_ENTRYPOINTS];
	int n = entrypoints_of(device, profile, list);

	for (int i = 0; i < n; i++)
		if (list[i] == wanted)
			return true;
	return false;
}

void list_entries(const struct device *device, entry_visitor visit, void *data)
{
	VAProfile profiles[MAX_PROFILES];
	VAEntrypoint list[MAX_ENTRYPOINTS];
	int n_profiles = 0;

	if (vaMaxNumProfiles(device->display) > MAX_PROFILES ||
	    vaQueryConfigProfiles(device->display, profiles, &n_profiles) != VA_STATUS_SUCCESS)
		return;
	for (int i = 0; i < n_profiles && i < MAX_PROFILES; i++) {
		const struct profile *profile = profile_find(profiles[i]);
		int n = profile ? entrypoints_of(device, profiles[i], list) : 0;

		for (int j = 0; j < n; j++)
			if (entrypoint_name(list[j]) && !visit(data, profile, list[j]))
				return;
	}
}
