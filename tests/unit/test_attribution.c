// SPDX-License-Identifier: Apache-2.0
/* Who has a device, on a machine made of files: with every right and with fewer. */
#include "test.h"

#include "fake_sys.h"
#include "sources/proc/patient.h"
#include "sources/workload/attribution.h"
#include "threads.h"
#include "tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MDEV	"00000000-0000-0000-0000-000000000101"
#define OTHER	"c9d8c9a4-3e2f-4b5c-9d3e-1f2a3b4c5d6e"
#define VM_UUID "5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01"
#define PCI	"0000:00:02.1"

static struct tree tree;
static struct fs *fs;
static struct procs *procs;
static struct names *names;
static uint64_t round_number;

static int setup(void **state)
{
	const char *bad;

	(void)state;
	tree_new(&tree);
	tree_folder(&tree, "proc");
	tree_folder(&tree, "sys");
	tree_write(&tree, "proc/2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0\n");
	tree_folder(&tree, "proc/2/fd");
	tree_link(&tree, "sys/bus/mdev/devices/" MDEV "/iommu_group", "../iommu_groups/12");
	tree_link(&tree, "sys/bus/mdev/devices/" OTHER "/iommu_group", "../iommu_groups/13");
	tree_link(&tree, "sys/bus/pci/devices/" PCI "/iommu_group", "../iommu_groups/15");
	fake_sys_load(tree.root);
	if (fs_new(&fs, tree.root, NULL, NULL, &bad) < 0)
		return -1;
	procs = procs_new(fs);
	names = names_new(fs);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_block(NULL);
	patient_end();
	/* Nobody waits for a reader whose name is known already, and it reads on. */
	assert_true(threads_end());
	names_free(names);
	procs_free(procs);
	fs_free(fs);
	tree_remove(&tree);
	return 0;
}

/* A process; '|' in its command line stands for NUL. */
static void write_process(int pid, const char *cgroup, const char *command, const char *open)
{
	char path[64], text[1024];
	size_t n = strlen(command);

	snprintf(path, sizeof(path), "proc/%d/cgroup", pid);
	snprintf(text, sizeof(text), "0::%s\n", cgroup);
	tree_write(&tree, path, text);
	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	for (size_t i = 0; i < n; i++)
		text[i] = command[i] == '|' ? '\0' : command[i];
	tree_write_bytes(&tree, path, text, n);
	snprintf(path, sizeof(path), "proc/%d/fdinfo", pid);
	tree_folder(&tree, path);
	snprintf(path, sizeof(path), "proc/%d/fd", pid);
	tree_folder(&tree, path);
	snprintf(path, sizeof(path), "proc/%d/fd/9", pid);
	if (open)
		tree_link(&tree, path, open);
}

static void deny(int pid, int error)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/fd", pid);
	fake_error(path, error);
	snprintf(path, sizeof(path), "proc/%d/fdinfo", pid);
	fake_error(path, error);
}

/* "vmid/guest/uuid", and "used", "free" or "?". */
static const char *find(const char *bus, const char *device)
{
	struct attribution *attribution = attribution_new(fs, names, procs, ++round_number);
	struct fault fault = { 0 };
	static char text[256];
	struct owner owner;
	bool complete;

	assert_non_null(attribution);
	attribution_find(attribution, bus, device, &owner);
	complete = attribution_complete(attribution, &fault);
	assert_int_equal(fault.reason, complete ? REASON_NONE : REASON_PERMISSION);
	assert_true(complete || *fault.remedy);
	attribution_free(attribution);
	snprintf(text, sizeof(text), "%s/%s/%s %s", owner.vmid, owner.guest, owner.vm_uuid,
		 !complete	? "?"
		 : owner.in_use ? "used"
				: "free");
	return text;
}

