// SPDX-License-Identifier: Apache-2.0
/* What turns video into work for the GPU: the VA driver, and the codecs of the silicon. */
#include "finding.h"

#include "sources/vaapi/va_child.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const driver_directories[] = {
	"usr/lib/x86_64-linux-gnu/dri",	   "usr/lib64/dri",
	"usr/lib64/dri-nonfree",	   "usr/lib/dri",
	"usr/lib/jellyfin-ffmpeg/lib/dri", "opt/intel/mediasdk/lib64",
};

/* Where a VA driver is installed, or NULL. */
static const char *place_of(const struct machine *m, const char *driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(driver_directories); i++)
		if (machine_exists(m, "%s/%s_drv_video.so", driver_directories[i], driver))
			return driver_directories[i];
	return NULL;
}

/* iHD from Broadwell on, i965 up to Gemini Lake and Coffee Lake. */
static bool driver_fits(const struct target *t, const char *driver)
{
	double generation = target_generation(t);

	if (generation == 0)
		return true;
	if (strcmp(driver, "iHD") == 0)
		return generation >= 8;
	return generation < 10 && strcmp(t->name, "Comet Lake") != 0;
}

static const char *build_of(const struct machine *m)
{
	if (machine_exists(m, "var/lib/dpkg/info/intel-media-va-driver-non-free.list") ||
	    machine_exists(m, "usr/lib64/dri-nonfree/iHD_drv_video.so"))
		return " (non-free)";
	if (machine_exists(m, "var/lib/dpkg/info/intel-media-va-driver.list") ||
	    machine_exists(m, "var/lib/dpkg/info/intel-media-va-driver:amd64.list"))
		return " (free)";
	return "";
}

static void va_driver(struct finding *f, const struct machine *m, const struct target *t)
{
	const char *ihd = place_of(m, "iHD"), *i965 = place_of(m, "i965");
	bool fits = (ihd && driver_fits(t, "iHD")) || (i965 && driver_fits(t, "i965"));

	if (fits) {
		const char *name = ihd && driver_fits(t, "iHD") ? "iHD" : "i965";

		finding_pass(f, "VA driver %s%s installed", name,
			     strcmp(name, "iHD") == 0 ? build_of(m) : "");
		finding_evidence(f, "file", "/%s/%s_drv_video.so",
				 strcmp(name, "iHD") == 0 ? ihd : i965, name);
		return;
	}
	if (ihd || i965) {
		finding_fail(f, ERROR, ihd ? "i965" : "iHD",
			     "the VA driver %s does not know %s: it takes %s", ihd ? "iHD" : "i965",
			     t->name, ihd ? "i965" : "iHD");
		finding_evidence(f, "file", "/%s/%s_drv_video.so", ihd ? ihd : i965,
				 ihd ? "iHD" : "i965");
		return;
	}
	/* A host that only shares its GPU needs none. */
	if (!m->wanted)
		return;
	finding_fail(f, ERROR, target_generation(t) < 8 ? "i965" : "iHD",
		     "no VA driver for Intel GPUs is installed here");
	finding_evidence(f, "files",
			 "no iHD_drv_video.so or i965_drv_video.so where libva searches");
}

/* One more of a list with commas. */
static void add_word(char *buf, size_t size, const char *word, const char *end)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s%s", len > 0 ? ", " : "", word, end);
}

/* Codecs that the silicon encodes, and the driver does not list: by their names for a flag. */
static void find_missing(const struct target *t, const struct va_capabilities *list, char *buf,
			 size_t size)
{
	static const struct {
		const char *codec;
		unsigned encode;
	} wanted[] = {
		{ "h264", CAN_ENCODE_H264 }, { "hevc", CAN_ENCODE_HEVC }, { "vp9", CAN_ENCODE_VP9 },
		{ "av1", CAN_ENCODE_AV1 },   { "jpeg", CAN_ENCODE_JPEG },
	};

	for (size_t i = 0; t->platform && i < ARRAY_SIZE(wanted); i++) {
		bool listed = !(t->platform->capabilities & wanted[i].encode);

		for (size_t j = 0; j < list->n; j++)
			listed |= strcmp(list->entries[j].codec, wanted[i].codec) == 0;
		if (!listed)
			add_word(buf, size, wanted[i].codec, "");
	}
}

#define PROBE_NS 1000000000u

