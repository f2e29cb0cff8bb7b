// SPDX-License-Identifier: Apache-2.0
/* Which GPUs there are, what each of them is for, and which guest is to have it. */
#include "machine.h"

#include "sources/workload/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

const char *target_driver(const struct target *t)
{
	return target_generation(t) >= 20 ? "xe" : "i915";
}

bool target_is_driven(const struct target *t)
{
	return strcmp(t->driver, "i915") == 0 || strcmp(t->driver, "xe") == 0;
}

double target_generation(const struct target *t)
{
	const char *s = t->platform ? t->platform->generation : "";

	return strncmp(s, "xe", 2) == 0 ? 10 * strtod(s + 2, NULL) : strtod(s, NULL);
}

bool target_is_awake(const struct machine *m, const struct target *t)
{
	char buf[32];
	int n = machine_read_text(m, buf, sizeof(buf), PCI "/power/runtime_status", t->pci);

	/* Reading one a minute would keep it from going to sleep. */
	if (m->quiet)
		return false;
	return n > 0 && (strncmp(buf, "active", 6) == 0 || strncmp(buf, "unsupported", 11) == 0);
}

static void find_nodes(const struct machine *m, const char *pci, char *card, char *render,
		       size_t size)
{
	_cleanup_list_ char **names = NULL;

	if (fs_list(m->fs, &names, PCI "/drm", pci) < 0)
		return;
	for (char **name = names; name && *name; name++) {
		if (card && strncmp(*name, "card", 4) == 0 && !strchr(*name, '-'))
			snprintf(card, size, "%s", *name);
		if (strncmp(*name, "renderD", 7) == 0)
			snprintf(render, size, "%s", *name);
	}
}

static void add_target(struct machine *m, const struct display *d)
{
	struct target *t = &m->targets[m->n_targets];
	char buf[256], physfn[FS_NAME_MAX];
	uint64_t boot = 0;
	int n;

	if (m->n_targets == MAX_TARGETS)
		return;
	*t = (struct target){ .id = d->device, .platform = platform_find(d->device) };
	t->vf = fs_read_link_name(m->fs, physfn, sizeof(physfn), PCI "/physfn", d->pci) == 0;
	/* A virtual function that a VM has, or that nobody uses, is part of its physical one. */
	if (t->vf && strcmp(d->driver, "i915") != 0 && strcmp(d->driver, "xe") != 0)
		return;
	strcpy(t->pci, d->pci);
	strcpy(t->driver, d->driver);
	t->name = t->platform ? t->platform->name : "unknown platform";
	t->discrete = t->platform ? t->platform->discrete : strncmp(d->pci + 5, "00:", 3) != 0;
	find_nodes(m, t->pci, t->card, t->render, sizeof(t->card));
	if (*t->render)
		t->minor = (unsigned)strtoul(t->render + 7, NULL, 10);
	n = machine_read_text(m, buf, sizeof(buf), PCI "/power/runtime_status", t->pci);
	t->asleep = n > 0 && strncmp(buf, "suspend", 7) == 0;
	t->first_display = fs_read_u64(m->fs, &boot, PCI "/boot_vga", t->pci) == 0 && boot == 1;
	m->n_targets++;
}

static void find_displays(struct machine *m)
{
	_cleanup_list_ char **names = NULL;
	int n = fs_list(m->fs, &names, "sys/bus/pci/devices");

	m->bus = n >= 0 ? KNOWN : n == -ENOENT ? NOT_THERE : NOT_READABLE;
	for (char **name = names; name && *name && m->n_displays < MAX_DISPLAYS; name++) {
		struct display *d = &m->displays[m->n_displays];
		uint64_t vendor, class, device;

		if (!text_is_pci_address(*name) || strlen(*name) >= sizeof(d->pci) ||
		    fs_read_hex(m->fs, &vendor, PCI "/vendor", *name) < 0 ||
		    fs_read_hex(m->fs, &class, PCI "/class", *name) < 0 ||
		    fs_read_hex(m->fs, &device, PCI "/device", *name) < 0 || class >> 16 != 0x03 ||
		    vendor > UINT16_MAX || device > UINT16_MAX)
			continue;
		*d = (struct display){ .vendor = (uint16_t)vendor, .device = (uint16_t)device };
		strcpy(d->pci, *name);
		if (fs_read_link_name(m->fs, d->driver, sizeof(d->driver), PCI "/driver", *name) <
		    0)
			*d->driver = '\0';
		find_nodes(m, d->pci, NULL, d->render, sizeof(d->render));
		m->n_displays++;
		if (vendor == 0x8086)
			add_target(m, d);
	}
}

#define MAX_CONF 65536

