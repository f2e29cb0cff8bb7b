# SPDX-License-Identifier: Apache-2.0
"""What breaks in the hardware, and what the exporter makes of what Debian's own i915 says of it: an engine
that is reset, a GPU that is reset as a whole, and one that i915 gives up."""
import subprocess
import time
from pathlib import Path

import lab
import lab_real

SCRAPES = 100
DEBUG = Path("/sys/kernel/debug")


def load(parameters=""):
    """The driver, with hangs noticed soon: by default it takes seconds."""
    lab.shell(f"""gpu_load {parameters}
        for engine in "$(lab_card)"/engine/*; do
            echo 100 >$engine/heartbeat_interval_ms
            echo 100 >$engine/preempt_timeout_ms
        done""")


def hang():
    """Work that never ends; returns when the driver has ended it."""
    process = lab_real.work("render", 1, "--what", "hang")
    return process.wait(timeout=120)


def resets(metrics):
    return metrics.value("intel_gpu_resets_total")


def wedged(metrics):
    return metrics.value("intel_gpu_wedged")


def check_engine_reset(checks):
    load()
    exporter = lab.Exporter()
    metrics = exporter.scrape_until(lambda found: wedged(found) is not None)
    checks.same((wedged(metrics), resets(metrics)), (0, 0), "a GPU that works: not wedged, never reset")
    hang()
    metrics = exporter.scrape()
    checks.that("Resetting rcs0" in lab.shell("dmesg"), "a hang: the driver resets the engine")
    checks.same((wedged(metrics), resets(metrics)), (0, 0), "which it announces to nobody, as the help says")
    lab_real.run(lab_real.work("render", 1000))
    exporter.stop()
    lab.shell("rmmod i915")


def check_whole_reset(checks, exporter):
    hang()
    metrics = exporter.scrape_until(resets, 30)
    checks.that("Resetting chip" in lab.shell("dmesg"), "a hang: the driver resets the whole GPU")
    checks.same((wedged(metrics), resets(metrics)), (0, 1), "which is counted; it is not wedged")
    lab_real.run(lab_real.work("render", 1000))


def check_wedge(checks, exporter, power):
    lab.shell("gpu_set no_reset 1")
    hang()
    lab.shell("lab_wait 60 sh -c 'dmesg | grep -q \"Failed to reset chip\"'")
    metrics = exporter.scrape()
    checks.same(wedged(metrics), 1, "a GPU that does not come back from its reset is wedged by the next scrape")
    refused = subprocess.run(["lab_submit", lab_real.node(None), "render", "1us"], capture_output=True, text=True)
    checks.that("Input/output error" in refused.stderr, f"it takes no work: {refused.stderr.strip()}")

    (power / "autosuspend_delay_ms").write_text("100")
    end = time.monotonic() + 30
    while (power / "runtime_status").read_text().strip() != "suspended" and time.monotonic() < end:
        time.sleep(0.1)
    checks.same((power / "runtime_status").read_text().strip(), "suspended", "it sleeps all the same")
    active = int((power / "runtime_active_time").read_text())
    seen = [wedged(exporter.scrape()) for _ in range(SCRAPES)]
    woken = int((power / "runtime_active_time").read_text()) - active
    checks.same((set(seen), woken), ({1}, 0), f"{SCRAPES} scrapes say so, and it is awake for {woken} ms")


def check_recovery(checks, exporter):
    """A write to this file of debugfs resets the GPU; a reset that succeeds ends it."""
    lab.shell(f"""gpu_set no_reset 0
        mountpoint -q {DEBUG} || mount -t debugfs none {DEBUG}
        echo 1 >{DEBUG}/dri/0/i915_wedged""")
    checks.same(wedged(exporter.scrape()), 0, "reset again: it is not wedged any more")
    lab_real.run(lab_real.work("render", 1000))


def main():
    checks = lab.Checks()
    check_engine_reset(checks)
    load("reset=1")  # no engine alone: what an engine that cannot be reset leads to
    exporter = lab.Exporter()
    exporter.scrape_until(lambda metrics: wedged(metrics) is not None)
    check_whole_reset(checks, exporter)
    check_wedge(checks, exporter, Path(lab.shell("lab_pci_dir"), "power"))
    check_recovery(checks, exporter)
    exporter.stop()
    checks.end()


main()
