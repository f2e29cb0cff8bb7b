// SPDX-License-Identifier: Apache-2.0
/* SR-IOV: virtual functions, which the kernel's own i915 does not make. */
#include "finding.h"

#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

static bool is_wanted(const struct target *t)
{
	return !t->vf;
}

static void sriov_supported(struct finding *f, const struct machine *m, const struct target *t)
{
	uint64_t total = 0;

	if (!is_wanted(t))
		return;
	if (fs_read_u64(m->fs, &total, PCI "/sriov_totalvfs", t->pci) == 0 && total > 0) {
		finding_pass(f, "%s", "");
		return;
	}
	if (t->platform && t->platform->capabilities & CAN_SRIOV)
		finding_fail(f, ERROR, "should",
			     "this GPU (%s) should have SR-IOV, and does not offer it", t->name);
	else
		finding_fail(f, ERROR, NULL, "this GPU (%s) cannot SR-IOV", t->name);
	finding_evidence(f, "sriov_totalvfs", "none below %s", t->pci);
}

static void sriov_driver(struct finding *f, const struct machine *m, const struct target *t)
{
	char taint[16], text[160];
	uint64_t vfs = 0;
	int n;

	if (!is_wanted(t))
		return;
	if (fs_read_u64(m->fs, &vfs, PCI "/sriov_numvfs", t->pci) == 0 && vfs > 0) {
		finding_pass(f, "the driver has SR-IOV");
		return;
	}
	if (strcmp(t->driver, "xe") == 0) {
		if (m->release[0] * 1000 + m->release[1] >= 6017) {
			finding_pass(f, "xe has SR-IOV");
			return;
		}
		finding_fail(f, ERROR, "xe", "xe of Linux %u.%u has no SR-IOV: 6.17 has",
			     m->release[0], m->release[1]);
		finding_evidence(f, "/proc/sys/kernel/osrelease", "%s", m->kernel);
		return;
	}
	n = machine_read_text(m, taint, sizeof(taint), "sys/module/i915/taint");
	if (n > 0 && memchr(taint, 'O', (size_t)n)) {
		finding_pass(f, "i915 from outside of the kernel (DKMS)");
		return;
	}
	finding_fail(f, ERROR, "i915", "the kernel's own i915 is loaded, which has no SR-IOV");
	finding_evidence(f, "/sys/module/i915/taint", "%s",
			 n >= 0 ? "empty: of the kernel" : "not readable");
	if (machine_log_find(m, NULL, "unknown parameter 'max_vfs' ignored", text, sizeof(text)))
		finding_evidence(f, "kernel log", "%s", text);
}

static void sriov_vfs(struct finding *f, const struct machine *m, const struct target *t)
{
	uint64_t vfs = 0, total = 0;

	if (!is_wanted(t) || fs_read_u64(m->fs, &vfs, PCI "/sriov_numvfs", t->pci) < 0)
		return;
	fs_read_u64(m->fs, &total, PCI "/sriov_totalvfs", t->pci);
	if (vfs > 0) {
		finding_pass(f, "SR-IOV on: %u of %u virtual functions", (unsigned)vfs,
			     (unsigned)total);
		return;
	}
	finding_fail(f, WARNING, NULL, "SR-IOV is set up, but there are no virtual functions");
	finding_evidence(f, "sriov_numvfs", "0 below %s", t->pci);
	finding_value(f, "total", "%u", (unsigned)total);
}

/* Functions that the host's own driver has are taken by applications of the host. */
static void sriov_host_vfs(struct finding *f, const struct machine *m, const struct target *t)
{
	unsigned n = 0;

	if (!is_wanted(t))
		return;
	for (size_t i = 0; i < m->n_targets; i++)
		n += m->targets[i].vf && strncmp(m->targets[i].pci, t->pci, 10) == 0;
	if (n == 0) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, NOTE, NULL, "%u virtual function%s on the host's driver, not on vfio-pci",
		     n, n > 1 ? "s are" : " is");
	finding_evidence(f, "driver", "of functions of %s", t->pci);
}

