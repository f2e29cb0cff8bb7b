# SPDX-License-Identifier: Apache-2.0
"""demo.py SCENE [FLAG...]: in the guest, the exporter on a machine for people to look at: Debian's own
i915 on an emulated GPU. VA_DRIVER is the VA driver that its encode tests use.

healthy  encode tests pass, a service transcodes on the GPU, a container's transcode does not
broken   the VA driver fails, and so does the service's transcode on the GPU: it uses the CPU"""
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import actors

NODE = "/dev/dri/renderD128"
VM_UUID, VGPU = "5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01", "00000000-0000-0000-0000-000000000101"
SERVICE, CONTAINER = "system.slice/jellyfin.service", "lxc/201/ns/init.scope"
SESSION = "user.slice/user-1000.slice/session-1.scope"
# Encode tests run as a user who may not enter root's folders, where the repository may be.
DRIVERS = Path("/tmp/demo")
# One profile of each: what an emulated processor tests in seconds.
PROFILES = "PROFILES=H264Main:vld+slice,HEVCMain:vld+slice,JPEGBaseline:vld+picture,None:videoproc"

JELLYFIN = ["/usr/lib/jellyfin-ffmpeg/ffmpeg", "-init_hw_device", f"vaapi=va:{NODE}", "-hwaccel",
            "vaapi", "-i", "/srv/media/film.mkv", "-c:v", "h264_vaapi", "-b:v", "8M", "-c:a", "aac",
            "-f", "hls", "/var/cache/jellyfin/film.m3u8"]
JELLYFIN_SOFTWARE = ["/usr/lib/jellyfin-ffmpeg/ffmpeg", "-i", "/srv/media/film.mkv", "-c:v",
                     "libx264", "-b:v", "8M", "-c:a", "aac", "-f", "hls",
                     "/var/cache/jellyfin/film.m3u8"]
FRIGATE = ["/usr/lib/ffmpeg/7.0/bin/ffmpeg", "-rtsp_transport", "tcp", "-i",
           "rtsp://127.0.0.1:8554/yard", "-r", "5", "-vf", "scale=1280:720", "-f", "rawvideo",
           "pipe:"]

NOTICE = ("Demonstration: nothing here is real hardware. Real: Debian's kernel and its own i915 driver. Emulated: "
          "the GPU. Its users are stand-ins, and the encode tests ran on the project's own test driver")
NOTICES = {"healthy": f"{NOTICE}.",
           "broken": f"{NOTICE}, which fails on purpose: the service's transcode fell back to software."}


def install_driver(*knobs):
    DRIVERS.mkdir()
    shutil.copy(os.environ["VA_DRIVER"], DRIVERS)
    (DRIVERS / "fake_va.conf").write_text("\n".join([PROFILES, *knobs]) + "\n")


def start_users(broken):
    actors.shell(f"vgpu_create GVTg_V5_4 {VGPU}")
    actors.mount_cgroups()
    actors.name_guests(("lxc", 201, "hostname: frigate\n"), ("qemu-server", 101, "name: desktop\n"))
    actors.start_vm(101, "desktop", VM_UUID, VGPU)
    # It detects objects on the GPU, and its cameras' pictures are decoded without.
    actors.start_user(CONTAINER, NODE, ("render", 25))
    actors.start_transcode(CONTAINER, FRIGATE, 60)
    if broken:
        actors.start_transcode(SERVICE, JELLYFIN_SOFTWARE, 90)
    else:
        actors.start_transcode(SERVICE, JELLYFIN, 8, NODE, ("video", 40), ("video-enhance", 10))


def move_load(most):
    """Programs of a person's session, of which more and fewer work; the clock follows."""
    users = [actors.start_user(SESSION, NODE, ("video", 30), ("render", 20)) for _ in range(most)]

    def run():
        turn = 0
        while True:
            working = round(most * (0.5 + 0.5 * math.sin(turn / 6)))
            for number, user in enumerate(users):
                user.send_signal(signal.SIGCONT if number < working else signal.SIGSTOP)
            actors.shell(f"gpu_set act_mhz {350 + 200 * working}")
            turn += 1
            time.sleep(2)
    threading.Thread(target=run, daemon=True).start()


def main():
    scene, flags = sys.argv[1], sys.argv[2:]
    actors.shell("gpu_load enable_gvt=1")
    actors.hide_container()
    install_driver(*(["CODED_SIZE=0"] if scene == "broken" else []))
    environment = {**os.environ, "LIBVA_DRIVERS_PATH": str(DRIVERS), "LIBVA_DRIVER_NAME": "fake"}
    # First: who waits for it needs not wait for the others.
    exporter = subprocess.Popen(
        [os.environ["EXPORTER"], "--collector.cycles", "--vaapi.expect=h264,hevc,jpeg",
         "--vaapi.interval=1m", "--vaapi.timeout=45s", f"--web.notice={NOTICES[scene]}", *flags],
        env=environment)
    start_users(scene == "broken")
    move_load(1 if scene == "broken" else 4)
    sys.exit(exporter.wait())


main()
