// SPDX-License-Identifier: Apache-2.0
/* Does a driver have the GPU, and whose is it? */
#include "finding.h"
#include "modules.h"

#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

/* Whose the GPU is, where no driver of graphics has it. */
static void driver_vfio(struct finding *f, const struct machine *m, const struct target *t)
{
	char value[128];

	if (strcmp(t->driver, "vfio-pci") != 0)
		return;
	finding_stop(f);
	if (*t->vmid) {
		finding_pass(f, "the whole GPU belongs to VM %s (%s), which %s", t->vmid,
			     t->vm_name, t->vm_runs ? "runs" : "is stopped");
		return;
	}
	if (m->pve != KNOWN || machine_word(m, "vfio-pci.ids", value, sizeof(value))) {
		finding_pass(f, "the whole GPU is given to vfio-pci, for a VM");
		return;
	}
	finding_fail(f, WARNING, NULL,
		     "vfio-pci has the GPU, and no VM of this host is to have it");
	finding_evidence(f, "driver", PCI "/driver -> vfio-pci", t->pci);
	finding_evidence(f, "/etc/pve/qemu-server", "no hostpci line names %s", t->pci);
}

/* Kernels that are built for machines without graphics, by their names. */
static const char *flavour_without_drm(const struct machine *m)
{
	static const struct {
		const char *suffix, *why;
	} known[] = {
		{ "cloud-amd64", "cloud-amd64 is built without graphics" },
		{ "-virt", "-virt is built without graphics" },
		{ "-kvm", "-kvm is built without graphics" },
	};
	size_t len = strlen(m->kernel);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		size_t n = strlen(known[i].suffix);

		if (len > n && strcmp(m->kernel + len - n, known[i].suffix) == 0)
			return known[i].why;
	}
	return NULL;
}

static bool is_driven_somewhere(const struct machine *m)
{
	for (size_t i = 0; i < m->n_targets; i++)
		if (target_is_driven(&m->targets[i]))
			return true;
	return false;
}

static void guest_kernel(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *why = flavour_without_drm(m);

	(void)t;
	if (!m->vm || (m->n_targets == 0 && !m->wanted))
		return;
	if (is_driven_somewhere(m)) {
		finding_pass(f, "%s", "");
		return;
	}
	if (why) {
		finding_fail(f, ERROR, "flavour", "this kernel cannot drive a GPU: %s", why);
		finding_evidence(f, "/proc/sys/kernel/osrelease", "%s", m->kernel);
		return;
	}
	if (m->distribution == ON_UBUNTU && module_find(m, "i915") == MODULE_MISSING) {
		finding_fail(f, ERROR, "extra",
			     "this kernel's i915 is in a package that is not installed");
		finding_evidence(f, "/lib/modules", "%s/modules.dep has no i915.ko", m->kernel);
	}
}

static void talos_extension(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *driver = target_driver(t);

	if (m->distribution != ON_TALOS && !strstr(m->kernel, "-talos"))
		return;
	if (target_is_driven(t) || machine_has_module(m, driver)) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, ERROR, NULL,
		     "this Talos image has no %s driver (since 1.9 it is an extension)", driver);
	finding_evidence(f, "driver", PCI "/driver: none", t->pci);
	finding_evidence(f, "/sys/module", "no module %s in %s", driver, m->kernel);
	finding_value(f, "driver", "%s", driver);
}

static void driver_none(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const failures[] = { "Device initialization failed", "probe of",
						"probe with driver", "MMIO access returns" };
	const char *driver = target_driver(t);
	char text[160], override[64] = "";
	int n;

	finding_value(f, "driver", "%s", driver);
	if (target_is_driven(t)) {
		finding_pass(f, "%s", "");
		finding_evidence(f, "driver", PCI "/driver -> %s", t->pci, t->driver);
		return;
	}
	finding_evidence(f, "driver", PCI "/driver: %s", t->pci, *t->driver ? t->driver : "none");
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (machine_log_find(m, t->pci, failures[i], text, sizeof(text))) {
			finding_fail(f, ERROR, "probe",
				     "the driver has tried to take the GPU, and failed");
			finding_evidence(f, "kernel log", "%s", text);
			return;
		}
	n = machine_read_text(m, override, sizeof(override), PCI "/survivability_mode", t->pci);
	if (n > 0) {
		finding_fail(f, ERROR, "survivability",
			     "the card's own firmware is broken: it is in survivability mode");
		finding_evidence(f, "survivability_mode", "%.*s", (int)strcspn(override, "\n"),
				 override);
		return;
	}
	n = machine_read_text(m, override, sizeof(override), PCI "/driver_override", t->pci);
	if (n > 0 && !text_part_starts((struct text_part){ override, (size_t)n }, "(null)")) {
		finding_fail(f, ERROR, "override", "driver_override keeps i915 and xe away");
		finding_evidence(f, "driver_override", "%.*s", (int)strcspn(override, "\n"),
				 override);
		return;
	}
	if (*t->driver)
		finding_fail(f, ERROR, "other", "%s has the GPU, which is no driver of graphics",
			     t->driver);
	else if (machine_has_module(m, driver))
		finding_fail(f, ERROR, "unbound", "%s is loaded, but it does not have the GPU",
			     driver);
	else
		finding_fail(f, ERROR, "unloaded", "no driver has the GPU: %s is not loaded",
			     driver);
	if (m->log_known != KNOWN)
		finding_evidence(f, "kernel log", "not readable here, so why is not known");
}

