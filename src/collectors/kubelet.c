// SPDX-License-Identifier: Apache-2.0
/*
 * Which pod was given which GPU: what was asked for, beside the client collector's what is used. A
 * pod that comes to the GPU by a mount or as a privileged container was given none.
 */
#include "sources/kubelet/assignments.h"

#include "collectors/collector.h"

#include <errno.h>
#include <string.h>

static const struct family families[] = {
	{
		.name = "intel_gpu_pod_assigned_info",
		.help = "A container that the kubelet has given the GPU, or a share of it, by a "
			"device plugin or a claim; pci is empty when the device's id does not name "
			"the GPU.",
		.type = INFO,
		.labels = { "pci", "namespace", "pod", "container", "resource" },
	},
};

/* The GPU that the device is; NULL for none that is known by its id. */
static const struct gpu *gpu_of(const struct gpu_list *gpus, const struct pod_device *device)
{
	for (size_t i = 0; i < gpus->n; i++) {
		const struct gpu *gpu = gpus->gpus[i];

		if (pod_device_names(device, gpu->card) || pod_device_names(device, gpu->render) ||
		    pod_device_names(device, gpu->pci))
			return gpu;
	}
	return NULL;
}

static bool same(const struct pod_device *a, const struct pod_device *b)
{
	return strcmp(a->pod, b->pod) == 0 && strcmp(a->namespace, b->namespace) == 0 &&
	       strcmp(a->container, b->container) == 0 && strcmp(a->resource, b->resource) == 0;
}

/* Several shares of a GPU for one container are one row. */
static bool is_repeated(const struct gpu_list *gpus, const struct pod_device *devices, size_t i,
			const struct gpu *gpu)
{
	for (size_t j = 0; j < i; j++)
		if (same(&devices[i], &devices[j]) && gpu_of(gpus, &devices[j]) == gpu)
			return true;
	return false;
}

static int collect(const struct collection *c)
{
	const struct gpu_list *gpus = c->round->gpus;
	struct pod_device *devices;
	size_t n;
	int r = assignments_get(c->context->assignments, &devices, &n);

	if (r == -ENOENT || r == -EOPNOTSUPP)
		return fault_set(c->fault, REASON_NOT_SUPPORTED, NULL, -ENODEV,
				 "no kubelet here says what it has assigned");
	if (r < 0) {
		fault_errno(c->fault, r, "%s", assignments_socket(c->context->assignments));
		c->fault->remedy = "pod-resources";
		return r;
	}
	for (size_t i = 0; i < n; i++) {
		const struct pod_device *d = &devices[i];
		const struct gpu *gpu = gpu_of(gpus, d);

		/* Other devices, of which there are more, are not compared with each other. */
		if ((gpu || pod_device_is_intel(d)) && !is_repeated(gpus, devices, i, gpu))
			put(c->batch, &families[0], 1, gpu ? gpu->pci : NULL, d->namespace, d->pod,
			    d->container, d->resource);
	}
	free(devices);
	return 0;
}

const struct collector kubelet_collector = {
	.name = "kubelet",
	.help = "which pods were assigned a GPU, from the kubelet's pod-resources socket",
	.scope = HOST,
	COLLECTOR_FAMILIES(families),
	.collect = collect,
};
