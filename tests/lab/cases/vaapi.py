# SPDX-License-Identifier: Apache-2.0
"""The vaapi collector on an emulated GPU with a VA driver that does wrong what it is told to.

Every fault has its result, in time, and costs the others nothing; the child has no rights; a
thousand metrics of a healthy GPU and none that was not measured.
"""
import os
import re
import signal
import sys
import time
from pathlib import Path

import lab

DRIVERS = Path(os.environ["VA_DRIVERS"])
CONF = DRIVERS / "fake_va.conf"
PCI = "0000:00:02.0"
TIMEOUT = 3  # seconds, of each test
FAST = ("--vaapi.interval=2s", f"--vaapi.timeout={TIMEOUT}s", "--vaapi.codecs=h264,jpeg",
        "--vaapi.expect=h264")
SUCCESS, RESULT = "intel_gpu_vaapi_probe_success", "intel_gpu_vaapi_probe_result"
WORKING = "intel_gpu_vaapi_codec_working"

# Knobs of the fake driver, and the result of H.264: an encode test's, or the driver's own.
FAULTS = [
    ("FAIL=Initialize:18", "driver_init"),
    ("NOENC=1", "unsupported"),
    ("FAIL.h264=CreateConfig:12", "create_config"),
    ("FAIL.h264=CreateContext:1", "create_context"),
    ("FAIL.h264=EndPicture:24", "submit"),
    ("FAIL.h264=SyncSurface:34", "execute"),
    ("CODED_SIZE.h264=0", "bitstream"),
    ("CODED_STATUS.h264=0x8000", "bitstream"),
    ("CORRUPT.h264=half", "corrupt"),
    ("CRASH.h264=EndPicture", "crash"),
    ("CRASH.h264=EndPicture:abort", "crash"),
    ("CRASH.h264=EndPicture:exit", "crash"),
    ("HANG.h264=EndPicture", "timeout"),
    ("HANG.h264=EndPicture:block", "timeout"),
    ("HANG.h264=SyncSurface:spin", "timeout"),
    ("NOISE=100000", "ok"),
    ("CRASH=Terminate", "ok"),
]


def knobs(text=""):
    CONF.write_text(text + "\n")


def exporter(*flags, driver="fake", **more):
    env = {**os.environ, "LIBVA_DRIVERS_PATH": str(DRIVERS), "LIBVA_DRIVER_NAME": driver}
    return lab.Exporter(*FAST, *flags, env=env, **more)


def first_round(running, seconds=60):
    """The metrics once the first round has ended."""
    metrics = running.scrape_until(
        lambda m: m.find("intel_gpu_vaapi_probe_last_run_timestamp_seconds"), seconds)
    if not metrics.find("intel_gpu_vaapi_probe_last_run_timestamp_seconds"):
        sys.exit(f"FAIL: no round in {seconds} s: {running.log()}{metrics.text}")
    return metrics


def results(metrics, **labels):
    return {dict(found)["result"] for found in metrics.find(RESULT, **labels)}


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        own = f.read().split()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            own += f.read().split()
    return set(map(int, own))


def check_healthy(checks):
    knobs()
    start = time.monotonic()
    running = exporter()
    ready = time.monotonic() - start
    early = running.scrape()
    checks.that(not early.find(WORKING) or time.monotonic() - start > 1,
                "before the first round nothing is claimed")
    checks.that(ready < 3, f"readiness does not wait for the tests ({ready:.1f} s)")
    metrics = first_round(running)
    checks.that(metrics.value(WORKING, codec="h264") == 1 and metrics.value("intel_gpu_vaapi_up") == 1,
                "healthy: up, and H.264 works")
    checks.that(len(metrics.find(SUCCESS)) == 7 and set(metrics.find(SUCCESS).values()) == {1},
                "6 tests of H.264 and one of JPEG pass")
    checks.that(min(metrics.find("intel_gpu_vaapi_probe_psnr_decibels", codec="h264").values()) == 100,
                "and are bit-exact: the fake driver does not compress H.264")
    seconds = metrics.find("intel_gpu_vaapi_probe_engine_seconds", codec="h264")
    checks.that(len(seconds) == 6 and min(seconds.values()) > 0,
                f"the GPU's own engine time of each test is there: {sorted(seconds.values())}")
    checks.that(metrics.value("intel_gpu_vaapi_driver_info", va_driver="fake", va_version="1.17") == 1,
                "the driver is named")
    checks.that(set(metrics.find("intel_gpu_vaapi_processing_success").values()) == {1} and
                len(metrics.find("intel_gpu_vaapi_processing_success")) == 2, "scaling and tone mapping work")
    checks.that(not metrics.find("intel_gpu_vaapi_probe_skipped") and
                metrics.value("intel_gpu_vaapi_probe_interval_seconds") == 2, "nothing is skipped")
    large = running.scrape_until(lambda m: len(m.find(SUCCESS, size="3840x2160")) == 7, 60)
    checks.that({dict(k)["size"] for k in large.find(SUCCESS)} ==
                {"256x256", "1280x720", "1920x1080", "3840x2160"} and
                set(large.find(SUCCESS).values()) == {1}, "the second round has large pictures, which pass")
    return running


def check_break_and_repair(checks, running):
    knobs("CODED_SIZE=0")
    broken = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 0, 30)
    checks.that(broken.value(WORKING, codec="h264") == 0, "a driver that begins to fail is noticed")
    knobs()
    repaired = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 1, 60)
    checks.that(repaired.value(WORKING, codec="h264") == 1, "and one that is repaired, too")
    checks.that(repaired.value("intel_gpu_vaapi_probe_failures_total") >= 7, "failures are counted")
    running.stop()


