# SPDX-License-Identifier: Apache-2.0
"""What breaks in the hardware, and what becomes of it by what Debian's own i915 says: in the metrics, in the
alerts of a Prometheus that has the shipped rules on a clock 30 times as fast, and on the page. A GPU that is
throttled, an engine that is reset, a video engine that is dead, a GPU that is reset as a whole, and one that
i915 gives up."""
import subprocess
import sys
import time
from pathlib import Path

import lab
import lab_page
import lab_real
from lab_vaapi import WORKING, exporter as vaapi_exporter, first_round, knobs, results

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dashboards"))
import prometheus  # noqa: E402: it is found there only now

SCRAPES = 100
DEBUG = Path("/sys/kernel/debug")
THERMAL = 1 << 1  # of GT0_PERF_LIMIT_REASONS
VCS0 = 1 << 2     # the third engine of silicon/pci.c
THROTTLED = "IntelGpuThrottled/heat"
LOST = "IntelGpuHardwareAccelerationLost"
# Resolution sweeps, which an emulated processor takes a minute for, end at once.
DRIVER = "PROFILES=H264Main:vld+slice", "MAX=300x300"
# On the page.
WORKS, FAILS = r"✓ 1 of 1 expected codecs work", r"✗ 0 of 1 expected codecs work"


def found(metrics):
    """The results of the encode test."""
    return results(metrics, size="256x256")


def set_engine(engine, name, value):
    lab.shell(f'echo {value} >"$(lab_card)"/engine/{engine}/{name}')


def prepare():
    """The driver, with hangs of the render engine noticed in 3 s: the request to give way comes well before
    the loss of patience with it, which resets the engine once more and then the whole GPU. Of a hang of the
    video engine nothing is noticed before the encode tests have."""
    lab.shell("gpu_load")
    set_engine("rcs0", "heartbeat_interval_ms", 1000)
    set_engine("rcs0", "preempt_timeout_ms", 100)
    set_engine("vcs0", "heartbeat_interval_ms", 0)
    lab.shell(f"mountpoint -q {DEBUG} || mount -t debugfs none {DEBUG}")


def hang():
    """Work that never ends; returns when the driver has ended it."""
    return lab_real.work("render", 1, "--what", "hang").wait(timeout=180)


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def resets(metrics):
    return metrics.value("intel_gpu_resets_total")


def wedged(metrics):
    return metrics.value("intel_gpu_wedged")


def works(metrics):
    return metrics.value(WORKING, codec="h264")


def alerts(state="firing"):
    return prometheus.alerts(f'ALERTS{{alertstate="{state}"}}')


def lost():
    return {one for one in alerts() if one.startswith(LOST)}


def check_fires(checks, alert, text):
    checks.that(wait_until(lambda: alert in alerts(), 400), f"{text}: {alert} fires")


def check_ends(checks, alert, text):
    checks.that(wait_until(lambda: alert not in alerts(), 400), f"{text}: {alert} is resolved")


def throttled(metrics):
    return {dict(labels)["reason"] for labels, value in metrics.find("intel_gpu_throttled").items() if value}


def check_throttle(checks, exporter):
    """From the beginning of Prometheus' memory: it counts for half an hour."""
    lab.shell(f"gpu_set throttle {THERMAL}")
    # Short work in short distances: the GT is awake between any two scrapes.
    worker = lab_real.work("render", 5000, "--times", "0", "--every", "200ms")
    metrics = exporter.scrape_until(throttled, 30)
    checks.same(throttled(metrics), {"thermal"}, "throttled by its temperature")
    server = prometheus.start(jobs={"intel-gpu": ["pve1"]})
    checks.that(prometheus.wait_for("intel_gpu_throttled == 1", 120), "Prometheus has it")
    lab_page.see(checks, "throttled", r"Throttled\s+! thermal", WORKS)
    check_fires(checks, THROTTLED, "throttled for long")
    checks.same(lost(), set(), "throttled: acceleration is not lost")
    lab.shell("gpu_set throttle 0")
    metrics = exporter.scrape_until(lambda found: found.find("intel_gpu_throttled") and not throttled(found), 30)
    checks.same(throttled(metrics), set(), "not throttled any more")
    lab_page.see(checks, "not-throttled", r"Throttled\s+no", WORKS)
    worker.kill()
    worker.wait()
    check_ends(checks, THROTTLED, "not throttled any more")
    return server


def check_engine_reset(checks, exporter):
    metrics = exporter.scrape()
    checks.same((wedged(metrics), resets(metrics)), (0, 0), "a GPU that works: not wedged, never reset")
    hang()
    metrics = exporter.scrape()
    checks.that("Resetting rcs0" in lab.shell("dmesg"), "a hang: the driver resets the engine")
    checks.same((wedged(metrics), resets(metrics)), (0, 0), "which it announces to nobody, as the help says")
    lab_real.run(lab_real.work("render", 1000))
    lab_page.see(checks, "engine-reset", WORKS)
    checks.same(lost(), set(), "an engine's reset: no alert")


