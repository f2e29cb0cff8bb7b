/* SPDX-License-Identifier: Apache-2.0 */
/* Mediated devices of GVT-g: the types a GPU offers and the vGPUs that exist. */
#ifndef SOURCES_GPU_MDEV_H
#define SOURCES_GPU_MDEV_H

#include "base/fault.h"
#include "base/fs.h"

#include <stdint.h>

struct mdev_description {
	uint64_t low_gm_mib, high_gm_mib, fences, weight; /* valid where the bit is set */
	char resolution[32];				  /* "1920x1200", or empty */
	bool has_low_gm, has_high_gm, has_fences, has_weight;
};

/*
 * Parses a type's description: five lines "key: value" as vgpu types of
 * drivers/gpu/drm/i915/gvt/kvmgt.c print them. Lines that are not known are skipped. 0, or -EINVAL
 * when a known key has a value that is not its kind.
 */
int mdev_description_parse(const char *text, size_t len, struct mdev_description *ret);

/* True for 8-4-4-4-12 hexadecimal digits. */
bool mdev_is_uuid(const char *text);

struct mdev_type {
	char name[FS_NAME_MAX];				/* directory: "i915-GVTg_V5_4" */
	bool has_available, has_description, has_uuids; /* false: could not be read */
	uint64_t available; /* instances that can still be created; all types share one pool */
	struct mdev_description description;
	char **uuids; /* of the instances that exist, sorted; NULL-terminated or NULL */
	size_t n_uuids;
};

#define MDEV_MAX_TYPES 64 /* GVT-g has at most four */

/*
 * The types of a GPU, sorted by name; *ret_n is 0 when it offers none. 0; 1 when some of their
 * attributes could not be read, or -errno when none could: *fault is added to. So it is, with 0,
 * when there are more types than MDEV_MAX_TYPES. *ret is freed with mdev_types_free().
 */
int mdev_types_read(const struct fs *fs, const char *pci, struct mdev_type **ret, size_t *ret_n,
		    struct fault *fault);
void mdev_types_free(struct mdev_type *types, size_t n);

#endif
