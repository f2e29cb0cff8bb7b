# SPDX-License-Identifier: Apache-2.0
"""What there is to see on a dashboard: five machines, each with an exporter of its own.

pve1       a host with an integrated and a discrete GPU, a working VA driver, users of every kind,
           transcodes in hardware and in software, a vGPU that a VM has and one that nobody has.
worker1      that VM: a GPU of the lab that pve1 does not see. A pod uses it.
pve2, pve3 recorded machines: SR-IOV virtual functions; a whole GPU that belongs to a VM.
pve4       a recorded card whose sensors move.

broken() spoils as much of that as rules look for."""
import os
import subprocess
import sys
import time
from pathlib import Path

import lab
from lab_vaapi import exporter as vaapi_exporter, knobs

HERE = Path(__file__).resolve().parent
LAB = HERE.parent / "lab"
sys.path[:0] = [str(LAB), str(HERE.parent / "support")]
import actors  # noqa: E402: they are found there only now
import sensors  # noqa: E402
from kubelet import Kubelet, container, devices, pod  # noqa: E402

FIXTURES = HERE.parent / "fixtures"
FUSE = Path("/tmp/fuse")
WEB_CONFIG = Path("/tmp/worker1.yml")
HOST_GPUS, GUEST_GPU, SPARE_GPU = "0000:00:02.0,0000:00:06.0", "0000:00:10.0", "0000:00:07.0"
NODE, SECOND_NODE, GUEST_NODE = "/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/dri/renderD131"
# Pods of worker1, and of pve1, which runs Kubernetes, too.
PODS = {"jellyfin-0": "0a1b2c3d-1111-2222-3333-444455556666", "jellyfin-1": "0a1b2c3d-1111-2222-3333-444455557777",
        "immich-0": "0a1b2c3d-1111-2222-3333-444455558888"}
VM_UUID, HOST_UUID = "5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01", "d2b1f6c0-52ab-4d19-9a7e-0c4f5e6a7b81"
# What an emulated processor tests in a few seconds.
DRIVER = "PROFILES=H264Main:vld+slice,JPEGBaseline:vld+picture,None:videoproc"
OWNED, FREE = "00000000-0000-0000-0000-000000000101", "c9d8c9a4-3e2f-4b5c-9d3e-1f2a3b4c5d6e"
# Ports by machine; what tests and dashboards call them is in their configuration of Prometheus.
PORTS = {"pve1": lab.PORT, "worker1": 10061, "pve2": 10062, "pve3": 10063, "unprivileged": 10064,
         "pve4": 10065}


def container_id(pod):
    return PODS[pod].replace("-", "") * 2


def pod_group(pod):
    return f"kubepods.slice/kubepods-pod{PODS[pod].replace('-', '_')}.slice/cri-containerd-{container_id(pod)}.scope"


# Where each works, on which node, and milliseconds of video and render time.
USERS = {
    pod_group("jellyfin-0"): (GUEST_NODE, 50, 10),
    pod_group("jellyfin-1"): (NODE, 25, 5),
    pod_group("immich-0"): (NODE, 0, 10),
    "lxc/201/ns/init.scope": (NODE, 30, 5),
    "qemu.slice/100.scope": (NODE, 20, 20),
    "system.slice/jellyfin.service": (NODE, 40, 15),
    "system.slice/ollama.service": (SECOND_NODE, 0, 60),
    "user.slice/user-1000.slice/session-1.scope": (NODE, 5, 30),
}
FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
SOFTWARE = [*FFMPEG, "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=10", "-c:v", "mpeg4",
            "-threads", "1", "-f", "null", "-"]
HARDWARE = [*FFMPEG, "-vaapi_device", NODE, "-re", "-stream_loop", "-1", "-f", "rawvideo", "-r", "2",
            "-s", "128x128", "-pix_fmt", "nv12", "-i", "/tmp/in.nv12", "-vf", "hwupload", "-c:v",
            "h264_vaapi", "-coder", "cavlc", "-qp", "26", "-f", "null", "-"]


