// SPDX-License-Identifier: Apache-2.0
/* What a configuration says that does nothing, or that waits for a boot; versions known as bad. */
#include "finding.h"

#include <stdio.h>
#include <string.h>

/* Modules that guides name, and that no kernel has, or none any more. */
static void modules_obsolete(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const names[] = { "exngt", "xengt", "vfio_mdev", "vfio_virqfd" };
	_cleanup_list_ char **files = NULL;
	char found[160] = "", source[96] = "", path[300], buf[16384];
	unsigned n_found = 0;

	(void)t;
	fs_list(m->fs, &files, "etc/modules-load.d");
	for (size_t i = 0;; i++) {
		struct text_part line, word;
		size_t pos = 0;
		int n;

		if (i == 0)
			strcpy(path, "etc/modules");
		else if (i == 1)
			strcpy(path, "etc/initramfs-tools/modules");
		else if (files && files[i - 2])
			snprintf(path, sizeof(path), "etc/modules-load.d/%s", files[i - 2]);
		else
			break;
		n = machine_read_text(m, buf, sizeof(buf), "%s", path);
		while (n > 0 && parse_line(buf, (size_t)n, &pos, &line)) {
			char name[64];

			if (!parse_word(&line, " \t\r", &word) || *word.s == '#' ||
			    word.len >= sizeof(name))
				continue;
			parse_copy(word, name, sizeof(name));
			for (size_t k = 0; k < ARRAY_SIZE(names); k++) {
				size_t len = strlen(found);

				/* It was a module up to 6.1. */
				if (!parse_list_has(name, names[k]) ||
				    (k == 3 && m->release[0] * 1000 + m->release[1] < 6002) ||
				    strstr(found, names[k]))
					continue;
				snprintf(found + len, sizeof(found) - len, "%s'%s'",
					 len ? " and " : "", names[k]);
				if (!*source)
					snprintf(source, sizeof(source), "/%.90s", path);
				n_found++;
			}
		}
	}
	if (n_found == 0) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, NOTE, NULL, "%s names %s, which %s not exist; delete the line%s", source,
		     found, n_found > 1 ? "do" : "does", n_found > 1 ? "s" : "");
	finding_evidence(f, source, "%s", found);
}

static void cmdline_leftovers(struct finding *f, const struct machine *m, const struct target *t)
{
	static const struct {
		const char *name, *value, *why;
	} words[] = {
		{ "video", "efifb:off", "does nothing: i915 takes the picture over by itself" },
		{ "video", "vesafb:off", "does nothing: i915 takes the picture over by itself" },
		{ "pcie_acs_override", NULL,
		  "claims an isolation of devices that the hardware does not have" },
	};
	char value[128];

	(void)t;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!machine_word(m, words[i].name, value, sizeof(value)) ||
		    (words[i].value && !parse_list_has(value, words[i].value)))
			continue;
		finding_fail(f, NOTE, NULL, "%s=%s on the command line %s", words[i].name, value,
			     words[i].why);
		finding_evidence(f, "/proc/cmdline", "%.150s", m->cmdline);
		return;
	}
	finding_pass(f, "%s", "");
}

static bool is_of_interest(struct text_part word)
{
	static const char *const begins[] = { "i915.",
					      "xe.",
					      "intel_iommu",
					      "iommu=",
					      "vfio",
					      "module_blacklist",
					      "modprobe.blacklist",
					      "nomodeset" };

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (text_part_starts(word, begins[i]))
			return true;
	return false;
}

/* A word of the boot loader's configuration that the running kernel has not. */
static bool find_pending(const struct machine *m, const char *words, char *ret, size_t size)
{
	struct text_part rest = { words, strlen(words) }, word;

	while (parse_word(&rest, " \t", &word)) {
		char text[128];

		if (!is_of_interest(word) || word.len >= sizeof(text))
			continue;
		parse_copy(word, text, sizeof(text));
		struct text_part running = { m->cmdline, strlen(m->cmdline) }, one;
		bool there = false;

		while (parse_word(&running, " \t\n", &one))
			there |= text_part_is(one, text);
		if (there)
			continue;
		snprintf(ret, size, "%s", text);
		return true;
	}
	return false;
}

