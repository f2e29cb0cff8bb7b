// SPDX-License-Identifier: Apache-2.0
/* Command lines as Proxmox VE, libvirt and people write them. */
#include "test.h"

#include "sources/workload/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UUID	  "c9d8c9a4-3e2f-4b5c-9d3e-1f2a3b4c5d6e"
#define MDEV	  "00000000-0000-0000-0000-000000000101"
#define PCI_PATH  "/sys/devices/pci0000:00/0000:00:02.0/"
#define MDEV_PATH "/sys/bus/mdev/devices/"

/* Arguments are apart by '|', which stands for NUL; the last one ends with it too. */
static const struct {
	const char *command, *expected; /* "vmid/name/uuid devices…"; NULL: no QEMU */
} rows[] = {
	/* Proxmox VE. */
	{ "/usr/bin/kvm|-id|100|-name|win10,debug-threads=on|-no-shutdown|-smbios|type=1,uuid=" UUID
	  "|-device|vfio-pci,sysfsdev=" MDEV_PATH MDEV ",id=hostpci0,bus=pci.0,addr=0x10|",
	  "100/win10/" UUID " " MDEV },
	{ "kvm|-id|100|-name|win10|-device|vfio-pci,sysfsdev=" PCI_PATH MDEV ",id=hostpci0|",
	  "100/win10/ " MDEV },
	{ "kvm|-id|101|-device|vfio-pci,host=0000:00:02.1,id=hostpci0.0,bus=ich9-pcie-port-1|"
	  "-device|vfio-pci,host=0000:00:02.2|",
	  "101// 0000:00:02.1 0000:00:02.2" },
	{ "kvm|-smbios|type=1,manufacturer=QUJD,product=eA==,base64=1,uuid=" UUID "|",
	  "//" UUID "" },
	/* libvirt, with lists and with JSON. */
	{ "/usr/bin/qemu-system-x86_64|-name|guest=media,debug-threads=on|-uuid|" UUID
	  "|-device|vfio-pci,id=hostdev0,sysfsdev=" MDEV_PATH UUID ",display=off,bus=pci.5|",
	  "/media/" UUID " " UUID },
	{ "/usr/libexec/qemu-kvm|-name|guest=a|-device|{\"driver\":\"vfio-pci\",\"host\":"
	  "\"0000:00:02.0\",\"id\":\"hostdev0\",\"bus\":\"pci.4\",\"addr\":\"0x0\"}|",
	  "/a/ 0000:00:02.0" },
	{ "qemu-kvm|-device|{ \"id\" : \"x\", \"ramfb\":true, \"a\":[1,{\"b\":\"}]\"}],\n"
	  "\"sysfsdev\":\"\\/sys\\/bus\\/mdev\\/devices\\/" UUID
	  "\", \"driver\":\"vfio-pci-nohotplug\" } |",
	  "// " UUID },
	/* By hand. */
	{ "qemu-system-i386|--device|vfio-pci,host=00:02.0|--name|x|", "/x/ 0000:00:02.0" },
	{ "kvm|-device|driver=vfio-pci,host=0:2.0|", "// 0000:00:02.0" },
	{ "kvm|-device|host=00:02,driver=vfio-pci|", "// 0000:00:02.0" },
	{ "kvm|-device|vfio-pci,sysfsdev=/sys/bus/pci/devices/0001:00:02.1|", "// 0001:00:02.1" },
	{ "kvm|-device|vfio-pci,sysfsdev=" MDEV_PATH "C9D8C9A4-3E2F-4B5C-9D3E-1F2A3B4C5D6E|",
	  "// " UUID },
	{ "kvm|-name|a,,b,debug-threads=on|", "/a,b/" },
	{ "kvm|-name|debug-threads=on,guest=b|", "/b/" },
	{ "kvm|-name|process=x|", "//" },
	{ "kvm|-name|\xff\x01|", "/\\xff\\x01/" },
	{ "kvm|-smbios|type=1,uuid=" UUID "|-uuid|" MDEV "|", "//" UUID "" },
	{ "kvm|-uuid|" MDEV "|-smbios|type=1,uuid=" UUID "|", "//" UUID "" },
	{ "kvm|-smbios|uuid=" UUID ",type=1|", "//" UUID "" },
	{ "kvm|-id|100|-id|101|", "100//" },
	/* Nothing of it is ours. */
	{ "kvm|", "//" },
	{ "kvm|-smbios|type=3,uuid=" UUID "|", "//" },
	{ "kvm|-smbios|type=1,uuid=x|", "//" },
	{ "kvm|-smbios|type=1,serial=uuid,,uuid=" UUID "|", "//" },
	{ "kvm|-id|vm|-id|99|-id|0100|-id|1000000000|-id|1 0|", "//" },
	{ "kvm|id|100|", "//" },
	{ "kvm|-append|-id 100 -device vfio-pci,host=00:02.0|", "//" },
	{ "kvm|-device|virtio-net-pci,host=00:02.0|-device|vfio-pci|", "//" },
	{ "kvm|-device|vfio-pci,host=00:02.8|", "//" },
	{ "kvm|-device|vfio-pci,host=00:20.0|", "//" },
	{ "kvm|-device|vfio-pci,host=10000:00:02.0|", "//" },
	{ "kvm|-device|vfio-pci,host=2|", "//" },
	{ "kvm|-device|vfio-pci,host=0:0:0:2.0|", "//" },
	{ "kvm|-device|vfio-pci,host=|", "//" },
	{ "kvm|-device|vfio-pci,sysfsdev=" UUID "|", "//" },
	{ "kvm|-device|vfio-pci,sysfsdev=" MDEV_PATH "|", "//" },
	{ "kvm|-device|vfio-pci,id=a,,host=00:02.0|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"host\":\"00:02.0\"|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"host\":\"00:02.0\"}x|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\" \"host\":\"00:02.0\"}|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"x\":{\"host\":\"00:02.0\"}}|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"host\":\"\\u0030\"}|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"h\\ost\":\"00:02.0\"}|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"host\":\"00:02.0\\|", "//" },
	{ "kvm|-device|{\"driver\":\"vfio-pci\",\"host\":[1|", "//" },
	{ "kvm|-device|{|-device|{\"|-device|{\"a|-device|{\"a\":|", "//" },
	{ "kvm|-device|", "//" },
	{ "kvm|-id|", "//" },
	/* What was cut: the last argument is not whole. */
	{ "kvm|-id|100|-device|vfio-pci,host=00:02.0", "100//" },
	{ "kvm|-id|1000", "//" },
	{ "kvm", NULL },
	/* No QEMU. */
	{ "", NULL },
	{ "|", NULL },
	{ "bash|-c|kvm -id 100|", NULL },
	{ "/usr/bin/kvmtop|-id|100|", NULL },
	{ "/usr/bin/qemu-img|-id|100|", NULL },
	{ "/usr/bin/kvm/|-id|100|", NULL },
};

