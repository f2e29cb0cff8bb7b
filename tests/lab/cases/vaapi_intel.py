# SPDX-License-Identifier: Apache-2.0
"""Debian's unmodified media driver on emulated GPUs: what is exported as listed is what vainfo lists,
and no test of an encoder passes where nothing executes."""
import os
import re
import subprocess

import lab
from lab_vaapi import SUCCESS, WORKING, exporter, first_round, results

# Tiger Lake, Skylake, Coffee Lake, Ice Lake, Alder Lake-N.
DEVICES = ("9a49", "1912", "3e92", "8a52", "46d1")



def vainfo():
    """{(profile, entry point)}"""
    done = subprocess.run(["vainfo", "--display", "drm", "--device", lab.shell("lab_render")],
                          capture_output=True, text=True, timeout=60)
    return set(re.findall(r"VAProfile(\w+)\s*:\s*VAEntrypoint(\w+)", done.stdout))


def check_device(checks, device):
    lab.shell(f"lab_load ids=0x{device}")
    # H.264 at 256x256: other codecs end after a wait of 8 s and more in the driver, each.
    running = exporter("--vaapi.codecs=h264", driver=None, interval="1h", timeout="60s")
    metrics = first_round(running, 300)
    listed = {(dict(k)["profile"], dict(k)["entrypoint"])
              for k in metrics.find("intel_gpu_vaapi_entrypoint_info")}
    known = vainfo()
    checks.that(listed == known and len(known) > 10,
                f"{device}: as vainfo lists them: {len(known)} entry points {sorted(listed ^ known)}")
    checks.that(metrics.value("intel_gpu_vaapi_driver_info", va_driver="iHD") == 1, f"{device}: driver iHD")
    checks.that(metrics.find("intel_gpu_vaapi_rate_control_info", rate_control="CQP"), f"{device}: rate controls")
    tests = metrics.find(SUCCESS)
    checks.that(results(metrics) <= {"bitstream", "execute"} and len(tests) == 3 and not any(tests.values()),
                f"{device}: {len(tests)} encode tests, {sorted(results(metrics))}")
    checks.that(metrics.value(WORKING, codec="h264") == 0, f"{device}: H.264 does not work")
    running.stop()
    lab.shell("lab_unload")


def check_codecs(checks, device, codecs):
    """The probe by hand: what the driver takes of other codecs, to the end of vaEndPicture."""
    lab.shell(f"lab_load ids=0x{device}")
    probe = os.path.join(os.path.dirname(os.environ["EXPORTER"]), "intel_gpu_probe")
    for args in codecs:
        done = subprocess.run([probe, "--device", lab.shell("lab_render"), *args.split()],
                              capture_output=True, text=True, timeout=120)
        words = done.stdout[44:].split()
        checks.that(done.returncode == 1 and words and words[0] in ("bitstream", "execute"),
                    f"{device} {args}: {done.stdout.strip()}")
    lab.shell("lab_unload")


def main():
    checks = lab.Checks()
    for device in DEVICES[:lab.shorter(5, 2, "models of GPU with Intel's driver")]:
        check_device(checks, device)
    tests = ("--profile HEVCMain", "--codec jpeg", "--operation scale", "--profile HEVCMain10",
             "--codec vp9", "--operation tonemap")
    check_codecs(checks, "9a49", tests[:lab.shorter(6, 3, "tests by Intel's driver")])
    checks.end()


main()
