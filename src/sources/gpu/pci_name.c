// SPDX-License-Identifier: Apache-2.0
/* As QEMU's qdev_prop_parse_pci_host_devaddr and Proxmox VE's PCI.pm take addresses. */
#include "sources/gpu/pci_name.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

/* At most four hexadecimal digits; moves *text behind them. */
static int take_hex(const char **text, const char *end, unsigned *ret)
{
	unsigned number = 0;
	int digits = 0;

	for (; *text < end; (*text)++, digits++) {
		char c = **text;

		if (c >= '0' && c <= '9')
			number = number * 16 + (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			number = number * 16 + (unsigned)(c - 'a') + 10;
		else if (c >= 'A' && c <= 'F')
			number = number * 16 + (unsigned)(c - 'A') + 10;
		else
			break;
		if (digits == 4)
			return -EINVAL;
	}
	*ret = number;
	return digits ? 0 : -EINVAL;
}

int pci_name_parse(const char *text, size_t len, char ret[static PCI_NAME_BYTES],
		   bool *ret_all_functions)
{
	const char *end = text + len;
	unsigned numbers[3], function = 0;
	size_t n = 0;
	bool all = true;

	do {
		if (n == 3 || take_hex(&text, end, &numbers[n++]) < 0)
			return -EINVAL;
	} while (text < end && *text == ':' && text++);
	if (text < end && *text == '.') {
		text++;
		all = false;
		if (take_hex(&text, end, &function) < 0)
			return -EINVAL;
	}
	if (text != end || n < 2 || numbers[n - 2] > 0xff || numbers[n - 1] > 0x1f || function > 7)
		return -EINVAL;
	snprintf(ret, PCI_NAME_BYTES, "%04x:%02x:%02x.%x", n == 3 ? numbers[0] & 0xffff : 0,
		 numbers[n - 2] & 0xff, numbers[n - 1] & 0x1f, function & 7);
	*ret_all_functions = all;
	return 0;
}
