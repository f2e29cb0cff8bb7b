// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/workload/guest.h"

#include <errno.h>
#include <string.h>

static void values(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: not there */
	} rows[] = {
		{ "name: win11\n", "win11" },
		{ "#name: notes\nboot: order=scsi0\nname: win11\nnet0: x\n", "win11" },
		{ "name:win11", "win11" },
		{ "name: \t two words \r\n", "two words" },
		{ "vmname: a\nname: b\n", "b" },
		{ "name2: a\n", NULL },
		{ " name: a\n", NULL },
		{ "name\n", NULL },
		{ "name:\n", NULL },
		{ "name:   \nx: y\n", NULL },
		{ "name", NULL },
		{ "", NULL },
		/* What a snapshot had. */
		{ "[before]\nname: old\n", NULL },
		{ "memory: 1\n\n[PENDING]\nname: next\n", NULL },
		{ "name: now\n[before]\nname: old\n", "now" },
		{ "name: \xff\x01\n", "\\xff\\x01" },
	};
	char buf[GUEST_NAME_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = guest_conf_find(rows[i].text, strlen(rows[i].text), "name", buf,
					sizeof(buf));

		assert_row(r == (rows[i].value ? 0 : -ENOENT), rows[i].text);
		assert_row(r < 0 || strcmp(buf, rows[i].value) == 0, rows[i].text);
	}
	assert_int_equal(guest_conf_find(BYTES("name: 123456789"), "name", buf, 5), 0);
	assert_string_equal(buf, "1234");
}

static void whole_devices(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{ "hostpci0: 0000:00:02.1\n", true },
		{ "name: a\nhostpci15: host=00:02.1,pcie=1,rombar=0\n", true },
		{ "hostpci0: 00:02,pcie=1", true },
		{ "hostpci3: host=0000:01:00.0;0000:00:02.1,x-vga=1\n", true },
		{ "hostpci0: pcie=1,host=00:02.1\n", true },
		{ "hostpci0:0000:00:02.1\n", true },
		{ "hostpci0: 0000:00:02.0\n", false },
		{ "hostpci0: 0000:00:12.1\n", false },
		{ "hostpci0: 0001:00:02.1\n", false },
		{ "hostpci0: 00:02.1,mdev=i915-GVTg_V5_4\n", false },
		{ "hostpci0: mapping=igpu,pcie=1\n", false },
		{ "hostpci0: mapping=00:02.1\n", false },
		{ "hostpci: 00:02.1\n", false },
		{ "hostpcix: 00:02.1\n", false },
		{ "hostpci100: 00:02.1\n", false },
		{ "#hostpci0: 00:02.1\n", false },
		{ "usb0: host=00:02.1\n", false },
		{ "hostpci0: \n", false },
		{ "hostpci0: 00:02.1x\n", false },
		{ "hostpci0: 00:02.\n", false },
		{ "hostpci0: pcie=1,00:02.1\n", false },
		{ "[PENDING]\nhostpci0: 00:02.1\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_row(guest_conf_has_pci(rows[i].text, strlen(rows[i].text), NULL,
					      "0000:00:02.1") == rows[i].has,
			   rows[i].text);
}