def make_names():
    """The folders of a Proxmox node that runs Kubernetes."""
    actors.mount_cgroups()
    containers = Path("/var/log/containers")
    containers.mkdir(parents=True, exist_ok=True)
    for name, uid in PODS.items():
        Path(f"/var/log/pods/media_{name}_{uid}/web").mkdir(parents=True, exist_ok=True)
        (containers / f"{name}_media_web-{container_id(name)}.log").symlink_to("/nowhere")
    actors.name_guests(("lxc", 201, "hostname: media\n"), ("qemu-server", 100, "name: win11\n"),
                       ("qemu-server", 101, f"name: worker1\nsmbios1: uuid={VM_UUID}\n"))


def start_kubelet():
    """Of those that it has assigned a GPU one uses it; one that uses it is not among them."""
    return Kubelet("/var/lib/kubelet/pod-resources/kubelet.sock", b"".join(
        pod("media", name, container("web", devices("gpu.intel.com/i915", "renderD128-0")))
        for name in ("jellyfin-1", "frigate-0")))


def start_users():
    for group, (node, video, render) in USERS.items():
        actors.start_user(group, node, ("video", video), ("render", render))


def start_transcodes():
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=128x128:rate=2", "-frames:v", "4",
                    "-pix_fmt", "nv12", "-f", "rawvideo", "/tmp/in.nv12"], check=True)
    driver = {"LIBVA_DRIVERS_PATH": os.environ["VA_DRIVERS"], "LIBVA_DRIVER_NAME": "fake",
              "FAKE_VA_ENGINE_NS": "50000000"}
    return {"hardware": subprocess.Popen(HARDWARE, env={**os.environ, **driver},
                                         preexec_fn=actors.enter("system.slice/jellyfin.service")),
            "software": subprocess.Popen(SOFTWARE, preexec_fn=actors.enter("lxc/201/ns/init.scope", 5))}


def mount_silence():
    """Before the machines start: they do not see what is mounted later."""
    lab.shell(f"modprobe fuse; mkdir -p {FUSE}")
    server = subprocess.Popen([sys.executable, str(LAB / "silent_fuse.py"), str(FUSE)],
                              stdout=subprocess.PIPE, text=True)
    if server.stdout.readline() != "mounted\n":
        sys.exit("FAIL: the silent file system is not mounted")


def on_machine(vendor, uuid, gpus):
    return ("unshare", "--mount", "--propagation=private", str(HERE / "machine.sh"), vendor, uuid,
            gpus)


