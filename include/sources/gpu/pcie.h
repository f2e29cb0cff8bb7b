/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a discrete card is attached: its link, the errors on it (AER), and its memory BARs.
 *
 * The GPU of an Arc card sits behind a PCIe switch on the card, so what its own link says (2.5
 * GT/s, one lane) is of a connection within the chip: the link to the slot is that of the switch's
 * upstream port, two bridges of Intel's above.
 */
#ifndef SOURCES_GPU_PCIE_H
#define SOURCES_GPU_PCIE_H

#include "base/fs.h"
#include "sources/gpu/gpu.h"

/* "16.0 GT/s PCIe" to transfers per second. 0; -ENODATA for "Unknown"; -EINVAL. */
int pcie_parse_speed(const char *text, size_t len, uint64_t *ret);

/*
 * The last line of aer_dev_correctable, _nonfatal, _fatal: "TOTAL_ERR_COR 3"
 * (Documentation/ABI/testing/sysfs-bus-pci-devices-aer_stats). 0 or -EINVAL.
 */
int pcie_parse_errors(const char *text, size_t len, uint64_t *ret);

#define PCIE_BARS 6

/* The sizes of the memory BARs 0 to 5 in a device's file resource; 0: no such BAR. 0 or -EINVAL. */
int pcie_parse_bars(const char *text, size_t len, uint64_t ret[static PCIE_BARS]);

/*
 * The address of the port whose link is the card's: the upstream port of its switch, or the GPU
 * itself where it has none.
 */
void pcie_find_port(const struct fs *fs, const struct gpu *gpu, char *ret, size_t size);

#endif
