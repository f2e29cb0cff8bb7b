# SPDX-License-Identifier: Apache-2.0
"""The vaapi collector on Debian's own i915: healthy, broken, repaired, missing, stuck, asleep; and what
a child of it may do."""
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import lab
from exporter_test import settled
from lab_vaapi import (FEW, SUCCESS, WORKING, children, exporter, first_round, knobs, results)


def check_healthy(checks, tests):
    knobs()
    start = time.monotonic()
    running = exporter("--vaapi.codecs=h264,jpeg", timeout="60s")
    ready = time.monotonic() - start
    early = running.scrape()
    checks.that(not early.find(WORKING) or time.monotonic() - start > 1,
                "before the first round nothing is claimed")
    checks.that(ready < 3 or not early.find(WORKING), f"readiness does not wait for the tests ({ready:.1f} s)")
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
    # Large pictures of all entry points take an emulated processor a minute.
    if tests == 2:
        knobs(FEW)
        os.kill(running.pid, signal.SIGUSR1)
    large = running.scrape_until(lambda m: len(m.find(SUCCESS, size="3840x2160")) == tests, 150)
    checks.that({dict(k)["size"] for k in large.find(SUCCESS)} ==
                {"256x256", "1280x720", "1920x1080", "3840x2160"} and
                set(large.find(SUCCESS).values()) == {1}, "the second round is a resolution sweep, which passes")
    return running


def check_break_and_repair(checks, running, tests):
    knobs("CODED_SIZE=0")
    failures = "intel_gpu_vaapi_probe_failures_total"
    broken = running.scrape_until(
        lambda m: m.value(WORKING, codec="h264") == 0 and m.value(failures) >= tests, 60)
    checks.that(broken.value(WORKING, codec="h264") == 0, "a driver that begins to fail is noticed")
    checks.that(broken.value(failures) >= tests, f"failures are counted: {broken.value(failures)}")
    knobs()
    repaired = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 1, 60)
    checks.that(repaired.value(WORKING, codec="h264") == 1, "and one that is repaired, too")
    os.kill(running.pid, signal.SIGUSR2)
    # The test that runs, ends.
    before = settled(lambda: running.scrape().value("intel_gpu_vaapi_probe_runs_total"), 4)
    time.sleep(4)
    checks.that(running.scrape().value("intel_gpu_vaapi_probe_runs_total") == before,
                "after SIGUSR2 no test starts: a VM is about to take the GPU")
    running.stop()


def check_stuck(checks):
    """A file system that reads a request and never answers: SIGKILL does not end who waits for it."""
    lab.shell("modprobe fuse; mkdir -p /tmp/fuse")
    server = subprocess.Popen([sys.executable, str(Path(__file__).parents[1] / "silent_fuse.py"), "/tmp/fuse"],
                              stdout=subprocess.PIPE, text=True)
    if server.stdout.readline() != "mounted\n":
        sys.exit("FAIL: the silent file system is not mounted")
    knobs(FEW, "HANG.h264=EndPicture:open=/tmp/fuse/file")
    running = exporter(interval="4s", timeout="8s")
    metrics = first_round(running)
    checks.that(results(metrics, codec="h264") == {"stuck"} and metrics.value(WORKING, codec="h264") == 0,
                "a child that cannot be killed is stuck")
    # The checks' child is not known as such before its exec(2).
    end = time.monotonic() + 5
    while len(stuck := children(running.pid)) != 1 and time.monotonic() < end:
        time.sleep(0.1)
    checks.that(len(stuck) == 1, f"it is still there: {stuck}")
    checks.that(metrics.value("intel_gpu_vaapi_probe_skipped", reason="stuck") == 1,
                "and keeps other tests from the GPU")
    # Were they held up, all of them would be.
    seconds = sorted(running.timed()[1] for _ in range(20))
    print(f"20 scrapes meanwhile: {seconds[10] * 1e3:.1f} ms, the slowest {seconds[19] * 1e3:.1f} ms")
    checks.that(seconds[10] < 0.5 and seconds[19] < 2, "scrapes are not held up: one that is takes 2 s")
    runs = metrics.value("intel_gpu_vaapi_probe_runs_total")
    time.sleep(6)
    checks.that(running.scrape().value("intel_gpu_vaapi_probe_runs_total") == runs, "no other child is started")
    knobs(FEW)
    server.kill()
    server.wait()
    repaired = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 1, 60)
    checks.that(repaired.value(WORKING, codec="h264") == 1 and not repaired.find("intel_gpu_vaapi_probe_skipped",
                                                                                  reason="stuck"),
                "when it is gone, tests go on")
    checks.that(not stuck & children(running.pid), "and it is reaped")
    start = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    running.process.wait()
    checks.bound(time.monotonic() - start, 2, "the daemon ends")


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
        repaired = running.scrape_until(lambda m: m.value(WORKING, codec="h264") == 1, 120)
        checks.that(repaired.value(WORKING, codec="h264") == 1, f"{name}: and 1 when it is back")
        running.stop()
    probe = os.path.join(os.path.dirname(os.environ["EXPORTER"]), "intel_gpu_probe")
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", probe],
                          capture_output=True, text=True)
    checks.that(done.returncode == 2 and " permission\n" in done.stdout and done.stdout.count("\n") == 2,
                f"by hand as nobody: {done.stdout.strip()}")
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


