# SPDX-License-Identifier: Apache-2.0
"""Debian's own i915 goes and comes back under scrapes without pause: the kernel has no complaint, and
every time the series are absent, then back and right."""
import os
import threading

import lab
import lab_real

BUSY = "intel_gpu_engine_busy_seconds_total"
COMPLAINT = r"WARNING:|BUG:|Oops|general protection|INFO: task"
CYCLES = lab.shorter(100, 10, "unbinds of Debian's driver under scrapes")


class Scrapes(threading.Thread):
    """Scrapes without pause; how many had engines, and how many had none."""

    def __init__(self, exporter):
        super().__init__()
        self.exporter, self.done = exporter, threading.Event()
        self.present = self.absent = 0

    def run(self):
        while not self.done.is_set():
            if self.exporter.scrape().find(BUSY):
                self.present += 1
            else:
                self.absent += 1

    def stop(self):
        self.done.set()
        self.join()


def use_freed_memory(number):
    """Each cgroup takes per-CPU memory, which an unregistered PMU has freed."""
    for i in range(20):
        os.mkdir(f"/sys/fs/cgroup/case-{number}-{i}")
    for i in range(20):
        os.rmdir(f"/sys/fs/cgroup/case-{number}-{i}")


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    exporter = lab.Exporter("--collector.cycles", "--collector.engine.wait")
    exporter.scrape_until(lambda metrics: metrics.find(BUSY))
    scrapes = Scrapes(exporter)
    scrapes.start()
    for number in range(CYCLES):
        lab.shell("lab_unbind")
        use_freed_memory(number)
        lab.shell("lab_bind")
        back = exporter.scrape_until(lambda metrics: metrics.find(BUSY), 10)
        if not back.find(BUSY):
            checks.that(False, f"cycle {number}: the series are not back: {exporter.log()}")
            break
    scrapes.stop()
    checks.that(scrapes.present and scrapes.absent,
                f"{CYCLES} x unbind, bind during {scrapes.present + scrapes.absent} scrapes: "
                f"{scrapes.absent} without series, {scrapes.present} with")
    complaints = lab.shell(f"dmesg | grep -E '{COMPLAINT}'", check=False)
    checks.that(not complaints, f"the kernel has no complaint {complaints[:500]}")
    pmus = lab_real.gpus()
    referee = lab_real.Referee(checks, exporter, pmus)
    first = referee.scrape()
    lab_real.run(lab_real.work("video", 300000))
    referee.judge(first, referee.scrape(), "after the last bind")
    exporter.stop()
    checks.end()


main()
