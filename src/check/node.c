// SPDX-License-Identifier: Apache-2.0
/* The render node: is it here, may the user open it, and is it this GPU's? */
#include "finding.h"

#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DRM_MAJOR 226
#define NOBODY	  65534 /* an owner that the user namespace does not map */

static void describe(const struct machine *m, const struct node_status *node, char *buf,
		     size_t size)
{
	char group[64];

	machine_group(m, node->gid, group, sizeof(group));
	snprintf(buf, size, "%s%u:%s%s%u%s 0%o", node->uid == 0 ? "root(" : "uid ", node->uid,
		 *group ? group : "", *group ? "(" : "gid ", node->gid, *group ? ")" : "",
		 node->mode);
	if (node->uid == 0)
		snprintf(buf, size, "root:%s%s%u%s %04o", group, *group ? "(" : "gid ", node->gid,
			 *group ? ")" : "", node->mode);
}

static const char *container_cause(const struct machine *m)
{
	return m->kubernetes ? "kubernetes" : m->lxc ? "lxc" : "docker";
}

static void node_values(struct finding *f, const struct machine *m, const struct target *t)
{
	char group[16] = "GID", text[65536];
	uint32_t gid;
	int n = machine_read_text(m, text, sizeof(text), "etc/group");

	if (n > 0 && parse_group_number(text, (size_t)n, "render", &gid))
		snprintf(group, sizeof(group), "%u", gid);
	finding_value(f, "render", "%s", group);
	finding_value(f, "node", "%s", t->render);
	finding_value(f, "resource", "%s", t->driver);
}

static void node_present(struct finding *f, const struct machine *m, const struct target *t)
{
	struct node_status node;
	char path[64];
	int r;

	node_values(f, m, t);
	if (!*t->render) {
		finding_fail(f, ERROR, "half", "%s has the GPU, and has made no render node for it",
			     t->driver);
		finding_evidence(f, "drm", "sys/bus/pci/devices/%s/drm: %s", t->pci,
				 *t->card ? t->card : "none");
		return;
	}
	snprintf(path, sizeof(path), "dev/dri/%s", t->render);
	r = machine_node(m, path, &node);
	if (r == -ENOENT || r == -ENOTDIR) {
		finding_fail(f, ERROR, m->layer == IN_CONTAINER ? container_cause(m) : "udev",
			     m->layer == IN_CONTAINER ? "this container has no render node"
						      : "the kernel's render node is not in /dev");
		finding_evidence(f, "/sys", "%s (%u:%u) is there", t->render, DRM_MAJOR, t->minor);
		finding_evidence(f, "/dev/dri", "%s",
				 machine_exists(m, "dev/dri") ? "has no such node"
							      : "does not exist");
		if (machine_exists(m, "dev/dxg"))
			finding_evidence(f, "/dev/dxg", "this is WSL, which has no DRM nodes");
		return;
	}
	if (r < 0) {
		finding_unknown(f, r == -ENODATA ? "on the machine itself" : "as root",
				"/dev/dri/%s cannot be examined", t->render);
		return;
	}
	if (!node.is_device) {
		finding_fail(f, ERROR, "no-device", "/dev/dri/%s is a %s, not a device", t->render,
			     node.is_directory ? "directory" : "file");
		finding_evidence(f, path, "made by a bind mount before the device existed");
		return;
	}
	if (node.major != DRM_MAJOR || node.minor != t->minor) {
		finding_fail(f, ERROR, m->layer == IN_CONTAINER ? container_cause(m) : "udev",
			     "/dev/dri/%s is not this GPU's node", t->render);
		finding_evidence(f, path, "%u:%u, the kernel's is %u:%u", node.major, node.minor,
				 DRM_MAJOR, t->minor);
		return;
	}
	finding_pass(f, "%s", "");
	finding_evidence(f, path, "%u:%u", node.major, node.minor);
}

/* What a copied tree can say: modes, without access control lists. */
static int judge(const struct machine *m, const struct node_status *node)
{
	const struct user *u = &m->user;
	unsigned bits = node->mode & 07;

	/* Root of a user namespace has no power over what belongs to nobody in it. */
	if (u->uid == 0 && !(m->unprivileged && node->uid == NOBODY))
		return 0;
	if (u->uid == node->uid) {
		bits = node->mode >> 6 & 07;
	} else {
		bool member = u->gid == node->gid;

		for (size_t i = 0; i < u->n_groups; i++)
			member |= u->groups[i] == node->gid;
		if (member)
			bits = node->mode >> 3 & 07;
	}
	return (bits & 06) == 06 ? 0 : -EACCES;
}