def check_fault(checks, knob, wanted):
    knobs(knob)
    start = time.monotonic()
    running = exporter("--vaapi.interval=1h")
    metrics = first_round(running)
    seconds = time.monotonic() - start
    found = results(metrics, codec="h264", size="256x256")
    tests = max(1, len(metrics.find(RESULT, codec="h264", size="256x256")))
    checks.that(found == {wanted}, f"{knob}: {wanted} (got {sorted(found)}, {seconds:.1f} s)")
    checks.that(seconds < 3 * (TIMEOUT * tests + 5), f"{knob}: the round ends in time")
    checks.that(metrics.value(WORKING, codec="h264") == (wanted == "ok"),
                f"{knob}: codec_working is {int(wanted == 'ok')}")
    if ".h264" in knob:
        checks.that(results(metrics, codec="jpeg") == {"ok"}, f"{knob}: JPEG's result is not lost")
    if wanted == "unsupported":
        checks.that(not metrics.find(SUCCESS), f"{knob}: no row of success")
    running.stop()


def check_missing(checks):
    """An alert hangs on codec_working: it is 0 right after the start, whatever is missing."""
    node = lab.shell("lab_render")
    cases = (("the render node is gone", f"mv {node} /tmp/node", f"mv /tmp/node {node}", "no_device"),
             ("no permission", f"chmod 0600 {node}", f"chmod 0660 {node}", "permission"))
    knobs()
    for name, before, after, wanted in cases:
        lab.shell(before)
        running = exporter()
        metrics = first_round(running)
        checks.that(metrics.value(WORKING, codec="h264") == 0 and results(metrics) == {wanted},
                    f"{name}: codec_working 0, {results(metrics)}")
        checks.that(metrics.value("intel_gpu_vaapi_up") == 0, f"{name}: up 0")
        lab.shell(after)
        repaired = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 1, 30)
        checks.that(repaired.value(WORKING, codec="h264") == 1, f"{name}: and 1 when it is back")
        running.stop()
    running = exporter(driver="nosuch")
    metrics = first_round(running)
    checks.that(metrics.value(WORKING, codec="h264") == 0 and results(metrics) == {"driver_missing"},
                "no driver file: codec_working 0, driver_missing")
    running.stop()
    running = exporter("--vaapi.expect=auto", driver="nosuch")
    metrics = first_round(running)
    checks.that(not metrics.find(WORKING) and results(metrics) == {"driver_missing"},
                "no driver installed, expect=auto: nothing is expected, and the reason is there")
    running.stop()
    knobs("FAIL=Initialize:18")
    running = exporter("--vaapi.expect=auto")
    checks.that(first_round(running).value(WORKING, codec="h264") == 0,
                "a driver that is installed and fails, expect=auto: H.264 is expected")
    running.stop()


def check_child(checks):
    """What the kernel says about a child of the daemon that runs as root."""
    knobs("HANG=Initialize")
    running = exporter("--vaapi.interval=1h", "--vaapi.timeout=30s")
    end, status = time.monotonic() + 10, ""
    while time.monotonic() < end and "NoNewPrivs:\t1" not in status:
        for pid in children(running.process.pid):
            try:
                text = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            if "intel_gpu_probe"[:15] in text:
                status, child = text, pid
        time.sleep(0.02)
    field = dict(re.findall(r"(\w+):\t(.*)", status))
    checks.that(all(int(field[f"Cap{name}"], 16) == 0 for name in ("Inh", "Prm", "Eff", "Amb")),
                "the child has no capability")
    checks.that(field["Uid"].split() == ["65534"] * 4 and field["Gid"].split() == ["65534"] * 4,
                "it is nobody")
    checks.that(field["Groups"].split() == ["105"], f"its only group is the node's: {field['Groups']}")
    checks.that(field["NoNewPrivs"] == "1", "it can gain nothing")
    checks.that(os.readlink(f"/proc/{child}/cwd") == "/" and os.getpgid(child) == child,
                "it is at the root, in a process group of its own")
    files = {os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")}
    checks.that(all(f.startswith(("/dev/null", "/dev/dri/", "pipe:")) for f in files),
                f"it holds the node and a pipe: {sorted(files)}")
    slow = [running.timed()[1] for _ in range(20)]
    checks.that(max(slow) < 0.15, f"scrapes while a test hangs: at most {max(slow) * 1e3:.0f} ms")
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    time.sleep(0.5)
    checks.that(not os.path.exists(f"/proc/{child}"), "it dies with the daemon")


def check_suspended(checks):
    knobs()
    lab.shell("lab_suspend")
    before = lab.get_parameter("wakes")
    running = exporter()
    time.sleep(5)
    metrics = running.scrape()
    checks.that(metrics.value("intel_gpu_vaapi_probe_skipped", reason="suspended") == 1 and
                metrics.value("intel_gpu_vaapi_probe_runs_total") == 0,
                "a sleeping GPU is not tested, and says so")
    checks.that(lab.get_parameter("wakes") == before, "and is not woken")
    checks.that(not metrics.find(WORKING), "nothing is claimed about it")
    running.stop()
    running = exporter("--vaapi.probe-suspended")
    checks.that(first_round(running).value(WORKING, codec="h264") == 1, "--vaapi.probe-suspended wakes it")
    running.stop()
    lab.shell("lab_resume")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    running = check_healthy(checks)
    check_break_and_repair(checks, running)
    for knob, wanted in FAULTS:
        check_fault(checks, knob, wanted)
    check_missing(checks)
    check_child(checks)
    check_suspended(checks)
    checks.end()


main()
