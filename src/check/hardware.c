// SPDX-License-Identifier: Apache-2.0
/* Is there a GPU, and what do firmware and mainboard do with it? */
#include "finding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

static bool cpu_has_no_graphics(const struct machine *m, char *model, size_t size)
{
	char buf[4096];
	int n = machine_read_text(m, buf, sizeof(buf), "proc/cpuinfo");
	struct text_part line, word;
	size_t pos = 0;

	*model = '\0';
	if (n == -EMSGSIZE)
		n = sizeof(buf);
	while (n > 0 && parse_line(buf, (size_t)n, &pos, &line)) {
		if (!text_part_starts(line, "model name"))
			continue;
		const char *colon = memchr(line.s, ':', line.len);

		if (!colon)
			break;
		line = parse_trim(
			(struct text_part){ colon + 1, line.len - (size_t)(colon + 1 - line.s) });
		parse_copy(line, model, size);
		/* "i5-9400F", "i7-14700KF": the number's last letter. */
		while (parse_word(&line, " ", &word))
			if (word.len > 3 && *word.s == 'i' && word.s[2] == '-' &&
			    word.s[word.len - 1] == 'F')
				return true;
		break;
	}
	return false;
}

static void gpu_present(struct finding *f, const struct machine *m, const struct target *t)
{
	char model[96];

	(void)t;
	if (m->vm)
		return;
	if (m->n_targets > 0) {
		finding_pass(f, "%s", "");
		return;
	}
	if (cpu_has_no_graphics(m, model, sizeof(model)))
		finding_fail(f, ERROR, "no-graphics",
			     "no Intel GPU on the PCI bus: this processor has no graphics");
	else
		finding_fail(f, ERROR, "switched-off", "no Intel GPU on the PCI bus");
	finding_evidence(f, "/sys/bus/pci/devices", "no display device of vendor 8086");
	if (*model)
		finding_evidence(f, "/proc/cpuinfo", "%s", model);
}

static const char *emulated_name(const struct display *d)
{
	static const struct {
		uint16_t vendor, device;
		const char *name;
	} known[] = {
		{ 0x1234, 0x1111, "QEMU's VGA" },
		{ 0x1af4, 0x1050, "virtio-gpu" },
		{ 0x1b36, 0x0100, "QXL" },
		{ 0x15ad, 0x0405, "VMware's SVGA" },
		{ 0x1013, 0x00b8, "an emulated Cirrus" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (d->vendor == known[i].vendor && d->device == known[i].device)
			return known[i].name;
	return "another maker's";
}

static void guest_gpu_missing(struct finding *f, const struct machine *m, const struct target *t)
{
	char only[96] = "no display device at all";

	(void)t;
	if (!m->vm)
		return;
	if (m->n_targets > 0) {
		finding_pass(f, "%s", "");
		return;
	}
	if (m->n_displays > 0)
		snprintf(only, sizeof(only), "only %04x:%04x (%s)", m->displays[0].vendor,
			 m->displays[0].device, emulated_name(&m->displays[0]));
	if (!m->wanted) {
		finding_note(f, "this VM has no Intel GPU, and nothing here asks for one");
		return;
	}
	finding_fail(f, ERROR, NULL, "this VM has no Intel GPU, %s", only);
	finding_evidence(f, "/sys/bus/pci/devices", "no display device of vendor 8086");
	finding_value(f, "uuid", "%s", *m->uuid ? m->uuid : "UUID-OF-THE-VM");
}

#define SECURE_BOOT "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool needs_a_driver(const struct machine *m)
{
	for (size_t i = 0; i < m->n_targets; i++)
		if (!target_is_driven(&m->targets[i]) && m->targets[i].purpose != FOR_VFIO)
			return true;
	return false;
}

static void secure_boot(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const rejections[] = { "unsigned module is rejected",
						  "unavailable key is rejected",
						  "unsigned module loading is restricted" };
	char buf[64], text[160];
	int n;

	(void)t;
	if (!machine_exists(m, "sys/firmware/efi")) {
		finding_pass(f, "Secure Boot off (no UEFI)");
		return;
	}
	n = machine_read_text(m, buf, sizeof(buf), SECURE_BOOT);
	if (n != 5) {
		finding_unknown(f, "as root on the host", "Secure Boot: the variable is not here");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rejections); i++) {
		if (!needs_a_driver(m) ||
		    !machine_log_find(m, NULL, rejections[i], text, sizeof(text)))
			continue;
		finding_fail(f, ERROR, NULL,
			     "Secure Boot is on, and the kernel has refused an unsigned module");
		finding_evidence(f, "kernel log", "%s", text);
		return;
	}
	finding_pass(f, buf[4] == 1 ? "Secure Boot on" : "Secure Boot off");
}

/* Under lockdown debugfs hides what the checks of firmware read; nothing of the GPU is lost. */
static void lockdown(struct finding *f, const struct machine *m, const struct target *t)
{
	char buf[128];
	int n = machine_read_text(m, buf, sizeof(buf), "sys/kernel/security/lockdown");

	(void)t;
	if (n <= 0)
		return;
	if (memmem(buf, (size_t)n, "[none]", 6))
		finding_pass(f, "%s", "");
	else
		finding_note(
			f,
			"kernel lockdown is on: unsigned modules do not load, debugfs is closed");
}

#define SMALL_BAR (256u << 20)

/* Of an integrated GPU BAR 2 is the aperture, which is as small as that by design. */
static void rebar(struct finding *f, const struct machine *m, const struct target *t)
{
	bool xe = strcmp(t->driver, "xe") == 0;
	char buf[4096];
	uint64_t bytes;
	int n;

	if (!t->discrete || t->vf || !target_is_driven(t))
		return;
	n = machine_read_text(m, buf, sizeof(buf), PCI "/resource", t->pci);
	if (n <= 0 || !parse_resource(buf, (size_t)n, 2, &bytes) || bytes == 0) {
		finding_unknown(f, "on the host", "the size of BAR 2 cannot be read");
		return;
	}
	if (bytes > SMALL_BAR) {
		finding_pass(f, "Resizable BAR on");
		return;
	}
	finding_fail(f, xe ? ERROR : WARNING, NULL,
		     xe ? "small BAR: VA-API of 2025 crashes, and OpenCL does not start"
			: "small BAR: the driver reaches the card's memory 256 MiB at a time");
	finding_evidence(f, "resource", "BAR 2 of %s has %llu MiB", t->pci,
			 (unsigned long long)(bytes >> 20));
}

static void boot_display(struct finding *f, const struct machine *m, const struct target *t)
{
	if (t->purpose != FOR_VFIO || !t->first_display)
		return;
	if (m->n_displays == 1)
		finding_note(f, "this is the only display adapter: keep SSH or IPMI at hand");
	else
		finding_note(f, "the firmware shows its picture on the GPU that a VM gets");
}

static const struct remedy gpu_present_remedies[] = {
	{ .cause = "no-graphics",
	  .where = "host",
	  .say = "A processor whose number ends in F has no graphics: add an Intel Arc card." },
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup enable the internal graphics (not Auto) and "
		 "multi-monitor; then:",
	  .commands = "lspci -nn -d 8086::0300" },
};