static void describe_user(const struct machine *m, char *buf, size_t size)
{
	const struct user *u = &m->user;
	size_t len;

	snprintf(buf, size, "uid %u, groups %u", u->uid, u->gid);
	for (size_t i = 0; i < u->n_groups && i < 8; i++) {
		char group[64];

		machine_group(m, u->groups[i], group, sizeof(group));
		len = strlen(buf);
		snprintf(buf + len, size - len, ", %u%s%s", u->groups[i], *group ? " " : "", group);
	}
}

static bool selinux_enforces(const struct machine *m)
{
	uint64_t value = 0;

	return fs_read_u64(m->fs, &value, "sys/fs/selinux/enforce") == 0 && value == 1;
}

static const char *denied_cause(const struct machine *m, const struct node_status *node)
{
	if (judge(m, node) == 0 && selinux_enforces(m))
		return "selinux";
	return m->layer == IN_CONTAINER ? container_cause(m) : "user";
}

static void node_open(struct finding *f, const struct machine *m, const struct target *t)
{
	struct node_status node;
	char path[64], status[160], user[160], group[64];
	int r;

	/* The exporter's own rights are no application's; and what closes a node of xe wakes the
	 * GPU. */
	if (m->quiet && ((m->user.is_self && !m->user_is_application) ||
			 (t->asleep && strcmp(t->driver, "xe") == 0))) {
		finding_unknown(f, "as the application's user", "whether it may open %s",
				t->render);
		return;
	}
	node_values(f, m, t);
	finding_value(f, "user", "%s", m->user.name);
	snprintf(path, sizeof(path), "/dev/dri/%s", t->render);
	if (machine_node(m, path + 1, &node) < 0)
		return;
	describe(m, &node, status, sizeof(status));
	describe_user(m, user, sizeof(user));
	finding_value(f, "gid", "%u", node.gid);
	r = m->live ? sys_open_as(path, m->user.uid, m->user.gid, m->user.groups, m->user.n_groups)
		    : judge(m, &node);
	if (r == -ENOTSUP) {
		finding_unknown(f, "as root", "whether user %s may open %s", m->user.name,
				t->render);
		return;
	}
	finding_evidence(f, path, "%s", status);
	if (r == 0) {
		finding_pass(f, "%s opens for %s (%s)", t->render, m->user.name, status);
		return;
	}
	finding_evidence(f, m->user.name, "%s", user);
	machine_group(m, node.gid, group, sizeof(group));
	if (strcmp(group, "render") != 0)
		finding_evidence(f, "/etc/group", "%u is %s here", node.gid,
				 *group ? group : "nobody's number");
	finding_evidence(f, "open", "%s", strerrorname_np(-r));
	if (r == -EACCES) {
		finding_fail(f, ERROR, denied_cause(m, &node), "user %s may not open %s (%s)",
			     m->user.name, t->render, status);
	} else if (r == -EPERM) {
		finding_fail(f, ERROR,
			     m->kubernetes ? "kubernetes-cgroup"
			     : m->lxc	   ? "lxc-cgroup"
					   : "docker-cgroup",
			     "the device control group forbids %s", t->render);
	} else {
		finding_fail(f, ERROR, "stale", "%s does not open: its driver is gone or sick",
			     t->render);
	}
}

static void node_right_gpu(struct finding *f, const struct machine *m, const struct target *t)
{
	const struct display *first = NULL;

	/* The lowest number is what applications take that ask for none. */
	for (size_t i = 0; i < m->n_displays; i++) {
		const struct display *d = &m->displays[i];

		if (*d->render && machine_exists(m, "dev/dri/%s", d->render) &&
		    (!first || strcmp(d->render, first->render) < 0))
			first = d;
	}
	if (!first || first->vendor == 0x8086) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, WARNING, NULL,
		     "the first render node is another GPU's (%s, %s): applications take that one",
		     first->render, *first->driver ? first->driver : "no driver");
	finding_evidence(f, "drm", "%s: %04x:%04x at %s", first->render, first->vendor,
			 first->device, first->pci);
	finding_value(f, "node", "%s", t->render);
}

/* A device plugin may pass the node by its path, too, with another owner: OpenCL takes that one. */
static void by_path(struct finding *f, const struct machine *m, const struct target *t)
{
	struct node_status node, other;
	char path[96], one[160], two[160];

	snprintf(path, sizeof(path), "dev/dri/%s", t->render);
	if (machine_node(m, path, &node) < 0)
		return;
	snprintf(path, sizeof(path), "dev/dri/by-path/pci-%s-render", t->pci);
	if (machine_node(m, path, &other) < 0)
		return;
	if (judge(m, &node) != 0 || judge(m, &other) == 0) {
		finding_pass(f, "%s", "");
		return;
	}
	describe(m, &node, one, sizeof(one));
	describe(m, &other, two, sizeof(two));
	finding_fail(f, WARNING, NULL,
		     "the node by its path has other rights: VA-API works, OpenCL does not");
	finding_evidence(f, t->render, "%s", one);
	finding_evidence(f, "by-path", "%s", two);
}

