// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include "base/text.h"
#include "sources/workload/guest.h"

#include <errno.h>

/* Bounded, and the same when it is cleaned again. */
static void check_clean(const char *text, size_t size)
{
	char again[GUEST_NAME_BYTES];
	size_t n = strnlen(text, size);

	CHECK(n < size);
	CHECK(text_clean(text, n, again, sizeof(again)) == n && memcmp(text, again, n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char program[] = "/usr/bin/kvm";
	char *text = malloc(sizeof(program) + size);
	struct guest_command c;
	int r;

	CHECK(text);
	/* As it is, and as what a QEMU would be given. */
	for (int i = 0; i < 2; i++) {
		size_t before = i ? sizeof(program) : 0;
		char *exactly;

		memcpy(text, program, before);
		if (size > 0)
			memcpy(text + before, data, size);
		exactly = exact((const uint8_t *)text, before + size);
		memset(&c, 0x55, sizeof(c));
		r = guest_command_parse(exactly, before + size, &c);
		free(exactly);
		CHECK(r == 0 || (r == -ENOENT && i == 0));
		if (r < 0)
			continue;
		check_clean(c.vmid, sizeof(c.vmid));
		check_clean(c.name, sizeof(c.name));
		check_clean(c.uuid, sizeof(c.uuid));
		CHECK(!*c.uuid || strlen(c.uuid) == 36);
		CHECK(c.n_devices <= GUEST_DEVICES);
		for (size_t d = 0; d < c.n_devices; d++) {
			check_clean(c.devices[d], sizeof(c.devices[d]));
			CHECK(strlen(c.devices[d]) == 36 || text_is_pci_address(c.devices[d]));
		}
	}
	free(text);
	return 0;
}
