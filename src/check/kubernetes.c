// SPDX-License-Identifier: Apache-2.0
/*
 * Does a node of Kubernetes offer the GPU to pods? The kubelet's directory says it without its API:
 * Intel's device plugin has a socket there for each resource, gpu.intel.com/i915 as
 * gpu.intel.com-i915.sock, as long as it has devices of it. The kubelet removes all sockets when it
 * starts, and writes the devices that are healthy into its checkpoint. The directory is the same on
 * K3s and Talos.
 */
#include "finding.h"

#include "sources/workload/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KUBELET	   "var/lib/kubelet"
#define PLUGINS	   KUBELET "/device-plugins"
#define CHECKPOINT PLUGINS "/kubelet_internal_checkpoint"
/* With the answers to each container's request; 110 pods a node have a tenth of it. */
#define MAX_CHECKPOINT (1 << 20)

static bool has(char *const *names, const char *name)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* Dynamic resource allocation: gpu.intel.com-reg.sock, or with a UID of the driver's pod. */
static bool has_dra_driver(const struct machine *m)
{
	_cleanup_list_ char **names = NULL;

	if (fs_list(m->fs, &names, KUBELET "/plugins_registry") < 0)
		return false;
	for (char **name = names; name && *name; name++)
		if (strncmp(*name, "gpu.intel.com", 13) == 0 && strstr(*name, ".sock"))
			return true;
	return false;
}

static bool has_driver(const struct machine *m, const char *driver)
{
	for (size_t i = 0; i < m->n_targets; i++)
		if (strcmp(m->targets[i].driver, driver) == 0)
			return true;
	return false;
}

/* Virtual functions of the GPU that the host's driver has; any other is a VM's, or nobody's. */
static size_t count_functions(const struct machine *m, const struct target *t)
{
	char name[FS_NAME_MAX];
	size_t n = 0;

	for (size_t i = 0; i < m->n_targets; i++)
		n += m->targets[i].vf &&
		     fs_read_link_name(m->fs, name, sizeof(name), "sys/bus/pci/devices/%s/physfn",
				       m->targets[i].pci) == 0 &&
		     strcmp(name, t->pci) == 0;
	return n;
}

static void without_socket(struct finding *f, const struct machine *m, const struct target *t,
			   char *const *names)
{
	const char *other = strcmp(t->driver, "xe") == 0 ? "i915" : "xe";
	char socket[64];

	snprintf(socket, sizeof(socket), "gpu.intel.com-%s.sock", other);
	if (has(names, socket) && !has_driver(m, other)) {
		finding_fail(f, WARNING, "driver",
			     "pods are offered gpu.intel.com/%s, and the GPU's driver is %s", other,
			     t->driver);
		finding_evidence(f, PLUGINS, "%s, and no gpu.intel.com-%s.sock", socket, t->driver);
	} else if (has_dra_driver(m)) {
		finding_pass(f, "Intel's DRA driver is registered");
	} else {
		finding_note(f,
			     "Intel's device plugin offers no gpu.intel.com/%s: pods have the GPU "
			     "only by hostPath and privileged",
			     t->driver);
	}
}

static void judge_devices(struct finding *f, const struct target *t,
			  const struct checkpoint_devices *d)
{
	char used[48] = "";

	if (d->containers > 0)
		snprintf(used, sizeof(used), ", in %zu container%s", d->containers,
			 d->containers == 1 ? "" : "s");
	finding_evidence(f, CHECKPOINT, "gpu.intel.com/%s: %zu healthy, %zu of %s", t->driver,
			 d->healthy, d->of_card, *t->card ? t->card : "this GPU");
	if (d->healthy == 0)
		finding_fail(f, WARNING, "empty",
			     "gpu.intel.com/%s is registered, and has no healthy device: pods wait",
			     t->driver);
	else if (d->of_card == 0)
		finding_note(f, "gpu.intel.com/%s has %zu device%s, and none of this GPU (%s)",
			     t->driver, d->healthy, d->healthy == 1 ? "" : "s", t->card);
	else
		finding_pass(f, "gpu.intel.com/%s: %zu for pods%s", t->driver, d->of_card, used);
}

