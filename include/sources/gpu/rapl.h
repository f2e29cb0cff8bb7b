/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an integrated GPU and the package around it have used, from the processor's own counters
 * (RAPL): the perf PMU "power" (arch/x86/events/rapl.c), whose events count from the open and need
 * CAP_PERFMON, or powercap (drivers/powercap/intel_rapl_common.c), whose energy_uj is root's alone
 * since CVE-2020-8694. Neither touches the GPU.
 */
#ifndef SOURCES_GPU_RAPL_H
#define SOURCES_GPU_RAPL_H

#include "base/fault.h"
#include "base/fs.h"

#include <stdint.h>

enum rapl_domain { RAPL_GPU, RAPL_PACKAGE, RAPL_DOMAINS };

struct rapl;

struct rapl_value {
	bool known;
	uint64_t uj;
	uint64_t range; /* powercap: the value restarts at 0 after this; perf: 0, it never does */
};

/* NULL when memory is out. Nothing is opened yet. */
struct rapl *rapl_new(const struct fs *fs);
void rapl_free(struct rapl *rapl);

/* Whether this machine has a counter of the GPU's, readable or not. */
bool rapl_exists(const struct fs *fs);

/*
 * The first call that succeeds chooses the source, perf first. 0 or -errno with *fault filled in;
 * -EACCES: neither may be read. 0 with *fault filled in and no value: there is powercap alone, and
 * that is root's.
 */
int rapl_read(struct rapl *rapl, struct rapl_value ret[static RAPL_DOMAINS], struct fault *fault);

/* Parses a file of the PMU's events/, "event=0x04". 0 or -EINVAL. */
int rapl_parse_event(const char *text, size_t len, uint64_t *ret_config);

/* Parses a file NAME.scale: joules of one count. 0 or -EINVAL. */
int rapl_parse_scale(const char *text, size_t len, double *ret);

#endif
