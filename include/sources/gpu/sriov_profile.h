/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What xe grants a function of an SR-IOV GPU: below sriov_admin/ since Linux 6.19
 * (Documentation/ABI/testing/sysfs-driver-intel-xe-sriov), before, and where that has no file, in
 * debugfs, which only root can read. No read wakes the GPU.
 */
#ifndef SOURCES_GPU_SRIOV_PROFILE_H
#define SOURCES_GPU_SRIOV_PROFILE_H

#include "base/fs.h"

#include <stdbool.h>
#include <stdint.h>

struct sriov_profile {
	uint64_t quantum_ms; /* 0: no limit, not known, or not the same on all GTs */
	uint64_t preempt_us; /* the same */
	bool has_memory;
	uint64_t memory; /* bytes, of all tiles */
};

/* function: 0 for the physical one. What cannot be read is not known. */
void sriov_profile_read(const struct fs *fs, const char *pci, unsigned function,
			struct sriov_profile *ret);

#endif