static void with_socket(struct finding *f, const struct machine *m, const struct target *t,
			const char *socket)
{
	_cleanup_free_ char *text = malloc(MAX_CHECKPOINT);
	struct checkpoint_devices devices;
	char resource[64];
	int n = text ? machine_read_text(m, text, MAX_CHECKPOINT, CHECKPOINT) : -ENOMEM, r;

	finding_evidence(f, PLUGINS, "%s", socket);
	snprintf(resource, sizeof(resource), "gpu.intel.com/%s", t->driver);
	/* The kubelet's file is root's; the socket is there all the same. */
	if (n == -EACCES || n == -ENOENT) {
		finding_pass(f, "Intel's device plugin has %s", resource);
		return;
	}
	r = n < 0 ? n : checkpoint_read(text, (size_t)n, resource, t->card, &devices);
	if (r == -ENOENT) {
		finding_fail(f, WARNING, "unregistered",
			     "the kubelet does not know %s, whose socket is there", resource);
		finding_evidence(f, CHECKPOINT, "RegisteredDevices has no %s", resource);
	} else if (r < 0) {
		finding_unknown(f, "by kubectl describe node",
				"the kubelet's checkpoint is not understood");
	} else {
		judge_devices(f, t, &devices);
	}
}

static void k8s_resource(struct finding *f, const struct machine *m, const struct target *t)
{
	_cleanup_list_ char **names = NULL;
	uint64_t vfs = 0;
	char socket[64];
	int r = fs_list(m->fs, &names, PLUGINS);

	/* Few machines are nodes, so that no other is to read that this was skipped. */
	if (!target_is_driven(t))
		return;
	if (r == -ENOENT) {
		if (m->kubernetes)
			finding_unknown(f, "on the node",
					"whether Intel's device plugin is registered");
		return;
	}
	if (r < 0) {
		finding_unknown(f, "as root", "whether Intel's device plugin is registered");
		return;
	}
	if (!has(names, "kubelet.sock"))
		return;
	finding_value(f, "resource", "%s", t->driver);
	if (!t->vf &&
	    fs_read_u64(m->fs, &vfs, "sys/bus/pci/devices/%s/sriov_numvfs", t->pci) == 0 &&
	    vfs > 0) {
		finding_note(
			f,
			"pods are offered no GPU that has virtual functions, but those: %zu of %llu "
			"have %s",
			count_functions(m, t), (unsigned long long)vfs, t->driver);
		return;
	}
	snprintf(socket, sizeof(socket), "gpu.intel.com-%s.sock", t->driver);
	if (has(names, socket))
		with_socket(f, m, t, socket);
	else
		without_socket(f, m, t, names);
}

static const struct remedy resource_remedies[] = {
	{ .cause = "driver",
	  .where = "node",
	  .say = "Start the plugin's pod of this node again, and ask for gpu.intel.com/{resource} "
		 "in the pods' specs:",
	  .commands = "kubectl get pods -A -o wide | grep gpu-plugin\n"
		      "kubectl -n NAMESPACE delete pod PLUGIN" },
	{ .where = "node",
	  .say = "Start the plugin's pod of this node again; its log says which GPUs it finds:",
	  .commands = "kubectl get pods -A -o wide | grep gpu-plugin\n"
		      "kubectl -n NAMESPACE delete pod PLUGIN" },
};

static const struct check checks[] = {
	{ .id = "k8s-resource",
	  .area = "Kubernetes",
	  .title = "Pods can ask for the GPU, on a node of Kubernetes",
	  .severity = WARNING,
	  .run = k8s_resource,
	  REMEDIES(resource_remedies) },
};

const struct check_table kubernetes_checks = { checks, ARRAY_SIZE(checks) };
