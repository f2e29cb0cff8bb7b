# SPDX-License-Identifier: Apache-2.0
"""The lab's xe goes while its perf events are open, with VFs and under scrapes without pause: the exporter has
closed them before the driver's PMU goes, series are absent, then back and right. Kernels with an xe PMU that
counts functions (6.16) revoke events that stay open, so one that a busy machine closes too late is harmless; what
is shown is that the watch does its work here, too, that no series is left of a GPU that is gone, and that nothing
is held."""
import os
import threading
import time

import lab
import lab_trace
import lab_xe
from lab_xe import BUSY

CYCLES = lab.shorter(20, 5, "unbinds")
COMPLAINT = "WARNING:|BUG:|Oops|general protection|INFO: task"


def series(exporter):
    return exporter.scrape_until(lambda metrics: metrics.find(BUSY), 20)


def closed_within(exporter, seconds):
    start = time.monotonic()
    while lab_xe.number_of_perf_events(exporter.pid):
        if time.monotonic() - start > seconds:
            return None
        time.sleep(0.01)
    return time.monotonic() - start


def cycle(exporter, number):
    lab.shell("lab_unbind")
    if closed_within(exporter, 2) is None:
        return f"cycle {number}: perf events stay open after the unbind"
    gone = exporter.scrape()
    left = [name for name in (BUSY, lab_xe.ENERGY, lab_xe.C6, "intel_gpu_frequency_actual_hertz",
                              "intel_gpu_temperature_celsius") if gone.find(name)]
    if left or gone.value("intel_gpu_up") != 1:
        return f"cycle {number}: series of a GPU without a driver: {left}"
    lab.shell("lab_bind; lab_vfs 2")
    back = series(exporter)
    if not back.find(BUSY) or not back.find(lab_xe.C6):
        return f"cycle {number}: series are not back: {back.text}"
    time.sleep(1)
    if not lab.rate(back, exporter.scrape(), BUSY, engine="rcs0"):
        return f"cycle {number}: the series is frozen"
    return None


def check_cycles(checks, exporter):
    wrong = next((found for found in (cycle(exporter, number) for number in range(CYCLES)) if found), None)
    checks.that(not wrong, wrong or f"{CYCLES} x unbind, bind with two VFs: series absent, then back")


def check_under_scrapes(checks, exporter):
    done, seen, wrong = threading.Event(), [0, 0], None

    def scrape():
        while not done.is_set():
            seen[bool(exporter.scrape().find(BUSY))] += 1

    thread = threading.Thread(target=scrape)
    thread.start()
    for number in range(CYCLES):
        # Without VFs nothing takes time between the unbind and the end of the PMU.
        lab.shell(f"lab_unbind; lab_bind; {'lab_vfs 2' if number % 3 == 2 else ''}")
        last = series(exporter)
        if not last.find(BUSY):
            errors = last.find("intel_gpu_scrape_collector_error", collector="engine")
            wrong = f"bind {number}: no series in 20 s, up {last.find('intel_gpu_up')}, {errors}"
            break
    done.set()
    thread.join()
    checks.that(all(seen) and not wrong, f"{CYCLES} x that under scrapes without pause: {seen[0]} without series, "
                f"{seen[1]} with {wrong or ''}")


def check_unload(checks, exporter):
    """rmmod fails while anybody has an event of the PMU open."""
    checks.that(series(exporter).find(BUSY) and lab_xe.number_of_perf_events(exporter.pid), "events are open")
    lab.shell("lab_unbind; sleep 0.2; rmmod xe")
    checks.that(not os.path.exists("/sys/module/xe"), "after an unbind the module can be unloaded")
    checks.that(not exporter.scrape().find(BUSY), "no series without the driver")


def main():
    checks = lab.Checks()
    lab_xe.load()
    lab_xe.program(render="100,200,300")
    lab_trace.watch_kernel()
    exporter = lab.Exporter("--collector.engine.xe=on")
    lab.shell("lab_vfs 2")
    checks.that(series(exporter).find(BUSY), "engines have series")
    check_cycles(checks, exporter)
    check_under_scrapes(checks, exporter)
    lab_trace.check(checks, tolerated=0.1)
    check_unload(checks, exporter)
    complaints = lab.shell(f"dmesg | grep -E '{COMPLAINT}'", check=False)
    checks.that(not complaints, f"the kernel has no complaint {complaints[:500]}")
    exporter.stop()
    checks.end()


main()
