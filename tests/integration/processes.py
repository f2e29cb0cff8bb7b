# SPDX-License-Identifier: Apache-2.0
"""What the walk of processes costs: up to 2,000 of them, of which up to 200 have five DRM clients
each, in a copy of a machine; and real ones, in a PID namespace where no others are. System calls and
instructions as promised, growth linear, and the deadline holds."""
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter

from local import (Exporter, Instructions, Strace, Tree, ask, case, get_request, shorter, wait_for)
from many_processes import Processes

# A scan: the folder of descriptors is opened, read, read to its end and closed; each descriptor is a
# link; then the name, and whose process it is.
SCAN = Counter(openat=2, getdents64=2, close=2, readlinkat=6, read=1, statx=1)
# Of each descriptor of the GPU: the link; the device's numbers, and whether the link says O_PATH.
SCAN_CLIENT = Counter(readlinkat=1, statx=2)
# A client, whose fdinfo stays open; a process with clients: its cgroup.
CLIENT = Counter(pread64=1)
GROUP = Counter(openat=1, read=1, close=1)
# Instructions of a scrape: with 1,000 clients in 200 of 2,000 processes; what each client adds to them,
# from its pread to its workload, when its fdinfo is as before, and when it is not and its workload's
# values are written anew; and each process without one. And with so many real processes. Of Debian 12
# and 13 the larger: a copied tree is out of order, and their C libraries sort differently.
WALK, IDLE, BUSY, PROCESS = 11900000, 2040, 5400, 1020
REAL = {2000: 2430000, 300: 655000}
YOUNG_S = 10
ROOM = 0.1
CLIENTS, TRANSCODES = "?collect[]=client", "?collect[]=transcode"
SLOW_US = 2000  # of each of the 4,000 calls of openat: 8 s


def period(n, proven=True):
    """Of n processes that are not young one in so many is scanned. proven: there is a driver's count."""
    found = 64 if proven else 1
    while found < 64 and 2 * found * 16 <= n:
        found *= 2
    return found


def times(number, calls):
    return Counter({call: number * n for call, n in calls.items()})


def cost(exporter):
    """Milliseconds of CPU time of a scrape, the least of ten: it does not know who else is busy."""
    def cpu():
        return exporter.scrape(CLIENTS).value("process_cpu_seconds_total")

    seen = [cpu() for _ in range(11)]
    return min(after - before for before, after in zip(seen, seen[1:])) * 1000


def calls_of(exporter, names, query=CLIENTS):
    trace = Strace(exporter.pid, "-e", "trace=" + ",".join(names))
    ask(exporter.port, get_request("/metrics" + query))
    return Counter(found[1] for found in (re.match(r"\d+ +(\w+)\(", line)
                                          for line in trace.detach()) if found)


def check_calls(checks, exporter, promised, base, text, query=CLIENTS):
    """Each kind for itself: one more for each client would be lost in the sum. base: of a machine
    without processes."""
    got = calls_of(exporter, promised, query)
    print(f"{text}: {dict(got)}, {sum(got.values())} in all")
    for call, n in (promised + base).items():
        # Whose turn it is: one process more or less.
        checks.that(abs(got[call] - n) <= ROOM * n + 12, f"{text}: {got[call]} times {call}, "
                    f"{n} promised")


def check_instructions(checks, got, promised, text):
    """Compilers and C libraries differ by less than the room; another processor has another set."""
    print(f"{text}: {got:.0f} instructions")
    if platform.machine() == "x86_64":
        checks.that(0 < got <= (1 + ROOM) * promised, f"{text}: {got:.0f} instructions, "
                    f"{promised} promised")


def settle(exporter, *counted, query=CLIENTS):
    """Until no process is young."""
    for _ in range(5):
        exporter.scrape(query)
    for each in counted:
        each.scrape(5)
    time.sleep(YOUNG_S + 1)
    exporter.scrape(query)
    for each in counted:
        each.scrape(1)


