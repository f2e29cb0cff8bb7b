# SPDX-License-Identifier: Apache-2.0
"""Which VM has a vGPU of Debian's own kvmgt: processes that hold its VFIO group, with QEMU's command lines and in VMs'
control groups; vGPUs that nobody holds; and an exporter that may not look."""
import os
import signal
import subprocess
import time
from pathlib import Path

import lab

CGROUPS = Path("/sys/fs/cgroup")
MDEVS = "/sys/bus/mdev/devices"
A, B = "00000000-0000-0000-0000-000000000101", "c9d8c9a4-3e2f-4b5c-9d3e-1f2a3b4c5d6e"
VM_UUID = "5c1a9f0e-6d43-4b0f-8a55-3f1e7d2c9b01"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


def make_machine():
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)
    Path("/etc/pve/qemu-server").mkdir(parents=True, exist_ok=True)
    Path("/etc/pve/qemu-server/101.conf").write_text("name: media\n")


def group(uuid):
    return os.path.basename(os.readlink(f"{MDEVS}/{uuid}/iommu_group"))


def start(cgroup, program, *arguments, hold=None):
    """A shell that calls itself QEMU: what stands behind -c is its script, the rest its
    arguments. It has the group of a vGPU open, and ends with its standard input."""
    folder = CGROUPS / cgroup
    folder.mkdir(parents=True, exist_ok=True)
    script = (f"exec 9</dev/vfio/{group(hold)}; " if hold else "") + "echo ready; read line"
    process = subprocess.Popen([program, "-c", script, *arguments], executable="/bin/sh",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda: (folder / "cgroup.procs").write_text("0"))
    process.stdout.readline()
    return process


def end(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def owner(metrics, uuid):
    """(vmid, guest, vm_uuid, in use) of a vGPU."""
    rows = [dict(k) for k in metrics.find("intel_gpu_vgpu_info", uuid=uuid)]
    if len(rows) != 1:
        return rows
    return (*(rows[0].get(k) for k in ("vmid", "guest", "vm_uuid")),
            metrics.value("intel_gpu_vgpu_in_use", uuid=uuid))


def first_owner(exporter, uuid):
    """The owner as a new exporter's first scrapes show it: a scrape waits 0.1 s for a guest's name,
    so on a busy machine it comes with a later one. Also the metrics of that scrape."""
    for _ in range(50):
        metrics = exporter.scrape()
        found = owner(metrics, uuid)
        if found[1]:
            break
        time.sleep(0.2)
    return found, metrics


def check_vgpus(checks, exporter):
    lab.shell(f"vgpu_create GVTg_V5_4 {A}; vgpu_create GVTg_V5_8 {B}")
    found, _ = first_owner(exporter, A)
    checks.same(found, ("101", "media", None, 0),
                "nobody holds it, and its uuid names its VM: left over")
    checks.same(owner(exporter.scrape(), B), (None, None, None, 0), "nobody's")
    vm = start("qemu.slice/101.scope", "/usr/bin/kvm", "-id", "101", "-name",
               "media,debug-threads=on", "-smbios", f"type=1,uuid={VM_UUID}", "-device",
               f"vfio-pci,sysfsdev={MDEVS}/{A},id=hostpci0", hold=A)
    libvirt = start("machine.slice/machine-qemu\\x2d1\\x2dcams.scope/libvirt/emulator",
                    "/usr/bin/qemu-system-x86_64", "-name", "guest=cams", "-uuid", VM_UUID,
                    "-device", f'{{"driver":"vfio-pci","sysfsdev":"{MDEVS}/{B}"}}', hold=B)
    liar = start("user.slice/user-1000.slice/session-1.scope", "/usr/bin/kvm", "-id", "666",
                 "-device", f"vfio-pci,sysfsdev={MDEVS}/{A}")
    metrics = exporter.scrape()
    checks.same(owner(metrics, A), ("101", "media", VM_UUID, 1), "a VM of Proxmox VE holds it")
    checks.same(owner(metrics, B), (None, "cams", VM_UUID, 1), "a VM of libvirt holds it")
    checks.same(metrics.reason("vgpu"), None, "everything could be scanned")
    return vm, libvirt, liar


def check_nobody(checks):
    """Without rights: what command lines and control groups say, and no word about use."""
    exporter = lab.Exporter(prefix=NOBODY)
    found, metrics = first_owner(exporter, A)
    checks.same(found, ("101", "media", VM_UUID, None), "seen by its command line")
    checks.same(owner(metrics, B), (None, "cams", VM_UUID, None), "libvirt's, too")
    checks.same(metrics.reason("vgpu"), "permission", "and the reason is there")
    checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="vgpu") == 1,
                "vgpu works all the same")
    checks.that("collector incomplete" in exporter.log(), "the log says so")
    exporter.stop()


def check_end(checks, exporter, vm, libvirt, liar):
    end(vm)
    found, _ = first_owner(exporter, A)
    checks.same(found, ("101", "media", None, 0),
                "its VM has ended: left over, whoever says that he has it")
    checks.same(owner(exporter.scrape(), B)[3], 1, "the other one is in use")
    end(libvirt)
    end(liar)
    checks.same(owner(exporter.scrape(), B), (None, None, None, 0), "nobody's again")
    lab.shell(f"vgpu_remove {A}; vgpu_remove {B}")
    metrics = exporter.scrape()
    checks.that(not metrics.find("intel_gpu_vgpu_info") and
                not metrics.find("intel_gpu_vgpu_in_use"), "removed vGPUs have no rows")


def check_hidden(checks):
    """In another PID namespace nobody can know."""
    lab.shell(f"vgpu_create GVTg_V5_8 {A}")
    exporter = lab.Exporter(prefix=("unshare", "--pid", "--fork", "--mount-proc",
                                    "--kill-child"))
    found, metrics = first_owner(exporter, A)
    checks.same(found, ("101", "media", None, None), "a container: not said")
    checks.same(metrics.reason("vgpu"), "permission", "because of permission")
    exporter.stop(signal.SIGKILL)  # unshare ignores SIGTERM; its child dies with it
    lab.shell(f"vgpu_remove {A}")


def main():
    checks = lab.Checks()
    make_machine()
    lab.shell("gpu_load enable_gvt=1")
    exporter = lab.Exporter()
    checks.that(not exporter.scrape().find("intel_gpu_vgpu_in_use"), "no vGPU, no row")
    processes = check_vgpus(checks, exporter)
    exporter.stop()
    check_nobody(checks)
    exporter = lab.Exporter()
    check_end(checks, exporter, *processes)
    exporter.stop()
    check_hidden(checks)
    checks.end()


main()
