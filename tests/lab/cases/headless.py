# SPDX-License-Identifier: Apache-2.0
"""A machine without a monitor and without users, whose GPU sleeps as Debian's own i915 lets it: encode tests
go on, it sleeps between their rounds, and when encoding breaks the alert fires though nobody used it. Five
times as fast as by default; the alert's rules thirty times."""
import sys
import time
from pathlib import Path

import lab
from lab_vaapi import LAST_RUN, WORKING, exporter as vaapi_exporter, first_round, knobs

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dashboards"))
import prometheus  # noqa: E402: it is found there only now

FASTER = 5
INTERVAL, DELAY = 300 / FASTER, 10 / FASTER  # of rounds and of falling asleep, seconds
ASLEEP = 0.95
# One test a round: an emulated processor takes a second for it.
DRIVER = "PROFILES=H264Main:vld+slice", "MAX=300x300"
ALERT = "IntelGpuHardwareAccelerationLost/tests"


class Watch:
    """How long the GPU was asleep, by the kernel's own account."""

    def __init__(self, power):
        self.power = power

    def is_asleep(self):
        return (self.power / "runtime_status").read_text().strip() == "suspended"

    def milliseconds(self):
        """Awake, asleep."""
        return [int((self.power / f"runtime_{state}_time").read_text()) for state in ("active", "suspended")]


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def check_gap(checks, running, watch, last):
    """From the end of a round to the wake-up for the next one; when that has ended."""
    begin = watch.milliseconds()
    slept = wait_until(watch.is_asleep, 3 * INTERVAL)
    woke = wait_until(lambda: not watch.is_asleep(), 3 * INTERVAL)
    awake, asleep = (after - before for after, before in zip(watch.milliseconds(), begin))
    share = asleep / (awake + asleep)
    metrics = running.scrape_until(lambda new: new.value(LAST_RUN) != last, 3 * INTERVAL)
    checks.that(slept and woke and metrics.value(LAST_RUN) != last, "it falls asleep, and is woken for a round")
    checks.same(metrics.value(WORKING, codec="h264"), 1, "which passes")
    checks.that(share >= ASLEEP, f"between rounds it slept for {share:.1%} of {(awake + asleep) / 1000:.0f} s")
    return metrics.value(LAST_RUN)


def main():
    checks = lab.Checks()
    minutes = lab.shorter(15, 10, "minutes of an idle machine")
    lab.shell("gpu_load")
    watch = Watch(Path(lab.shell("lab_pci_dir"), "power"))
    checks.same((watch.power / "control").read_text().strip(), "auto", "the driver lets the GPU sleep")
    (watch.power / "autosuspend_delay_ms").write_text(f"{DELAY * 1000:.0f}")
    knobs(*DRIVER)
    running = vaapi_exporter(interval=f"{INTERVAL:.0f}s", timeout="30s")
    server = prometheus.start(jobs={"intel-gpu": ["pve1"]})
    last = first_round(running).value(LAST_RUN)
    start, begin = time.monotonic(), watch.milliseconds()
    while time.monotonic() - start < 60 * minutes / FASTER - INTERVAL / 2:
        last = check_gap(checks, running, watch, last)
    awake, asleep = (after - before for after, before in zip(watch.milliseconds(), begin))
    print(f"{minutes} minutes in a fifth of the time: awake for {awake / (awake + asleep):.1%}, rounds included")
    checks.that(ALERT not in prometheus.alerts("count_over_time(ALERTS[1h])"), "not even a pending alert")

    checks.that(wait_until(watch.is_asleep, INTERVAL), "while it sleeps")
    knobs(*DRIVER, "CODED_SIZE=0")
    fires = wait_until(lambda: ALERT in prometheus.alerts('ALERTS{alertstate="firing"}'), 4 * INTERVAL)
    checks.that(fires, "the driver breaks: the alert fires, and nobody has used the GPU")
    running.stop()
    server.kill()
    checks.end()


main()