static size_t current_section(const char *text, size_t len)
{
	const char *section = len > 0 && *text == '[' ? text : NULL;

	for (const char *c = text; !section && (c = memchr(c, '\n', len - (size_t)(c - text)));) {
		c++;
		if ((size_t)(c - text) >= len)
			break;
		if (*c == '[')
			section = c;
	}
	return section ? (size_t)(section - text) : len;
}

static void read_guests(struct machine *m, const char *directory, bool lxc)
{
	_cleanup_list_ char **names = NULL;
	int n = fs_list(m->fs, &names, "etc/pve/%s", directory);

	if (n < 0 && n != -ENOENT)
		m->pve = NOT_READABLE;
	for (char **name = names; name && *name && m->n_guests < MAX_GUESTS; name++) {
		struct guest_conf *g = &m->guests[m->n_guests];
		size_t digits = strspn(*name, "0123456789");

		if (digits == 0 || digits >= sizeof(g->id) || strcmp(*name + digits, ".conf") != 0)
			continue;
		*g = (struct guest_conf){ .lxc = lxc, .text = malloc(MAX_CONF) };
		if (!g->text)
			return;
		memcpy(g->id, *name, digits);
		n = machine_read_text(m, g->text, MAX_CONF, "etc/pve/%s/%s", directory, *name);
		if (n < 0) {
			free(g->text);
			if (n == -EACCES)
				m->pve = NOT_READABLE;
			continue;
		}
		g->text_len = (size_t)n;
		g->len = current_section(g->text, g->text_len);
		if (guest_conf_find(g->text, g->len, lxc ? "hostname" : "name", g->name,
				    sizeof(g->name)) < 0)
			strcpy(g->name, "no name");
		g->runs = lxc ? machine_exists(m, "sys/fs/cgroup/lxc/%s", g->id)
			      : machine_exists(m, "run/qemu-server/%s.pid", g->id);
		m->n_guests++;
	}
}

void machine_read_pve(struct machine *m)
{
	m->pve = NOT_THERE;
	if (m->layer != ON_HOST || !machine_exists(m, "etc/pve"))
		return;
	m->pve = KNOWN;
	read_guests(m, "qemu-server", false);
	read_guests(m, "lxc", true);
}

void machine_read_gpus(struct machine *m)
{
	find_displays(m);
}

/* The guest whose configuration gives it the GPU as a whole; one that runs before one that does
 * not. */
static const struct guest_conf *owner_of(const struct machine *m, const struct target *t)
{
	const struct guest_conf *found = NULL;
	char *mappings = malloc(MAX_CONF);
	int n = mappings ? machine_read_text(m, mappings, MAX_CONF, "etc/pve/mapping/pci.cfg") : -1;
	struct guest_mappings map = { mappings ? mappings : "", n > 0 ? (size_t)n : 0, m->host };

	for (size_t i = 0; i < m->n_guests; i++) {
		const struct guest_conf *g = &m->guests[i];

		if (!g->lxc && guest_conf_has_pci(g->text, g->len, &map, t->pci) &&
		    (!found || (g->runs && !found->runs)))
			found = g;
	}
	free(mappings);
	return found;
}

static bool wants_gvt(const struct machine *m)
{
	char value[64];

	if (machine_word(m, "i915.enable_gvt", value, sizeof(value)) && strcmp(value, "1") == 0)
		return true;
	for (size_t i = 0; i < m->n_guests; i++)
		if (memmem(m->guests[i].text, m->guests[i].len, "mdev=i915-GVTg", 14))
			return true;
	return false;
}

static enum purpose purpose_of(const struct machine *m, struct target *t)
{
	const struct guest_conf *owner = owner_of(m, t);
	uint64_t vfs = 0;
	char value[64];

	if (owner) {
		strcpy(t->vmid, owner->id);
		snprintf(t->vm_name, sizeof(t->vm_name), "%.63s", owner->name);
		t->vm_runs = owner->runs;
	}
	if (m->layer == IN_GUEST || (m->layer == IN_CONTAINER && m->vm))
		return FOR_GUEST;
	if (strcmp(t->driver, "vfio-pci") == 0 || owner)
		return FOR_VFIO;
	if (fs_read_u64(m->fs, &vfs, PCI "/sriov_numvfs", t->pci) == 0 && vfs > 0)
		return FOR_SRIOV;
	if (machine_word(m, "i915.max_vfs", value, sizeof(value)) ||
	    machine_word(m, "xe.max_vfs", value, sizeof(value)))
		return FOR_SRIOV;
	return wants_gvt(m) ? FOR_GVT : m->vm ? FOR_GUEST : FOR_OWN_USE;
}

void machine_find_purposes(struct machine *m)
{
	for (size_t i = 0; i < m->n_targets; i++)
		m->targets[i].purpose = purpose_of(m, &m->targets[i]);
}
