# SPDX-License-Identifier: Apache-2.0
"""Every fault of a VA driver has its result, in time, and costs other codecs nothing."""
import queue
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lab
from lab_vaapi import (DRIVERS, RESULT, SUCCESS, TWO, WORKING, exporter, first_round, knobs, results)

TIMEOUT = 8  # seconds, of each test: twice what an emulated processor on a busy machine took

# Knobs of the fake driver, and the result of H.264: an encode test's, or the driver's own.
FAULTS = [
    ("FAIL=Initialize:18", "driver_init"),
    ("CRASH=Initialize", "crash"),
    ("HANG=Initialize", "timeout"),
    ("NOENC=1", "unsupported"),
    ("FAIL.h264=CreateConfig:12", "create_config"),
    ("FAIL.h264=CreateContext:1", "create_context"),
    ("MAX.h264=128x128", "create_context"),
    ("FAIL.h264=BeginPicture:1", "submit"),
    ("FAIL.h264=RenderPicture:1", "submit"),
    ("FAIL.h264=EndPicture:24", "submit"),
    ("FAIL.h264=SyncSurface:34", "execute"),
    ("FAIL.h264=MapCoded:24", "execute"),
    ("CODED_SIZE.h264=0", "bitstream"),
    ("CODED_STATUS.h264=0x8000", "bitstream"),
    ("CODED_NULL.h264=1", "bitstream"),
    ("NAL.h264=1", "bitstream"),
    ("CORRUPT.h264=half", "corrupt"),
    ("CORRUPT_DEC.h264=green", "corrupt"),
    ("CORRUPT.h264=noise:9", "corrupt"),
    ("CRASH.h264=EndPicture", "crash"),
    ("CRASH.h264=EndPicture:abort", "crash"),
    ("CRASH.h264=EndPicture:fpe", "crash"),
    ("CRASH.h264=EndPicture:kill", "crash"),
    ("CRASH.h264=EndPicture:exit", "crash"),
    ("HANG.h264=EndPicture", "timeout"),
    ("HANG.h264=EndPicture:block", "timeout"),
    ("HANG.h264=SyncSurface:spin", "timeout"),
    ("CODED_SEGMENTS=5", "ok"),
    ("NODEC=1", "ok"),
    ("DERIVE=off", "ok"),
    ("NOISE=100000", "ok"),
    ("SLOW.h264=EndPicture:50", "ok"),
    ("CRASH=Terminate", "ok"),
]


def make_driver(number):
    """One that is broken while another one hangs: its folder, and the port of its exporter."""
    folder = Path(f"/tmp/driver{number}")
    folder.mkdir()
    shutil.copy(DRIVERS / "fake_drv_video.so", folder)
    return folder, lab.PORT + number


def check_fault(checks, driver, knob, wanted):
    folder, port = driver
    knobs(TWO, knob, folder=folder)
    start = time.monotonic()
    running = exporter("--vaapi.codecs=h264,jpeg", folder=folder, port=port, interval="1h",
                       timeout=f"{TIMEOUT}s")
    metrics = first_round(running)
    seconds = time.monotonic() - start
    found = results(metrics, codec="h264", size="256x256")
    checks.that(found == {wanted}, f"{knob}: {wanted} (got {sorted(found)}, {seconds:.1f} s)")
    checks.that(seconds < 3 * (TIMEOUT + 5), f"{knob}: the round ends in time")
    checks.that(metrics.value(WORKING, codec="h264") == (wanted == "ok"),
                f"{knob}: codec_working is {int(wanted == 'ok')}")
    if ".h264" in knob:
        checks.that(results(metrics, codec="jpeg") == {"ok"}, f"{knob}: JPEG's result is not lost")
    if wanted == "unsupported":
        checks.that(not metrics.find(SUCCESS), f"{knob}: no row of success")
    if knob == "NODEC=1":
        checks.that(not metrics.find("intel_gpu_vaapi_probe_psnr_decibels"), f"{knob}: no PSNR")
    checks.that(len(metrics.find(RESULT, codec="h264")) == 1, f"{knob}: one result")
    running.stop()


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    drivers = queue.Queue()
    for number in range(2):
        drivers.put(make_driver(number))

    def check(fault):
        driver = drivers.get()
        try:
            check_fault(checks, driver, *fault)
        finally:
            drivers.put(driver)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, FAULTS))
    checks.end()


main()
