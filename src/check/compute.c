// SPDX-License-Identifier: Apache-2.0
/* What computes on the GPU: tone mapping by OpenCL, OpenVINO by Level Zero. */
#include "finding.h"

#include <stdio.h>
#include <string.h>

static bool icd_names(const struct machine *m, const char *library)
{
	_cleanup_list_ char **names = NULL;
	char buf[512];

	if (fs_list(m->fs, &names, "etc/OpenCL/vendors") < 0)
		return false;
	for (char **name = names; name && *name; name++) {
		int n = machine_read_text(m, buf, sizeof(buf), "etc/OpenCL/vendors/%s", *name);

		if (n > 0 && memmem(buf, (size_t)n, library, strlen(library)))
			return true;
	}
	return false;
}

/* Applications of their own user are the ones that tone-map or detect. */
static void opencl(struct finding *f, const struct machine *m, const struct target *t)
{
	double generation = target_generation(t);
	bool current = icd_names(m, "libigdrcl.so"), legacy = icd_names(m, "libigdrcl_legacy1");

	if (!current && !legacy) {
		/* Generations before 11 have no other way to map tones. */
		if (!m->user_is_application || generation < 8)
			return;
		finding_fail(f, generation < 11 ? WARNING : NOTE,
			     generation < 12 ? "legacy" : "new",
			     "no OpenCL runtime for Intel GPUs: %s",
			     generation < 11 ? "HDR tone mapping runs on the CPU"
					     : "OpenVINO and OpenCL filters run on the CPU");
		finding_evidence(f, "/etc/OpenCL/vendors", "no libigdrcl.so");
		return;
	}
	if (generation > 0 && generation < 12 && !legacy && *m->id &&
	    strcmp(m->id, "debian") != 0 && strcmp(m->id, "ubuntu") != 0) {
		finding_note(f, "OpenCL: since 24.35 the runtime needs its legacy1 package here");
		return;
	}
	if (generation >= 12 && !current) {
		finding_fail(f, WARNING, "new",
			     "the OpenCL runtime is the one for older GPUs (legacy1)");
		finding_evidence(f, "/etc/OpenCL/vendors", "libigdrcl_legacy1.so only");
		return;
	}
	finding_pass(f, "OpenCL installed");
}

static bool has_library(const struct machine *m, const char *name)
{
	static const char *const places[] = { "usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib",
					      "usr/local/lib" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (machine_exists(m, "%s/%s", places[i], name))
			return true;
	return false;
}

/* The loader without a driver is a mistake; neither of them is a choice. */
static void level_zero(struct finding *f, const struct machine *m, const struct target *t)
{
	bool driver = has_library(m, "libze_intel_gpu.so.1"),
	     legacy = has_library(m, "libze_intel_gpu_legacy1.so.1");
	double generation = target_generation(t);

	if (!has_library(m, "libze_loader.so.1"))
		return;
	if (generation > 0 && (generation < 9 || strcmp(t->platform->generation, "9lp") == 0)) {
		finding_note(f, "Level Zero does not know this GPU");
		return;
	}
	if (driver || (legacy && generation < 12)) {
		finding_pass(f, "Level Zero installed");
		return;
	}
	finding_fail(f, WARNING, NULL,
		     "Level Zero's loader is installed without a driver for this GPU");
	finding_evidence(f, "files", "libze_loader.so.1, no libze_intel_gpu.so.1");
}

/* QSV's dispatcher loads another runtime for each generation; without one VA-API works. */
static void qsv(struct finding *f, const struct machine *m, const struct target *t)
{
	double generation = target_generation(t);
	bool one = has_library(m, "libmfx-gen.so.1.2"), media = has_library(m, "libmfxhw64.so.1");

	if ((!one && !media && !has_library(m, "libvpl.so.2") && !has_library(m, "libmfx.so.1")) ||
	    generation < 8)
		return;
	if (generation >= 12 ? one : media) {
		finding_pass(f, "QSV installed");
		return;
	}
	finding_fail(f, NOTE, generation >= 12 ? "one" : "media",
		     "QSV has no runtime for this GPU here; VA-API does the same");
	finding_evidence(f, "files", "no %s",
			 generation >= 12 ? "libmfx-gen.so.1.2" : "libmfxhw64.so.1");
}

static const struct remedy qsv_remedies[] = {
	{ .cause = "one",
	  .distributions = ON_DEBIAN | ON_UBUNTU,
	  .where = "here",
	  .commands = "apt install libmfx-gen1.2" },
	{ .cause = "one", .where = "here", .say = "Install Intel's oneVPL GPU runtime." },
	{ .distributions = ON_DEBIAN | ON_UBUNTU,
	  .where = "here",
	  .say = "Where the release still has it:",
	  .commands = "apt install libmfx1" },
	{ .where = "here", .say = "Install Intel's Media SDK, or use VA-API." },
};

static const struct remedy opencl_remedies[] = {
	{ .cause = "legacy",
	  .distributions = ON_DEBIAN | ON_UBUNTU,
	  .where = "here",
	  .say = "Generations 8 to 11 take intel-opencl-icd of 22.43, or the later legacy1:",
	  .commands = "apt install intel-opencl-icd || apt install intel-opencl-icd-legacy1" },
	{ .distributions = ON_DEBIAN | ON_UBUNTU,
	  .where = "here",
	  .commands = "apt install intel-opencl-icd" },
	{ .where = "here", .say = "Install intel-compute-runtime (OpenCL)." },
};

static const struct remedy level_zero_remedies[] = {
	{ .distributions = ON_DEBIAN | ON_UBUNTU,
	  .where = "here",
	  .say = "Older releases call it intel-level-zero-gpu:",
	  .commands = "apt install libze-intel-gpu1 || apt install intel-level-zero-gpu" },
	{ .where = "here", .say = "Install intel-compute-runtime (Level Zero)." },
};

static const struct check checks[] = {
	{ .id = "opencl",
	  .area = "compute",
	  .title = "An OpenCL runtime for this GPU is installed",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = WARNING,
	  .run = opencl,
	  REMEDIES(opencl_remedies) },
	{ .id = "qsv",
	  .area = "compute",
	  .title = "QSV has a runtime for this GPU, where its dispatcher is installed",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = NOTE,
	  .run = qsv,
	  REMEDIES(qsv_remedies) },
	{ .id = "level-zero",
	  .area = "compute",
	  .title = "Level Zero has a driver for this GPU, where it is installed",
	  .depends = { "driver-vfio", "driver-none", "node-present" },
	  .severity = WARNING,
	  .run = level_zero,
	  REMEDIES(level_zero_remedies) },
};

const struct check_table compute_checks = { checks, ARRAY_SIZE(checks) };
