/* SPDX-License-Identifier: Apache-2.0 */
/* PCI addresses as people and programs write them, and as the kernel names its directories. */
#ifndef SOURCES_GPU_PCI_NAME_H
#define SOURCES_GPU_PCI_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define PCI_NAME_BYTES 16 /* "ffff:ff:1f.7" */

/*
 * "0000:00:02.1", "00:02.1", "0:2.1", "00:02": hexadecimal, the domain 0 if there is none. Without
 * a function *ret names function 0, and *ret_all_functions is true. 0 or -EINVAL.
 */
int pci_name_parse(const char *text, size_t len, char ret[static PCI_NAME_BYTES],
		   bool *ret_all_functions);

#endif
