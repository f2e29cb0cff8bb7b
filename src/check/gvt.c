// SPDX-License-Identifier: Apache-2.0
/* GVT-g: parts of a GPU of generations 8 and 9 for VMs. */
#include "finding.h"

#include "sources/gpu/mdev.h"
#include "sources/workload/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

static void gvt_supported(struct finding *f, const struct machine *m, const struct target *t)
{
	(void)m;
	if (t->discrete)
		return;
	if (t->platform && t->platform->capabilities & CAN_GVT) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, ERROR, target_generation(t) >= 12 ? "sriov" : NULL,
		     "this GPU (%s) cannot GVT-g: Broadwell to Comet Lake can", t->name);
	finding_evidence(f, "device", "8086:%04x", t->id);
}

static bool has_types(const struct machine *m, const struct target *t)
{
	_cleanup_list_ char **names = NULL;

	return fs_list(m->fs, &names, PCI "/mdev_supported_types", t->pci) > 0;
}

static void gvt_enabled(struct finding *f, const struct machine *m, const struct target *t)
{
	char value[64], parameter[8];
	int n;

	if (t->discrete)
		return;
	if (has_types(m, t)) {
		finding_pass(f, "GVT-g on");
		return;
	}
	n = machine_read_text(m, parameter, sizeof(parameter),
			      "sys/module/i915/parameters/enable_gvt");
	if (n > 0 ? parameter[0] != 'Y'
		  : !machine_word(m, "i915.enable_gvt", value, sizeof(value)) ||
			    strcmp(value, "1") != 0) {
		finding_fail(f, ERROR, NULL, "a VM wants a vGPU, and GVT-g is not enabled in i915");
		finding_evidence(f, n > 0 ? "enable_gvt" : "/proc/cmdline", "%.150s",
				 n > 0 ? (parameter[0] == 'N' ? "N" : "?") : m->cmdline);
		return;
	}
	finding_pass(f, "GVT-g enabled in i915");
}

static void gvt_types(struct finding *f, const struct machine *m, const struct target *t)
{
	static const struct {
		const char *text, *cause, *summary;
	} causes[] = {
		{ "not yet supported with GuC submission", "guc",
		  "GVT-g does not work with GuC submission" },
		{ "GVT-g is disabled for guest", "guest", "GVT-g does not work inside a VM" },
	};
	char text[160];

	if (t->discrete)
		return;
	if (has_types(m, t)) {
		finding_pass(f, "%s", "");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++)
		if (machine_log_find(m, t->pci, causes[i].text, text, sizeof(text))) {
			finding_fail(f, ERROR, causes[i].cause, "%s", causes[i].summary);
			finding_evidence(f, "kernel log", "%s", text);
			return;
		}
	if (machine_word(m, "i915.enable_guc", text, sizeof(text)) &&
	    (strcmp(text, "1") == 0 || strcmp(text, "3") == 0)) {
		finding_fail(f, ERROR, "guc", "GVT-g does not work with GuC submission");
		finding_evidence(f, "/proc/cmdline", "i915.enable_guc=%s", text);
	} else if (!machine_has_module(m, "kvmgt")) {
		finding_fail(f, ERROR, "kvmgt", "GVT-g is enabled, but kvmgt is not loaded");
		finding_evidence(f, "/sys/module", "no kvmgt");
	} else {
		finding_fail(f, ERROR, "aperture", "GVT-g is enabled, and offers no type of vGPU");
	}
	finding_evidence(f, "mdev_supported_types", "none below %s", t->pci);
}

/* A vGPU whose VM does not run is left over: it keeps its part of the pool. */
static bool find_left_over(const struct machine *m, const struct mdev_type *type, const char **ret)
{
	char vmid[GUEST_VMID_BYTES];

	for (size_t i = 0; m->pve == KNOWN && i < type->n_uuids; i++) {
		if (guest_mdev_vmid(type->uuids[i], vmid) < 0 ||
		    machine_exists(m, "run/qemu-server/%s.pid", vmid))
			continue;
		*ret = type->uuids[i];
		return true;
	}
	return false;
}

/* A VM that is to have a vGPU and does not run. */
static const struct guest_conf *find_waiting(const struct machine *m)
{
	for (size_t i = 0; i < m->n_guests; i++)
		if (!m->guests[i].lxc && !m->guests[i].runs &&
		    memmem(m->guests[i].text, m->guests[i].len, "mdev=i915-GVTg", 14))
			return &m->guests[i];
	return NULL;
}

static void gvt_pool(struct finding *f, const struct machine *m, const struct target *t)
{
	const struct guest_conf *waiting = find_waiting(m);
	struct mdev_type *types = NULL;
	struct fault fault = { 0 };
	size_t n = 0;
	uint64_t available = 0;
	char words[128] = "";

	if (mdev_types_read(m->fs, t->pci, &types, &n, &fault) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(words);
		const char *type = strrchr(types[i].name, '_'), *uuid;

		available += types[i].has_available ? types[i].available : 0;
		if (types[i].n_uuids > 0 || types[i].available > 0)
			snprintf(words + len, sizeof(words) - len, "%sV5%.16s %zu used, %u free",
				 len ? "; " : "", type ? type : "", types[i].n_uuids,
				 (unsigned)types[i].available);
		if (f->status == FAILED || !find_left_over(m, &types[i], &uuid))
			continue;
		finding_fail(f, WARNING, NULL, "a vGPU is left over: its VM does not run");
		finding_evidence(f, "mdev", "%s of %s", uuid, types[i].name);
		finding_value(f, "uuid", "%s", uuid);
	}
	if (n > 0 && f->status != FAILED && available == 0 && waiting) {
		finding_fail(f, WARNING, "full", "no vGPU is free for VM %s (%s)", waiting->id,
			     waiting->name);
		finding_evidence(f, "available_instances", "0 of every type; %s", words);
	} else if (n > 0 && f->status != FAILED) {
		finding_pass(f, "%s", words);
	}
	mdev_types_free(types, n);
}