static void holders(void **state)
{
	(void)state;
	write_process(20, "/qemu.slice/101.scope",
		      "kvm|-id|101|-name|media,debug-threads=on|-smbios|type=1,uuid=" VM_UUID "|",
		      "/dev/vfio/12");
	assert_string_equal(find("mdev", MDEV), "101/media/" VM_UUID " used");
	assert_string_equal(find("mdev", OTHER), "// free");
	assert_string_equal(find("pci", PCI), "// free");
	/* What has the group open counts, not what the uuid or a command line says. */
	write_process(20, "/qemu.slice/102.scope", "kvm|-id|102|-name|a|", "/dev/vfio/12");
	assert_string_equal(find("mdev", MDEV), "102/a/ used");
	/* libvirt: no number. */
	write_process(20, "/machine.slice/machine-qemu\\x2d1\\x2dmedia.scope/libvirt/emulator",
		      "qemu-system-x86_64|-name|guest=media|-uuid|" VM_UUID "|", "/dev/vfio/12");
	assert_string_equal(find("mdev", MDEV), "/media/" VM_UUID " used");
	/* No QEMU has no number; one whose command line cannot be read has its control group's. */
	write_process(20, "/qemu.slice/102.scope", "cloud-hypervisor|--device|x|", "/dev/vfio/12");
	assert_string_equal(find("mdev", MDEV), "// used");
	fake_error("proc/20/cmdline", -EACCES);
	assert_string_equal(find("mdev", MDEV), "102// used");
}

/* libvirt may give it hundreds of disks; the first arguments are there. */
static void long_command(void **state)
{
	static const char start[] = "kvm\0-id\0"
				    "102\0-name\0big\0-drive";
	static char text[100000];

	(void)state;
	write_process(20, "/qemu.slice/102.scope", "kvm|", "/dev/vfio/12");
	memset(text, 'x', sizeof(text));
	memcpy(text, start, sizeof(start));
	tree_write_bytes(&tree, "proc/20/cmdline", text, sizeof(text));
	assert_string_equal(find("mdev", MDEV), "102/big/ used");
}

static void nodes(void **state)
{
	(void)state;
	write_process(20, "/qemu.slice/102.scope", "kvm|-id|102|", "/dev/vfio/devices/vfio4");
	assert_string_equal(find("pci", PCI), "// free");
	tree_write(&tree, "sys/bus/pci/devices/" PCI "/vfio-dev/vfio4/dev", "511:4\n");
	assert_string_equal(find("pci", PCI), "102// used");
	write_process(20, "/qemu.slice/102.scope", "kvm|-id|102|", "/dev/vfio/noiommu-15");
	assert_string_equal(find("pci", PCI), "102// used");
	/* A device without a group. */
	write_process(20, "/qemu.slice/102.scope", "kvm|-id|102|", "/dev/vfio/15");
	tree_delete(&tree, "sys/bus/pci/devices/" PCI "/iommu_group");
	assert_string_equal(find("pci", PCI), "// free");
}

