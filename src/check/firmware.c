// SPDX-License-Identifier: Apache-2.0
/*
 * Firmware belongs to the kernel that runs the driver: in a container a file that is missing means
 * nothing. Which generation needs what is in enable_guc's defaults of i915.
 */
#include "finding.h"

#include "base/sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_platform(const struct target *t, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(t->name, *names) == 0)
			return true;
	return false;
}

/* Work is submitted through GuC: without it nothing runs. */
static bool needs_guc(const struct target *t)
{
	static const char *const without[] = { "Tiger Lake", "Rocket Lake", "Alder Lake-S", NULL };

	if (strcmp(t->driver, "xe") == 0)
		return true;
	return target_generation(t) >= 12 && !is_platform(t, without);
}

/* On a virtual function: by the driver of the physical one. */
#define PRELOADED "PRELOADED"

/* All encoders are the low-power ones, whose rate control is HuC's. */
static bool needs_huc(const struct target *t)
{
	unsigned can = t->platform ? t->platform->capabilities : 0;

	if (can & CAN_WHAT_IS_NOT_KNOWN)
		return true;
	return can & CAN_ENCODE_LOW_POWER_WITH_HUC && !(can & CAN_ENCODE_WITH_SHADERS);
}

/* What debugfs says, which is root's. True with *ret. */
static bool read_state(const struct machine *m, const struct target *t, const char *file,
		       struct firmware_state *ret)
{
	const char *const directories[] = { t->pci, t->card + (*t->card ? 4 : 0) };
	char buf[4096];

	/* Reading it may wake the GPU. */
	if (!target_is_awake(m, t))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		for (unsigned gt = 0; gt < 2; gt++) {
			int n = machine_read_text(m, buf, sizeof(buf),
						  "sys/kernel/debug/dri/%s/gt%u/uc/%s",
						  directories[i], gt, file);

			if (n > 0 && parse_firmware(buf, (size_t)n, ret) == 0 &&
			    strcmp(ret->status, "NOT SUPPORTED") != 0)
				return true;
		}
	return false;
}

static bool find_failure(const struct machine *m, const struct target *t, const char *const *texts,
			 char *buf, size_t size)
{
	for (; *texts; texts++)
		if (machine_log_find(m, t->pci, *texts, buf, size))
			return true;
	return false;
}

/* "… i915/adlp_guc_70.bin …" of a message. */
static void name_file(struct finding *f, const char *text)
{
	struct text_part rest = { text, strlen(text) }, word;

	while (parse_word(&rest, " :,;()", &word))
		if (word.len > 4 && memcmp(word.s + word.len - 4, ".bin", 4) == 0) {
			char name[96];

			parse_copy(word, name, sizeof(name));
			finding_value(f, "file", "%s", name);
			return;
		}
	finding_value(f, "file", "the firmware's file");
}

/* Where i915 was made to submit through GuC, it is needed, whatever the default is. */
static bool asks_for_guc(const struct machine *m, const struct target *t)
{
	uint64_t value;

	return strcmp(t->driver, "i915") == 0 && target_generation(t) >= 11 &&
	       fs_read_u64(m->fs, &value, "sys/module/i915/parameters/enable_guc") == 0 &&
	       value <= 3 && value & 1;
}

