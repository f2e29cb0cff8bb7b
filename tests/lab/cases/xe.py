# SPDX-License-Identifier: Apache-2.0
"""An emulated Battlemage on the lab's own xe: what is said of it without its PMU, and that it is not woken for
that. What needs more time is in the cases xe_engines, xe_power, xe_unbind."""
import json
import os
import subprocess
import time
from pathlib import Path

import lab
import lab_xe

SCRAPES = 100


def check_gauges(checks, exporter):
    metrics = exporter.scrape()
    for name, labels, wanted in (
            ("intel_gpu_frequency_actual_hertz", {"gt": 0}, 2.4e9),
            ("intel_gpu_frequency_rp0_hertz", {"gt": 0}, 2.85e9),
            ("intel_gpu_frequency_rp0_hertz", {"gt": 1}, 1.5e9),
            ("intel_gpu_temperature_celsius", {"sensor": "pkg"}, 47),
            ("intel_gpu_temperature_celsius", {"sensor": "vram"}, 50),
            ("intel_gpu_fan_speed_rpm", {"fan": 1}, 1260),
            ("intel_gpu_power_limit_watts", {"sensor": "card", "limit": "max"}, 190),
            ("intel_gpu_sriov_vfs_supported", {}, 7),
            ("intel_gpu_sriov_vfs_enabled", {}, 0)):
        checks.same(metrics.value(name, **labels), wanted, f"{name}{labels or ''} is {wanted:g}")
    checks.that(metrics.find("intel_gpu_info", driver="xe"), "the driver is xe")


def diagnosis(check):
    """What --check says of it: the GPU is awake."""
    for _ in range(20):
        report = json.loads(subprocess.run([os.environ["EXPORTER"], "--check=json"], capture_output=True, text=True,
                                           check=False).stdout)
        found = next((one for one in report.get("checks", []) if one["id"] == check), {"status": "no answer"})
        if found["status"] != "no answer" and found.get("summary") not in ("no answer in time", "no time was left"):
            break
    return found


def check_wedged(checks):
    for wedged, status in (1, "fail"), (0, "pass"):
        lab_xe.put("wedged", wedged)
        said = diagnosis("wedged")
        checks.same(said["status"], status, f"wedged {wedged}: {said.get('summary')}")


def check_firmware(checks):
    """Who starts asks once, without root's rights and the kernel's log."""
    # The guest has this machine's files, which may be a container's.
    for marker in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container"):
        Path(marker).unlink(missing_ok=True)
    # Without an answer it may be a virtual function of a host: nothing is said.
    for huc, wanted, verdict in ("9.4.13", [("9.4.13", "running", "1")], "pass"), ("none", [], "unknown"):
        lab_xe.put("huc", huc)
        exporter = lab.Exporter()
        found = [dict(labels) for labels in exporter.scrape().find("intel_gpu_firmware_info", firmware="huc")]
        checks.same([(one.get("version"), one["status"], one["gt"]) for one in found], wanted,
                    f"HuC {huc}")
        said = diagnosis("firmware-huc")
        checks.same(said["status"], verdict, f"and so says --check: {said.get('summary')}")
        exporter.stop()
    lab_xe.put("huc", "9.4.13")


def check_throttle(checks, exporter):
    lab_xe.put("throttle_mask", 1 | 8)
    found = {dict(labels)["reason"] for labels, value in
             exporter.scrape().find("intel_gpu_throttled", gt="0").items() if value}
    checks.same(found, {"pl1", "thermal"}, "throttled by the power limit and heat")
    lab_xe.put("throttle_mask", 0)


def check_c6(checks, exporter, seconds=4):
    """Nobody holds forcewake: without VFs no event of an engine is open by default."""
    first = lab_xe.Bracketed(exporter)
    time.sleep(seconds)
    second = lab_xe.Bracketed(exporter)
    between = lab_xe.Between(first, second)
    for gt, share in ("0", 0.3), ("1", 0.6):
        lab_xe.is_exact(checks, between, f"C6 of GT {gt}", ("c6_read", gt), 1e-9, lab_xe.C6, gt=gt)
        # A busy machine's scrapes take long, and the reads are somewhere within.
        least, most = (ns * 1e-9 for ns in between.limits("time"))
        grown, off = between.grown(lab_xe.C6, gt=gt) or 0, 3 * lab_xe.POINTS * most
        checks.that(share * least - off <= grown <= share * most + off,
                    f"C6 of GT {gt}: {grown:.3f} s, a share of {share} of {least:.3f} to {most:.3f} s")
    for channel, sensor in enumerate(lab_xe.CHANNELS):
        lab_xe.is_exact(checks, between, f"joules of the {sensor}", ("energy_read", str(channel)), 1e-6, lab_xe.ENERGY,
                        sensor=sensor)


def check_sleep(checks, exporter):
    """The exporter has files and, by default, no event open: the GPU may sleep, and scrapes do not wake it."""
    power = Path(lab.shell("lab_pci_dir"), "power")
    checks.same((power / "control").read_text().strip(), "auto", "the driver lets the GPU sleep")
    checks.same(lab_xe.wait_status("suspended"), "suspended", "it does")
    lab_xe.put("wakes", 0)
    for _ in range(SCRAPES):
        metrics = exporter.scrape()
    checks.same((lab_xe.get("wakes"), lab_xe.wait_status("suspended", 0)), ("0", "suspended"),
                f"{SCRAPES} scrapes wake nothing")
    checks.that(metrics.value("intel_gpu_runtime_suspended") == 1, "it is exported as suspended")
    for name in ("intel_gpu_frequency_actual_hertz", "intel_gpu_throttled", "intel_gpu_temperature_celsius",
                 "intel_gpu_fan_speed_rpm"):
        checks.that(not metrics.find(name), f"what would wake it is absent: {name}")
    checks.that(metrics.find(lab_xe.ENERGY) and metrics.find(lab_xe.C6), "counters stand still")
    lab.shell('cat "$(lab_pci_dir)"/hwmon/hwmon*/energy1_input')
    checks.same(lab_xe.get("wakes"), "1", "a careless read wakes it once")


def main():
    checks = lab.Checks()
    lab_xe.load()
    lab.shell('echo on >"$(lab_pci_dir)"/power/control')
    check_firmware(checks)
    check_wedged(checks)
    exporter = lab.Exporter()
    check_gauges(checks, exporter)
    check_throttle(checks, exporter)
    check_c6(checks, exporter)
    lab.shell('echo auto >"$(lab_pci_dir)"/power/control')
    check_sleep(checks, exporter)
    exporter.stop()
    checks.end()


main()