static void mapped_devices(void **state)
{
	static const char pci_cfg[] =
		"igpu\n"
		"\tdescription the one: map node=pve1,path=0000:09:00.0\n"
		"\tmap id=8086:4680,iommugroup=0,node=pve1,path=0000:00:02.1,subsystem-id=1:2\n"
		"\tmap id=8086:4680,iommugroup=0,node=pve2,path=0000:00:02.2\n"
		"\tmdev 0\n"
		"\n"
		"far \n"
		"    map  path=0000:00:02.1,node=pve2\n"
		"vfs\n"
		"\tmap node=pve1,path=0000:00:02.1\n"
		"\tmap node=pve1,path=0000:00:02.2\n"
		"two\n"
		"\tmap node=pve1,path=0000:01:00;00:02\n"
		"bare\n"
		"map node=pve1,path=0000:00:02.1\n"
		"odd\n"
		"\tmapx node=pve1,path=0000:00:02.1\n"
		"\tmap\n"
		"\tmap node=pve12,path=0000:00:02.1\n"
		"\tmap node=pve,path=0000:00:02.1\n"
		"\tmap node=,path=0000:00:02.1\n"
		"\tmap xnode=pve1,path=0000:00:02.1\n"
		"nopath\n"
		"\tmap node=pve1,xpath=0000:00:02.1";
	static const struct {
		const char *text;
		bool has;
	} rows[] = {
		{ "hostpci0: mapping=igpu,pcie=1\n", true },
		{ "hostpci0: pcie=1,mapping=igpu", true },
		{ "hostpci0: mapping=two\n", true },
		{ "hostpci0: mapping=igpu,mdev=i915-GVTg_V5_4\n", false },
		{ "hostpci0: mapping=far\n", false },
		/* Which one of them? */
		{ "hostpci0: mapping=vfs\n", false },
		{ "hostpci0: mapping=bare\n", false },
		{ "hostpci0: mapping=odd\n", false },
		{ "hostpci0: mapping=nopath\n", false },
		{ "hostpci0: mapping=igp\n", false },
		{ "hostpci0: mapping=igpu2\n", false },
		{ "hostpci0: mapping=\n", false },
		{ "hostpci0: xmapping=igpu\n", false },
		{ "hostpci0: igpu\n", false },
	};
	const struct guest_mappings mappings = { pci_cfg, sizeof(pci_cfg) - 1, "pve1" };
	const struct guest_mappings nameless = { pci_cfg, sizeof(pci_cfg) - 1, "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].text);

		assert_row(guest_conf_has_pci(rows[i].text, len, &mappings, "0000:00:02.1") ==
				   rows[i].has,
			   rows[i].text);
		assert_row(!guest_conf_has_pci(rows[i].text, len, &mappings, "0000:09:00.0"),
			   rows[i].text);
		assert_row(!guest_conf_has_pci(rows[i].text, len, &nameless, "0000:00:02.1"),
			   rows[i].text);
	}
}

static void reservations(void **state)
{
	static const struct {
		const char *text, *vmid;
	} rows[] = {
		{ "0000:00:02.1 101 pid:4711\n", "101" },
		{ "00:02.1 101 time:1700000000\n", "101" },
		{ "0000:00:02.0 100 pid:1\n0000:00:02.1 999999999 pid:2\n", "999999999" },
		{ "0000:00:02.1 1000000000 pid:1\n", NULL },
		{ "0000:00:02.1 011 pid:1\n", NULL },
		{ "0000:00:02.1 99 pid:1\n", NULL },
		{ "0000:00:02.1  pid:1\n", NULL },
		{ "0000:00:02.1 101\n", NULL },
		{ "0000:00:02.2 101 pid:1\n", NULL },
		{ "", NULL },
	};
	char vmid[GUEST_VMID_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = guest_reservation_find(rows[i].text, strlen(rows[i].text), "0000:00:02.1",
					       vmid);

		assert_row(r == (rows[i].vmid ? 0 : -ENOENT), rows[i].text);
		assert_row(r < 0 || strcmp(vmid, rows[i].vmid) == 0, rows[i].text);
	}
}

static void uuids(void **state)
{
	static const struct {
		const char *uuid, *vmid;
	} rows[] = {
		{ "00000000-0000-0000-0000-000000000101", "101" },
		{ "00000001-0000-0000-0000-000000008006", "8006" },
		{ "00000015-0000-0000-0000-000999999999", "999999999" },
		{ "00000016-0000-0000-0000-000000000101", NULL },
		{ "0000000a-0000-0000-0000-000000000101", NULL },
		{ "00000000-0000-0000-0000-000000000099", NULL },
		{ "00000000-0000-0000-0000-00000000010a", NULL },
		{ "00000000-0000-0000-0000-001000000000", NULL },
		{ "00000000-0000-0000-0000-000000000000", NULL },
		{ "00000000-0000-0001-0000-000000000101", NULL },
		{ "c9d8c9a4-3e2f-4b5c-9d3e-000000000101", NULL },
		{ "00000000-0000-0000-0000-00000000101", NULL },
		{ "", NULL },
	};
	char vmid[GUEST_VMID_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = guest_mdev_vmid(rows[i].uuid, vmid);

		assert_row(r == (rows[i].vmid ? 0 : -ENOENT), rows[i].uuid);
		assert_row(r < 0 || strcmp(vmid, rows[i].vmid) == 0, rows[i].uuid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),	  cmocka_unit_test(whole_devices),
		cmocka_unit_test(mapped_devices), cmocka_unit_test(reservations),
		cmocka_unit_test(uuids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