def runners(pid):
    """The threads of this name; others read names of pods and guests, and end."""
    found = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm") as f:
                if f.read() == "runner\n":
                    found.add(task)
        except OSError:
            pass  # it has ended
    return frozenset(found)


def walk_seconds(exporter):
    """Of the collector that walks: whichever came first."""
    return max(exporter.scrape().find("intel_gpu_scrape_collector_duration_seconds").values())


def check_threads(checks, exporter, machine):
    """A long walk is not stuck: no scrape makes a thread for it."""
    number = 0
    exporter.scrape()
    for _ in range(10):  # a processor that others take time from at first turns out to be fast later
        while min(walk_seconds(exporter) for _ in range(3)) <= 0.06 and number < 40000:
            machine.add(4000)
            number += 4000
        walks, seen = [], []
        for _ in range(20):
            walks.append(walk_seconds(exporter))
            seen.append(runners(exporter.pid))
        if min(walks) > 0.05:
            break
        machine.add(4000)
        number += 4000
    if not checks.that(min(walks) > 0.05, f"a walk takes {min(walks) * 1000:.0f} ms, longer than 50 ms ({number} more)"):
        return
    # One that sleeps for 50 ms in a read, on a busy machine, makes another. One for each scrape would be 20.
    made = len(frozenset().union(*seen)) - len(seen[0])
    checks.that(made < 15, f"20 scrapes later it has had the same {len(seen[0])} runners, and "
                f"{made} more")


def check_real(checks, alone=False):
    """Real processes, and a real /proc, in which an open GPU is nowhere. alone: others are nowhere,
    either, so that what there is to do is known."""
    n = shorter(2000, 300, "real processes")
    # Without /sys there is no GPU, and the walk is the transcodes'.
    folder = tempfile.mkdtemp()
    os.mkdir(folder + "/sys")
    exporter = Exporter(folder, "--path.procfs=/proc")
    base = calls_of(exporter, SCAN.keys(), TRANSCODES)
    log = [open("/dev/null") for _ in range(9)]
    started = [subprocess.Popen(["sleep", "300"], pass_fds=[f.fileno() for f in log])
               for _ in range(n)]
    # As often as it takes for the turn to come round.
    counted = [Instructions(folder, "--path.procfs=/proc", query=TRANSCODES, n=period(n, proven=False))] \
        if alone else []
    try:
        def cpu():
            return exporter.scrape(TRANSCODES).value("process_cpu_seconds_total")

        def least():
            seen = [cpu() for _ in range(21)]
            return min(b - a for a, b in zip(seen, seen[1:])) * 1000

        first = least()
        settle(exporter, *counted, query=TRANSCODES)
        steady = least()
        there = sum(name.isdigit() for name in os.listdir("/proc"))
        print(f"{there} real processes: {first:.1f} ms of CPU time while they are young, "
              f"{steady:.1f} ms later")
        checks.that(steady <= 3 * 5 * max(1, there / 2000),
                    f"{there} real processes: {steady:.1f} ms of CPU time (5 ms promised for "
                    "2,000)")
        checks.that(steady <= first / 2, "less than half of what they cost when they are young")
        if alone:
            # Three descriptors of its own, and the log.
            scan = SCAN + Counter(readlinkat=12 - SCAN["readlinkat"])
            check_calls(checks, exporter, times(n // period(n, proven=False), scan), base, f"{n} real processes",
                        TRANSCODES)
            check_instructions(checks, counted[0].end(), REAL[n], f"{n} real processes")
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
        exporter.stop()
        os.rmdir(folder + "/sys")
        os.rmdir(folder)


def check_real_alone(checks):
    """In a PID namespace, which is a machine of its own in LXC only: "container" makes it one."""
    alone = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "env", "container=lxc"]
    if subprocess.run([*alone, "true"], capture_output=True).returncode == 0:
        done = subprocess.run([*alone, sys.executable, "-u", __file__, "--alone"])
        checks.same(done.returncode, 0, "real processes in a PID namespace of their own")
    else:
        print("short: real processes: nothing is counted, because there may be no PID namespace",
              flush=True)
        check_real(checks)