/* What intel_gpu_probe says when the driver lists what it can: the only proof that it loads. */
static void va_loads(struct finding *f, const struct machine *m, const struct target *t)
{
	struct va_capabilities *list;
	struct va_program program = { .timeout_ns = PROBE_NS };
	struct va_request request = { .list = true };
	struct va_run run;

	if (!m->va_installed || !*t->render)
		return;
	if (!m->live) {
		finding_unknown(f, "on the machine itself", "whether the VA driver loads");
		return;
	}
	if (!target_is_awake(m, t)) {
		finding_unknown(f, "when the GPU is awake", "whether the VA driver loads");
		return;
	}
	list = calloc(1, sizeof(*list));
	snprintf(request.node, sizeof(request.node), "/dev/dri/%s", t->render);
	if (!list || va_program_find(&program) < 0 ||
	    va_child_run(&program, &request, list, &run) < 0) {
		finding_unknown(f, "where intel_gpu_probe lies beside the exporter",
				"whether the VA driver loads");
		free(list);
		return;
	}
	if (run.outcome.result == VA_OK) {
		size_t encoders = 0;
		char missing[48] = "";

		for (size_t i = 0; i < list->n; i++)
			encoders += strncmp(list->entries[i].entrypoint, "Enc", 3) == 0;
		find_missing(t, list, missing, sizeof(missing));
		if (encoders > 0 && *missing)
			finding_fail(
				f, NOTE, "encoders",
				"this GPU should encode %s, and the VA driver does not list it",
				missing);
		else if (encoders > 0)
			finding_pass(f, "%s loads and lists %zu encoders", list->driver, encoders);
		else
			finding_fail(f, WARNING, "encoders", "the VA driver lists no encoder");
		finding_evidence(f, "vendor", "%s", list->vendor);
	} else if (run.outcome.result == VA_TIMEOUT) {
		/* A machine that is busy is no driver that does not load. */
		finding_unknown(f, "by intel_gpu_probe, which waits longer",
				"whether the VA driver loads: not within a second");
	} else if (run.outcome.result == VA_PERMISSION) {
		finding_unknown(f, "as root", "whether the VA driver loads");
	} else {
		finding_fail(f, ERROR, NULL, "the VA driver does not load (%s)",
			     va_result_name(run.outcome.result));
		finding_evidence(f, "intel_gpu_probe", "%s", run.outcome.detail);
	}
	free(list);
}

static bool find_variable(const struct machine *m, const char *name, char *value, size_t size,
			  char *source, size_t source_size)
{
	static const char *const files[] = { "etc/environment", "etc/libva.conf",
					     "etc/default/jellyfin" };
	char buf[16384];
	int n;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		n = machine_read_text(m, buf, sizeof(buf), "%s", files[i]);
		if (n > 0 && parse_assignment(buf, (size_t)n, name, value, size) == 0) {
			snprintf(source, source_size, "/%s", files[i]);
			return true;
		}
	}
	/* Of a shell that asks. What the exporter as a service has is no application's. */
	if (m->quiet)
		return false;
	n = machine_read_text(m, buf, sizeof(buf), "proc/self/environ");
	for (int i = 0; i < n; i++)
		if (buf[i] == '\0')
			buf[i] = '\n';
	if (n > 0 && parse_assignment(buf, (size_t)n, name, value, size) == 0) {
		snprintf(source, source_size, "environment");
		return true;
	}
	return false;
}

static void va_variable(struct finding *f, const struct machine *m, const struct target *t)
{
	char value[64], source[64];

	if (!find_variable(m, "LIBVA_DRIVER_NAME", value, sizeof(value), source, sizeof(source))) {
		finding_pass(f, "%s", "");
		return;
	}
	finding_evidence(f, source, "LIBVA_DRIVER_NAME=%s", value);
	if ((strcmp(value, "iHD") == 0 || strcmp(value, "i965") == 0) && driver_fits(t, value) &&
	    (place_of(m, value) || !m->va_installed)) {
		finding_pass(f, "LIBVA_DRIVER_NAME=%s", value);
		return;
	}
	finding_fail(f, WARNING, NULL, "LIBVA_DRIVER_NAME=%s forces a driver that is not for %s",
		     value, t->name);
	finding_value(f, "file", "%s", source);
}

static const struct {
	const char *name;
	unsigned decode, encode;
} codecs[] = {
	{ "H.264", CAN_DECODE_H264, CAN_ENCODE_H264 },
	{ "HEVC", CAN_DECODE_HEVC, CAN_ENCODE_HEVC },
	{ "HEVC of 10 bits", CAN_DECODE_HEVC_10BIT, CAN_ENCODE_HEVC_10BIT },
	{ "VP9", CAN_DECODE_VP9, CAN_ENCODE_VP9 },
	{ "AV1", CAN_DECODE_AV1, CAN_ENCODE_AV1 },
};

