// SPDX-License-Identifier: Apache-2.0
/* Hangs, errors of the bus, throttling, and devices that do not come back. */
#include "finding.h"

#include <stdio.h>
#include <string.h>

#define PCI "sys/bus/pci/devices/%s"

#define HANGS_OF_CONCERN 3

static void hang_seen(struct finding *f, const struct machine *m, const struct target *t)
{
	unsigned hangs, resets;
	char text[160];

	if (!target_is_driven(t))
		return;
	if (m->log_known != KNOWN) {
		finding_unknown(f, machine_log_where(m), "whether the GPU has hung in this boot");
		return;
	}
	hangs = machine_log_count(m, t->pci, "GPU HANG: ecode") +
		machine_log_count(m, t->pci, "Timedout job");
	resets = machine_log_count(m, t->pci, "Resetting chip for");
	if (hangs + resets == 0) {
		if (m->log_from_boot)
			finding_pass(f, "no hang in this boot");
		else
			finding_unknown(f, "in the journal", "hangs before the kernel log begins");
		return;
	}
	if (!machine_log_find(m, t->pci, "GPU HANG: ecode", text, sizeof(text)) &&
	    !machine_log_find(m, t->pci, "Timedout job", text, sizeof(text)))
		machine_log_find(m, t->pci, "Resetting chip for", text, sizeof(text));
	/* One hang of a browser is none of a transcoder. */
	finding_fail(f,
		     hangs + resets >= HANGS_OF_CONCERN || strstr(text, "ffmpeg") ? WARNING : NOTE,
		     NULL, "the GPU has hung %u time%s in this boot, and was reset %u time%s",
		     hangs, hangs == 1 ? "" : "s", resets, resets == 1 ? "" : "s");
	finding_evidence(f, "kernel log", "%s", text);
}

static void aer(struct finding *f, const struct machine *m, const struct target *t)
{
	static const struct {
		const char *file, *total;
	} counters[] = {
		{ "aer_dev_fatal", "TOTAL_ERR_FATAL" },
		{ "aer_dev_nonfatal", "TOTAL_ERR_NONFATAL" },
	};
	char buf[4096];
	uint64_t value;
	bool read_one = false;

	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		int n = machine_read_text(m, buf, sizeof(buf), PCI "/%s", t->pci, counters[i].file);

		if (n <= 0 || parse_named_number(buf, (size_t)n, counters[i].total, &value) < 0)
			continue;
		read_one = true;
		if (value == 0)
			continue;
		finding_fail(f, WARNING, NULL,
			     "errors on the card's PCI Express link since the boot");
		finding_evidence(f, counters[i].file, "%llu", (unsigned long long)value);
		return;
	}
	if (read_one)
		finding_pass(f, "no errors on its link");
}

/* PL1 is normal under load on small machines; heat and the power supply are not. */
static void throttle(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const reasons[] = { "prochot", "thermal" };
	bool there = false;

	if (!target_is_driven(t) || !target_is_awake(m, t) || !*t->card)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		uint64_t value;

		if (fs_read_u64(m->fs, &value, PCI "/drm/%s/gt/gt0/throttle_reason_%s", t->pci,
				t->card, reasons[i]) < 0)
			continue;
		there = true;
		if (value == 0)
			continue;
		finding_fail(f, WARNING, NULL, "the GPU is slowed down now: %s", reasons[i]);
		finding_evidence(f, "gt0", "throttle_reason_%s: 1", reasons[i]);
		return;
	}
	if (there)
		finding_pass(f, "%s", "");
}

static void stuck(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const texts[] = { "Unable to change power state", "after FLR; giving up",
					     "MMIO access returns 0xFFFFFFFF" };
	char text[160];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (machine_log_find(m, t->pci, texts[i], text, sizeof(text))) {
			finding_fail(f, WARNING, NULL,
				     "the device did not come back from a sleep or a reset");
			finding_evidence(f, "kernel log", "%s", text);
			return;
		}
	finding_pass(f, "%s", "");
}

static const struct remedy hang_remedies[] = {
	{ .where = "host",
	  .say = "Update kernel, firmware and the application's ffmpeg; then see who it was:",
	  .commands = "journalctl -k -b | grep -A2 'GPU HANG'" },
};

static const struct remedy aer_remedies[] = {
	{ .where = "host",
	  .say = "Seat the card anew, try another slot, and update the firmware:",
	  .commands = "lspci -vvs {pci} | grep -e LnkSta -e UESta" },
};

static const struct remedy throttle_remedies[] = {
	{ .where = "host", .say = "See to fan, dust, paste and the power supply." },
};

static const struct remedy stuck_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "Power the host off and on again; if a VM has it, add disable_idle_d3=1 to vfio-pci.",
	  .commands = "echo 'options vfio-pci disable_idle_d3=1' > /etc/modprobe.d/vfio-pci.conf\n"
		      "poweroff" },
};

static const struct check checks[] = {
	{ .id = "hang-seen",
	  .area = "health",
	  .title = "The GPU has not hung in this boot",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = hang_seen,
	  REMEDIES(hang_remedies) },
	{ .id = "aer",
	  .area = "health",
	  .title = "No errors on the card's PCI Express link",
	  .severity = WARNING,
	  .run = aer,
	  REMEDIES(aer_remedies) },
	{ .id = "throttle",
	  .area = "health",
	  .title = "Neither heat nor the power supply slows the GPU down",
	  .depends = { "driver-vfio", "driver-none" },
	  .severity = WARNING,
	  .run = throttle,
	  REMEDIES(throttle_remedies) },
	{ .id = "gpu-stuck-d3",
	  .area = "health",
	  .title = "The device has come back from every sleep and reset",
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = stuck,
	  REMEDIES(stuck_remedies) },
};

const struct check_table health_checks = { checks, ARRAY_SIZE(checks) };
