// SPDX-License-Identifier: Apache-2.0
#include "test.h"

#include "sources/workload/cgroup.h"

#include <string.h>

#define UID   "0a1b2c3d-1111-2222-3333-444455556666"
#define UID_  "0a1b2c3d_1111_2222_3333_444455556666"
#define HASH  "0123456789abcdef0123456789abcdef"
#define ID    "aaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccddddaaaabbbbccccdddd"
#define ID2   "1111222233334444111122223333444411112222333344441111222233334444"
#define SHORT "aaaabbbbcccc"

#define POD(text)	   text, WORKLOAD_POD, "", "", "", UID, ID
#define CONTAINER(text)	   text, WORKLOAD_CONTAINER, SHORT, "", "", "", ID
#define IN_LXC(text, k, n) text, k, n, "101", "", "", ""
#define SERVICE(text, n)   text, WORKLOAD_SERVICE, n, "", "", "", ""
#define PROCESS(text)	   text, WORKLOAD_PROCESS, "", "", "", "", ""
#define BURSTABLE	   "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
#define KIND_SLICES	   "/kubelet.slice/kubelet-kubepods.slice/"
#define RUNNER		   "0::/system.slice/run.service/"
#define FROM_RUNNER(text)  text, WORKLOAD_CONTAINER, SHORT "@run.service", "", "", "", ID
#define USER_SLICE	   "/user.slice/user-1000.slice/user@1000.service"

