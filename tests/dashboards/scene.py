# SPDX-License-Identifier: Apache-2.0
"""What there is to see on a dashboard: an integrated and a discrete GPU with a load, vGPUs, a working
VA driver, and users of every kind."""
import subprocess
from pathlib import Path

import lab
from lab_vaapi import knobs

NODE = "/dev/dri/renderD128"
UID, ID = "0a1b2c3d-1111-2222-3333-444455556666", "aaaabbbbccccdddd" * 4
# Two encoders: what an emulated processor tests in a few seconds.
DRIVER = ("PROFILES=H264Main:vld+slice,JPEGBaseline:vld+picture,None:videoproc",)
VGPUS = {"GVTg_V5_4": ("00000000-0000-0000-0000-000000000101",
                       "00000000-0000-0000-0000-000000000102"),
         "GVTg_V5_8": ("00000000-0000-0000-0000-000000000103",)}
# Where each works, and how many milliseconds of video and render time in each fifth of a second.
USERS = {
    f"kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope": (50, 10),
    "lxc/201/ns/init.scope": (30, 5),
    "qemu.slice/100.scope": (20, 20),
    "system.slice/jellyfin.service": (40, 15),
    "user.slice/user-1000.slice/session-1.scope": (5, 30),
}


def make_names():
    """The folders of a Proxmox node that runs Kubernetes."""
    groups = Path("/sys/fs/cgroup")
    if not (groups / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(groups)], check=True)
    Path(f"/var/log/pods/media_jellyfin-0_{UID}/web").mkdir(parents=True)
    containers = Path("/var/log/containers")
    containers.mkdir(parents=True)
    (containers / f"jellyfin-0_media_web-{ID}.log").symlink_to("/nowhere")
    for folder, vmid, text in (("lxc", 201, "hostname: media\n"),
                               ("qemu-server", 100, "name: win11\n")):
        Path(f"/etc/pve/{folder}").mkdir(parents=True)
        Path(f"/etc/pve/{folder}/{vmid}.conf").write_text(text)


def start_users():
    for group, (video, render) in USERS.items():
        folder = Path("/sys/fs/cgroup") / group
        folder.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            ["lab_submit", "--times", "0", "--every", "200ms", "--mem", "8", NODE,
             "video", f"{video}ms", "render", f"{render}ms"],
            preexec_fn=lambda f=folder: (f / "cgroup.procs").write_text("0"),
            stdout=subprocess.PIPE, text=True)
        process.stdout.readline()


def make():
    lab.shell("lab_load gpus=2 ids=0x3e92,0x56a5")
    for kind, uuids in VGPUS.items():
        for uuid in uuids:
            lab.shell(f"vgpu_create {kind} {uuid}")
    make_names()
    knobs(*DRIVER)
    start_users()
