// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"
#include "sources/workload/guest.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = exact(data, size), value[GUEST_NAME_BYTES], again[GUEST_NAME_BYTES];
	char vmid[GUEST_VMID_BYTES];
	int r;

	memset(value, 0x55, sizeof(value));
	r = guest_conf_find(text, size, "name", value, sizeof(value));
	CHECK(r == 0 || r == -ENOENT);
	if (r == 0) {
		size_t n = strnlen(value, sizeof(value));

		CHECK(n > 0 && n < sizeof(value));
		CHECK(text_clean(value, n, again, sizeof(again)) == n);
	}
	guest_conf_has_pci(text, size, &(struct guest_mappings){ text, size, "pve1" },
			   "0000:00:02.0");
	if (guest_reservation_find(text, size, "0000:00:02.0", vmid) == 0)
		CHECK(strlen(vmid) >= 3 && strspn(vmid, "0123456789") == strlen(vmid));
	free(text);
	text = terminated(data, size);
	if (guest_mdev_vmid(text, vmid) == 0)
		CHECK(strlen(text) == 36 && strlen(vmid) >= 3 && strlen(vmid) <= 9);
	free(text);
	return 0;
}
