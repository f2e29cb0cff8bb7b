// SPDX-License-Identifier: Apache-2.0
/* Proxmox VE: what LXC containers are to have, and whether its configurations can be read. */
#include "guests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void pve_answers(struct finding *f, const struct machine *m, const struct target *t)
{
	(void)t;
	if (m->pve == DOES_NOT_ANSWER) {
		finding_fail(f, WARNING, NULL, "the cluster's file system does not answer");
		finding_evidence(f, "/etc/pve", "a read has not returned");
	} else if (m->pve == NOT_READABLE) {
		finding_unknown(f, "as root", "the guests' configurations cannot be read");
	} else if (m->pve == KNOWN) {
		finding_pass(f, "%s", "");
	}
}

/* The value of devN or of an lxc.mount.entry that names a render node; the key in *ret_key. */
static bool next_lxc_node(const struct guest_conf *g, size_t *pos, char *node, size_t size,
			  char *ret_line, size_t line_size)
{
	struct text_part line;

	while (parse_line(g->text, g->len, pos, &line)) {
		const char *at;
		size_t n;

		if (!text_part_starts(line, "dev") && !text_part_starts(line, "lxc.mount.entry"))
			continue;
		at = memmem(line.s, line.len, "/dev/dri/renderD", 16);
		if (!at)
			continue;
		n = 16;
		while (at + n < line.s + line.len && at[n] >= '0' && at[n] <= '9')
			n++;
		if (n >= size || n == 16)
			continue;
		memcpy(node, at + 1, n - 1);
		node[n - 1] = '\0';
		parse_copy(line, ret_line, line_size);
		return true;
	}
	return false;
}

static void lxc_dev(struct finding *f, const struct machine *m, const struct target *t)
{
	char node[32], line[200];
	struct node_status status;

	(void)t;
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++) {
		const struct guest_conf *g = &m->guests[i];
		const struct target *given = NULL;
		size_t pos = 0;

		while (g->lxc && next_lxc_node(g, &pos, node, sizeof(node), line, sizeof(line))) {
			int r = machine_node(m, node, &status);

			if (r == 0) {
				finding_pass(f, "%s", "");
				continue;
			}
			if (r != -ENOENT && r != -ENOTDIR) {
				finding_unknown(f, "on the machine itself", "whether /%s exists",
						node);
				continue;
			}
			for (size_t k = 0; k < m->n_targets; k++)
				if (m->targets[k].purpose == FOR_VFIO)
					given = &m->targets[k];
			finding_fail(f, WARNING, given ? "vfio" : NULL,
				     "LXC %s (%s) is to have /%s, which does not exist here", g->id,
				     g->name, node);
			line[strcspn(line, ":")] = '\0';
			guest_blame(f, g, line,
				    line + strlen(line) + (line[strlen(line) + 1] == ' ' ? 2 : 1));
			finding_value(f, "vmid", "%s", given ? given->vmid : "");
			return;
		}
	}
}

/* etc/group of a container: where its root is mounted, or as its init sees it, which root may read.
 */
static int read_groups(const struct machine *m, const struct guest_conf *g, char *buf, size_t size)
{
	struct text_part rest, pid;
	int n = machine_read_text(m, buf, size, "var/lib/lxc/%s/rootfs/etc/group", g->id);

	if (n > 0)
		return n;
	n = machine_read_text(m, buf, size, "sys/fs/cgroup/lxc/%s/ns/init.scope/cgroup.procs",
			      g->id);
	if (n <= 0)
		return n;
	rest = (struct text_part){ buf, (size_t)n };
	if (!parse_word(&rest, "\n", &pid) || pid.len > 10)
		return -ENOENT;
	return machine_read_text(m, buf, size, "proc/%.*s/root/etc/group", (int)pid.len, pid.s);
}

/* The group's number in the container is what counts: Proxmox VE maps it. */
static void lxc_gid(struct finding *f, const struct machine *m, const struct target *t)
{
	char node[32], line[200], gid[16], buf[65536];
	struct node_status status;
	uint32_t render;

	(void)t;
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++) {
		const struct guest_conf *g = &m->guests[i];
		size_t pos = 0;
		int n;

		if (!g->lxc || !next_lxc_node(g, &pos, node, sizeof(node), line, sizeof(line)) ||
		    parse_option(line, "gid", gid, sizeof(gid)) < 0 ||
		    machine_node(m, node, &status) < 0)
			continue;
		n = read_groups(m, g, buf, sizeof(buf));
		if (n <= 0 || !parse_group_number(buf, (size_t)n, "render", &render)) {
			if (f->status == NOT_APPLICABLE)
				finding_unknown(f, "in the container",
						"which number render has in LXC %s", g->id);
			continue;
		}
		if (strtoul(gid, NULL, 10) == render) {
			finding_pass(f, "%s", "");
			continue;
		}
		finding_fail(f, WARNING, NULL,
			     "LXC %s (%s): the node gets group %s, and there render is %u", g->id,
			     g->name, gid, render);
		line[strcspn(line, ":")] = '\0';
		guest_blame(f, g, line, line + strlen(line) + 2);
		finding_value(f, "node", "%s", node);
		finding_value(f, "render", "%u", render);
		return;
	}
}

static const struct remedy answers_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "Without a quorum, or without pmxcfs, it hangs:",
	  .commands = "systemctl status pve-cluster\npvecm status" },
};

static const struct remedy dev_remedies[] = {
	{ .cause = "vfio",
	  .where = "proxmox-host",
	  .say = "One GPU cannot be in VM {vmid} and in containers of the host: run it in the VM, or "
		 "delete the line.",
	  .commands = "pct set {guest} --delete {key}" },
	{ .where = "proxmox-host",
	  .say = "Set the node that there is:",
	  .commands =
		  "ls -l /dev/dri/by-path\npct set {guest} --{key} /dev/dri/renderD128,gid=GID" },
};

static const struct remedy gid_remedies[] = {
	{ .where = "proxmox-host",
	  .commands = "pct set {guest} --{key} /{node},gid={render}\npct reboot {guest}" },
};

static const struct check checks[] = {
	{ .id = "pve-answers",
	  .title = "Proxmox VE's cluster file system answers",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = pve_answers,
	  REMEDIES(answers_remedies) },
	{ .id = "lxc-dev",
	  .title = "Nodes of LXC containers exist",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = lxc_dev,
	  REMEDIES(dev_remedies) },
	{ .id = "lxc-gid",
	  .title = "Nodes of LXC containers get the group that render is there",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = lxc_gid,
	  REMEDIES(gid_remedies) },
};

const struct check_table lxc_checks = { checks, ARRAY_SIZE(checks) };
