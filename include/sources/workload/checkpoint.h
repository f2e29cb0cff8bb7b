/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOURCES_WORKLOAD_CHECKPOINT_H
#define SOURCES_WORKLOAD_CHECKPOINT_H

#include <stddef.h>

/*
 * kubelet_internal_checkpoint of the kubelet's device manager, {"Data":{"PodDeviceEntries":[{
 * "ResourceName":…},…],"RegisteredDevices":{"<resource>":["<id>",…],…}},…}: devices of the resource
 * that are healthy, how many of them are the card's ("card0-1"), and how many containers have some.
 * 0; -ENOENT when the kubelet does not know the resource; -EINVAL for what is no such file.
 */
struct checkpoint_devices {
	size_t healthy, of_card, containers;
};
int checkpoint_read(const char *text, size_t len, const char *resource, const char *card,
		    struct checkpoint_devices *ret);

#endif