def check_deadline(checks, exporter):
    """The walk takes seconds, and the scrape does not wait for it."""
    trace = Strace(exporter.pid, "-e", "trace=openat",
                   "-e", f"inject=openat:delay_enter={SLOW_US}")
    metrics, seconds = exporter.timed(CLIENTS)
    checks.same(metrics.reason("client"), "timeout", "a slow walk is late")
    checks.bound(seconds, 0.6, "a deadline of 500 ms")
    trace.detach()
    checks.that(wait_for(lambda: exporter.scrape(CLIENTS).reason("client") is None, 20),
                "and recovers when it is fast")


def main(checks):
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"  # so many files take a disk long
    # fdinfo of a quarter of these stays open.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    if "--alone" in sys.argv:
        check_real(checks, alone=True)
        return
    check_real_alone(checks)
    with Tree() as tree, Tree() as many:
        machine = Processes(tree.root)
        # Under strace, on a busy machine, a walk takes seconds.
        flags = ["--scrape.timeout=60s"]
        exporter = Exporter(tree.root, *flags)
        base = calls_of(exporter, (SCAN + CLIENT).keys())
        machine.add(1800)
        machine.add(200, drm=5)
        all_scans = times(2000, SCAN) + times(1000, SCAN_CLIENT) + times(200, GROUP)
        exporter.scrape(CLIENTS)
        check_calls(checks, exporter, all_scans + times(1000, CLIENT), base, "2,000 young processes")
        twice = Processes(many.root)
        twice.add(1800)
        twice.add(200, drm=10)
        all_counted = [Instructions(each.root, *flags, query=CLIENTS)
                       for each in (tree, many, many)]
        settle(exporter, *all_counted)
        steady = times(2000 // period(2000), SCAN) + times(1000 // period(2000), SCAN_CLIENT) + \
            times(1000, CLIENT) + times(200, GROUP)
        check_calls(checks, exporter, steady, base, "2,000 processes, 1,000 clients")
        metrics = exporter.scrape()
        checks.same(metrics.value("intel_gpu_client_workloads_folded"), 0, "no client is folded")
        checks.same(sum(metrics.find("intel_gpu_clients").values()), 1000, "1,000 clients")
        before = cost(exporter)
        checks.that(before <= 3 * 5, f"2,000 processes, 1,000 clients: {before:.1f} ms of CPU time "
                    "(5 ms promised)")
        counted, counted_many = (each.end() for each in all_counted[:2])
        check_instructions(checks, counted, WALK, "2,000 processes, 1,000 clients")
        idle = (counted_many - counted) / 1000
        check_instructions(checks, idle, IDLE, "each client that is idle")
        busy = idle + (all_counted[2].end(before=twice.work) - counted_many) / 2000
        check_instructions(checks, busy, BUSY, "each client that works")

        more = shorter(10000, 4000, "processes that are linear")
        machine.add(more - 2000)
        counting = Instructions(tree.root, *flags, query=CLIENTS)
        settle(exporter, counting)
        ms = cost(exporter)
        checks.that(ms <= 3 * before * more / 2000, f"linear to {more} processes: {ms:.1f} ms")
        check_instructions(checks, (counting.end() - counted) / (more - 2000), PROCESS,
                           f"each of {more} processes")
        exporter.stop()

        (tree / "sys/module/i915/refcnt").unlink()
        exporter = Exporter(tree.root, *flags)
        check_threads(checks, exporter, machine)
        exporter.stop()

        exporter = Exporter(tree.root, "--scrape.timeout=500ms")
        check_deadline(checks, exporter)
        exporter.stop()


case(main)
