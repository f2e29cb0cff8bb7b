/* SPDX-License-Identifier: Apache-2.0 */
/* References of kernel modules, sys/module/NAME/refcnt: read at each walk, so the files stay open.
 */
#ifndef SOURCES_PROC_MODULE_REFS_H
#define SOURCES_PROC_MODULE_REFS_H

#include "base/fs.h"

struct module_refs {
	const char *name;
	int fd;
	uint64_t missing; /* there was no such module when fs_changes() was this */
};

/* False: the module is not loaded, is none, or cannot be unloaded. */
bool module_refs_read(struct module_refs *module, const struct fs *fs, uint64_t *ret);

/* Who opens or closes a device of VFIO takes or drops a reference of the driver's module. */
#define VFIO_MODULES 3
void vfio_refs_init(struct module_refs modules[static VFIO_MODULES]);
uint64_t vfio_refs_sum(struct module_refs modules[static VFIO_MODULES], const struct fs *fs);

void module_refs_close(struct module_refs *modules, size_t n);

#endif
