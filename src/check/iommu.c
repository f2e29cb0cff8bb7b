// SPDX-License-Identifier: Apache-2.0
/*
 * What whole devices in VMs need. Messages of the kernel prove nothing here: "DMAR: IOMMU enabled"
 * is printed for the text of the command line, with or without hardware.
 */
#include "finding.h"
#include "modules.h"

#include "sources/workload/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

/* Does a VM of this host want a PCI device? */
static bool wants_pci(const struct machine *m)
{
	char key[16], value[256];

	for (size_t i = 0; i < m->n_targets; i++)
		if (m->targets[i].purpose == FOR_VFIO)
			return true;
	for (size_t i = 0; i < m->n_guests; i++)
		for (unsigned n = 0; !m->guests[i].lxc && n < 16; n++) {
			snprintf(key, sizeof(key), "hostpci%u", n);
			if (guest_conf_find(m->guests[i].text, m->guests[i].len, key, value,
					    sizeof(value)) == 0)
				return true;
		}
	return false;
}

static bool has_vms(const struct machine *m)
{
	for (size_t i = 0; i < m->n_guests; i++)
		if (!m->guests[i].lxc)
			return true;
	return false;
}

static void cpu_virtualization(struct finding *f, const struct machine *m, const struct target *t)
{
	char cpu[8192];
	int n = machine_read_text(m, cpu, sizeof(cpu), "proc/cpuinfo");

	(void)t;
	if (!has_vms(m))
		return;
	if (n == -EMSGSIZE)
		n = sizeof(cpu);
	if (n > 0 && (memmem(cpu, (size_t)n, " vmx", 4) || memmem(cpu, (size_t)n, " svm", 4))) {
		finding_pass(f, "%s", "");
		return;
	}
	if (n <= 0) {
		finding_unknown(f, "on the host", "the processor's flags cannot be read");
		return;
	}
	finding_fail(f, ERROR, m->vm ? "nested" : NULL, "virtual machines cannot run: %s",
		     m->vm ? "this one's processor has no VT-x" : "VT-x is off in the firmware");
	finding_evidence(f, "/proc/cpuinfo", "no flag vmx");
}

static void iommu_active(struct finding *f, const struct machine *m, const struct target *t)
{
	_cleanup_list_ char **names = NULL;
	int n = fs_list(m->fs, &names, "sys/class/iommu");
	char value[64];
	bool off;

	(void)t;
	if (n > 0) {
		finding_pass(f, "VT-d on");
		finding_evidence(f, "/sys/class/iommu", "%s", names[0]);
		return;
	}
	if (!wants_pci(m)) {
		finding_pass(f, "VT-d off, which nothing here needs");
		return;
	}
	off = (machine_word(m, "intel_iommu", value, sizeof(value)) &&
	       parse_list_has(value, "off")) ||
	      (machine_word(m, "iommu", value, sizeof(value)) && parse_list_has(value, "off"));
	if (off) {
		finding_fail(f, ERROR, "off", "VT-d is switched off by the kernel's command line");
		finding_evidence(f, "/proc/cmdline", "%.150s", m->cmdline);
	} else if (machine_exists(m, "sys/firmware/acpi/tables/DMAR")) {
		finding_fail(f, ERROR, "kernel",
			     "VT-d is on in the firmware, but the kernel does not use it");
		finding_evidence(f, "/sys/firmware/acpi/tables", "DMAR is there");
	} else if (m->vm) {
		finding_fail(f, ERROR, "nested", "this virtual machine has no IOMMU");
		finding_evidence(f, "/sys/firmware/acpi/tables", "no DMAR");
	} else {
		finding_fail(f, ERROR, "firmware", "VT-d is off in the firmware");
		finding_evidence(f, "/sys/firmware/acpi/tables", "no DMAR");
	}
	finding_evidence(f, "/sys/class/iommu", "empty: no VM with a PCI device starts");
}

