/* SPDX-License-Identifier: Apache-2.0 */
/* Resets of whole GPUs, as i915 announces them by uevent, counted by PCI address. */
#ifndef SOURCES_GPU_RESETS_H
#define SOURCES_GPU_RESETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct resets;

/* NULL when memory is out. Lives as long as the process. */
struct resets *resets_new(void);
void resets_free(struct resets *resets);

/* Whether somebody listens: else a 0 would be none that was counted. */
void resets_listen(struct resets *resets, bool listens);

/* One more reset of the GPU of this address. */
void resets_add(struct resets *resets, const char *pci, size_t len);

/* False when nobody listens. */
bool resets_of(struct resets *resets, const char *pci, uint64_t *ret);

#endif