static const struct {
	const char *text;
	enum workload_kind kind;
	const char *name, *vmid, *guest, *pod, *container;
} rows[] = {
	/* Kubernetes, systemd driver: containerd, CRI-O, cri-dockerd; all three classes. */
	{ POD("0::" BURSTABLE UID_ ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
	      ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::" BURSTABLE UID_ ".slice/crio-" ID ".scope\n") },
	{ POD("0::" BURSTABLE UID_ ".slice/crio-" ID ".scope/container\n") },
	{ POD("0::" BURSTABLE UID_ ".slice/crio-" ID "\n") },
	{ POD("0::" BURSTABLE UID_ ".slice/docker-" ID ".scope\n") },
	/* cgroupfs driver (Talos, K3s not run as a unit). */
	{ POD("0::/kubepods/burstable/pod" UID "/" ID "\n") },
	{ POD("0::/kubepods/besteffort/pod" UID "/" ID "\n") },
	{ POD("0::/kubepods/pod" UID "/" ID "\n") },
	/* A static pod's uid is a hash of its file. */
	{ "0::/kubepods/burstable/pod" HASH "/" ID "\n", WORKLOAD_POD, "", "", "", HASH, ID },
	{ "0::" BURSTABLE HASH ".slice/cri-containerd-" ID ".scope\n", WORKLOAD_POD, "", "", "",
	  HASH, ID },
	/* The pod's own group, and CRI-O's monitor in it, are in no container. */
	{ "0::/kubepods/pod" UID "\n", WORKLOAD_POD, "", "", "", UID, "" },
	{ "0::" BURSTABLE UID_ ".slice/crio-conmon-" ID ".scope\n", WORKLOAD_POD, "", "", "", UID,
	  "" },
	/* kind: a kubelet in a container of Docker or Podman; --cgroup-root. */
	{ POD("0::/system.slice/docker-" ID2 ".scope" KIND_SLICES
	      "kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_
	      ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::" KIND_SLICES
	      "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
	      ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::/docker/" ID2 "/kubelet/kubepods/burstable/pod" UID "/" ID "\n") },
	{ "0::/docker/" ID "/system.slice/containerd.service\n", WORKLOAD_CONTAINER, SHORT, "", "",
	  "", ID },
	/* The colon form of containerd without systemd's driver: three colons in a line. */
	{ POD("1:name=systemd:/system.slice/containerd.service/kubepods-besteffort-pod" UID_
	      ".slice:cri-containerd:" ID "\n") },
	{ POD("0::/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" ID "\n") },
	/* Seen from within a control group namespace. */
	{ POD("0::/../../kubepods-burstable-pod" UID_ ".slice/cri-containerd-" ID ".scope\n") },
	{ POD("0::/../../pod" UID "/" ID "\n") },
	{ CONTAINER("0::/../cri-containerd-" ID ".scope\n") },
	{ CONTAINER("0::/../" ID "\n") },
	{ PROCESS("0::/..\n") },
	{ PROCESS("0::/\n") },
	/* A container that a pod starts in itself. */
	{ "0::/kubepods/pod" UID "/" ID2 "/docker/" ID "\n", WORKLOAD_CONTAINER, SHORT, "", "", UID,
	  ID },

	/* v1: lines that disagree; hybrid: the unified one is somewhere else. */
	{ POD("12:memory:/kubepods/burstable/pod" UID "/" ID "\n11:freezer:/\n10:devices:/kubepods/"
	      "burstable/pod" UID "/" ID "\n1:name=systemd:/kubepods/burstable/pod" UID "/" ID
	      "\n") },
	{ POD("11:cpuset:/\n4:devices:" BURSTABLE UID_ ".slice/cri-containerd-" ID ".scope\n"
	      "1:name=systemd:/\n0::/system.slice/containerd.service\n") },
	{ POD("5:cpu,cpuacct:/\n4:net_cls,devices:/kubepods/pod" UID "/" ID "\n") },
	{ PROCESS("4:freezer:/kubepods/pod" UID "/" ID "\n") },
	{ SERVICE("1:name=systemd:/system.slice/a.service\n0::/system.slice/b.service\n",
		  "b.service") },
	{ SERVICE("4:devices:/system.slice/b.service\n1:name=systemd:/system.slice/a.service\n",
		  "a.service") },
	{ IN_LXC("4:devices:/lxc/101/ns\n1:name=systemd:/lxc/101/ns/system.slice/a.service\n",
		 WORKLOAD_SERVICE, "a.service") },

	/* Docker, Podman, nerdctl, ctr. */
	{ CONTAINER("0::/system.slice/docker-" ID ".scope\n") },
	{ CONTAINER("9:devices:/docker/" ID "\n") },
	{ CONTAINER("0::/system.slice/nerdctl-" ID ".scope\n") },
	{ CONTAINER("0::/default/" ID "\n") },
	{ CONTAINER("0::/machine.slice/libpod-" ID ".scope\n") },
	{ CONTAINER("0::/machine.slice/libpod-" ID ".scope/container\n") },
	{ CONTAINER("0::/libpod_parent/libpod-" ID "\n") },
	/* The container of a unit (Podman's cgroups=split): the unit's name stays, its id does not.
	 */
	{ SERVICE("0::/system.slice/web.service/libpod-payload-" ID "\n", "web.service") },
	{ SERVICE("0::/system.slice/web.service/libpod-payload-" ID "/init.scope\n",
		  "web.service") },
	{ IN_LXC("0::/lxc/101/ns/system.slice/web.service/libpod-payload-" ID "\n",
		 WORKLOAD_SERVICE, "web.service") },
	{ SERVICE("0::" USER_SLICE "/app.slice/web.service/libpod-payload-" ID "\n",
		  "web.service@user-1000") },
	{ "0::/system.slice/web.service/libpod-payload-" ID "/docker/" ID2 "\n", WORKLOAD_CONTAINER,
	  "111122223333@web.service", "", "", "", ID2 },
	{ CONTAINER("0::/libpod-payload-" ID "\n") },
	{ "0::/system.slice/web.service/" ID "\n", WORKLOAD_CONTAINER, SHORT "@web.service", "", "",
	  "", ID },
	{ CONTAINER("0::/system.slice/docker.service/docker/" ID "\n") },
	{ "0::/docker/" ID2 "/docker/" ID "\n", WORKLOAD_CONTAINER, SHORT "@container-111122223333",
	  "", "", "", ID },
	{ PROCESS("0::/machine.slice/libpod-conmon-" ID ".scope\n") },
	{ "0::" USER_SLICE "/user.slice/docker-" ID ".scope\n", WORKLOAD_CONTAINER,
	  SHORT "@user-1000", "", "", "", ID },
	{ "0::" USER_SLICE "/user.slice/libpod-" ID ".scope/container\n", WORKLOAD_CONTAINER,
	  SHORT "@user-1000", "", "", "", ID },

	/* Proxmox VE: containers with their own systemd, Docker or Kubernetes; VMs. */
	{ IN_LXC("0::/lxc/101/ns\n", WORKLOAD_LXC, "101") },
	{ IN_LXC("0::/lxc/101/ns/init.scope\n", WORKLOAD_LXC, "101") },
	{ IN_LXC("0::/lxc/101/ns/system.slice/jellyfin.service\n", WORKLOAD_SERVICE,
		 "jellyfin.service") },
	{ IN_LXC("0::/lxc/101/ns/user.slice/user-0.slice/session-1.scope\n", WORKLOAD_USER, "0") },
	{ "0::/lxc/101/ns/system.slice/docker-" ID ".scope\n", WORKLOAD_CONTAINER, SHORT, "101", "",
	  "", ID },
	{ "0::/lxc/101/ns" BURSTABLE UID_ ".slice/cri-containerd-" ID ".scope\n", WORKLOAD_POD, "",
	  "101", "", UID, ID },
	{ PROCESS("0::/lxc.monitor/101\n") },
	{ "0::/qemu.slice/100.scope\n", WORKLOAD_VM, "100", "100", "", "", "" },
	{ "0::/qemu.slice/123456789.scope\n", WORKLOAD_VM, "123456789", "123456789", "", "", "" },
	{ PROCESS("0::/qemu.slice/abc.scope\n") },

	/* Plain LXC, LXD and Incus, old and new. */
	{ "0::/lxc.payload.web/init.scope\n", WORKLOAD_LXC, "web", "", "web", "", "" },
	{ "0::/lxc.payload/web/init.scope\n", WORKLOAD_LXC, "web", "", "web", "", "" },
	{ "1:name=systemd:/lxc/x1/system.slice/cron.service\n", WORKLOAD_SERVICE, "cron.service",
	  "", "x1", "", "" },
	{ PROCESS("0::/lxc.monitor.web\n") },

	/* libvirt and systemd-nspawn. */
	{ "0::/machine.slice/machine-qemu\\x2d3\\x2dwin\\x2d11.scope/libvirt/emulator\n",
	  WORKLOAD_VM, "win-11", "", "win-11", "", "" },
	{ "0::/machine.slice/machine-qemu\\x2d3\\x2d200.scope\n", WORKLOAD_VM, "200", "", "200", "",
	  "" },
	{ "0::/machine.slice/machine-lxc\\x2d7\\x2dbox.scope\n", WORKLOAD_LXC, "box", "", "box", "",
	  "" },
	{ "0::/machine.slice/systemd-nspawn@deb.service/payload/init.scope\n", WORKLOAD_CONTAINER,
	  "deb", "", "deb", "", "" },
	{ "0::/machine.slice/systemd-nspawn@deb.service/payload/system.slice/a.service\n",
	  WORKLOAD_SERVICE, "a.service", "", "deb", "", "" },
	{ "0::/machine.slice/deb.scope/payload\n", WORKLOAD_CONTAINER, "deb", "", "deb", "", "" },

	/* Units, users, Talos. */
	{ SERVICE("0::/system.slice/jellyfin.service\n", "jellyfin.service") },
	{ SERVICE("0::/system.slice/system-getty.slice/getty@tty1.service\n",
		  "getty@tty1.service") },
	{ SERVICE("0::/system.slice/k3s.service\n", "k3s.service") },
	{ SERVICE("0::/system.slice/old.service (deleted)\n", "old.service") },
	{ SERVICE("0::/system/apid\n", "apid") },
	{ SERVICE("0::/podruntime/runtime\n", "runtime") },
	{ PROCESS("0::/init\n") },
	{ PROCESS("0::/init.scope\n") },
	{ "0::/user.slice/user-1000.slice/session-3.scope\n", WORKLOAD_USER, "1000", "", "", "",
	  "" },
	{ "0::" USER_SLICE "/app.slice/app-firefox.service\n", WORKLOAD_USER, "1000", "", "", "",
	  "" },

	/* Nobody can claim what is not his. */
	{ "0::" USER_SLICE "/kubepods/pod" UID "/x\n", WORKLOAD_USER, "1000", "", "", "", "" },
	{ "0::" USER_SLICE "/lxc/102/ns\n", WORKLOAD_USER, "1000", "", "", "", "" },
	{ "0::" USER_SLICE "/qemu.slice/100.scope\n", WORKLOAD_USER, "1000", "", "", "", "" },
	{ "0::" USER_SLICE "/user.slice/user-0.slice\n", WORKLOAD_USER, "1000", "", "", "", "" },
	{ IN_LXC("0::/lxc/101/ns/lxc/102/ns\n", WORKLOAD_LXC, "101") },
	{ IN_LXC("0::/lxc/101/ns/qemu.slice/102.scope\n", WORKLOAD_LXC, "101") },
	{ IN_LXC("0::/lxc/101/ns/machine.slice/machine-qemu\\x2d3\\x2d200.scope\n", WORKLOAD_LXC,
		 "101") },
	{ "0::/docker/" ID "/system.slice/sshd.service\n", WORKLOAD_CONTAINER, SHORT, "", "", "",
	  ID },
	{ "0::/docker/" ID "/lxc/102\n", WORKLOAD_CONTAINER, SHORT, "", "", "", ID },

	/* Nor can who owns a service or scope that is delegated to him, */
	{ SERVICE(RUNNER "qemu.slice/100.scope\n", "run.service") },
	{ SERVICE(RUNNER "lxc.payload.102\n", "run.service") },
	{ SERVICE(RUNNER "lxc/102/ns\n", "run.service") },
	{ SERVICE(RUNNER "machine.slice/machine-qemu\\x2d3\\x2d200.scope\n", "run.service") },
	{ SERVICE(RUNNER "machine.slice/systemd-nspawn@deb.service\n", "run.service") },
	{ SERVICE(RUNNER "system.slice/sshd.service\n", "run.service") },
	{ SERVICE(RUNNER "user.slice/user-0.slice/session-1.scope\n", "run.service") },
	{ SERVICE(RUNNER "kubepods/pod" UID "/x\n", "run.service") },
	{ FROM_RUNNER(RUNNER "sshd.service/libpod-payload-" ID "\n") },
	{ FROM_RUNNER(RUNNER "kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope\n") },
	{ FROM_RUNNER(RUNNER "kubepods-pod" UID_ ".slice:cri-containerd:" ID "\n") },
	{ FROM_RUNNER(RUNNER "system.slice/docker-" ID ".scope\n") },
	{ FROM_RUNNER(RUNNER "system.slice/containerd.service/" ID "\n") },
	{ PROCESS("0::/system.slice/run.scope/qemu.slice/100.scope\n") },
	{ PROCESS("0::/system.slice/run.scope/kubepods/pod" UID "/x\n") },
	{ PROCESS("0::/a/qemu.slice/100.scope\n") },
	{ PROCESS("0::/../a/lxc/100/ns\n") },
	{ PROCESS("0::/a/machine.slice/machine-qemu\\x2d3\\x2d200.scope\n") },
	/* the root of a container, or of a VM's scope. */
	{ "0::/kubepods/pod" UID "/" ID "/kubepods/pod" HASH "/x\n", WORKLOAD_POD, "", "", "", UID,
	  ID },
	{ "0::/kubepods/pod" UID "/" ID2 "/kubepods/pod" HASH "/" ID "\n", WORKLOAD_CONTAINER,
	  SHORT, "", "", UID, ID },
	{ "0::/system.slice/docker-" ID ".scope/qemu.slice/100.scope\n", WORKLOAD_CONTAINER, SHORT,
	  "", "", "", ID },
	{ "0::/lxc/101/ns/system.slice/run.service/kubepods/pod" UID "/" ID "\n",
	  WORKLOAD_CONTAINER, SHORT "@run.service", "101", "", "", ID },
	{ "0::/qemu.slice/100.scope/kubepods/pod" UID "/" ID "\n", WORKLOAD_VM, "100", "100", "",
	  "", "" },
	{ "0::/qemu.slice/100.scope/a.service\n", WORKLOAD_VM, "100", "100", "", "", "" },

	/* Nearly. */
	{ PROCESS("") },
	{ PROCESS("\n") },
	{ PROCESS("0:/kubepods/pod" UID "/" ID "\n") },
	{ PROCESS("0::/kubepods/pod0a1b2c3d-1111-2222-3333-44445555666/x\n") },
	{ PROCESS("0::/kubepods/pod0A1B2C3D-1111-2222-3333-444455556666/x\n") },
	{ PROCESS("0::/kubepods/xpod" UID "/x\n") },
	{ PROCESS("0::/docker/" ID "0\n") },
	{ PROCESS("0::/docker/a" ID "\n") },
	{ PROCESS("0::/docker/" HASH "\n") },
	{ PROCESS("0::/system.slice/.service\n") },
	{ PROCESS("0::/user.slice/user-.slice\n") },
	{ PROCESS("0::/user.slice/user-99999999999.slice\n") },
	{ "0::/lxc/12/ns\n", WORKLOAD_LXC, "12", "", "12", "", "" },
	{ "0::/lxc/0101/ns\n", WORKLOAD_LXC, "0101", "", "0101", "", "" },
	{ "0::/docker/" ID, WORKLOAD_CONTAINER, SHORT, "", "", "", ID },
};

static void shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cgroup c;

		cgroup_parse(rows[i].text, strlen(rows[i].text), &c);
		assert_row(c.kind == rows[i].kind, rows[i].text);
		assert_row(strcmp(c.name, rows[i].name) == 0, rows[i].text);
		assert_row(strcmp(c.vmid, rows[i].vmid) == 0, rows[i].text);
		assert_row(strcmp(c.guest, rows[i].guest) == 0, rows[i].text);
		assert_row(strcmp(c.pod, rows[i].pod) == 0, rows[i].text);
		assert_row(strcmp(c.container, rows[i].container) == 0, rows[i].text);
	}
}

static void may_be_a_pods(void **state)
{
	struct cgroup c;

	(void)state;
	cgroup_parse(BYTES("0::/../cri-containerd-" ID ".scope\n"), &c);
	assert_true(c.cri);
	cgroup_parse(BYTES("0::/../crio-" ID ".scope\n"), &c);
	assert_true(c.cri);
	cgroup_parse(BYTES("0::/../" ID "\n"), &c);
	assert_true(c.cri);
	cgroup_parse(BYTES("0::/system.slice/docker-" ID ".scope\n"), &c);
	assert_false(c.cri);
}

/* Names are clean and bounded, whatever they were. */
static void hostile(void **state)
{
	char text[1024] = "0::/system.slice/";
	struct cgroup c;

	(void)state;
	memset(text + strlen(text), 'a', 500);
	strcat(text, ".service\n");
	cgroup_parse(text, strlen(text), &c);
	assert_int_equal(c.kind, WORKLOAD_SERVICE);
	assert_int_equal(strlen(c.name), sizeof(c.name) - 1);

	cgroup_parse(BYTES("0::/system.slice/\xff\x01\".service\n"), &c);
	assert_string_equal(c.name, "\\xff\\x01\".service");
	cgroup_parse(BYTES("0::/machine.slice/machine-qemu\\x2d1\\x2d\\x00\\x0a\\xzz.scope\n"), &c);
	assert_string_equal(c.name, "\\x00\\x0a\\xzz");
}

static void kinds(void **state)
{
	static const char *const names[] = { "process", "user",	     "service", "vm",
					     "lxc",	"container", "pod" };

	(void)state;
	assert_int_equal(ARRAY_SIZE(names), WORKLOAD_KINDS);
	for (size_t i = 0; i < WORKLOAD_KINDS; i++)
		assert_string_equal(workload_kind_name((enum workload_kind)i), names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(may_be_a_pods),
		cmocka_unit_test(hostile),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
