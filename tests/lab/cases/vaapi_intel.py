# SPDX-License-Identifier: Apache-2.0
"""Debian's unmodified media driver on Debian's own i915: what is exported as listed is what vainfo lists,
and no test of an encoder passes where nothing executes."""
import os
import re
import subprocess

import lab
import lab_real
from lab_vaapi import SUCCESS, WORKING, exporter, first_round, results


def vainfo(node):
    """{(profile, entry point)}"""
    done = subprocess.run(["vainfo", "--display", "drm", "--device", node], capture_output=True, text=True, timeout=60)
    return set(re.findall(r"VAProfile(\w+)\s*:\s*VAEntrypoint(\w+)", done.stdout))


def check_device(checks, metrics, device, pci):
    listed = {(dict(k)["profile"], dict(k)["entrypoint"])
              for k in metrics.find("intel_gpu_vaapi_entrypoint_info", pci=pci)}
    known = vainfo(lab_real.node(pci))
    checks.that(listed == known and len(known) > 10,
                f"{device}: as vainfo lists them: {len(known)} entry points {sorted(listed ^ known)}")
    checks.that(metrics.value("intel_gpu_vaapi_driver_info", pci=pci, va_driver="iHD") == 1, f"{device}: driver iHD")
    checks.that(metrics.find("intel_gpu_vaapi_rate_control_info", pci=pci, rate_control="CQP"),
                f"{device}: rate controls")
    tests, came_to = metrics.find(SUCCESS, pci=pci), results(metrics, pci=pci)
    checks.that(came_to <= {"bitstream", "execute"} and len(tests) == 3 and not any(tests.values()),
                f"{device}: {len(tests)} encode tests, {sorted(came_to)}")
    checks.that(metrics.value(WORKING, pci=pci, codec="h264") == 0, f"{device}: H.264 does not work")


def check_codecs(checks, device, pci, codecs):
    """The probe by hand: what the driver takes of other codecs, to the end of vaEndPicture."""
    probe = os.path.join(os.path.dirname(os.environ["EXPORTER"]), "intel_gpu_probe")
    for args in codecs:
        done = subprocess.run([probe, "--device", lab_real.node(pci), *args.split()],
                              capture_output=True, text=True, timeout=120)
        words = done.stdout[44:].split()
        # The picture of an operation is what lay in its memory.
        wanted = ("corrupt", "execute") if "--operation" in args else ("bitstream", "execute")
        checks.that(done.returncode == 1 and words and words[0] in wanted,
                    f"{device} {args}: {done.stdout.strip()}")


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    gpus = {device: lab.shell(f"lab_bdf {number}") for number, device in enumerate(os.environ["LAB_GPU"].split(","))}
    # H.264 at 256x256: other codecs end after a wait of 8 s and more in the driver, each.
    running = exporter("--vaapi.codecs=h264", driver=None, interval="1h", timeout="60s")
    metrics = first_round(running, 300 * len(gpus), len(gpus))
    for device, pci in gpus.items():
        check_device(checks, metrics, device, pci)
    running.stop()
    # VP9 is not listed: it wants firmware that this GPU does not have.
    tests = ("--profile HEVCMain", "--codec jpeg", "--operation scale", "--profile HEVCMain10", "--operation tonemap")
    check_codecs(checks, *next(iter(gpus.items())), tests[:lab.shorter(5, 3, "tests by Intel's driver")])
    checks.end()


main()