/* What the silicon cannot do is no fault. */
static void codec_platform(struct finding *f, const struct machine *m, const struct target *t)
{
	unsigned can = t->platform ? t->platform->capabilities : CAN_WHAT_IS_NOT_KNOWN;
	char words[120] = "";

	(void)m;
	if (can & CAN_WHAT_IS_NOT_KNOWN)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(codecs); i++) {
		bool decodes = can & codecs[i].decode, encodes = can & codecs[i].encode;

		if (strcmp(codecs[i].name, "HEVC of 10 bits") == 0 && !(can & CAN_DECODE_HEVC))
			continue;
		if (!decodes || !encodes)
			add_word(words, sizeof(words), codecs[i].name,
				 decodes   ? " encoding"
				 : encodes ? " decoding"
					   : "");
	}
	if (can & CAN_DECODE_HEVC_10BIT && !(can & CAN_MAP_TONES))
		add_word(words, sizeof(words), "HDR tone mapping", " (OpenCL does it)");
	if (*words)
		finding_note(f, "this GPU cannot: %s", words);
	else
		finding_pass(f, "%s", "");
}

static const struct remedy va_driver_remedies[] = {
	{ .cause = "i965",
	  .distributions = ON_DEBIAN | ON_UBUNTU | ON_PROXMOX,
	  .where = "here",
	  .commands = "apt install i965-va-driver" },
	{ .distributions = ON_DEBIAN | ON_PROXMOX,
	  .where = "here",
	  .say = "Add the component non-free to /etc/apt/sources.list (or sources.list.d/debian.sources); "
		 "main has intel-media-va-driver, with fewer encoders:",
	  .commands = "apt update && apt install intel-media-va-driver-non-free" },
	{ .distributions = ON_UBUNTU,
	  .where = "here",
	  .commands = "apt install intel-media-va-driver-non-free" },
	{ .distributions = ON_FEDORA,
	  .where = "here",
	  .say = "RPM Fusion's has the encoders that Fedora's own lacks:",
	  .commands = "dnf install intel-media-driver" },
	{ .distributions = ON_ARCH, .where = "here", .commands = "pacman -S intel-media-driver" },
	{ .distributions = ON_ALPINE, .where = "here", .commands = "apk add intel-media-driver" },
	{ .where = "here", .say = "Install intel-media-driver (iHD), or i965 for old GPUs." },
};

static const struct remedy loads_remedies[] = {
	{ .cause = "encoders",
	  .distributions = ON_DEBIAN | ON_UBUNTU | ON_PROXMOX,
	  .where = "here",
	  .say = "The free build lacks encoders of some platforms, and VP9's needs the HuC firmware "
		 "(i915.enable_guc=2 up to Rocket Lake); the full build is in non-free:",
	  .commands = "apt install intel-media-va-driver-non-free" },
	{ .where = "here",
	  .say = "A driver older than the GPU or than libva does not load: update both, and see what "
		 "it says:",
	  .commands = "vainfo --display drm" },
};

static const struct remedy variable_remedies[] = {
	{ .where = "here",
	  .say = "libva finds the driver by itself: delete that line in {file}, then:",
	  .commands = "env -u LIBVA_DRIVER_NAME vainfo" },
};

static const struct check checks[] = {
	{ .id = "va-driver",
	  .area = "VA-API",
	  .title = "A VA driver for this GPU is installed",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = ERROR,
	  .run = va_driver,
	  REMEDIES(va_driver_remedies) },
	{ .id = "va-loads",
	  .area = "VA-API",
	  .title = "The VA driver loads and lists an encoder",
	  .depends = { "driver-vfio", "driver-none", "node-present", "wedged", "va-driver" },
	  .slow = true,
	  .severity = ERROR,
	  .run = va_loads,
	  REMEDIES(loads_remedies) },
	{ .id = "va-variable",
	  .area = "VA-API",
	  .title = "No variable forces another VA driver",
	  .depends = { "driver-vfio", "driver-none" },
	  .severity = WARNING,
	  .run = va_variable,
	  REMEDIES(variable_remedies) },
	{ .id = "codec-platform",
	  .area = "capability",
	  .title = "Which codecs the silicon has",
	  .depends = { "driver-vfio", "driver-none" },
	  .severity = NOTE,
	  .run = codec_platform },
};

const struct check_table va_checks = { checks, ARRAY_SIZE(checks) };
