# SPDX-License-Identifier: Apache-2.0
"""What --check says of real faults: the right first line, the right exit status, in two seconds, and nothing woken."""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import lab
from lab_doctor import ask, cause, check, failed, in_time, status, summary

DRIVERS = Path(os.environ["VA_DRIVERS"])
FAKE = {"LIBVA_DRIVERS_PATH": str(DRIVERS), "LIBVA_DRIVER_NAME": "fake"}


def va_loads(checks, what, knob, wanted, severity=None):
    """With the tests' driver; an emulated processor may need longer than the second that a list has."""
    (DRIVERS / "fake_va.conf").write_text(knob)
    for _ in range(20):
        report = check("--check.user=root", "--check.ignore=opencl,va-variable", env=FAKE)
        if status(report, "va-loads") != "unknown":
            break
    found = next(c for c in report["checks"] if c["id"] == "va-loads")
    checks.same((found["status"], found.get("severity")), (wanted, severity), f"{what}: {found.get('summary')}")
    (DRIVERS / "fake_va.conf").unlink()


def contained(checks, what, *command):
    """The doctor inside, as a program of a container has it."""
    inside = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    try:
        report = json.loads(inside.stdout)
    except ValueError:
        checks.that(False, f"{what}: {inside.stdout[-500:]}{inside.stderr[-500:]}")
        return {}
    cause(checks, what, report, "node-present")
    return report


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
    report = {}
    while "checks" not in report:
        report = ask("--check.user=root")
    checks.same(status(report, "module-blacklisted"), "unknown", "a directory that never answers is unknown")
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
    with open("/etc/passwd", "a") as users:
        users.write("jellyfin:x:990:990::/:/bin/false\n")
    report = check("--check.user=jellyfin")
    cause(checks, "a user by name is not in the node's group", report, "node-open")
    checks.that("jellyfin" in summary(report, "node-open"), "he is named")
    os.chown(render, 0, 990)
    checks.same(status(check("--check.user=jellyfin"), "node-open"), "pass", "his own group's node opens")
    checks.same(status(check("--check.user=65534"), "node-open"), "fail", "and is the wrong one for others")
    lab.shell("lab_nodes")

    va_loads(checks, "a VA driver that works",
             "PROFILES=H264Main:vld+slice,HEVCMain:vld+slice,VP9Profile0:vld+slice,JPEGBaseline:vld+picture\n", "pass")
    va_loads(checks, "a VA driver without encoders", "NOENC=1\n", "fail", "warning")
    va_loads(checks, "a VA driver that does not initialise", "FAIL=Initialize:18\n", "fail", "error")
    va_loads(checks, "a VA driver that crashes", "CRASH=Initialize\n", "fail", "error")

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
    contained(checks, "a container without the device", "unshare", "-m", "sh", "-c",
              'mount -t tmpfs none /dev/dri && touch /.dockerenv && exec "$EXPORTER" --check=json --check.user=root')
    Path("/.dockerenv").unlink(missing_ok=True)
    # A real one: namespaces, a /dev of its own, a device control group.
    lab.shell("mkdir /run/root && mount --bind / /run/root")
    report = contained(checks, "a container of systemd-nspawn", "systemd-nspawn", "--quiet", "--directory=/run/root", "--register=no",
                       "--keep-unit", "--link-journal=no", "--as-pid2", "--console=pipe",
                       f"--bind-ro={os.environ['EXPORTER']}:/run/exporter", "/run/exporter", "--check=json", "--check.user=root")
    checks.that("systemd-nspawn" in report.get("where", {}).get("chain", []), f"its name is known: {report.get('where')}")

    # i915 submits through GuC, whose firmware is not there: it gives the GPU up at once.
    lab.shell("gpu_unload; mkdir -p /lib/firmware; mount -t tmpfs none /lib/firmware; gpu_load enable_guc=3")
    report = check("--check.user=root", "--check.ignore=va-driver,va-loads,opencl")
    cause(checks, "the GuC firmware is missing", report, "firmware-guc")
    checks.same(status(report, "wedged"), "skip", "that the GPU is given up is what follows")

    in_time(checks)
    checks.end()


main()
