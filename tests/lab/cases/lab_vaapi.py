# SPDX-License-Identifier: Apache-2.0
"""What the cases about VA-API tests share: the fake driver's knobs and the exporter that uses it."""
import os
import sys
import time
from pathlib import Path

import lab

DRIVERS = Path(os.environ["VA_DRIVERS"])
SUCCESS, RESULT = "intel_gpu_vaapi_probe_success", "intel_gpu_vaapi_probe_result"
WORKING = "intel_gpu_vaapi_codec_working"
LAST_RUN = "intel_gpu_vaapi_probe_last_run_timestamp_seconds"
# One encoder of H.264 and one of JPEG: as many tests as a fault needs to show its bounds. And with video processing.
TWO = "PROFILES=H264Main:vld+slice,JPEGBaseline:vld+picture"
FEW = TWO + ",None:videoproc"


def knobs(*lines, folder=DRIVERS):
    (folder / "fake_va.conf").write_text("\n".join(lines) + "\n")


def exporter(*flags, driver="fake", folder=DRIVERS, interval="2s", timeout="10s", **more):
    drivers = {"LIBVA_DRIVERS_PATH": str(folder), "LIBVA_DRIVER_NAME": driver} if driver else {}
    return lab.Exporter("--vaapi.expect=h264", f"--vaapi.interval={interval}",
                        f"--vaapi.timeout={timeout}", *flags, env={**os.environ, **drivers},
                        vaapi=True, **more)


def first_round(running, seconds=300, gpus=1):
    """The metrics once the first round of each GPU has ended. Looking for it costs little: an emulated processor
    has the tests to run."""
    end = time.monotonic() + seconds
    while len(running.scrape("?collect[]=vaapi").find(LAST_RUN)) < gpus:
        if time.monotonic() > end:
            sys.exit(f"FAIL: no round in {seconds} s: {running.log()}{running.scrape().text}")
        time.sleep(0.2)
    return running.scrape()


def results(metrics, **labels):
    return {dict(found)["result"] for found in metrics.find(RESULT, **labels)}


def is_doctor(pid):
    """A child that runs the checks, once a minute."""
    try:
        with open(f"/proc/{pid}/cmdline") as f:
            return "--check=rows" in f.read()
    except OSError:
        return False


def children(pid):
    """Children of any of its threads that test."""
    found = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children") as f:
                found |= {int(child) for child in f.read().split() if not is_doctor(child)}
        except OSError:  # it has ended
            pass
    return found