/* A virtual function inside a VM: its driver must be of the host's kind. */
static void sriov_guest(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const texts[] = { "GUC: mmio request", "GuC: mmio request",
					     "MMIO access returns 0xFFFFFFFF" };
	char text[160];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!machine_log_find(m, t->pci, texts[i], text, sizeof(text)))
			continue;
		finding_fail(
			f, ERROR, NULL,
			"the virtual function does not answer: versions of host and guest differ");
		finding_evidence(f, "kernel log", "%s", text);
		return;
	}
	if (machine_log_find(m, t->pci, "Running in SR-IOV VF mode", text, sizeof(text)))
		finding_pass(f, "a virtual function");
}

static const struct remedy guest_remedies[] = {
	{ .where = "guest",
	  .reboot = true,
	  .say = "Install the same release of i915-sriov-dkms in host and VM, with "
		 "i915.enable_guc=3 in both, and see whether the host still has the function:",
	  .commands = "dkms status\nmodinfo -F version i915" },
};

static const struct remedy supported_remedies[] = {
	{ .cause = "should",
	  .where = "host",
	  .reboot = true,
	  .say = "The machine's firmware hides it: update that, and see its setup (SR-IOV, VT-d); then:",
	  .commands = "lspci -vs {pci} | grep -i sr-iov" },
	{ .where = "host",
	  .say = "Integrated GPUs from the 12th generation on have it, and Arc B; else pass the whole "
		 "GPU, or use LXC containers.",
	  .commands = "lspci -vs {pci} | grep -i sr-iov" },
};

static const struct remedy driver_remedies[] = {
	{ .cause = "xe", .where = "host", .reboot = true, .say = "Install Linux 6.17 or later." },
	{ .distributions = ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "After an update of the kernel i915-sriov-dkms must be built for it:",
	  .commands = "apt install proxmox-default-headers\ndkms autoinstall && dkms status\n"
		      "update-initramfs -u -k all && proxmox-boot-tool refresh\nreboot" },
	{ .where = "host",
	  .reboot = true,
	  .say = "After an update of the kernel i915-sriov-dkms must be built for it (headers!):",
	  .commands = "apt install linux-headers-$(uname -r)\ndkms autoinstall && dkms status\n"
		      "update-initramfs -u -k all\nreboot" },
};

static const struct remedy vfs_remedies[] = {
	{ .where = "host",
	  .say = "Make them now; with sysfsutils, at each boot:",
	  .commands = "echo {total} > /sys/bus/pci/devices/{pci}/sriov_numvfs\n"
		      "echo 'devices/pci0000:00/{pci}/sriov_numvfs = {total}' > "
		      "/etc/sysfs.d/i915-sriov.conf" },
};

static const struct check checks[] = {
	{ .id = "sriov-guest",
	  .area = "driver",
	  .title = "A virtual function answers in its VM",
	  .layers = IN_GUEST,
	  .severity = ERROR,
	  .run = sriov_guest,
	  REMEDIES(guest_remedies) },
	{ .id = "sriov-supported",
	  .area = "sharing",
	  .title = "The GPU has SR-IOV, where it is set up",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_SRIOV,
	  .severity = ERROR,
	  .run = sriov_supported,
	  REMEDIES(supported_remedies) },
	{ .id = "sriov-driver",
	  .area = "sharing",
	  .title = "The driver has SR-IOV, where it is set up",
	  .depends = { "driver-vfio", "driver-none", "sriov-supported" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_SRIOV,
	  .severity = ERROR,
	  .run = sriov_driver,
	  REMEDIES(driver_remedies) },
	{ .id = "sriov-vfs",
	  .area = "sharing",
	  .title = "There are virtual functions, where SR-IOV is set up",
	  .depends = { "driver-vfio", "driver-none", "sriov-supported", "sriov-driver" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_SRIOV,
	  .severity = WARNING,
	  .run = sriov_vfs,
	  REMEDIES(vfs_remedies) },
	{ .id = "sriov-host-vfs",
	  .area = "sharing",
	  .title = "The host's driver does not have the virtual functions",
	  .depends = { "driver-vfio", "driver-none", "sriov-supported" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_SRIOV,
	  .severity = NOTE,
	  .run = sriov_host_vfs },
};

const struct check_table sriov_checks = { checks, ARRAY_SIZE(checks) };