/* Nobody is another VM because he says so. */
static void forged(void **state)
{
	(void)state;
	write_process(20, "/user.slice/user-1000.slice/session-1.scope",
		      "kvm|-id|100|-device|vfio-pci,sysfsdev=/sys/bus/mdev/devices/" OTHER "|",
		      NULL);
	assert_string_equal(find("mdev", OTHER), "// free");
	deny(20, -EACCES);
	assert_string_equal(find("mdev", OTHER), "// ?");
	write_process(20, "/lxc/200/ns/init.scope",
		      "kvm|-id|100|-device|vfio-pci,sysfsdev=/sys/bus/mdev/devices/" OTHER "|",
		      NULL);
	assert_string_equal(find("mdev", OTHER), "// ?");
	deny(20, 0);
	write_process(20, "/qemu.slice/101.scope", "kvm|-id|100|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "101// used");
	write_process(20, "/lxc/200/ns/init.scope", "kvm|-id|100|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "200// used");
	write_process(20, "/lxc.payload.web/init.scope", "kvm|-id|100|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "/web/ used");
	write_process(20,
		      "/system.slice/docker-"
		      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
		      "kvm|-id|100|-name|n|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "/n/ used");
	/* A number is the name of a VM that its owner may not even see. */
	tree_write(&tree, "etc/pve/qemu-server/100.conf", "name: secret\n");
	write_process(20, "/user.slice/user-1000.slice/session-1.scope", "kvm|-id|100|-name|n|",
		      "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "/n/ used");
	write_process(20, "/system.slice/x.service", "kvm|-id|100|-name|a\nb|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "/a\\x0ab/ used");
	write_process(20, "/system.slice/x.service/qemu.slice/100.scope", "kvm|-id|100|",
		      "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "// used");
	tree_delete(&tree, "etc/pve/qemu-server/100.conf");
}

static void fewer_rights(void **state)
{
	(void)state;
	write_process(20, "/qemu.slice/101.scope",
		      "kvm|-id|101|-device|vfio-pci,host=00:02.1|-device|vfio-pci,sysfsdev="
		      "/sys/bus/mdev/devices/" OTHER "|-smbios|type=1,uuid=" VM_UUID "|",
		      "/dev/vfio/13");
	write_process(30, "/system.slice/sshd.service", "sshd|", NULL);
	deny(30, -EACCES);
	/* Nothing that could be a VM was denied. */
	assert_string_equal(find("mdev", OTHER), "101//" VM_UUID " used");
	assert_string_equal(find("pci", PCI), "// free");
	deny(20, -EACCES);
	assert_string_equal(find("mdev", OTHER), "101//" VM_UUID " ?");
	assert_string_equal(find("pci", PCI), "101//" VM_UUID " ?");
	/* Descriptors' links are denied where fdinfo is not. */
	fake_error("proc/20/fdinfo", 0);
	assert_string_equal(find("pci", PCI), "101//" VM_UUID " ?");
	/* Not even the command line. */
	fake_error("proc/20/cmdline", -EACCES);
	assert_string_equal(find("mdev", OTHER), "// ?");
	assert_string_equal(find("mdev", MDEV), "101// ?");
	deny(20, 0);
	assert_string_equal(find("mdev", OTHER), "101// used");
	/* One that has ended is no obstacle. */
	deny(20, -EACCES);
	fake_error("proc/20/cmdline", -ESRCH);
	assert_string_equal(find("mdev", OTHER), "// free");
}

/* Processes of others may be missing. */
static void not_all(void **state)
{
	(void)state;
	tree_delete(&tree, "proc/2/stat");
	write_process(20, "/qemu.slice/101.scope", "kvm|-id|101|", "/dev/vfio/13");
	assert_string_equal(find("mdev", OTHER), "101// ?");
	assert_string_equal(find("mdev", MDEV), "101// ?");
	fake_error("proc/.", -EACCES);
	assert_string_equal(find("mdev", OTHER), "// ?");
	assert_string_equal(find("mdev", MDEV), "101// ?");
}

/* Proxmox VE's notes, where the command line says nothing. */
static void notes(void **state)
{
	(void)state;
	tree_write(&tree, "run/qemu-server/pci-id-reservations", PCI " 103 pid:20\n");
	tree_write(&tree, "etc/pve/qemu-server/103.conf", "name: frigate\n");
	tree_write(&tree, "etc/pve/qemu-server/101.conf", "name: media\n");
	/* All is known: the note is an old one. */
	assert_string_equal(find("pci", PCI), "// free");
	assert_string_equal(find("mdev", MDEV), "101/media/ free");
	write_process(20, "/qemu.slice/103.scope", "kvm|-id|103|", "/dev/vfio/15");
	assert_string_equal(find("pci", PCI), "103/frigate/ used");
	deny(20, -EACCES);
	assert_string_equal(find("pci", PCI), "103/frigate/ ?");
	assert_string_equal(find("pci", "0000:00:02.2"), "// ?");
}

/* Configurations, where there is no such note. */
static void configurations(void **state)
{
	(void)state;
	tree_write(&tree, "etc/pve/qemu-server/103.conf",
		   "hostpci0: 00:02.1,pcie=1\nname: frigate\n[old]\nhostpci0: 00:02.3\n");
	tree_write(&tree, "etc/pve/qemu-server/104.conf", "hostpci0: 00:02.2\n");
	tree_write(&tree, "etc/pve/qemu-server/105.conf", "hostpci1: host=0000:00:02.2\n");
	tree_write(&tree, "etc/pve/qemu-server/106.conf~", "hostpci0: 00:02.3\n");
	tree_write(&tree, "etc/pve/qemu-server/x.conf", "hostpci0: 00:02.3\n");
	assert_string_equal(find("pci", PCI), "// free");
	tree_delete(&tree, "proc/2/stat");
	assert_string_equal(find("pci", PCI), "103/frigate/ ?");
	/* Which one runs? */
	fake_clock_advance(2000000000u);
	assert_string_equal(find("pci", "0000:00:02.2"), "// ?");
	fake_clock_advance(2000000000u);
	assert_string_equal(find("pci", "0000:00:02.3"), "// ?");
	/* A device that goes to another VM. */
	tree_delete(&tree, "etc/pve/qemu-server/104.conf");
	fake_clock_advance(2000000000u);
	assert_string_equal(find("pci", "0000:00:02.2"), "105// ?");
	tree_write(&tree, "etc/pve/qemu-server/103.conf", "name: frigate\n");
	assert_string_equal(find("pci", PCI), "103/frigate/ ?");
	fake_clock_advance(61000000000u);
	find("pci", PCI);
	for (int i = 0; i < 200 && strcmp(find("pci", PCI), "// ?") != 0; i++)
		usleep(10000);
	assert_string_equal(find("pci", PCI), "// ?");
}

/* Names for devices, which are the cluster's. */
static void mappings(void **state)
{
	(void)state;
	tree_write(&tree, "etc/pve/qemu-server/103.conf", "hostpci0: mapping=igpu,pcie=1\n");
	tree_write(&tree, "etc/pve/mapping/pci.cfg",
		   "igpu\n\tmap id=8086:46d1,iommugroup=0,node=pve1,path=0000:00:02.1\n"
		   "\tmap id=8086:46d1,iommugroup=0,node=pve2,path=0000:00:02.2\n");
	tree_delete(&tree, "proc/2/stat");
	/* Which node is this? */
	assert_string_equal(find("pci", PCI), "// ?");
	tree_link(&tree, "etc/pve/local", "nodes/pve1");
	fake_clock_advance(2000000000u);
	assert_string_equal(find("pci", PCI), "103// ?");
	fake_clock_advance(2000000000u);
	assert_string_equal(find("pci", "0000:00:02.2"), "// ?");
}

/* What hangs costs the label. */
static void hung(void **state)
{
	(void)state;
	tree_write(&tree, "etc/pve/qemu-server/103.conf", "hostpci0: 00:02.1\n");
	tree_delete(&tree, "proc/2/stat");
	fake_knobs.real_clock = true;
	fake_block("etc/pve/qemu-server/103.conf");
	assert_string_equal(find("pci", PCI), "// ?");
	assert_string_equal(find("pci", PCI), "// ?");
	fake_block(NULL);
	usleep(1100000);
	for (int i = 0; i < 200 && strcmp(find("pci", PCI), "103// ?") != 0; i++)
		usleep(10000);
	assert_string_equal(find("pci", PCI), "103// ?");
}

/*
 * A command line that is never read, because its process maps a file that nobody serves: who is no
 * VM by its group is no obstacle, and others have their owners.
 */
static void stuck(void **state)
{
	(void)state;
	fake_knobs.real_clock = true;
	write_process(20, "/qemu.slice/101.scope", "kvm|-id|101|", "/dev/vfio/12");
	write_process(21, "/user.slice/user-1000.slice/session-1.scope", "ffmpeg|", NULL);
	tree_write(&tree, "proc/20/status", "Name:\tkvm\nUid:\t0\t0\t0\t0\n");
	tree_write(&tree, "proc/21/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n");
	deny(21, -EACCES);
	fake_block("proc/21/cmdline");
	assert_string_equal(find("mdev", MDEV), "101// used");
	assert_string_equal(find("mdev", OTHER), "// free");
	write_process(21, "/qemu.slice/102.scope", "kvm|", NULL);
	assert_string_equal(find("mdev", OTHER), "// ?");
	fake_block("proc/20/cmdline");
	deny(21, 0);
	assert_string_equal(find("mdev", MDEV), "101// used");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(holders, setup, teardown),
		cmocka_unit_test_setup_teardown(stuck, setup, teardown),
		cmocka_unit_test_setup_teardown(long_command, setup, teardown),
		cmocka_unit_test_setup_teardown(nodes, setup, teardown),
		cmocka_unit_test_setup_teardown(forged, setup, teardown),
		cmocka_unit_test_setup_teardown(fewer_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(not_all, setup, teardown),
		cmocka_unit_test_setup_teardown(notes, setup, teardown),
		cmocka_unit_test_setup_teardown(configurations, setup, teardown),
		cmocka_unit_test_setup_teardown(mappings, setup, teardown),
		cmocka_unit_test_setup_teardown(hung, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
