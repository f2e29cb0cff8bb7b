// SPDX-License-Identifier: Apache-2.0
/*
 * Proxmox VE: what the guests' configurations ask for, against what the host has. The rules are
 * those that qemu-server and pve-container enforce at a guest's start.
 */
#include "guests.h"

#include "sources/gpu/pci_name.h"
#include "sources/workload/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct hostpci {
	const struct guest_conf *guest;
	char key[12], value[256];
	char pci[PCI_NAME_BYTES]; /* empty: by mapping */
	bool all_functions;
};

/* The next hostpciN of a VM, from *n on. */
static bool next_hostpci(const struct guest_conf *g, unsigned *n, struct hostpci *ret)
{
	char host[64];

	for (; !g->lxc && *n < 16; (*n)++) {
		snprintf(ret->key, sizeof(ret->key), "hostpci%u", *n);
		if (guest_conf_find(g->text, g->len, ret->key, ret->value, sizeof(ret->value)) < 0)
			continue;
		ret->guest = g;
		*ret->pci = '\0';
		ret->all_functions = false;
		if (parse_option(ret->value, "host", host, sizeof(host)) < 0)
			snprintf(host, sizeof(host), "%.*s", (int)strcspn(ret->value, ","),
				 ret->value);
		host[strcspn(host, ";")] = '\0';
		if (pci_name_parse(host, strlen(host), ret->pci, &ret->all_functions) < 0)
			*ret->pci = '\0';
		(*n)++;
		return true;
	}
	return false;
}

static bool conf_has(const struct guest_conf *g, const char *key, const char *text)
{
	char value[256];

	return guest_conf_find(g->text, g->len, key, value, sizeof(value)) == 0 &&
	       strstr(value, text);
}

static bool option_is(const struct hostpci *h, const char *key, const char *wanted)
{
	char value[64];

	return parse_option(h->value, key, value, sizeof(value)) == 0 && strcmp(value, wanted) == 0;
}

static bool has_option(const struct hostpci *h, const char *key)
{
	char value[64];

	return parse_option(h->value, key, value, sizeof(value)) == 0;
}

const char *guest_gpu(const struct machine *m, const struct guest_conf *g)
{
	struct hostpci h;

	for (unsigned n = 0; next_hostpci(g, &n, &h);) {
		if (has_option(&h, "mapping"))
			return "mapping";
		for (size_t i = 0; *h.pci && i < m->n_targets; i++) {
			const char *pci = m->targets[i].pci;

			if (strncmp(h.pci, pci, 10) != 0)
				continue;
			if (has_option(&h, "mdev"))
				return "vgpu";
			return m->targets[i].vf || (!h.all_functions && strcmp(h.pci, pci) != 0)
				       ? "function"
				       : "whole";
		}
	}
	return "none";
}

static void hostpci_config(struct finding *f, const struct machine *m, const struct target *t)
{
	struct hostpci h;
	size_t seen = 0;

	(void)t;
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++)
		for (unsigned n = 0; next_hostpci(&m->guests[i], &n, &h);) {
			const struct guest_conf *g = h.guest;

			seen++;
			if (has_option(&h, "mapping") && (*h.pci || has_option(&h, "host")))
				finding_fail(
					f, ERROR, "both",
					"VM %s (%s) names an address and a mapping: it does not "
					"start",
					g->id, g->name);
			else if (*h.pci && !machine_exists(m, "sys/bus/pci/devices/%s", h.pci))
				finding_fail(f, ERROR, "address",
					     "VM %s (%s) is to have %s, which is not there", g->id,
					     g->name, h.pci);
			else if (option_is(&h, "pcie", "1") && !conf_has(g, "machine", "q35"))
				finding_fail(f, ERROR, "q35",
					     "VM %s (%s) has pcie=1, which needs the machine q35",
					     g->id, g->name);
			else
				continue;
			guest_blame(f, g, h.key, h.value);
			return;
		}
	if (seen > 0)
		finding_pass(f, "%s", "");
}

static void vm_conflict(struct finding *f, const struct machine *m, const struct target *t)
{
	const struct guest_conf *first = NULL;
	struct hostpci h;
	unsigned wholes = 0, shares = 0;

	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++)
		for (unsigned n = 0; next_hostpci(&m->guests[i], &n, &h);) {
			bool whole = !has_option(&h, "mdev");

			if (strncmp(h.pci, t->pci, h.all_functions ? 10 : 12) != 0)
				continue;
			wholes += whole;
			shares += !whole;
			if (!first) {
				first = h.guest;
				continue;
			}
			if (first == h.guest || (!whole && wholes == 0))
				continue;
			/* Two VMs that never run together are no fault; that start by themselves
			 * are. */
			if (shares > 0 && wholes > 0)
				finding_fail(
					f, WARNING, NULL,
					"VM %s is to have the GPU, of which VM %s is to have a part",
					h.guest->id, first->id);
			else if (conf_has(first, "onboot", "1") && conf_has(h.guest, "onboot", "1"))
				finding_fail(
					f, WARNING, NULL,
					"VM %s and VM %s are to have the GPU, and both start at boot",
					first->id, h.guest->id);
			else
				continue;
			guest_blame(f, h.guest, h.key, h.value);
			return;
		}
	if (first)
		finding_pass(f, "%s", "");
}

