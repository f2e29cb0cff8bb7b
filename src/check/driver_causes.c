// SPDX-License-Identifier: Apache-2.0
/* Why no driver has the GPU: the first cause with evidence is the one. */
#include "finding.h"
#include "modules.h"

#include <stdio.h>
#include <string.h>

static bool lacks_driver(const struct target *t)
{
	return !target_is_driven(t);
}

static void module_missing(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *driver = target_driver(t);
	enum module_state state;

	if (!lacks_driver(t) || machine_has_module(m, driver)) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_value(f, "driver", "%s", driver);
	state = module_find(m, driver);
	if (state == MODULE_KERNEL_GONE) {
		finding_fail(f, ERROR, "reboot",
			     "the running kernel's modules are gone: it was replaced");
		finding_evidence(f, "/lib/modules", "has no %s", m->kernel);
	} else if (state == MODULE_UNKNOWN) {
		finding_unknown(f, "on the host", "which modules the kernel has");
	} else if (state == MODULE_MISSING) {
		finding_fail(f, ERROR, "package", "this kernel has no module %s", driver);
		finding_evidence(f, "/lib/modules", "%s/modules.dep has no %s.ko", m->kernel,
				 driver);
	} else {
		finding_pass(f, "%s", "");
	}
}

static void module_blacklisted(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *driver = target_driver(t);
	struct module_ban ban;

	/* A module that was loaded all the same is not what is missing. */
	if (!lacks_driver(t) || machine_has_module(m, driver) ||
	    !module_find_ban(m, driver, &ban)) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, ERROR, ban.on_cmdline ? "cmdline" : "file",
		     "the driver %s is blacklisted, so nothing loads it", driver);
	finding_evidence(f, ban.source, "%s", ban.text);
	finding_value(f, "driver", "%s", driver);
	finding_value(f, "word", "%s", ban.text);
	finding_value(f, "rule", "%.*s", (int)strcspn(ban.text, " "), ban.text);
	ban.source[strcspn(ban.source, ":")] = '\0';
	finding_value(f, "file", "%s", ban.source);
}

static void cmdline_nomodeset(struct finding *f, const struct machine *m, const struct target *t)
{
	char value[32], word[32];

	snprintf(word, sizeof(word), "%s.modeset", target_driver(t));
	if (lacks_driver(t) && machine_word(m, "nomodeset", value, sizeof(value))) {
		finding_fail(f, ERROR, NULL, "the kernel was started with nomodeset");
		finding_value(f, "word", "nomodeset");
	} else if (lacks_driver(t) && machine_word(m, word, value, sizeof(value)) &&
		   strcmp(value, "0") == 0) {
		finding_fail(f, ERROR, NULL, "the kernel was started with %s=0", word);
		finding_value(f, "word", "%s=0", word);
	} else {
		finding_pass(f, "%s", "");
		return;
	}
	finding_evidence(f, "/proc/cmdline", "%.150s", m->cmdline);
}

/* The first kernel that drives a platform, from the documentation of jellyfin. */
static const char *first_kernel(const struct target *t)
{
	static const struct {
		const char *platform, *kernel;
	} known[] = {
		{ "Tiger Lake", "5.9" },    { "Rocket Lake", "5.11" },	{ "Alder Lake-S", "5.17" },
		{ "Alder Lake-P", "5.17" }, { "Alder Lake-N", "5.17" }, { "Raptor Lake-S", "6.0" },
		{ "Raptor Lake-P", "6.2" }, { "Raptor Lake-U", "6.2" }, { "Alchemist", "6.2" },
		{ "Meteor Lake", "6.7" },   { "Arrow Lake", "6.11" },	{ "Lunar Lake", "6.12" },
		{ "Battlemage", "6.12" },   { "Panther Lake", "6.15" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(t->name, known[i].platform) == 0)
			return known[i].kernel;
	return NULL;
}

static void driver_too_old(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *first = first_kernel(t);
	int r;

	if (!lacks_driver(t)) {
		finding_pass(f, "%s", "");
		return;
	}
	r = module_claims(m, t->id);
	if (r < 0) {
		finding_unknown(f, "on the host", "which GPUs the kernel's modules know");
		return;
	}
	if (r > 0) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, ERROR, NULL, "no module of Linux %u.%u knows 8086:%04x (%s)%s%s",
		     m->release[0], m->release[1], t->id, t->name, first ? "; it needs Linux " : "",
		     first ? first : "");
	finding_evidence(f, "/lib/modules", "%s/modules.alias has no 8086:%04X", m->kernel, t->id);
}

