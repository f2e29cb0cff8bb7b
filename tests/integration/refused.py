# SPDX-License-Identifier: Apache-2.0
"""A seccomp filter refuses a system call, with the errors that filters have: the exporter does without
it, or says what is missing. Never does it spin, keep a zombie, or leave something out in silence."""
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from local import Exporter, case, free_port, wait_for

DENY = os.environ["DENY"]
MACHINE = "uhd770-arc-a380"  # clients, containers, two GPUs with product names
NAMED_LATE = "5b0c7f3e-9a41-4c0e-8d3b-2f6a1e9c7d55"  # jellyfin-0
PROMISED = 2  # seconds from SIGTERM to the end
CALLS = ("perf_event_open", "pidfd_open", "statx", "inotify_init1", "inotify_add_watch", "clone3", "close_range",
         "prlimit64", "sched_setaffinity", "waitid", "prctl", "signalfd4")
# What cannot be done without ends it at once, with a line that says why: {(call, error): text}. glibc takes
# another call for a clone3 that does not exist, and none for one that is forbidden.
FATAL = {("clone3", "EPERM"): "Operation not permitted"}


def zombies(exporter):
    found = []
    for pid in exporter.children():
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rpartition(")")[2].split()[0] == "Z":
                    found.append(pid)
        except FileNotFoundError:
            pass
    return found


def rows(metrics):
    """The series of a scrape, but for those of the exporter's own process, and of a pod before its name
    was read: they stay for 15 minutes if that was late."""
    return {(name, labels) for name, labels in metrics
            if name.startswith("intel_gpu") and dict(labels).get("pod") != NAMED_LATE}


def named(metrics):
    """Names of products and pods come from another process and another thread, which a busy machine may
    start late."""
    return (all(dict(labels)["model"] for labels in metrics.find("intel_gpu_info")) and
            bool(metrics.find("intel_gpu_clients", pod="jellyfin-0")))


def examine(call, error, wanted):
    """What is wrong with an exporter that is refused this."""
    exporter = Exporter(MACHINE, prefix=(DENY, call, error), port=free_port(), wait=False)
    wrong = []
    if (call, error) in FATAL:
        if not wait_for(lambda: exporter.process.poll() is not None, 10):
            wrong.append("it goes on")
            exporter.process.kill()
        if exporter.process.wait() != 1 or FATAL[call, error] not in exporter.log():
            wrong.append(f"exit code {exporter.process.returncode}, {exporter.log()}")
        return wrong
    exporter.wait_ready()
    metrics = exporter.scrape_until(lambda found: rows(found) == wanted)
    missing, more = wanted - rows(metrics), rows(metrics) - wanted
    if missing or more:
        wrong.append(f"series missing {sorted(map(str, missing))[:3]}, more {sorted(map(str, more))[:3]}")
    before = exporter.cpu_seconds()
    time.sleep(0.5)
    exporter.scrape()
    used = exporter.cpu_seconds() - before
    if used > 0.25:
        wrong.append(f"{used:.2f} s of processor time in half a second with one scrape")
    if zombies(exporter):
        wrong.append(f"zombies: {zombies(exporter)}")
    seconds = exporter.stop(signal.SIGTERM)
    if seconds > 3 * PROMISED or exporter.process.returncode != 0:
        wrong.append(f"SIGTERM: {seconds:.2f} s, exit code {exporter.process.returncode}")
    return wrong


def check_live(checks):
    """On this machine itself, which is watched for drivers that go."""
    whole = Exporter("/")
    here = whole.scrape().value("intel_gpu_up") is not None
    whole.stop()
    if not here:
        checks.skip("this machine itself: its PCI bus cannot be seen from here")
        return
    for call in ("inotify_init1", "sched_setaffinity", "perf_event_open"):
        exporter = Exporter("/", prefix=(DENY, call, "EPERM"))
        metrics = exporter.scrape()
        checks.that(metrics.value("intel_gpu_up") is not None, f"without {call} it serves this machine")
        if call == "inotify_init1":
            checks.that("cannot watch drivers: perf events may be closed too late" in exporter.log() and
                        "remedy=no-uevents" in exporter.log(), f"and says so {exporter.log()}")
        checks.bound(exporter.stop(), PROMISED, "SIGTERM")


def main(checks):
    plain = Exporter(MACHINE)
    wanted = rows(plain.scrape_until(named))
    plain.stop()
    jobs = [(call, error) for call in CALLS for error in ("EPERM", "ENOSYS")]
    with ThreadPoolExecutor(3) as pool:
        for (call, error), wrong in zip(jobs, pool.map(lambda job: examine(*job, wanted), jobs)):
            checks.same(wrong, [], f"{call} is refused with {error}: " +
                        ("it says so and ends" if (call, error) in FATAL else f"{len(wanted)} series"))
    check_live(checks)


case(main)