static void cmdline_pending(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const keys[] = { "GRUB_CMDLINE_LINUX_DEFAULT", "GRUB_CMDLINE_LINUX" };
	char buf[16384], words[2048], pending[128] = "";
	/* systemd-boot of Proxmox VE begins the command line with its initrd. */
	bool systemd_boot = strncmp(m->cmdline, "initrd=", 7) == 0 ||
			    machine_exists(m, "etc/kernel/proxmox-boot-uuids");
	int n;

	(void)t;
	if (!*m->cmdline)
		return;
	n = machine_read_text(m, buf, sizeof(buf), "etc/kernel/cmdline");
	if (systemd_boot && n > 0) {
		parse_copy((struct text_part){ buf, (size_t)n - (buf[n - 1] == '\n') }, words,
			   sizeof(words));
		if (find_pending(m, words, pending, sizeof(pending))) {
			finding_fail(f, WARNING, "systemd-boot",
				     "%s waits for proxmox-boot-tool refresh and a boot", pending);
			finding_evidence(f, "/etc/kernel/cmdline", "%s", pending);
			return;
		}
	}
	n = machine_read_text(m, buf, sizeof(buf), "etc/default/grub");
	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(keys); i++) {
		if (parse_assignment(buf, (size_t)n, keys[i], words, sizeof(words)) < 0 ||
		    !find_pending(m, words, pending, sizeof(pending)))
			continue;
		finding_fail(
			f, WARNING, systemd_boot ? "wrong-file" : "grub",
			systemd_boot
				? "%s is in /etc/default/grub, and this machine boots without GRUB"
				: "%s waits for update-grub and a boot",
			pending);
		finding_evidence(f, "/etc/default/grub", "%s", pending);
		return;
	}
	finding_pass(f, "%s", "");
}

static void guc_parameter(struct finding *f, const struct machine *m, const struct target *t)
{
	char value[16];
	double generation = target_generation(t);
	bool submission, modern = generation >= 12 && strcmp(t->name, "Tiger Lake") != 0 &&
				  strcmp(t->name, "Rocket Lake") != 0 &&
				  strcmp(t->name, "Alder Lake-S") != 0;

	if (strcmp(t->driver, "i915") != 0)
		return;
	if (!machine_word(m, "i915.enable_guc", value, sizeof(value))) {
		finding_pass(f, "%s", "");
		return;
	}
	submission = strcmp(value, "1") == 0 || strcmp(value, "3") == 0;
	finding_evidence(f, "/proc/cmdline", "i915.enable_guc=%s", value);
	if (submission && generation > 0 && generation < 11)
		finding_fail(f, NOTE, "old",
			     "i915.enable_guc=%s asks for GuC submission, which this GPU has not",
			     value);
	else if (modern && (strcmp(value, "0") == 0 || strcmp(value, "2") == 0))
		finding_fail(
			f, WARNING, "modern",
			"i915.enable_guc=%s switches GuC submission off, which is this GPU's way",
			value);
	else
		finding_pass(f, "i915.enable_guc=%s", value);
}

/* The number of the source: of Debian's kernels uname has "6.1.0-38", and proc/version the rest. */
static unsigned source_release(const struct machine *m)
{
	char buf[1024];
	unsigned v[3];
	int n = machine_read_text(m, buf, sizeof(buf), "proc/version");
	const char *debian = n > 0 ? strstr(buf, " Debian ") : NULL;

	if (debian && parse_release(debian + 8, v))
		return v[0] * 1000000 + v[1] * 1000 + v[2];
	/* "6.1.0": which of them it is cannot be known. */
	if (m->release[2] == 0)
		return 0;
	return m->release[0] * 1000000 + m->release[1] * 1000 + m->release[2];
}

/* Only kernels whose number is upstream's: others carry repairs of later ones. */
static void known_bad(struct finding *f, const struct machine *m, const struct target *t)
{
	unsigned v = source_release(m);
	bool upstream = m->distribution & (ON_DEBIAN | ON_TALOS | ON_ARCH | ON_FEDORA | ON_ALPINE);
	const char *what = NULL;

	if (!target_is_driven(t) || !upstream || v == 0 || strstr(m->kernel, "-pve"))
		return;
	if (t->platform && strcmp(t->platform->generation, "12.5") == 0 &&
	    ((v >= 6006026 && v <= 6006032) || (v >= 6008005 && v <= 6009003)))
		what = "makes Arc A fail; 6.6.33 and 6.9.4 are repaired";
	else if ((v >= 5018000 && v <= 6000017) || (v >= 6001001 && v <= 6001003))
		what = "hangs in OpenCL tone mapping; 6.0.18 and 6.1.4 are repaired";
	if (!what) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_fail(f, WARNING, NULL, "Linux %u.%u.%u %s", v / 1000000, v / 1000 % 1000, v % 1000,
		     what);
	finding_evidence(f, "/proc/sys/kernel/osrelease", "%s", m->kernel);
}