static void force_probe(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const texts[] = { "not properly supported by i915",
					     "not officially supported by xe",
					     "probe blocked for Device ID",
					     "Probe blocked for device" };
	char text[160], word[32], value[64], id[8];

	snprintf(id, sizeof(id), "%04x", t->id);
	finding_value(f, "id", "%s", id);
	finding_value(f, "driver", "%s", target_driver(t));
	finding_pass(f, "%s", "");
	if (!lacks_driver(t))
		return;
	snprintf(word, sizeof(word), "%s.force_probe", target_driver(t));
	snprintf(text, sizeof(text), "!%s", id);
	if (machine_word(m, word, value, sizeof(value)) && parse_list_has(value, text)) {
		finding_fail(f, ERROR, "blocked", "%s=%s forbids the driver to take this GPU", word,
			     value);
		finding_evidence(f, "/proc/cmdline", "%.150s", m->cmdline);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (machine_log_find(m, t->pci, texts[i], text, sizeof(text))) {
			finding_fail(f, ERROR, "needed",
				     "the driver takes %s (%s) only if it is forced to", id,
				     t->name);
			finding_evidence(f, "kernel log", "%s", text);
			return;
		}
	if (m->log_known != KNOWN)
		finding_unknown(f, machine_log_where(m), "whether the driver wants to be forced");
}

static const struct remedy module_missing_remedies[] = {
	{ .cause = "reboot",
	  .where = "host",
	  .reboot = true,
	  .say = "Boot the kernel that is installed.",
	  .commands = "reboot" },
	{ .distributions = ON_DEBIAN,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt install linux-image-amd64\nreboot" },
	{ .distributions = ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt install proxmox-default-kernel\nreboot" },
	{ .distributions = ON_UBUNTU,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt install linux-generic\nreboot" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Boot a kernel of this distribution that has the module {driver}." },
};

static const struct remedy blacklist_remedies[] = {
	{ .cause = "cmdline",
	  .distributions = ON_DEBIAN | ON_UBUNTU | ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "Take {word} out of /etc/default/grub (with systemd-boot: /etc/kernel/cmdline), then:",
	  .commands = "update-grub   # with systemd-boot: proxmox-boot-tool refresh\nreboot" },
	{ .cause = "cmdline",
	  .where = "host",
	  .reboot = true,
	  .say = "Take {word} out of the kernel's command line, and boot again." },
	{ .distributions = ON_DEBIAN | ON_UBUNTU | ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "Delete that line; the initramfs has a copy of it. Proxmox VE binds a VM's GPU by "
		 "itself.",
	  .commands = "sed -i '/^{rule} {driver}/d' {file}\n"
		      "update-initramfs -u -k all\n"
		      "modprobe {driver}" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Delete that line, make the initramfs anew, and load the driver.",
	  .commands = "modprobe {driver}" },
};

static const struct remedy nomodeset_remedies[] = {
	{ .distributions = ON_DEBIAN | ON_UBUNTU | ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "Take {word} out of /etc/default/grub (with systemd-boot: /etc/kernel/cmdline), then:",
	  .commands = "update-grub   # with systemd-boot: proxmox-boot-tool refresh\nreboot" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Take {word} out of the kernel's command line, and boot again." },
};

static const struct remedy too_old_remedies[] = {
	{ .distributions = ON_DEBIAN,
	  .where = "host",
	  .reboot = true,
	  .say = "Install a later kernel, here from backports:",
	  .commands = "apt install -t $(. /etc/os-release; echo $VERSION_CODENAME)-backports "
		      "linux-image-amd64\nreboot" },
	{ .distributions = ON_UBUNTU,
	  .where = "host",
	  .reboot = true,
	  .say = "Install the later kernel of the release:",
	  .commands =
		  "apt install linux-generic-hwe-$(. /etc/os-release; echo $VERSION_ID)\nreboot" },
	{ .where = "host", .reboot = true, .say = "Install a later kernel." },
};

static const struct remedy force_probe_remedies[] = {
	{ .cause = "blocked",
	  .where = "host",
	  .reboot = true,
	  .say = "Take that word out of the kernel's command line, and boot again." },
	{ .where = "host",
	  .reboot = true,
	  .say = "Better a later kernel. Else add {driver}.force_probe={id} to the kernel's command "
		 "line." },
};

static const struct check checks[] = {
	{ .id = "module-missing",
	  .area = "driver",
	  .title = "The kernel has the driver's module",
	  .depends = { "driver-vfio", "guest-kernel", "talos-extension" },
	  .severity = ERROR,
	  .run = module_missing,
	  REMEDIES(module_missing_remedies) },
	{ .id = "module-blacklisted",
	  .area = "driver",
	  .title = "Nothing forbids the driver's module",
	  .depends = { "driver-vfio", "module-missing" },
	  .severity = ERROR,
	  .run = module_blacklisted,
	  REMEDIES(blacklist_remedies) },
	{ .id = "cmdline-nomodeset",
	  .area = "driver",
	  .title = "The command line does not switch drivers of graphics off",
	  .depends = { "driver-vfio", "module-missing", "module-blacklisted" },
	  .severity = ERROR,
	  .run = cmdline_nomodeset,
	  REMEDIES(nomodeset_remedies) },
	{ .id = "driver-too-old",
	  .area = "driver",
	  .title = "The kernel knows the GPU",
	  .depends = { "driver-vfio", "module-missing" },
	  .severity = ERROR,
	  .run = driver_too_old,
	  REMEDIES(too_old_remedies) },
	{ .id = "force-probe",
	  .area = "driver",
	  .title = "The driver takes the GPU without being forced",
	  .depends = { "driver-too-old", "cmdline-nomodeset" },
	  .severity = ERROR,
	  .run = force_probe,
	  REMEDIES(force_probe_remedies) },
};

const struct check_table cause_checks = { checks, ARRAY_SIZE(checks) };
