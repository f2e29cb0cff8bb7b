# SPDX-License-Identifier: Apache-2.0
"""Debian's own i915 goes while its perf events are open: the host lives, the kernel has no complaint,
series are absent, then back and right.

On this kernel (before 6.16) an event that stays open over perf_pmu_unregister() corrupts memory:
without the watch for who opens "unbind" this case ends in a panic on most machines, and without the
listener for uevents, too, on all.
"""
import os
import signal
import subprocess
import sys
import threading
import time

import lab
import lab_real
import lab_trace

CYCLES = lab.shorter(20, 3, "unbinds of each kind")
# Two readers together: more than a queue of inotify(7) holds (fs.inotify.max_queued_events: 16384).
OPENS = lab.shorter(40000, 15000, "opens of the driver's directory by each reader")
UNDER_SCRAPES = lab.shorter(100, 10, "unbinds of Debian's driver under scrapes without pause")
COMPLAINT = r"WARNING:|BUG:|Oops|general protection|INFO: task"
BUSY = "intel_gpu_engine_busy_seconds_total"


def perf_fds(pid):
    found = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += "perf_event" in os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


def make_cgroups(number):
    """Starting a VM does this; each takes per-CPU memory, which an unregistered PMU has freed."""
    for i in range(40):
        os.mkdir(f"/sys/fs/cgroup/case-{number}-{i}")
    for i in range(40):
        os.rmdir(f"/sys/fs/cgroup/case-{number}-{i}")


def series(exporter):
    """The first scrape with engines: until a second after an unbind was announced there are none."""
    return exporter.scrape_until(lambda metrics: metrics.find(BUSY), 10)


def closed_within(exporter, seconds):
    start = time.monotonic()
    while perf_fds(exporter.process.pid):
        if time.monotonic() - start > seconds:
            return None
    return time.monotonic() - start


def cycle(checks, exporter, number, cgroups):
    lab.shell("lab_unbind")
    if cgroups:
        make_cgroups(number)
    time.sleep(0.05)
    if closed_within(exporter, 2) is None:
        return f"cycle {number}: perf events stay open after the unbind"
    gone = exporter.scrape()
    if gone.find(BUSY) or gone.find("intel_gpu_frequency_actual_hertz"):
        return f"cycle {number}: series of a GPU without a driver"
    if dict(list(gone.find("intel_gpu_info"))[0])["driver"] != "none" or gone.value("intel_gpu_up") != 1:
        return f"cycle {number}: the GPU is there, without a driver"
    lab.shell("lab_bind")
    back = series(exporter)
    later = exporter.scrape()
    if not back.find(BUSY) or not later.find("intel_gpu_frequency_actual_hertz"):
        return f"cycle {number}: series are not back: {back.text}"
    lab_real.run(lab_real.work("video", 20000))
    if not lab.rate(back, exporter.scrape(), BUSY, engine="vcs0"):
        return f"cycle {number}: the series is frozen"
    return None


def cycles(checks, exporter, cgroups, text):
    for number in range(CYCLES):
        wrong = cycle(checks, exporter, number, cgroups)
        if wrong:
            checks.that(False, wrong)
            return
        print(f"  {text}: {number + 1} of {CYCLES}", file=sys.stderr, flush=True)
    checks.that(True, f"{CYCLES} x {text}: the guest lives, series absent, then back")


class Scrapes(threading.Thread):
    """Scrapes without pause; how many had engines, and how many had none. Prometheus does not know when
    a driver goes: some scrape opens the events right then."""

    def __init__(self, exporter):
        super().__init__(daemon=True)
        self.exporter, self.done = exporter, threading.Event()
        self.present = self.absent = 0
        self.start()

    def run(self):
        while not self.done.is_set():
            if self.exporter.scrape().find(BUSY):
                self.present += 1
            else:
                self.absent += 1

    def stop(self):
        self.done.set()
        self.join()


def check_scrapes_meanwhile(checks, exporter):
    scrapes = Scrapes(exporter)
    for number in range(UNDER_SCRAPES):
        # The first scrape opens the events one by one: a second unbind is to meet that.
        again = f"lab_bind; sleep 0.0{number % 5}; lab_unbind" if number % 3 == 0 else ""
        lab.shell(f"lab_unbind; {again}")
        make_cgroups(number)
        lab.shell("lab_bind")
        if not series(exporter).find(BUSY):
            checks.that(False, f"cycle {number}: the series are not back: {exporter.log()}")
            break
    scrapes.stop()
    checks.that(scrapes.present and scrapes.absent,
                f"{UNDER_SCRAPES} x unbind, bind during {scrapes.present + scrapes.absent} scrapes: "
                f"{scrapes.absent} without series, {scrapes.present} with")


