/* SPDX-License-Identifier: Apache-2.0 */
/* What the running kernel has of a driver, from lib/modules. */
#ifndef CHECK_MODULES_H
#define CHECK_MODULES_H

#include "machine.h"

enum module_state {
	MODULE_UNKNOWN,	    /* lib/modules is not here: a container */
	MODULE_KERNEL_GONE, /* the running kernel has no directory, another one has */
	MODULE_MISSING,
	MODULE_THERE,
	MODULE_DKMS, /* below updates/ */
	MODULE_BUILT_IN,
};
enum module_state module_find(const struct machine *m, const char *module);

/* Does a module of this kernel claim the GPU's id? 1, 0, or -errno when that cannot be read. */
int module_claims(const struct machine *m, uint16_t device_id);

/* A line of modprobe.d(5) or a word of the command line that keeps a module from being loaded. */
struct module_ban {
	char source[128], text[96];
	bool on_cmdline;
};
bool module_find_ban(const struct machine *m, const char *module, struct module_ban *ret);

#endif
