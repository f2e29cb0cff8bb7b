# SPDX-License-Identifier: Apache-2.0
"""Who uses an emulated GPU where people look at it: processes in control groups as Proxmox VE,
systemd and Kubernetes name them, a VM with a vGPU, transcodes; and a load that moves. For scripts
in the guest."""
import math
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
THROTTLED = 1 | 8  # pl1 and thermal, of the module's throttle_mask


def shell(command):
    """Runs a line with the lab's shell functions."""
    subprocess.run(["bash", "-c", f'. "$LAB_SRC/guest.sh"; {command}'], check=True)


def mount_cgroups():
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)


def name_guests(*guests, root=""):
    """(folder, number, configuration) of each, as Proxmox VE keeps them."""
    for folder, vmid, text in guests:
        Path(f"{root}/etc/pve/{folder}").mkdir(parents=True, exist_ok=True)
        Path(f"{root}/etc/pve/{folder}/{vmid}.conf").write_text(text)


def hide_container():
    """Marks of a container in which the guest's files may come from."""
    for path in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container"):
        Path(path).unlink(missing_ok=True)


def enter(cgroup, nice=0):
    """For preexec_fn: the process works there."""
    folder = CGROUPS / cgroup
    folder.mkdir(parents=True, exist_ok=True)

    def inside():
        (folder / "cgroup.procs").write_text("0")
        os.nice(nice)
    return inside


def start(cgroup, command, **more):
    """A process that says when it is ready."""
    process = subprocess.Popen(command, preexec_fn=enter(cgroup), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True, **more)
    process.stdout.readline()
    return process


def work(node, *charges):
    """Arguments of lab_submit: milliseconds of each class of engines in each fifth of a second."""
    return ["--times", "0", "--every", "200ms", *(["--mem", "24"] if charges else []), node,
            *(word for kind, ms in charges for word in (kind, f"{ms}ms"))]


def start_user(cgroup, node, *charges):
    return start(cgroup, ["lab_submit", *work(node, *charges)])


def start_vm(vmid, name, vm_uuid, vgpu):
    """A shell that calls itself QEMU and has the group of a vGPU open until its input ends."""
    mdev = f"/sys/bus/mdev/devices/{vgpu}"
    group = os.path.basename(os.readlink(f"{mdev}/iommu_group"))
    return start(f"qemu.slice/{vmid}.scope",
                 ["/usr/bin/kvm", "-c", f"exec 9</dev/vfio/{group}; echo ready; read line",
                  "-id", str(vmid), "-name", f"{name},debug-threads=on",
                  "-smbios", f"type=1,uuid={vm_uuid}",
                  "-device", f"vfio-pci,sysfsdev={mdev},id=hostpci0"], executable="/bin/sh")


def start_transcode(cgroup, command, cpu_ms, node="/dev/null", *charges):
    """What looks like this ffmpeg and takes processor time and the GPU's; without a node, no GPU.
    It is lab_submit at the path of that program."""
    program = Path(command[0])
    program.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(shutil.which("lab_submit"), program)
    words = ["--cpu", f"{cpu_ms}ms", *work(node, *charges)]
    return start(cgroup, command, env={**os.environ, "LAB_SUBMIT": " ".join(words)})


def set_load(video, throttled=False):
    """Per mille of the video engines, in steps of a working GPU. It sleeps only while none of its
    engines works, and users charge up to 200 on top."""
    for name, value in (("load_video", video), ("load_render", video // 3),
                        ("load_video_enhance", video // 2), ("rc6_permille", max(0, 700 - video)),
                        ("act_freq_mhz", 350 + 3 * video // 4), ("throttle_mask", THROTTLED if throttled else 0)):
        # An empty text alone would be no write at all.
        Path(f"/sys/module/i915/parameters/{name}").write_text(f"{value}\n")


def move_load(goes_on=lambda: True, share=1.0):
    """A load that comes and goes, for pictures."""
    def run():
        turn = 0
        while goes_on():
            set_load(int(share * (330 + 220 * math.sin(turn / 12) + 55 * math.sin(turn / 3))))
            turn += 1
            time.sleep(2)
    threading.Thread(target=run, daemon=True).start()
