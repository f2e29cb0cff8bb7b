/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose is a DRM client? A descriptor can be inherited and passed on, and nobody can refuse to
 * hold one for another: so the number of a process says nothing.
 */
#ifndef SOURCES_WORKLOAD_SHARING_H
#define SOURCES_WORKLOAD_SHARING_H

#include "sources/proc/procs.h"
#include "sources/workload/names.h"

/*
 * ret_owners has room for the n clients of the GPU: the process whose workload each one is, or 0 if
 * it is nobody's. Holders of one workload: any of them. Of several: who has opened it, if the
 * kernel says so. Reads a control group for each process that shares a client. 0 or -ENOMEM.
 */
int sharing_owners(const struct fs *fs, struct names *names, const struct gpu *gpu,
		   const struct drm_client *clients, size_t n, const struct held *held,
		   size_t n_held, pid_t *ret_owners);

#endif