class Scene:
    """Made at once; .exporters has those of the machines by name."""

    def __init__(self, interval="15s", outside=None):
        """outside: an address at which pve1's exporter listens, too."""
        self.is_broken = False
        lab.shell("lab_load gpus=4 ids=0x3e92,0x56a5,0x4680,0x3e92 slots=2,6,7,16 vfio=1")
        lab.shell(f"lab_give_to vfio-pci 2; vgpu_create GVTg_V5_4 {OWNED}; "
                  f"vgpu_create GVTg_V5_8 {FREE}")
        lab.shell("lab_set gpu3_scale 50")
        make_names()
        actors.hide_container()
        mount_silence()
        knobs(DRIVER)
        start_users()
        self.kubelet = start_kubelet()
        WEB_CONFIG.write_text("http_server_config:\n  headers:\n    X-Frame-Options: deny\n")
        self.vm = actors.start_vm(101, "worker1", VM_UUID, OWNED)
        self.transcodes = start_transcodes()
        listen = (f"--web.listen-address={outside}:{PORTS['pve1']}",) if outside else ()
        flags = ("--collector.cycles", "--vaapi.expect=h264,jpeg")
        self.exporters = {
            # The emulated card has a small BAR, the VA driver of tests needs a variable, and recorded VMs want
            # devices that were not recorded.
            "pve1": vaapi_exporter(*flags, *listen, "--check.ignore=rebar", interval=interval, timeout="45s",
                                   prefix=on_machine("ASUS", HOST_UUID, HOST_GPUS)),
            "worker1": self.other("worker1", *flags, "--check.ignore=va-variable", f"--web.config.file={WEB_CONFIG}", "--no-collector.transcode", "--no-collector.vgpu", "--no-collector.kubelet",
                                f"--vaapi.interval={interval}", "--vaapi.timeout=45s",
                                prefix=on_machine("QEMU", VM_UUID, GUEST_GPU)),
            "pve2": self.recorded("pve2", "alderlake-n100-sriov"),
            "pve3": self.recorded("pve3", "coffeelake-8500t-vfio")}
        subprocess.run(["cp", "-a", str(FIXTURES / "battlemage-b60-sriov"), "/tmp/pve4"], check=True)
        self.card = sensors.Card("/tmp/pve4")
        self.exporters["pve4"] = self.of_tree("pve4")

    @staticmethod
    def other(name, *flags, **more):
        drivers = {"LIBVA_DRIVERS_PATH": os.environ["VA_DRIVERS"], "LIBVA_DRIVER_NAME": "fake"}
        running = lab.exporter_test.Exporter(*flags, port=PORTS[name],
                                             env={**os.environ, **drivers}, **more)
        return running

    def recorded(self, name, fixture):
        # A copy: the machine's own files are slow to read from the guest.
        subprocess.run(["cp", "-a", str(FIXTURES / fixture), f"/tmp/{name}"], check=True)
        return self.of_tree(name)

    def of_tree(self, name):
        ignored = () if self.is_broken else ("--check.ignore=hostpci-config",)
        return self.other(name, "--no-collector.vaapi", f"--path.rootfs=/tmp/{name}", *ignored)

    def gpu(self, machine, address, there):
        """A machine gets a GPU or loses one."""
        link = Path(f"/proc/{self.exporters[machine].pid}/root/sys/bus/pci/devices/{address}")
        link.symlink_to(f"../../../devices/pci0000:00/{address}") if there else link.unlink()

    def move(self):
        """A load that comes and goes until the scene is broken, for pictures."""
        actors.move_load(lambda: not self.is_broken)

    def broken(self):
        """The VA driver is another one and fails; what transcodes does so in software; GPUs are
        overloaded, throttled, gone, given away in vain; perf events are denied; the VM has ended and left its
        vGPU; the pool is empty; a web configuration is not valid; and a card is hot, full and at its limit."""
        self.is_broken = True
        knobs(DRIVER, "CODED_SIZE=0", "VENDOR=another version")
        self.transcodes.pop("hardware").kill()
        time.sleep(2.5)  # what moves the load has seen it
        actors.set_load(1000, throttled=True)
        self.vm.stdin.close()
        self.vm.wait()
        number = 300
        while lab.shell("vgpu_available GVTg_V5_8") != "0":
            number += 1
            lab.shell(f"vgpu_create GVTg_V5_8 00000000-0000-0000-0000-000000000{number}")
        self.gpu("pve1", SPARE_GPU, there=True)
        WEB_CONFIG.write_text("headers: none\n")
        self.gpu("worker1", GUEST_GPU, there=False)
        self.exporters["pve2"].stop()
        self.card.spoil()
        actors.name_guests(("qemu-server", 100, "hostpci0: 0000:99:00.0\n"), ("lxc", 104, "dev0: /dev/dri/renderD199\n"),
                           root="/tmp/pve4")
        Path("/tmp/pve4/nodes.txt").touch()  # it has no device nodes
        self.exporters["pve4"].stop()
        self.exporters["pve4"] = self.of_tree("pve4")
        self.exporters["unprivileged"] = lab.exporter_test.Exporter(
            "--no-collector.vaapi", port=PORTS["unprivileged"],
            prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",))

    @staticmethod
    def hang():
        """Encode tests open a file that never answers, and cannot be killed."""
        knobs(DRIVER, f"HANG.h264=EndPicture:open={FUSE}/file")