def descriptors(pid):
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:  # closed meanwhile
            pass
    return found


def check_child(checks):
    """What the kernel says about a child of the daemon that runs as root."""
    knobs("HANG=Initialize")
    running = exporter(interval="1h", timeout="30s")
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
                f"it is nobody: {field['Uid']}; {field['Gid']}")
    checks.that(field["Groups"].split() == ["105"], f"its only group is the node's: {field['Groups']}")
    checks.that(field["NoNewPrivs"] == "1", "it can gain nothing")
    checks.that(os.readlink(f"/proc/{child}/cwd") == "/" and os.getpgid(child) == child,
                "it is at the root, in a process group of its own")
    # On a busy machine it still reads how the tests' driver is to behave.
    def more():
        return sorted(f for f in descriptors(child) if not f.startswith(("/dev/null", "/dev/dri/", "pipe:")))

    end = time.monotonic() + 10
    while more() and time.monotonic() < end:
        time.sleep(0.1)
    checks.same(more(), [], "it holds the node and a pipe")
    limits = Path(f"/proc/{child}/limits").read_text()
    checks.that(re.search(r"Max file size +0 +0 ", limits) and re.search(r"Max core file size +0 +0 ", limits),
                "it can write no file and leaves no core")
    maps = Path(f"/proc/{running.pid}/maps").read_text()
    checks.that("libva" not in maps and "libva" in Path(f"/proc/{child}/maps").read_text(),
                "libva is mapped in the child, and not in the daemon")
    hanging = sorted(running.timed()[1] for _ in range(40))
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    end = time.monotonic() + 10
    while os.path.exists(f"/proc/{child}") and time.monotonic() < end:
        time.sleep(0.1)
    checks.that(not os.path.exists(f"/proc/{child}"), "it dies with the daemon")
    knobs(FEW)
    running = exporter(interval="1h")
    first_round(running)
    quiet = sorted(running.timed()[1] for _ in range(40))
    print(f"a scrape takes {hanging[20] * 1e3:.1f} ms while a test hangs, {quiet[20] * 1e3:.1f} ms without")
    checks.that(hanging[20] < 3 * quiet[20], "a test that hangs costs scrapes nothing")
    running.stop()


def check_suspended(checks):
    knobs()
    power = Path(lab.shell("lab_pci_dir"), "power")
    (power / "autosuspend_delay_ms").write_text("100")
    lab.shell(f"lab_wait 60 grep -qx suspended {power}/runtime_status")
    before = (power / "runtime_active_time").read_text()
    running = exporter("--vaapi.probe-suspended=never")
    time.sleep(5)
    metrics = running.scrape()
    checks.that(metrics.value("intel_gpu_vaapi_probe_skipped", reason="suspended") == 1 and
                metrics.value("intel_gpu_vaapi_probe_runs_total") == 0,
                "a sleeping GPU is not tested, and says so")
    checks.that((power / "runtime_active_time").read_text() == before, "and is not woken")
    checks.that(not metrics.find(WORKING), "nothing is claimed about it")
    running.stop()
    running = exporter()
    checks.that(first_round(running).value(WORKING, codec="h264") == 1, "an integrated one is woken for a round")
    running.stop()


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    tests = lab.shorter(7, 2, "encode tests of a resolution sweep")
    running = check_healthy(checks, tests)
    check_break_and_repair(checks, running, tests)
    check_stuck(checks)
    check_missing(checks)
    check_child(checks)
    check_suspended(checks)
    checks.end()


main()