static const struct remedy by_path_remedies[] = {
	{ .where = "node", .say = "Start Intel's device plugin with -bypath=none or -bypath=all." },
};

static const struct remedy present_remedies[] = {
	{ .cause = "half",
	  .where = "host",
	  .reboot = true,
	  .say = "Read why in the kernel's log; firmware that is missing is the usual reason.",
	  .commands = "dmesg | grep {pci}" },
	{ .cause = "no-device",
	  .where = "container",
	  .say = "Stop the container, delete what is there, and start it again." },
	{ .cause = "lxc",
	  .where = "proxmox-host",
	  .say = "As root@pam:",
	  .commands = "pct set CTID --dev0 /dev/dri/{node},gid={render}\npct reboot CTID" },
	{ .cause = "kubernetes",
	  .where = "node",
	  .say = "Ask for it in the container's spec (a hostPath of /dev/dri alone fails with EPERM):",
	  .commands =
		  "resources: { limits: { gpu.intel.com/{resource}: \"1\" } }\n"
		  "kubectl get node NODE -o jsonpath='{.status.allocatable}' | grep gpu.intel" },
	{ .cause = "docker",
	  .where = "host",
	  .say = "Start the container with the device (Compose: devices: [/dev/dri:/dev/dri]):",
	  .commands = "docker run --device /dev/dri/{node} ..." },
	{ .where = "host",
	  .say = "Let udev make it:",
	  .commands = "udevadm trigger --subsystem-match=drm && udevadm settle" },
};

static const struct remedy open_remedies[] = {
	{ .cause = "lxc",
	  .where = "proxmox-host",
	  .say = "As root@pam; not chmod 666, and not usermod on the host:",
	  .commands = "pct set CTID --dev0 /dev/dri/{node},gid={render}\npct reboot CTID" },
	{ .cause = "kubernetes",
	  .where = "node",
	  .say = "Give the pod the node's group, or containerd the option "
		 "device_ownership_from_security_context:",
	  .commands = "securityContext: { supplementalGroups: [{gid}] }" },
	{ .cause = "docker",
	  .where = "host",
	  .say = "Start the container with the group's number (Compose: group_add: [\"{gid}\"]):",
	  .commands = "docker run --device /dev/dri/{node} --group-add {gid} ..." },
	{ .cause = "kubernetes-cgroup",
	  .where = "node",
	  .say = "A hostPath gives the file, not the right: use the device plugin.",
	  .commands = "resources: { limits: { gpu.intel.com/{resource}: \"1\" } }" },
	{ .cause = "lxc-cgroup",
	  .where = "proxmox-host",
	  .say = "Give the device instead of a mount, as root@pam:",
	  .commands = "pct set CTID --dev0 /dev/dri/{node},gid={render}\npct reboot CTID" },
	{ .cause = "docker-cgroup",
	  .where = "host",
	  .say = "A volume gives the file, not the right: give the device.",
	  .commands = "docker run --device /dev/dri/{node} ..." },
	{ .cause = "selinux",
	  .where = "host",
	  .say = "The mode allows it, so SELinux is what forbids it.",
	  .commands = "setsebool -P container_use_dri_devices 1" },
	{ .cause = "user",
	  .where = "host",
	  .say = "Add the user to the node's group, and start its service or session again:",
	  .commands = "usermod -aG $(stat -c %G /dev/dri/{node}) {user}" },
	{ .where = "host", .say = "See what the driver says.", .commands = "dmesg | grep {pci}" },
};

static const struct remedy right_remedies[] = {
	{ .where = "application",
	  .say = "Name the node in the application: /dev/dri/{node}, or what stays the same over "
		 "boots:",
	  .commands = "ls -l /dev/dri/by-path/pci-{pci}-render" },
};

static const struct check checks[] = {
	{ .id = "node-present",
	  .area = "node",
	  .title = "The GPU's render node is here",
	  .depends = { "driver-vfio", "driver-none" },
	  .severity = ERROR,
	  .run = node_present,
	  REMEDIES(present_remedies) },
	{ .id = "node-open",
	  .area = "node",
	  .title = "The user may open the render node",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = ERROR,
	  .run = node_open,
	  REMEDIES(open_remedies) },
	{ .id = "by-path",
	  .area = "node",
	  .title = "The node by its path has the same rights",
	  .depends = { "driver-vfio", "driver-none", "node-present", "node-open" },
	  .severity = WARNING,
	  .run = by_path,
	  REMEDIES(by_path_remedies) },
	{ .id = "node-right-gpu",
	  .area = "node",
	  .title = "The first render node is an Intel GPU's",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = WARNING,
	  .run = node_right_gpu,
	  REMEDIES(right_remedies) },
};

const struct check_table node_checks = { checks, ARRAY_SIZE(checks) };