static void legacy_igd(struct finding *f, const struct machine *m, const struct target *t)
{
	struct hostpci h;

	(void)t;
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++)
		for (unsigned n = 0; next_hostpci(&m->guests[i], &n, &h);) {
			const char *why = NULL;

			if (!option_is(&h, "legacy-igd", "1"))
				continue;
			if (conf_has(h.guest, "machine", "q35"))
				why = "the machine q35";
			else if (option_is(&h, "x-vga", "1") || option_is(&h, "x-vga", "on"))
				why = "x-vga";
			else if (has_option(&h, "mdev"))
				why = "mdev";
			else if (!conf_has(h.guest, "vga", "none"))
				why = "a vga that is not none";
			if (!why) {
				finding_pass(f, "%s", "");
				continue;
			}
			finding_fail(f, ERROR, NULL,
				     "VM %s (%s) has legacy-igd with %s: it does not start",
				     h.guest->id, h.guest->name, why);
			guest_blame(f, h.guest, h.key, h.value);
			return;
		}
}

/* A section's line "map …" of this node, against the hardware. */
static bool map_is_stale(const struct machine *m, const char *map, char *why, size_t size)
{
	char node[64], path[64], id[16], group[16], real[FS_NAME_MAX];
	char pci[PCI_NAME_BYTES];
	uint64_t vendor, device;
	bool all;

	if (parse_option(map, "node", node, sizeof(node)) < 0 || strcmp(node, m->host) != 0 ||
	    parse_option(map, "path", path, sizeof(path)) < 0)
		return false;
	path[strcspn(path, ";")] = '\0';
	if (pci_name_parse(path, strlen(path), pci, &all) < 0)
		return false;
	if (fs_read_hex(m->fs, &vendor, "sys/bus/pci/devices/%s/vendor", pci) < 0 ||
	    fs_read_hex(m->fs, &device, "sys/bus/pci/devices/%s/device", pci) < 0) {
		snprintf(why, size, "no device %s", pci);
		return true;
	}
	snprintf(real, sizeof(real), "%04x:%04x", (unsigned)vendor, (unsigned)device);
	if (parse_option(map, "id", id, sizeof(id)) == 0 && strcmp(id, real) != 0) {
		snprintf(why, size, "id %s, the hardware has %s", id, real);
		return true;
	}
	if (parse_option(map, "iommugroup", group, sizeof(group)) == 0 &&
	    fs_read_link_name(m->fs, real, sizeof(real), "sys/bus/pci/devices/%s/iommu_group",
			      pci) == 0 &&
	    strcmp(group, real) != 0) {
		snprintf(why, size, "iommugroup %s, the hardware has %.16s", group, real);
		return true;
	}
	return false;
}

static void mapping_stale(struct finding *f, const struct machine *m, const struct target *t)
{
	char buf[65536], section[64] = "", why[320], value[256];
	struct text_part line, word;
	size_t pos = 0;
	int n;

	(void)t;
	if (m->pve != KNOWN)
		return;
	n = machine_read_text(m, buf, sizeof(buf), "etc/pve/mapping/pci.cfg");
	while (n > 0 && parse_line(buf, (size_t)n, &pos, &line)) {
		if (line.len > 0 && *line.s != ' ' && *line.s != '\t') {
			parse_copy(parse_trim(line), section, sizeof(section));
			continue;
		}
		if (!parse_word(&line, " \t", &word) || !text_part_is(word, "map"))
			continue;
		parse_copy(parse_trim(line), value, sizeof(value));
		if (!map_is_stale(m, value, why, sizeof(why))) {
			finding_pass(f, "%s", "");
			continue;
		}
		finding_fail(
			f, ERROR, NULL,
			"the mapping %s does not fit this host any more: VMs with it do not start",
			section);
		finding_evidence(f, "/etc/pve/mapping/pci.cfg", "%s: %s", section, why);
		return;
	}
}