def check_right(checks, exporter):
    """After all of it the counters are those of the driver that is there now."""
    pmus = lab_real.gpus()
    referee = lab_real.Referee(checks, exporter, pmus)
    first = referee.scrape()
    lab_real.run(lab_real.work("video", 300000))
    referee.judge(first, referee.scrape(), "after the last bind")
    for pmu in pmus.values():
        pmu.close()


READER = f"""
import os, sys
os.setgroups([]), os.setgid(65534), os.setuid(65534)
for _ in range({OPENS}):
    os.close(os.open("/sys/bus/pci/drivers/i915", os.O_RDONLY))
"""


def check_readers(checks, exporter):
    """Anybody may list the driver's directory; more opens than the watch's queue has room for, then an unbind."""
    before = series(exporter)
    held = perf_fds(exporter.process.pid)
    readers = [subprocess.Popen([sys.executable, "-c", READER]) for _ in range(2)]
    lost = 0
    while any(reader.poll() is None for reader in readers):
        lost += not exporter.scrape().find(BUSY) or perf_fds(exporter.process.pid) != held
        time.sleep(0.1)
    checks.that(before.find(BUSY) and not lost and not any(reader.wait() for reader in readers),
                f"{2 * OPENS} opens of the driver's directory by nobody close no perf event ({lost})")
    reader = subprocess.Popen([sys.executable, "-c", READER])
    lab.shell("lab_unbind")
    checks.that(closed_within(exporter, 2) is not None, "and an unbind among them closes all")
    reader.wait()
    lab.shell("lab_bind")


def check_unload(checks, exporter):
    """rmmod fails while anybody holds an event of the PMU."""
    series(exporter)
    checks.that(perf_fds(exporter.process.pid) > 0, "events are open")
    lab.shell("lab_unbind")
    time.sleep(0.2)
    lab.shell("rmmod i915")
    checks.that(not os.path.exists("/sys/module/i915"), "after an unbind the module can be unloaded")
    checks.that(not exporter.scrape().find(BUSY), "no series without the driver")
    lab.shell("lab_load")
    checks.that(series(exporter).find(BUSY), "and back after the module is loaded again")


def check_release(checks, exporter):
    exporter.process.send_signal(signal.SIGUSR2)
    start = time.monotonic()
    checks.that(closed_within(exporter, 2) is not None, "SIGUSR2 closes all perf events")
    held = exporter.scrape()
    checks.that(not held.find(BUSY) and perf_fds(exporter.process.pid) == 0,
                "a scrape does not open them again")
    checks.that(held.value("intel_gpu_scrape_collector_success", collector="engine") == 0 and
                held.reason("engine") == "no_device", "engine says why")
    checks.that(held.find("intel_gpu_frequency_actual_hertz"), "sysfs goes on")
    lab.shell("rmmod i915")
    checks.that(not os.path.exists("/sys/module/i915"), "after SIGUSR2 the module can be unloaded")
    lab.shell("lab_load")
    checks.that(not exporter.scrape().find(BUSY), "still closed for the next driver")
    time.sleep(max(0, 33 - (time.monotonic() - start)))
    checks.that(exporter.scrape().find(BUSY), "30 s later the first scrape opens them again")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    lab_trace.watch_kernel()
    exporter = lab.Exporter("--collector.cycles", "--collector.engine.wait")
    exporter.scrape()
    cycles(checks, exporter, False, "unbind, 50 ms, rebind")
    cycles(checks, exporter, True, "unbind, cgroups created, rebind")
    check_readers(checks, exporter)
    check_scrapes_meanwhile(checks, exporter)
    lab_trace.check(checks)
    check_right(checks, exporter)
    check_unload(checks, exporter)
    check_release(checks, exporter)
    complaints = lab.shell(f"dmesg | grep -E '{COMPLAINT}'", check=False)
    checks.that(not complaints, f"the kernel has no complaint {complaints[:500]}")
    exporter.stop()
    checks.end()


main()
