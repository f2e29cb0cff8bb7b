// SPDX-License-Identifier: Apache-2.0
/*
 * A product's name, for the exporter: libpciaccess never gives back the 0.8 MB that it reads for
 * one, so the process that reads it ends.
 */
#include "flags.h"

#include "base/text.h"

#include <pciaccess.h>
#include <string.h>

int product_print_name(const char *device_id)
{
	struct pci_id_match match = {
		.vendor_id = 0x8086,
		.subvendor_id = PCI_MATCH_ANY,
		.subdevice_id = PCI_MATCH_ANY,
	};
	const char *name = NULL;
	uint64_t id;

	if (text_parse_hex(device_id, strlen(device_id), &id) < 0 || id > UINT16_MAX)
		return 1;
	match.device_id = (uint32_t)id;
	/* Reads pci.ids only; pci_system_init() would open /proc/mtrr and every device. */
	pci_get_strings(&match, &name, NULL, NULL, NULL);
	if (!name)
		return 1;
	return fputs(name, stdout) >= 0 && fflush(stdout) == 0 ? 0 : 1;
}