/* "8086:3e92,…" of vfio-pci.ids against the devices there are. */
static void vfio_ids(struct finding *f, const struct machine *m, const struct target *t)
{
	char ids[256], id[12];

	snprintf(id, sizeof(id), "8086:%04x", t->id);
	if (!machine_word(m, "vfio-pci.ids", ids, sizeof(ids)) || !parse_list_has(ids, id))
		return;
	finding_evidence(f, "/proc/cmdline", "vfio-pci.ids=%s", ids);
	if (target_is_driven(t))
		finding_fail(f, WARNING, NULL,
			     "vfio-pci.ids names the GPU, and %s has it: vfio-pci loads too late",
			     t->driver);
	else
		finding_pass(f, "%s", "");
}

static const struct remedy ids_remedies[] = {
	{ .distributions = ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "Proxmox VE needs no ids: it binds the GPU when the VM starts. Take the word out." },
	{ .where = "host",
	  .reboot = true,
	  .say = "Have vfio-pci load before the driver, in the initramfs, too:",
	  .commands = "echo 'softdep i915 pre: vfio-pci' > /etc/modprobe.d/vfio.conf\n"
		      "update-initramfs -u -k all\nreboot" },
};

static const struct remedy pending_remedies[] = {
	{ .cause = "wrong-file",
	  .where = "host",
	  .reboot = true,
	  .say = "Put the word into /etc/kernel/cmdline, then:",
	  .commands = "proxmox-boot-tool refresh\nreboot" },
	{ .cause = "systemd-boot",
	  .where = "host",
	  .reboot = true,
	  .commands = "proxmox-boot-tool refresh\nreboot" },
	{ .where = "host", .reboot = true, .commands = "update-grub\nreboot" },
};

static const struct remedy guc_remedies[] = {
	{ .where = "host",
	  .reboot = true,
	  .say = "Take the word out of the kernel's command line: the default is right for this GPU." },
};

static const struct remedy bad_remedies[] = {
	{ .distributions = ON_DEBIAN,
	  .where = "host",
	  .reboot = true,
	  .commands = "apt update && apt full-upgrade\nreboot" },
	{ .where = "host", .reboot = true, .say = "Install a later kernel." },
};

static const struct check checks[] = {
	{ .id = "modules-obsolete",
	  .area = "config",
	  .title = "Configured modules exist",
	  .layers = ON_HOST | IN_GUEST,
	  .of_machine = true,
	  .severity = NOTE,
	  .run = modules_obsolete },
	{ .id = "cmdline-leftovers",
	  .area = "config",
	  .title = "The command line has no words that do nothing",
	  .layers = ON_HOST | IN_GUEST,
	  .of_machine = true,
	  .severity = NOTE,
	  .run = cmdline_leftovers },
	{ .id = "cmdline-pending",
	  .area = "config",
	  .title = "The running kernel has the configured command line",
	  .layers = ON_HOST | IN_GUEST,
	  .of_machine = true,
	  .severity = WARNING,
	  .run = cmdline_pending,
	  REMEDIES(pending_remedies) },
	{ .id = "vfio-ids",
	  .area = "config",
	  .title = "vfio-pci has the GPU that vfio-pci.ids names",
	  .layers = ON_HOST,
	  .severity = WARNING,
	  .run = vfio_ids,
	  REMEDIES(ids_remedies) },
	{ .id = "guc-parameter",
	  .area = "config",
	  .title = "enable_guc fits the GPU",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = guc_parameter,
	  REMEDIES(guc_remedies) },
	{ .id = "known-bad",
	  .area = "config",
	  .title = "The kernel is none that is known to fail with this GPU",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = known_bad,
	  REMEDIES(bad_remedies) },
};

const struct check_table config_checks = { checks, ARRAY_SIZE(checks) };