static void vm_pending(struct finding *f, const struct machine *m, const struct target *t)
{
	(void)t;
	for (size_t i = 0; m->pve == KNOWN && i < m->n_guests; i++) {
		const struct guest_conf *g = &m->guests[i];
		size_t pos = g->len;
		struct text_part line;
		bool pending = false;

		while (!g->lxc && parse_line(g->text, g->text_len, &pos, &line)) {
			if (line.len > 0 && *line.s == '[')
				pending = text_part_starts(line, "[PENDING]");
			if (!pending || !(text_part_starts(line, "hostpci") ||
					  text_part_starts(line, "machine:") ||
					  text_part_starts(line, "bios:")))
				continue;
			finding_fail(f, WARNING, NULL,
				     "VM %s (%s) has a change that waits: stop and start it", g->id,
				     g->name);
			char text[160];

			parse_copy(line, text, sizeof(text));
			guest_blame(f, g, "[PENDING]", text);
			return;
		}
	}
	if (m->pve == KNOWN && m->n_guests > 0)
		finding_pass(f, "%s", "");
}

/* Kernels before 6.16 may panic when i915 goes while perf events of it are open. */
static void hookscript(struct finding *f, const struct machine *m, const struct target *t)
{
	const struct guest_conf *g = NULL;

	if (t->purpose != FOR_VFIO || !target_is_driven(t) ||
	    m->release[0] * 1000 + m->release[1] >= 6016)
		return;
	for (size_t i = 0; i < m->n_guests; i++)
		if (!m->guests[i].lxc && strcmp(m->guests[i].id, t->vmid) == 0)
			g = &m->guests[i];
	if (!g)
		return;
	if (conf_has(g, "hookscript", ":")) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, WARNING, NULL,
		     "VM %s takes the GPU from i915 at its start without a hookscript", g->id);
	guest_blame(f, g, "hostpci", t->pci);
}

static const struct remedy hookscript_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "The exporter's hookscript closes its perf events first:",
	  .commands = "mkdir -p /var/lib/vz/snippets\n"
		      "cp /usr/share/intel-gpu-exporter/proxmox/intel-gpu-exporter-hook "
		      "/var/lib/vz/snippets/\n"
		      "qm set {guest} --hookscript local:snippets/intel-gpu-exporter-hook" },
};

static const struct remedy hostpci_remedies[] = {
	{ .cause = "q35",
	  .where = "proxmox-host",
	  .say = "As PCI (without pcie=1) a GPU works on i440fx, too; or:",
	  .commands = "qm set {guest} --machine q35" },
	{ .cause = "address",
	  .where = "proxmox-host",
	  .say = "Cards move when another one is put in. Find it, and set it anew:",
	  .commands = "lspci -nn -d 8086::0300\nqm set {guest} --{key} 0000:00:02.0" },
	{ .where = "proxmox-host",
	  .say = "Keep one of them:",
	  .commands = "qm set {guest} --{key} mapping=NAME" },
};

static const struct remedy conflict_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "One GPU cannot be in two VMs as a whole. Take it from one:",
	  .commands = "qm set {guest} --delete {key}" },
};

static const struct remedy igd_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "For encoding it is not needed (nor has it to do with GVT-g): give the plain device.",
	  .commands = "qm set {guest} --{key} 0000:00:02.0,pcie=1" },
};

static const struct remedy mapping_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "A BIOS update, a card or an ACS override has changed it: edit the mapping "
		 "(Datacenter, Resource Mappings).",
	  .commands = "pvesh get /nodes/$(hostname)/hardware/pci --pci-class-blacklist \"\"" },
};

static const struct remedy pending_remedies[] = {
	{ .where = "proxmox-host",
	  .say = "A reboot inside the VM does not apply it:",
	  .commands = "qm pending {guest}\nqm stop {guest} && qm start {guest}" },
};

static const struct check checks[] = {
	{ .id = "hostpci-config",
	  .title = "VMs with a PCI device can start with it",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = hostpci_config,
	  REMEDIES(hostpci_remedies) },
	{ .id = "legacy-igd",
	  .title = "VMs with legacy-igd can start with it",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = legacy_igd,
	  REMEDIES(igd_remedies) },
	{ .id = "vm-conflict",
	  .title = "Two VMs do not want the same GPU",
	  OF_GUESTS,
	  .severity = WARNING,
	  .run = vm_conflict,
	  REMEDIES(conflict_remedies) },
	{ .id = "mapping-stale",
	  .title = "Resource mappings fit the hardware",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = mapping_stale,
	  REMEDIES(mapping_remedies) },
	{ .id = "hookscript",
	  .title = "A VM that takes i915's GPU has the hookscript (Linux before 6.16)",
	  OF_GUESTS,
	  .severity = WARNING,
	  .run = hookscript,
	  REMEDIES(hookscript_remedies) },
	{ .id = "vm-pending",
	  .title = "No change of a VM's devices waits for its next start",
	  OF_GUESTS,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = vm_pending,
	  REMEDIES(pending_remedies) },
};

const struct check_table vm_checks = { checks, ARRAY_SIZE(checks) };
