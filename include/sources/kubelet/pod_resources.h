/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kubelet's pod-resources API says: which devices it has given to which containers. The
 * message is ListPodResourcesResponse of kubelet/pkg/apis/podresources/v1/api.proto (Kubernetes
 * 1.20 and later; claims of DRA since 1.27, names of their devices since 1.32).
 */
#ifndef SOURCES_KUBELET_POD_RESOURCES_H
#define SOURCES_KUBELET_POD_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pod_device {
	char namespace[64], pod[254], container[64];
	char resource[128]; /* "gpu.intel.com/i915"; of a claim the driver, "gpu.intel.com" */
	char id[128];	    /* "card1-0"; of a claim the device; empty when it is longer */
};

/*
 * Calls visit for each device of each container. A value below 0 ends it and is returned; else 0.
 * -EINVAL for what is no such message: cut off, of other types, with names that Kubernetes does not
 * have. Unknown fields are passed over, as in any version of protobuf.
 */
typedef int (*pod_device_visitor)(void *data, const struct pod_device *device);
int pod_resources_parse(const uint8_t *message, size_t len, pod_device_visitor visit, void *data);

/*
 * True if the resource is a GPU to work on: of Intel's device plugin or DRA driver, and not its
 * resource for monitoring, which is every GPU of the node for who watches them.
 */
bool pod_device_is_intel(const struct pod_device *device);

/*
 * True if the device's id begins with a name, before its end or a "-": "card1-0" with "card1",
 * "/dev/dri/renderD128" with "renderD128". A PCI address may have dashes instead of colons and its
 * point, as in "0000-03-00-0-0x56a0" of Intel's DRA driver. Other ids are names of nothing.
 */
bool pod_device_names(const struct pod_device *device, const char *name);

#endif
