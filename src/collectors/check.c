// SPDX-License-Identifier: Apache-2.0
/*
 * What --check finds, for a fleet: src/check/README.md has the checks. They run in a child once a
 * minute (scrape/checker.c); here is only what the last run came to.
 */
#include "base/sys.h"
#include "collectors/collector.h"
#include "sources/doctor/doctor_state.h"
#include "sources/doctor/rows.h"

#include <errno.h>
#include <string.h>

enum { PASSED, FAILURE, VM };

static const struct family families[] = {
	[PASSED] = {
		.name = "intel_gpu_check_passed",
		.help = "Whether a check of --check passed when they last ran, which they do once a "
			"minute; absent where it cannot be decided, or another failure is the cause. "
			"layer is where the exporter is: host, guest or container.",
		.type = GAUGE,
		.labels = { "pci", "layer", "check" },
	},
	[FAILURE] = {
		.name = "intel_gpu_check_failure",
		.help = "A check of --check that fails: an error means that acceleration cannot "
			"work, a warning that it works worse or is at risk, a note nothing bad. "
			"remedy is the runbook's section.",
		.type = GAUGE,
		.labels = { "pci", "layer", "check", "severity", "remedy" },
	},
	[VM] = {
		.name = "intel_gpu_vm_config_info",
		.help = "What of a GPU the configuration of a virtual machine of this Proxmox VE "
			"node gives it: none, whole, vgpu, function (of SR-IOV) or mapping; vm_uuid is "
			"machine_uuid of an exporter inside.",
		.type = INFO,
		.labels = { "vmid", "guest", "vm_uuid", "gpu" },
	},
};

static int init(const struct context *context, struct gpu *gpu, void **ret_state)
{
	(void)gpu, (void)ret_state;
	return context->doctor ? 0 : -EOPNOTSUPP;
}

static const char *or_absent(const char *text)
{
	return *text ? text : NULL;
}

static void put_row(const struct collection *c, const struct doctor_row *row)
{
	const char *pci = or_absent(row->pci);

	if (row->kind == DOCTOR_VM)
		put(c->batch, &families[VM], 1, row->vmid, row->name, or_absent(row->uuid),
		    row->gpu);
	if (row->kind != DOCTOR_CHECK)
		return;
	put(c->batch, &families[PASSED], row->passed, pci, row->layer, row->check);
	if (!row->passed)
		put(c->batch, &families[FAILURE], 1, pci, row->layer, row->check, row->severity,
		    row->check);
}

static int collect(const struct collection *c)
{
	_cleanup_free_ char *rows = NULL;
	struct doctor_row row;
	size_t len, pos = 0;
	int r = doctor_state_read(c->context->doctor, sys_monotonic_ns(), &rows, &len);

	if (r < 0)
		return fault_set(c->fault, r == -ETIMEDOUT ? REASON_TIMEOUT : REASON_IO,
				 "checks-fail", r, "the checks do not run: %s", strerror(-r));
	while (rows && doctor_row_next(rows, len, &pos, &row) > 0)
		put_row(c, &row);
	return 0;
}

const struct collector check_collector = {
	.name = "check",
	.help = "what --check finds: why acceleration does not work",
	.scope = HOST,
	COLLECTOR_FAMILIES(families),
	.init = init,
	.collect = collect,
};