/* Whose work it is: modules of DKMS taint the kernel. */
static void driver_origin(struct finding *f, const struct machine *m, const struct target *t)
{
	char taint[16];
	int n = machine_read_text(m, taint, sizeof(taint), "sys/module/%s/taint", t->driver);

	if (!target_is_driven(t))
		return;
	if (n > 0 && memchr(taint, 'O', (size_t)n))
		finding_pass(f, "%s from outside of the kernel (DKMS)", t->driver);
	else
		finding_pass(f, "%s%s", t->driver, n >= 0 ? " of the kernel" : "");
}

static const struct remedy vfio_remedies[] = {
	{ .where = "host",
	  .say = "To take it back for this host:",
	  .commands = "echo {pci} > /sys/bus/pci/drivers/vfio-pci/unbind\n"
		      "echo > /sys/bus/pci/devices/{pci}/driver_override\n"
		      "echo {pci} > /sys/bus/pci/drivers_probe" },
};

static const struct remedy guest_kernel_remedies[] = {
	{ .cause = "flavour",
	  .distributions = ON_DEBIAN,
	  .where = "guest",
	  .reboot = true,
	  .commands = "apt install linux-image-amd64\n"
		      "apt remove 'linux-image-*cloud-amd64'\n"
		      "reboot" },
	{ .cause = "flavour",
	  .distributions = ON_UBUNTU,
	  .where = "guest",
	  .reboot = true,
	  .commands = "apt install linux-image-generic\nreboot" },
	{ .cause = "flavour",
	  .distributions = ON_ALPINE,
	  .where = "guest",
	  .reboot = true,
	  .commands = "apk add linux-lts\nreboot" },
	{ .cause = "extra",
	  .where = "guest",
	  .reboot = true,
	  .say = "linux-image-generic keeps it at the next update, linux-image-virtual does not.",
	  .commands = "apt install linux-image-generic\nreboot" },
	{ .where = "guest", .reboot = true, .say = "Boot a full kernel of this distribution." },
};

static const struct remedy talos_remedies[] = {
	{ .where = "node",
	  .reboot = true,
	  .say = "Build an image with siderolabs/{driver} at factory.talos.dev, then:",
	  .commands =
		  "talosctl -n NODE upgrade --image factory.talos.dev/installer/SCHEMATIC:VERSION\n"
		  "talosctl -n NODE get extensions" },
};

static const struct remedy driver_none_remedies[] = {
	{ .cause = "survivability",
	  .where = "host",
	  .reboot = true,
	  .say = "Flash the card's firmware, with fwupd or under Windows.",
	  .commands = "fwupdmgr refresh && fwupdmgr update" },
	{ .cause = "unloaded", .where = "host", .commands = "modprobe {driver}" },
	{ .cause = "unbound",
	  .where = "host",
	  .say = "Let the drivers try again, and read what they say:",
	  .commands = "echo {pci} > /sys/bus/pci/drivers_probe\ndmesg | grep {pci}" },
	{ .cause = "override",
	  .where = "host",
	  .say = "Left over from a VM:",
	  .commands = "echo > /sys/bus/pci/devices/{pci}/driver_override\n"
		      "echo {pci} > /sys/bus/pci/drivers_probe" },
	{ .cause = "other",
	  .where = "host",
	  .say = "Take it from that driver:",
	  .commands = "echo {pci} > /sys/bus/pci/devices/{pci}/driver/unbind\n"
		      "echo {pci} > /sys/bus/pci/drivers_probe" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Read all that it has said; firmware that is missing is the usual reason.",
	  .commands = "dmesg | grep {pci}" },
};

static const struct check checks[] = {
	{ .id = "driver-vfio",
	  .area = "sharing",
	  .title = "A GPU that vfio-pci has is a VM's",
	  .layers = ON_HOST,
	  .severity = WARNING,
	  .run = driver_vfio,
	  REMEDIES(vfio_remedies) },
	{ .id = "guest-kernel",
	  .area = "driver",
	  .title = "The virtual machine's kernel is built with graphics",
	  .of_machine = true,
	  .severity = ERROR,
	  .run = guest_kernel,
	  REMEDIES(guest_kernel_remedies) },
	{ .id = "talos-extension",
	  .area = "driver",
	  .title = "Talos has the extension with the driver",
	  .severity = ERROR,
	  .run = talos_extension,
	  REMEDIES(talos_remedies) },
};

static const struct check last_checks[] = {
	{ .id = "driver-none",
	  .area = "driver",
	  .title = "A driver has the GPU",
	  .depends = { "driver-vfio", "guest-kernel", "talos-extension", "module-missing",
		       "module-blacklisted", "cmdline-nomodeset", "driver-too-old", "force-probe",
		       "secure-boot" },
	  .severity = ERROR,
	  .run = driver_none,
	  REMEDIES(driver_none_remedies) },
	{ .id = "driver-origin",
	  .area = "driver",
	  .title = "Whether the driver is the kernel's own",
	  .depends = { "driver-none" },
	  .severity = NOTE,
	  .run = driver_origin },
};

const struct check_table driver_checks = { checks, ARRAY_SIZE(checks) };
const struct check_table bound_checks = { last_checks, ARRAY_SIZE(last_checks) };