static void firmware_guc(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const failures[] = { "GuC initialization failed", "GuC load failed" };
	struct firmware_state state;
	char text[160];
	bool needed = needs_guc(t) || asks_for_guc(m, t), wrong;

	if (read_state(m, t, "guc_info", &state)) {
		wrong = strcmp(state.status, "RUNNING") != 0 &&
			strcmp(state.status, "DISABLED") != 0 &&
			strcmp(state.status, "TRANSFERRED") != 0 &&
			strcmp(state.status, PRELOADED) != 0;
		if (!wrong) {
			finding_pass(f, "GuC %s",
				     strcmp(state.status, "DISABLED") == 0 ? "off" : "runs");
			return;
		}
		finding_fail(f, needed ? ERROR : NOTE, NULL, "the GuC firmware does not run: %s",
			     state.status);
		finding_evidence(f, "guc_info", "%s: %s", state.file, state.status);
		name_file(f, state.file);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		/* What was repaired since, by a new bind, is said later. */
		if (machine_log_find(m, t->pci, failures[i], text, sizeof(text)) &&
		    machine_log_last(m, t->pci, failures[i]) >
			    machine_log_last(m, t->pci, "submission enabled")) {
			finding_fail(f, needed ? ERROR : NOTE, NULL,
				     "the GuC firmware was not loaded%s",
				     needed ? ", and this GPU does nothing without it" : "");
			finding_evidence(f, "kernel log", "%s", text);
			if (machine_log_find(m, t->pci, "fetch failed", text, sizeof(text)))
				finding_evidence(f, "kernel log", "%s", text);
			name_file(f, text);
			return;
		}
	if (!needed)
		finding_pass(f, "GuC not needed");
	else if (m->log_known == KNOWN && m->log_from_boot)
		finding_pass(f, "GuC loaded");
	else
		finding_unknown(f, machine_log_where(m), "whether the GuC firmware runs");
}

/* HuC of Meteor Lake is authenticated by it; elsewhere it is for protected content. */
static void firmware_gsc(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const failures[] = { "gsc_1.bin: fetch failed",
						"gsc_1.bin failed with error", NULL };
	static const char *const wrong[] = { "MISSING", "ERROR", "INIT FAIL", "LOAD FAIL" };
	bool for_huc = needs_huc(t) && strcmp(t->platform->generation, "12.7") == 0;
	const char *status = NULL;
	struct firmware_state state;
	char text[160];

	finding_pass(f, "%s", "");
	if (read_state(m, t, "gsc_info", &state)) {
		for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
			if (strcmp(state.status, wrong[i]) == 0)
				status = wrong[i];
		if (!status)
			return;
		finding_evidence(f, "gsc_info", "%s: %s", state.file, status);
		name_file(f, state.file);
	} else if (find_failure(m, t, failures, text, sizeof(text))) {
		status = "MISSING";
		finding_evidence(f, "kernel log", "%s", text);
		name_file(f, text);
	} else {
		return;
	}
	finding_fail(f, for_huc ? WARNING : NOTE, NULL, "the GSC firmware does not run (%s): no %s",
		     status, for_huc ? "HuC, which waits for it" : "protected content");
}

static const char *huc_error(int r)
{
	switch (r) {
	case -EOPNOTSUPP:
		return "DISABLED";
	case -ENOPKG:
		return "MISSING";
	case -ENOEXEC:
		return "ERROR";
	case -EIO:
		return "LOAD FAIL";
	}
	return NULL;
}

static bool ask_huc(const struct machine *m, const struct target *t, struct firmware_state *ret)
{
	char node[64], version[36];
	int status = 0, r;

	if (!m->live || !target_is_awake(m, t) || !*t->render)
		return false;
	snprintf(node, sizeof(node), "/dev/dri/%s", t->render);
	if (strcmp(t->driver, "xe") == 0) {
		/* A guest's GPU may be a virtual function: of its HuC xe knows nothing. */
		r = sys_xe_huc(node, version);
		strcpy(ret->status, r == 0 ? "RUNNING" : "NOT RUNNING");
		return r == 0 || (r == -ENODEV && m->layer == ON_HOST && !t->vf);
	}
	if (strcmp(t->driver, "i915") != 0)
		return false;
	r = sys_i915_huc(node, &status);
	if (r == 0)
		strcpy(ret->status, status == 0 ? "LOADABLE" : "RUNNING");
	else if (huc_error(r))
		strcpy(ret->status, huc_error(r));
	return r == 0 || huc_error(r);
}

static void firmware_huc(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const mei[] = { "due to missing mei modules",
					   "timed out waiting for MEI", "MEI driver not bound",
					   NULL };
	struct firmware_state state = { 0 };
	bool needed = needs_huc(t), preloaded, known;
	char text[160];

	if (find_failure(m, t, mei, text, sizeof(text)) &&
	    machine_log_last(m, t->pci, "authenticated") == 0) {
		finding_fail(f, WARNING, "mei", "HuC waits for the MEI modules: no rate control");
		finding_evidence(f, "kernel log", "%s", text);
		return;
	}
	known = read_state(m, t, "huc_info", &state);
	preloaded = known && strcmp(state.status, PRELOADED) == 0;
	if (preloaded || (!known && !ask_huc(m, t, &state))) {
		if (needed)
			finding_unknown(f,
					preloaded   ? "on the host"
					: t->asleep ? "when the GPU is awake"
						    : machine_log_where(m),
					"whether the HuC firmware runs");
		else
			finding_pass(f, "HuC not needed");
		return;
	}
	if (strcmp(state.status, "RUNNING") == 0) {
		finding_pass(f, "HuC runs");
		return;
	}
	if (!needed) {
		finding_pass(f, "HuC off, not needed");
		return;
	}
	finding_fail(f, WARNING,
		     strcmp(state.status, "DISABLED") == 0  ? "off"
		     : strcmp(state.status, "MISSING") == 0 ? "missing"
							    : "failed",
		     "HuC does not run (%s): encoders have constant quality only, no bit rate",
		     state.status);
	finding_evidence(f, "HuC", "%s %s", *state.file ? state.file : t->render, state.status);
	name_file(f, state.file);
}

static void firmware_dmc(struct finding *f, const struct machine *m, const struct target *t)
{
	char text[160];

	if (machine_log_find(m, t->pci, "Failed to load DMC firmware", text, sizeof(text))) {
		finding_fail(f, NOTE, NULL,
			     "no DMC firmware: the idle GPU takes more power; encoding works");
		finding_evidence(f, "kernel log", "%s", text);
		name_file(f, text);
		return;
	}
	if (machine_log_find(m, t->pci, "Finished loading DMC firmware", text, sizeof(text)))
		finding_pass(f, "DMC loaded");
	else
		finding_pass(f, "%s", "");
}

static void wedged(struct finding *f, const struct machine *m, const struct target *t)
{
	static const char *const texts[] = { "declaring it wedged", "has declared device", NULL };
	char node[64], text[160];
	bool is_wedged = false;
	int r = -ENOENT;

	/* The question to xe wakes a GPU that sleeps, and one that is given up does not sleep. */
	if (m->live && *t->render && (strcmp(t->driver, "i915") == 0 || target_is_awake(m, t))) {
		bool xe = strcmp(t->driver, "xe") == 0;

		snprintf(node, sizeof(node), "/dev/dri/%s", t->render);
		r = xe ? sys_xe_wedged(node, &is_wedged) : sys_i915_wedged(node, &is_wedged);
		if (r == 0 && !is_wedged) {
			finding_pass(f, "not wedged");
			return;
		}
		/* What cannot be asked says nothing. */
		is_wedged = r == 0;
		if (is_wedged)
			finding_evidence(f, node, xe ? "ioctl: ECANCELED" : "GEM_THROTTLE: EIO");
	}
	if (find_failure(m, t, texts, text, sizeof(text))) {
		is_wedged = true;
		finding_evidence(f, "kernel log", "%s", text);
	}
	if (is_wedged) {
		finding_fail(f, ERROR, NULL, "the driver has given the GPU up (wedged)");
		finding_value(f, "driver", "%s", t->driver);
		return;
	}
	if (m->log_known == KNOWN && m->log_from_boot)
		finding_pass(f, "not wedged in this boot");
	else
		finding_unknown(f, machine_log_where(m), "whether the driver has given the GPU up");
}

#define DEBIAN_FIRMWARE                                                                            \
	"apt install firmware-misc-nonfree   # Debian 13: firmware-intel-graphics\n"               \
	"update-initramfs -u -k all\nreboot"

static const struct remedy firmware_remedies[] = {
	{ .cause = "off",
	  .where = "host",
	  .reboot = true,
	  .say = "Add i915.enable_guc=2 to the kernel's command line, which switches HuC on.",
	  .commands = "reboot" },
	{ .cause = "mei",
	  .where = "host",
	  .reboot = true,
	  .say = "The kernel must have mei_gsc and mei_pxp, which Debian 12's 6.1 lacks; on Talos add "
		 "siderolabs/mei.",
	  .commands = "modprobe -a mei_gsc mei_pxp mei_me" },
	{ .distributions = ON_DEBIAN,
	  .where = "host",
	  .reboot = true,
	  .say = "{file} is in a package of the component non-free-firmware:",
	  .commands = DEBIAN_FIRMWARE },
	{ .distributions = ON_PROXMOX,
	  .where = "host",
	  .reboot = true,
	  .say = "{file} is in pve-firmware:",
	  .commands = "apt update && apt install pve-firmware\n"
		      "update-initramfs -u -k all && proxmox-boot-tool refresh\nreboot" },
	{ .distributions = ON_UBUNTU,
	  .where = "host",
	  .reboot = true,
	  .say = "{file} is in linux-firmware:",
	  .commands = "apt install linux-firmware\nupdate-initramfs -u -k all\nreboot" },
	{ .distributions = ON_TALOS,
	  .where = "node",
	  .reboot = true,
	  .say = "Firmware is in the driver's extension (siderolabs/i915, siderolabs/xe)." },
	{ .where = "host",
	  .reboot = true,
	  .say = "Install the distribution's firmware for Intel graphics ({file}), make the "
		 "initramfs anew, and boot again." },
};

static const struct remedy wedged_remedies[] = {
	{ .layers = IN_GUEST,
	  .where = "guest",
	  .reboot = true,
	  .say = "Boot the VM again; if that does not help, the host.",
	  .commands = "reboot" },
	{ .where = "host",
	  .reboot = true,
	  .say = "Stop what uses the GPU, and boot again; bind it again only if a boot must wait:",
	  .commands = "echo {pci} > /sys/bus/pci/drivers/{driver}/unbind\n"
		      "echo {pci} > /sys/bus/pci/drivers/{driver}/bind" },
};

static const struct check checks[] = {
	{ .id = "firmware-guc",
	  .area = "firmware",
	  .title = "The GuC firmware runs where work is submitted through it",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = ERROR,
	  .run = firmware_guc,
	  REMEDIES(firmware_remedies) },
	{ .id = "firmware-gsc",
	  .area = "firmware",
	  .title = "The GSC firmware runs, if the GPU has a GSC",
	  .depends = { "driver-vfio", "driver-none", "firmware-guc" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = firmware_gsc,
	  REMEDIES(firmware_remedies) },
	{ .id = "firmware-huc",
	  .area = "firmware",
	  .title = "The HuC firmware runs where the encoders' rate control is its",
	  .depends = { "driver-vfio", "driver-none", "firmware-guc" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = WARNING,
	  .run = firmware_huc,
	  REMEDIES(firmware_remedies) },
	{ .id = "firmware-dmc",
	  .area = "firmware",
	  .title = "The DMC firmware of the display is loaded",
	  .depends = { "driver-vfio", "driver-none" },
	  .layers = ON_HOST | IN_GUEST,
	  .severity = NOTE,
	  .run = firmware_dmc,
	  REMEDIES(firmware_remedies) },
	{ .id = "wedged",
	  .area = "driver",
	  .title = "The driver has not given the GPU up",
	  .depends = { "driver-vfio", "driver-none", "firmware-guc" },
	  .severity = ERROR,
	  .run = wedged,
	  REMEDIES(wedged_remedies) },
};

const struct check_table firmware_checks = { checks, ARRAY_SIZE(checks) };