def check_dead_video(checks, exporter):
    lab.shell(f"gpu_set dead {VCS0}")
    metrics = exporter.scrape_until(lambda found: works(found) == 0, 120)
    checks.same((works(metrics), found(metrics)), (0, {"timeout"}), "a dead video engine: encoding fails")
    before = metrics.value("intel_gpu_engine_busy_seconds_total", engine="rcs0")
    lab_real.run(lab_real.work("render", 100000))
    busy = exporter.scrape().value("intel_gpu_engine_busy_seconds_total", engine="rcs0") - before
    checks.that(busy >= 0.099, f"its render engine works: {busy:.3f} s")
    checks.same((wedged(metrics), resets(metrics)), (0, 0), "i915 has not noticed")
    lab_page.see(checks, "dead-video-engine", FAILS, r"✗ fails\s+timeout: the driver did not end")
    check_fires(checks, f"{LOST}/tests", "a dead video engine")
    lab.shell("gpu_set dead 0")
    metrics = exporter.scrape_until(works, 120)
    checks.same(works(metrics), 1, "it lives again: encoding works")
    check_ends(checks, f"{LOST}/tests", "it lives again")


def check_whole_reset(checks, exporter):
    """Without resets of engines alone: what one that cannot be reset leads to."""
    (DEBUG / "dri/0/i915_params/reset").write_text("1")
    hang()
    metrics = exporter.scrape_until(resets, 60)
    checks.that("Resetting chip" in lab.shell("dmesg"), "a hang: the driver resets the whole GPU")
    checks.same((wedged(metrics), resets(metrics)), (0, 1), "which is counted; it is not wedged")
    lab_real.run(lab_real.work("render", 1000))
    lab_page.see(checks, "whole-reset", r"Resets\s+! 1 since the exporter began", WORKS)
    checks.same(lost(), set(), "a reset that helps: no alert")


def is_wedged():
    """By i915's own word. It says "Failed to reset chip" before."""
    return (DEBUG / "dri/0/i915_wedged").read_text().strip().endswith("1")


def check_wedge(checks, exporter):
    lab.shell("gpu_set no_reset 1")
    hang()
    checks.that(wait_until(is_wedged), "a GPU that does not come back from its reset: i915 gives it up")
    metrics = exporter.scrape()
    checks.same(wedged(metrics), 1, "a GPU that does not come back from its reset is wedged by the next scrape")
    checks.that("Failed to reset chip" in lab.shell("dmesg"), "i915 says why")
    refused = subprocess.run(["lab_submit", lab_real.node(None), "render", "1us"], capture_output=True, text=True)
    checks.that("Input/output error" in refused.stderr, f"it takes no work: {refused.stderr.strip()}")
    check_fires(checks, f"{LOST}/wedged", "wedged")
    metrics = exporter.scrape_until(lambda new: found(new) == {"wedged"}, 120)
    checks.same(found(metrics), {"wedged"}, "encode tests name the reason")
    lab_page.see(checks, "wedged", r"i915 ✗ has given the GPU up", FAILS, "wedged: the kernel's driver has given this GPU up")
    checks.same(lost(), {f"{LOST}/wedged"}, "one alert, with that cause")


def check_asleep(checks, power):
    """Without encode tests, which wake the GPU: it shows all the same, and of a GPU that sleeps."""
    exporter = lab.Exporter(*lab_page.FLAGS)
    (power / "autosuspend_delay_ms").write_text("100")
    asleep = wait_until(lambda: (power / "runtime_status").read_text().strip() == "suspended")
    checks.that(asleep, "it sleeps all the same")
    active = int((power / "runtime_active_time").read_text())
    seen = [wedged(exporter.scrape()) for _ in range(SCRAPES)]
    woken = int((power / "runtime_active_time").read_text()) - active
    checks.same((set(seen), woken), ({1}, 0), f"{SCRAPES} scrapes say so, and it is awake for {woken} ms")
    return exporter


def check_recovery(checks, exporter):
    """A write to this file of debugfs resets the GPU; a reset that succeeds ends it."""
    lab.shell(f"gpu_set no_reset 0; echo 1 >{DEBUG}/dri/0/i915_wedged")
    checks.same(wedged(exporter.scrape()), 0, "reset again: it is not wedged any more")
    lab_real.run(lab_real.work("render", 1000))
    check_ends(checks, f"{LOST}/wedged", "reset again")


def main():
    checks = lab.Checks()
    prepare()
    knobs(*DRIVER)
    exporter = vaapi_exporter(*lab_page.FLAGS, interval="10s", timeout="10s")
    checks.same(works(first_round(exporter)), 1, "H.264 works")
    server = check_throttle(checks, exporter)
    check_engine_reset(checks, exporter)
    check_dead_video(checks, exporter)
    check_whole_reset(checks, exporter)
    check_wedge(checks, exporter)
    exporter.stop()
    exporter = check_asleep(checks, Path(lab.shell("lab_pci_dir"), "power"))
    check_recovery(checks, exporter)
    exporter.stop()
    server.kill()
    checks.end()


main()
