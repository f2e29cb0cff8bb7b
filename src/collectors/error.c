// SPDX-License-Identifier: Apache-2.0
/*
 * Has the driver given the GPU up, how often did it have to reset it, what has it to say, and does
 * the firmware run? sysfs does not say whether a GPU is given up: card0/error of one that recovered
 * and of one that did not are the same.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/doctor/doctor_state.h"
#include "sources/doctor/rows.h"
#include "sources/gpu/resets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PCI	     "sys/bus/pci/devices/%s"
#define HUC_AGAIN_NS 3600000000000u

enum { WEDGED, RESETS, DUMP, FIRMWARE, MESSAGE };

static const struct family families[] = {
	[WEDGED] = {
		.name = "intel_gpu_wedged",
		.help = "Whether i915 has given the GPU up after a reset that failed, so that it "
			"takes no work, from an ioctl on the render node that does not wake the "
			"GPU.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[RESETS] = {
		.name = "intel_gpu_resets_total",
		.help = "Resets of the whole GPU since the exporter started, from i915's uevents; "
			"the kernel announces no reset of a single engine.",
		.type = COUNTER,
		.labels = { "pci" },
	},
	[DUMP] = {
		.name = "intel_gpu_error_state_present",
		.help = "Whether the kernel keeps a dump of a failure of the GPU, which xe makes of the "
			"first one, for an hour or until somebody takes it; its data are never read.",
		.type = GAUGE,
		.labels = { "pci" },
	},
	[FIRMWARE] = {
		.name = "intel_gpu_firmware_info",
		.help = "Firmware of the GPU's microcontrollers: its version from the kernel's log, "
			"where the exporter may read that and it begins with the boot, and, asked of the "
			"driver while the GPU is awake, whether HuC runs; xe tells HuC's version, too.",
		.type = INFO,
		.labels = { "pci", "gt", "firmware", "version", "status" },
	},
	[MESSAGE] = {
		.name = "intel_gpu_kernel_message_timestamp_seconds",
		.help = "When the kernel's log last had such a message about the GPU in this boot, in "
			"Unix time: hang, engine_reset, gpu_reset, firmware, wedged. Absent where "
			"there is none, or the exporter may not read the log (CAP_SYSLOG).",
		.type = GAUGE,
		.labels = { "pci", "message" },
	},
};

struct state {
	bool has_dumps; /* the kernel keeps some, of whatever device */
	bool is_i915;
	const char *huc; /* its status when it was asked last; NULL: not yet, or there is none */
	char huc_version[36]; /* empty: the driver does not tell */
	uint64_t asked;	      /* monotonic ns; 0: not yet */
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	uint64_t inode;
	struct state *state;

	/* The GPUs of a copied tree are not behind this /dev/dri. */
	if (gpu->driver != GPU_XE &&
	    !(gpu->driver == GPU_I915 && *gpu->render && fs_is_live(context->fs)))
		return -ENODEV;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->is_i915 = gpu->driver == GPU_I915;
	state->has_dumps = gpu->driver == GPU_XE &&
			   fs_inode(context->fs, &inode, "sys/class/devcoredump") == 0;
	*ret_state = state;
	return 0;
}

static void put_dump(const struct collection *c, const struct state *state)
{
	uint64_t inode;
	int r;

	if (!state->has_dumps)
		return;
	r = fs_inode(c->context->fs, &inode, PCI "/devcoredump", c->gpu->pci);
	if (r == 0 || r == -ENOENT)
		put(c->batch, &families[DUMP], r == 0, c->gpu->pci);
}

static const char *huc_status(int r, int status)
{
	switch (r) {
	case 0:
		return status > 0 ? "running" : "not_loaded";
	case -EOPNOTSUPP:
		return "disabled";
	case -ENOPKG:
		return "missing";
	case -ENOEXEC:
	case -EIO:
		return "error";
	}
	return NULL;
}

