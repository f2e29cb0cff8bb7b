# SPDX-License-Identifier: Apache-2.0
"""What --check says of a GPU that a VM has, or is to have, on Proxmox VE; here one in a VM. The real vfio-pci needs an
IOMMU, which the lab has not: what is said of that is left out."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import lab
from lab_doctor import ask, check, failed, in_time, status, summary, warning

PVE, RUN = Path("/etc/pve"), Path("/run/qemu-server")
PVEVERSION = Path("/usr/bin/pveversion")
CONF = PVE / "qemu-server/122.conf"
FLAGS = ("--check.user=root",
         "--check.ignore=iommu-active,iommu-group,interrupt-remapping,cpu-virtualization,vfio-modules,cmdline-pending")


def main():
    checks = lab.Checks()
    for marker in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container"):
        Path(marker).unlink(missing_ok=True)
    lab.shell("lab_load vfio=1; lab_give_to vfio-pci")
    pci = lab.shell("lab_bdf")
    PVEVERSION.touch()
    CONF.parent.mkdir(parents=True)
    (PVE / "lxc").mkdir()
    RUN.mkdir(exist_ok=True)
    report = check(*FLAGS)
    checks.same(report["where"].get("platform"), "proxmox", "a Proxmox VE in a VM is one")
    warning(checks, "vfio-pci has the GPU, and no VM is to have it", report, "driver-vfio")

    CONF.write_text(f"name: k3s\nmachine: q35\nhostpci0: {pci},pcie=1\n")
    report = check(*FLAGS)
    warning(checks, "its VM is stopped", report, None)
    checks.that("VM 122 (k3s), which is stopped" in summary(report, "driver-vfio"), summary(report, "driver-vfio"))
    (RUN / "122.pid").write_text("1\n")
    report = check(*FLAGS)
    warning(checks, "its VM runs", report, None)
    checks.that("VM 122 (k3s), which runs" in summary(report, "driver-vfio"), summary(report, "driver-vfio"))
    checks.same(status(report, "node-present"), "skip", "the host has no node then, which is no fault")

    (PVE / "lxc/104.conf").write_text("hostname: frigate\ndev0: /dev/dri/renderD128,gid=104\n")
    warning(checks, "a container is to have it, too", check(*FLAGS), "lxc-dev")

    # The cluster's file system has lost its daemon.
    lab.shell("modprobe fuse")
    fuse = subprocess.Popen([sys.executable, os.environ["LAB_SRC"] + "/silent_fuse.py", str(PVE)], text=True, stdout=subprocess.PIPE)
    fuse.stdout.readline()
    for _ in range(5):
        report = ask(*FLAGS)
        if "pve-answers" in failed(report):
            break
    warning(checks, "a file system in place of /etc/pve that never answers", report, "pve-answers")
    checks.same(status(report, "driver-vfio"), "pass", "and nobody says that no VM has the GPU")
    fuse.kill()
    fuse.wait()
    subprocess.run(["umount", "-l", str(PVE)], check=True)

    PVEVERSION.unlink()
    shutil.rmtree(PVE)
    shutil.rmtree(RUN)
    in_time(checks)
    checks.end()


main()