static void interrupt_remapping(struct finding *f, const struct machine *m, const struct target *t)
{
	_cleanup_free_ char *buf = NULL;
	int n;

	(void)t;
	if (!wants_pci(m))
		return;
	buf = malloc(1 << 20);
	n = buf ? machine_read_text(m, buf, 1 << 20, "proc/interrupts") : -ENOMEM;
	if (n <= 0) {
		finding_unknown(f, "on the host", "/proc/interrupts cannot be read");
		return;
	}
	if (memmem(buf, (size_t)n, " IR-", 4)) {
		finding_pass(f, "interrupt remapping");
		return;
	}
	finding_fail(f, WARNING, NULL, "no interrupt remapping: QEMU refuses whole devices");
	finding_evidence(f, "/proc/interrupts", "no chip is named IR-");
}

static void iommu_group(struct finding *f, const struct machine *m, const struct target *t)
{
	char group[FS_NAME_MAX], driver[64], strangers[96] = "", value[64];
	_cleanup_list_ char **names = NULL;
	unsigned n = 0;

	if (t->purpose != FOR_VFIO && t->purpose != FOR_SRIOV)
		return;
	if (fs_read_link_name(m->fs, group, sizeof(group), PCI "/iommu_group", t->pci) < 0) {
		if (machine_word(m, "intel_iommu", value, sizeof(value)) &&
		    parse_list_has(value, "igfx_off")) {
			finding_fail(f, ERROR, "igfx",
				     "intel_iommu=igfx_off leaves the GPU without an IOMMU");
			finding_evidence(f, "/proc/cmdline", "%.150s", m->cmdline);
		} else {
			finding_unknown(f, "on the host", "the GPU's IOMMU group is not here");
		}
		return;
	}
	fs_list(m->fs, &names, PCI "/iommu_group/devices", t->pci);
	for (char **name = names; name && *name; name++) {
		uint64_t class = 0;

		/* Functions of the same card go together; bridges need no other driver. */
		if (strncmp(*name, t->pci, strlen(t->pci) - 1) == 0 ||
		    fs_read_hex(m->fs, &class, PCI "/class", *name) < 0 || class >> 8 == 0x0604 ||
		    (t->discrete && class >> 8 == 0x0403))
			continue;
		if (n++ > 0)
			continue;
		if (fs_read_link_name(m->fs, driver, sizeof(driver), PCI "/driver", *name) < 0)
			strcpy(driver, "no driver");
		snprintf(strangers, sizeof(strangers), "%.24s (class %04x, %.40s)", *name,
			 (unsigned)(class >> 8), driver);
	}
	if (n == 0) {
		finding_pass(f, "own IOMMU group %s", group);
		return;
	}
	finding_fail(f, ERROR, "shared", "the VM would take %u other device%s with the GPU: %s", n,
		     n > 1 ? "s" : "", strangers);
	finding_evidence(f, "iommu_group", "%s also has %s", group, strangers);
}

/* They load when a VM starts; a kernel that was made small may not have them. */
static void vfio_modules(struct finding *f, const struct machine *m, const struct target *t)
{
	enum module_state state;

	(void)t;
	if (!wants_pci(m))
		return;
	state = machine_has_module(m, "vfio_pci") ? MODULE_THERE : module_find(m, "vfio-pci");
	if (state == MODULE_UNKNOWN) {
		finding_unknown(f, "on the host", "whether the kernel has vfio-pci");
		return;
	}
	if (state != MODULE_MISSING) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, ERROR, NULL, "this kernel has no module vfio-pci: no VM gets a device");
	finding_evidence(f, "/lib/modules", "%s/modules.dep has no vfio-pci.ko", m->kernel);
}