/* It wakes a GPU: once for each bind, and later only of one that does not sleep anyway. */
static void ask_huc(const struct collection *c, struct state *state, const char *node)
{
	enum gpu_power power = GPU_POWER_UNKNOWN;
	uint64_t now = sys_monotonic_ns();
	int status = 0, r;

	if (state->asked && now < state->asked + HUC_AGAIN_NS)
		return;
	gpu_power(c->context->fs, c->gpu, &power);
	if (power != GPU_AWAKE && !(power == GPU_MAY_SLEEP && !state->asked))
		return;
	*state->huc_version = '\0';
	if (state->is_i915) {
		r = sys_i915_huc(node, &status);
		state->huc = huc_status(r, status);
	} else {
		/* Of a virtual function ENODEV says nothing: xe does not ask its host. */
		r = sys_xe_huc(node, state->huc_version);
		state->huc = r == 0 ? "running" : NULL;
	}
	/* A node that could not be opened, as one that udev gives its group now, has woken nothing.
	 */
	if (r == 0 || (r != -EACCES && r != -EPERM && r != -ENOENT && r != -EMFILE && r != -ENFILE))
		state->asked = now;
}

/* What the checks have found in the kernel's log. */
static void put_rows(const struct collection *c, const char *rows, size_t len, bool *ret_huc)
{
	struct doctor_row row;
	size_t pos = 0;

	while (rows && doctor_row_next(rows, len, &pos, &row) > 0) {
		if (strcmp(row.pci, c->gpu->pci) != 0)
			continue;
		if (row.kind == DOCTOR_MESSAGE)
			put(c->batch, &families[MESSAGE], row.unix_time, row.pci, row.message);
		if (row.kind != DOCTOR_FIRMWARE)
			continue;
		if (strcmp(row.firmware, "huc") == 0)
			*ret_huc = true;
		put(c->batch, &families[FIRMWARE], 1, row.pci, row.gt, row.firmware,
		    *row.version ? row.version : NULL,
		    strcmp(row.firmware, "huc") == 0 && ((struct state *)c->state)->huc
			    ? ((struct state *)c->state)->huc
			    : row.status);
	}
}

static int put_wedged(const struct collection *c, const char *node)
{
	bool wedged;
	int r = sys_i915_wedged(node, &wedged);

	if (r == 0)
		put(c->batch, &families[WEDGED], wedged, c->gpu->pci);
	else if (r == -EACCES || r == -EPERM || r == -ENOENT)
		/* An exporter without nodes is one without encode tests: no failure. */
		fault_set(c->fault, r == -ENOENT ? REASON_NO_DEVICE : REASON_PERMISSION,
			  "render-node", 0, "%s cannot be asked whether the GPU is wedged: %s",
			  node, strerror(-r));
	else
		return fault_errno(c->fault, r, "%s", node);
	return 0;
}

/* With Meteor Lake the video engines came to a GT of their own, and HuC with them. */
static const char *media_gt(const struct collection *c)
{
	uint64_t inode;

	return c->gpu->driver == GPU_XE && fs_inode(c->context->fs, &inode,
						    PCI "/tile0/gt1/engines/vcs", c->gpu->pci) == 0
		       ? "1"
		       : "0";
}

static int collect(const struct collection *c)
{
	_cleanup_free_ char *rows = NULL;
	struct state *state = c->state;
	const char *pci = c->gpu->pci;
	char node[sizeof("/dev/dri/") + sizeof(c->gpu->render)];
	bool has_huc = false;
	uint64_t resets;
	size_t len = 0;
	int r = 0;

	snprintf(node, sizeof(node), "/dev/dri/%s", c->gpu->render);
	if (state->is_i915)
		r = put_wedged(c, node);
	if (r < 0)
		return r;
	if (state->is_i915 && c->context->resets && resets_of(c->context->resets, pci, &resets))
		put(c->batch, &families[RESETS], (double)resets, pci);
	put_dump(c, state);
	if (*c->gpu->render && fs_is_live(c->context->fs) && c->fault->reason == REASON_NONE)
		ask_huc(c, state, node);
	if (c->context->doctor)
		doctor_state_read(c->context->doctor, sys_monotonic_ns(), &rows, &len);
	put_rows(c, rows, len, &has_huc);
	if (state->huc && !has_huc)
		put(c->batch, &families[FIRMWARE], 1, pci, media_gt(c), "huc",
		    *state->huc_version ? state->huc_version : NULL, state->huc);
	return 0;
}

const struct collector error_collector = {
	.name = "error",
	.help = "whether a GPU is given up, resets, dumps, firmware, what the kernel says of it",
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