static int parse(const char *command, struct guest_command *c)
{
	char text[2048];
	size_t n = strlen(command);

	assert_compare(n, <, sizeof(text));
	for (size_t i = 0; i < n; i++)
		text[i] = command[i] == '|' ? '\0' : command[i];
	return guest_command_parse(text, n, c);
}

static void shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct guest_command c;
		char text[1024];
		int r = parse(rows[i].command, &c);

		assert_row(r == (rows[i].expected ? 0 : -ENOENT), rows[i].command);
		if (r < 0)
			continue;
		sprintf(text, "%s/%s/%s", c.vmid, c.name, c.uuid);
		for (size_t j = 0; j < c.n_devices; j++) {
			sprintf(text + strlen(text), " %s", c.devices[j]);
			assert_row(guest_command_has(&c, c.devices[j]), rows[i].command);
		}
		assert_row(!guest_command_has(&c, "0000:00:02.7"), rows[i].command);
		if (strcmp(text, rows[i].expected) != 0)
			fail_msg("row \"%s\": %s, not %s", rows[i].command, text, rows[i].expected);
	}
}

/* Names, paths and lists of any length end where there is room. */
static void bounded(void **state)
{
	static char text[100000];
	struct guest_command c;
	size_t n;

	(void)state;
	n = (size_t)sprintf(text, "kvm%c-name%c", 0, 0);
	memset(text + n, 'x', 400);
	n += 401;
	n += (size_t)sprintf(text + n, "-device%cvfio-pci,sysfsdev=", 0);
	memset(text + n, '/', 5000);
	n += 5000;
	n += (size_t)sprintf(text + n, UUID) + 1;
	for (int i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n, "-device%cvfio-pci,host=00:02.%d", 0, i % 8) + 1;
	assert_int_equal(guest_command_parse(text, n, &c), 0);
	assert_int_equal(strlen(c.name), GUEST_NAME_BYTES - 1);
	assert_int_equal(c.n_devices, GUEST_DEVICES);
	assert_string_equal(c.devices[0], "0000:00:02.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shapes), cmocka_unit_test(bounded) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