#define APERTURE_FOR_TWO (512u << 20)

static void aperture(struct finding *f, const struct machine *m, const struct target *t)
{
	char buf[4096];
	uint64_t bytes;
	int n;

	if (t->discrete)
		return;
	n = machine_read_text(m, buf, sizeof(buf), PCI "/resource", t->pci);
	if (n <= 0 || !parse_resource(buf, (size_t)n, 2, &bytes) || bytes == 0)
		return;
	if (bytes >= APERTURE_FOR_TWO) {
		finding_pass(f, "aperture %llu MiB", (unsigned long long)(bytes >> 20));
		return;
	}
	finding_fail(f, NOTE, NULL, "the aperture has %llu MiB: one vGPU of V5_4, or two of V5_8",
		     (unsigned long long)(bytes >> 20));
	finding_evidence(f, "resource", "BAR 2 of %s", t->pci);
}

#define GRUB_AND_REBOOT "update-grub   # with systemd-boot: proxmox-boot-tool refresh\nreboot"

static const struct remedy supported_remedies[] = {
	{ .cause = "sriov",
	  .where = "host",
	  .say = "From the 12th generation on there is SR-IOV instead, where the driver has it; LXC "
		 "containers share any GPU." },
	{ .where = "host",
	  .say = "Pass the whole GPU to one VM, or share it with LXC containers." },
};

static const struct remedy enabled_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "Add i915.enable_gvt=1 to GRUB_CMDLINE_LINUX_DEFAULT of /etc/default/grub "
		 "(systemd-boot: /etc/kernel/cmdline), then:",
	  .commands = "echo kvmgt >> /etc/modules\n" GRUB_AND_REBOOT },
};

static const struct remedy types_remedies[] = {
	{ .cause = "guc",
	  .where = "host",
	  .reboot = true,
	  .say = "Take i915.enable_guc out of the kernel's command line (2 keeps HuC), then:",
	  .commands = GRUB_AND_REBOOT },
	{ .cause = "kvmgt",
	  .where = "host",
	  .commands = "modprobe kvmgt\necho kvmgt >> /etc/modules" },
	{ .cause = "guest", .where = "host", .say = "Create the vGPU on the host." },
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup give the aperture 256 MB or more; then see what i915 says:",
	  .commands = "dmesg | grep -i gvt" },
};

static const struct remedy pool_remedies[] = {
	{ .cause = "full",
	  .where = "proxmox-host",
	  .say = "All types share one pool: stop a VM, take a smaller type, or enlarge the aperture." },
	{ .where = "proxmox-host",
	  .say = "Remove it, if that VM really does not run:",
	  .commands = "echo 1 > /sys/bus/mdev/devices/{uuid}/remove" },
};

static const struct remedy aperture_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup set Aperture Size to 512 or 1024 MB (not DVMT), if it has "
		 "that." },
};

static const struct check checks[] = {
	{ .id = "gvt-supported",
	  .area = "sharing",
	  .title = "The GPU has GVT-g, where a VM wants a vGPU",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_GVT,
	  .severity = ERROR,
	  .run = gvt_supported,
	  REMEDIES(supported_remedies) },
	{ .id = "gvt-enabled",
	  .area = "sharing",
	  .title = "GVT-g is enabled in i915, where a VM wants a vGPU",
	  .depends = { "driver-vfio", "driver-none", "gvt-supported" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_GVT,
	  .severity = ERROR,
	  .run = gvt_enabled,
	  REMEDIES(enabled_remedies) },
	{ .id = "gvt-types",
	  .area = "sharing",
	  .title = "GVT-g offers types of vGPU",
	  .depends = { "driver-vfio", "driver-none", "gvt-supported", "gvt-enabled" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_GVT,
	  .severity = ERROR,
	  .run = gvt_types,
	  REMEDIES(types_remedies) },
	{ .id = "gvt-pool",
	  .area = "sharing",
	  .title = "Each VM that wants a vGPU gets one, and none is left over",
	  .depends = { "driver-vfio", "driver-none", "gvt-types" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_GVT,
	  .severity = WARNING,
	  .run = gvt_pool,
	  REMEDIES(pool_remedies) },
	{ .id = "aperture",
	  .area = "sharing",
	  .title = "The aperture has room for more than one vGPU of type V5_4",
	  .depends = { "driver-vfio", "driver-none", "gvt-supported" },
	  .layers = ON_HOST,
	  .purposes = 1 << FOR_GVT,
	  .severity = NOTE,
	  .run = aperture,
	  REMEDIES(aperture_remedies) },
};

const struct check_table gvt_checks = { checks, ARRAY_SIZE(checks) };
