# SPDX-License-Identifier: Apache-2.0
"""What --check says of real faults: the right first line, the right exit status, in two seconds, and nothing woken."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import lab
from lab_doctor import cause, check, failed, in_time, status, summary


def main():
    checks = lab.Checks()
    pci, render = lab.shell("lab_bdf"), None
    ban = Path("/etc/modprobe.d/from-a-guide.conf")
    # The guest has this machine's files, which may be a container's; what follows is a VM.
    for marker in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container"):
        Path(marker).unlink(missing_ok=True)

    cause(checks, "the driver is not loaded", check("--check.user=root"), "driver-none")
    ban.parent.mkdir(exist_ok=True)
    ban.write_text("# as a guide says\nblacklist i915\n")
    report = check("--check.user=root")
    cause(checks, "the driver is blacklisted", report, "module-blacklisted")
    checks.that(f"{ban}:2" in json.dumps(report), "the file and the line are named")
    lab.shell("modprobe fuse")
    fuse = subprocess.Popen([sys.executable, os.environ["LAB_SRC"] + "/silent_fuse.py", str(ban.parent)], text=True,
                            stdout=subprocess.PIPE)
    fuse.stdout.readline()
    checks.same(status(check("--check.user=root"), "module-blacklisted"), "unknown", "a directory that never answers is unknown")
    fuse.kill()
    fuse.wait()
    subprocess.run(["umount", "-l", str(ban.parent)], check=True)
    ban.unlink()

    lab.shell("gpu_load")
    render = lab.shell("lab_render")
    power = Path(lab.shell("lab_pci_dir"), "power")
    control = power / "control"
    control.write_text("on")
    report = check("--check.ignore=va-driver,va-loads,opencl")
    cause(checks, "a GPU that works", report, None, report["exit"] and 1)
    for one in ("driver-none", "node-present", "node-open", "wedged", "force-probe", "module-missing"):
        checks.same(status(report, one), "pass", f"{one} passes on it")
    checks.same(failed(report), [], "and nothing is a warning")

    report = check("--check.user=65534")
    cause(checks, "the node's group is not the user's", report, "node-open")
    os.chmod(render, 0o666)
    checks.same(status(check("--check.user=65534"), "node-open"), "pass", "who may open it, may")
    os.chmod(render, 0o660)
    Path(render).rename("/dev/away")
    cause(checks, "there is no render node", check("--check.user=root"), "node-present")
    Path(render).write_text("")
    cause(checks, "a file has the node's name", check("--check.user=root"), "node-present")
    Path("/dev/away").rename(render)

    control.write_text("auto")
    (power / "autosuspend_delay_ms").write_text("500")
    for _ in range(300):
        if (power / "runtime_status").read_text().strip() == "suspended":
            break
        time.sleep(0.1)
    active = int((power / "runtime_active_time").read_text())
    report = check("--check.user=root", "--check.ignore=va-driver,va-loads,opencl")
    woken = int((power / "runtime_active_time").read_text()) - active
    checks.same(((power / "runtime_status").read_text().strip(), woken), ("suspended", 0), "a GPU that sleeps is not woken")
    checks.same(failed(report), [], "and is no fault")
    control.write_text("on")

    lab.shell("lab_unbind")
    cause(checks, "the driver was unbound", check("--check.user=root"), "driver-none")
    Path(f"/sys/bus/pci/devices/{pci}/driver_override").write_text("vfio-pci\n")
    report = check("--check.user=root")
    cause(checks, "driver_override is left over", report, "driver-none")
    checks.that("driver_override" in summary(report, "driver-none"), "which is said")
    Path(f"/sys/bus/pci/devices/{pci}/driver_override").write_text("\n")

    # A mount namespace with another /dev, and the file that Docker makes.
    lab.shell("lab_bind")
    inside = subprocess.run(
        ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /dev/dri && touch /.dockerenv && exec "$EXPORTER" --check=json --check.user=root'],
        capture_output=True, text=True, timeout=60)
    Path("/.dockerenv").unlink(missing_ok=True)
    cause(checks, "a container without the device", json.loads(inside.stdout), "node-present")

    in_time(checks)
    checks.end()


main()