static const struct remedy guest_gpu_missing_remedies[] = {
	{ .where = "proxmox-host",
	  .reboot = true,
	  .say = "Find the VM, give it the GPU, and stop and start it: a reboot inside "
		 "is not enough.",
	  .commands = "grep -l {uuid} /etc/pve/qemu-server/*.conf\n"
		      "qm config VMID | grep hostpci\n"
		      "qm set VMID --hostpci0 0000:00:02.0,pcie=1   # or ,mdev=i915-GVTg_V5_4\n"
		      "qm stop VMID && qm start VMID" },
};

static const struct remedy secure_boot_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "Enrol the key that DKMS signs with (confirm at the next boot), or switch Secure "
		 "Boot off.",
	  .commands = "mokutil --import /var/lib/dkms/mok.pub" },
};

static const struct remedy rebar_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "In the firmware's setup enable Above 4G Decoding and Re-Size BAR, and disable CSM; "
		 "then:",
	  .commands = "lspci -vs {pci} | grep -i prefetchable" },
};

static const struct check checks[] = {
	{ .id = "gpu-present",
	  .area = "hardware",
	  .title = "An Intel GPU is on the PCI bus",
	  .layers = ON_HOST | IN_CONTAINER,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = gpu_present,
	  REMEDIES(gpu_present_remedies) },
	{ .id = "guest-gpu-missing",
	  .area = "hardware",
	  .title = "The virtual machine has an Intel GPU",
	  .of_machine = true,
	  .severity = ERROR,
	  .run = guest_gpu_missing,
	  REMEDIES(guest_gpu_missing_remedies) },
	{ .id = "secure-boot",
	  .area = "hardware",
	  .title = "Secure Boot refuses no module that is needed",
	  .layers = ON_HOST | IN_GUEST,
	  .of_machine = true,
	  .severity = ERROR,
	  .run = secure_boot,
	  REMEDIES(secure_boot_remedies) },
	{ .id = "lockdown",
	  .area = "hardware",
	  .title = "Whether the kernel is locked down",
	  .layers = ON_HOST | IN_GUEST,
	  .of_machine = true,
	  .severity = NOTE,
	  .run = lockdown },
	{ .id = "rebar",
	  .area = "hardware",
	  .title = "The whole memory of a card is visible (Resizable BAR)",
	  .layers = ON_HOST | IN_GUEST,
	  .severity = ERROR,
	  .run = rebar,
	  REMEDIES(rebar_remedies) },
	{ .id = "boot-display",
	  .area = "console",
	  .title = "A console is left when a VM gets the GPU",
	  .layers = ON_HOST,
	  .severity = NOTE,
	  .run = boot_display },
};

const struct check_table hardware_checks = { checks, ARRAY_SIZE(checks) };