static const struct remedy vfio_remedies[] = {
	{ .distributions = ON_DEBIAN,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt install linux-image-amd64\nreboot" },
	{ .distributions = ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt install proxmox-default-kernel\nreboot" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Boot a kernel of this distribution that has the module vfio-pci." },
};

static const struct remedy virtualization_remedies[] = {
	{ .cause = "nested",
	  .where = "outer-host",
	  .reboot = true,
	  .say = "On the host of this VM allow it, then stop and start the VM:",
	  .commands = "cat /sys/module/kvm_intel/parameters/nested   # Y\n"
		      "qm set VMID --cpu host" },
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup enable Intel Virtualization Technology (VMX)." },
};

static const struct remedy iommu_remedies[] = {
	{ .cause = "nested",
	  .where = "outer-host",
	  .reboot = true,
	  .say = "On the host of this VM give it a virtual one, then stop and start it:",
	  .commands = "qm set VMID --machine q35,viommu=intel" },
	{ .cause = "firmware",
	  .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup enable VT-d (with the processor's or the chipset's settings)." },
	{ .cause = "off",
	  .where = "host",
	  .reboot = true,
	  .say = "Take that word out of /etc/default/grub (with systemd-boot: /etc/kernel/cmdline), "
		 "then:",
	  .commands = "update-grub   # with systemd-boot: proxmox-boot-tool refresh\nreboot" },
	{ .distributions = ON_TALOS,
	  .where = "node",
	  .reboot = true,
	  .say = "Put intel_iommu=on into customization.extraKernelArgs of the image's schematic." },
	{ .where = "host",
	  .reboot = true,
	  .say = "Add intel_iommu=on iommu=pt to GRUB_CMDLINE_LINUX_DEFAULT of /etc/default/grub "
		 "(systemd-boot: /etc/kernel/cmdline), then:",
	  .commands = "update-grub   # with systemd-boot: proxmox-boot-tool refresh\nreboot" },
};

static const struct remedy remapping_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup enable x2APIC or interrupt remapping, if it has them.",
	  .commands = "dmesg | grep -e DMAR-IR -e x2apic" },
};

static const struct remedy group_remedies[] = {
	{ .cause = "igfx",
	  .where = "host",
	  .reboot = true,
	  .say = "Take igfx_off out of the kernel's command line, and boot again." },
	{ .where = "host",
	  .reboot = true,
	  .say = "Put the card into another slot, or enable ACS in the firmware's setup. Last: "
		 "pcie_acs_override, which only claims isolation.",
	  .commands = "pvesh get /nodes/$(hostname)/hardware/pci --pci-class-blacklist \"\"" },
};

static const struct check checks[] = {
	{ .id = "cpu-virtualization",
	  .area = "hardware",
	  .title = "The processor runs virtual machines, where there are any",
	  .layers = ON_HOST,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = cpu_virtualization,
	  REMEDIES(virtualization_remedies) },
	{ .id = "iommu-active",
	  .area = "hardware",
	  .title = "The IOMMU (VT-d) is on, where a VM wants a device",
	  .layers = ON_HOST,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = iommu_active,
	  REMEDIES(iommu_remedies) },
	{ .id = "vfio-modules",
	  .area = "hardware",
	  .title = "The kernel has vfio-pci, where a VM wants a device",
	  .layers = ON_HOST,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = vfio_modules,
	  REMEDIES(vfio_remedies) },
	{ .id = "interrupt-remapping",
	  .area = "hardware",
	  .title = "Interrupts are remapped, where a VM wants a device",
	  .depends = { "iommu-active" },
	  .layers = ON_HOST,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = interrupt_remapping,
	  REMEDIES(remapping_remedies) },
	{ .id = "iommu-group",
	  .area = "hardware",
	  .title = "Nothing else is in the GPU's IOMMU group, where a VM wants it",
	  .depends = { "iommu-active" },
	  .layers = ON_HOST,
	  .severity = ERROR,
	  .run = iommu_group,
	  REMEDIES(group_remedies) },
};

const struct check_table iommu_checks = { checks, ARRAY_SIZE(checks) };
