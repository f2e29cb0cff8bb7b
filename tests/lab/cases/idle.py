# SPDX-License-Identifier: Apache-2.0
"""What the exporter costs when nobody asks, a scrape's system calls, and its memory beside a bare libmicrohttpd."""
import http.client
import os
import re
import subprocess
import threading
import time

import lab
import stalls
from exporter_test import settled
from lab_vaapi import FEW, exporter as vaapi_exporter, first_round, knobs
from strace import Strace, by_scrape

FLOOR_PORT = 10058
CLIENTS, SCRAPES = 40, 1000
IDLE_SECONDS = lab.shorter(30, 12, "seconds without a system call")
# kB above the floor. What only the start needs is given back, which the floor does not do, so it is far below.
PROMISED = 1200
AFTER_LOAD = PROMISED * 5 // 4
# System calls of a scrape, and of how many they are counted: in 64 each old process is looked at.
CALLS = 50
TURN = lab.shorter(64, 16, "scrapes whose system calls are counted")
floors = []  # the floor that runs


def children(pid):
    return open(f"/proc/{pid}/task/{pid}/children").read().split()


def ask(connection, failures):
    """A scrape. A failure is kept with the time that it took; not what this machine itself has caused."""
    start = time.monotonic()
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 200 and body.endswith(b"\n"):
            return
        failure = f"{answer.status} {body[:80]}"
    except (OSError, http.client.HTTPException) as e:
        failure = repr(e)
        connection.close()
    time.sleep(2 * stalls.STEP)
    still = stalls.since(start)
    if still:
        print(f"# a scrape failed while the machine stood still for {still:.0f} s: {failure}", flush=True)
    else:
        failures.append(f"{failure} after {time.monotonic() - start:.1f} s")


def load(port, failures):
    """1,000 scrapes by 40 clients at the same time, each on its own keep-alive connection and from an
    address of its own: one alone has not so many places."""
    def client(number, count):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60,
                                                source_address=(f"127.0.1.{1 + number}", 0))
        for _ in range(count):
            ask(connection, failures)
        connection.close()

    threads = [threading.Thread(target=client, args=(i, SCRAPES // CLIENTS))
               for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_growth(checks, pid):
    """A leak grows with every load; a thread that had nothing to do in the first one, once."""
    sizes, failures = [lab.rss_kb(pid)], []
    while len(sizes) < 5 and (len(sizes) < 2 or sizes[-1] > sizes[-2] + 128):
        load(lab.PORT, failures)
        time.sleep(1)
        sizes.append(lab.rss_kb(pid))
    checks.that(not failures and sizes[-1] <= sizes[-2] + 128, f"further loads do not grow it: {sizes} kB; "
                f"failures {failures[:3]}")


def count_calls(pid, failures):
    """{system call: how often}, of each scrape of a turn: of the exporter's threads, from one request to the next."""
    connection = http.client.HTTPConnection("127.0.0.1", lab.PORT, timeout=60)
    trace = Strace(pid)
    for _ in range(TURN + 2):
        ask(connection, failures)
    tasks = os.listdir(f"/proc/{pid}/task")
    connection.close()
    return by_scrape(trace.detach(), tasks)


def check_calls(checks, pid):
    """Once each process was asked whether it is the kernel's. Each looks at as many old ones; on a busy machine most
    take so long that their connection waits: the least is whole, the middle one without what that costs."""
    failures = []
    scrapes = sorted(count_calls(pid, failures), key=lambda calls: calls.total())
    least, calls = scrapes[0], scrapes[len(scrapes) // 2]
    checks.that(not failures and len(scrapes) > TURN and 0 < least.total() <= 1.1 * CALLS and
                calls.total() - calls["epoll_wait"] <= 1.1 * CALLS,
                f"system calls of a scrape of a real driver: {calls.total()} ({CALLS} promised), "
                f"{least.total()} to {scrapes[-1].total()}: {calls.most_common()}; failures {failures[:3]}")


def check_quiet(checks, pid):
    """No connection open, nothing due: no system call at all."""
    time.sleep(1)
    trace = Strace(pid)
    time.sleep(IDLE_SECONDS)
    # Attaching interrupts the calls that threads sleep in; each shows once, restarted or not.
    calls = [line for line in trace.detach() if "resumed" not in line and "detached" not in line
             and "strace: Process" not in line]
    threads = len(os.listdir(f"/proc/{pid}/task"))
    sleeping = [line for line in calls if any(name in line for name in (
        "futex(", "epoll_wait(", "recvmsg(", "rt_sigtimedwait(", "restart_syscall("))
                or re.search(r"read\(\d+, +<unfinished", line)]  # the watch for who unbinds a driver
    checks.that(len(calls) == len(sleeping) and len(calls) <= threads,
                f"no system call in {IDLE_SECONDS} s: {len(calls)} sleeps of {threads} threads, "
                f"others: {[c for c in calls if c not in sleeping]}")
    checks.that(not children(pid), "no child process")


def start_both():
    """The exporter and the floor; the one before is ended, and its port free."""
    knobs(FEW)
    exporter = vaapi_exporter(interval="1h")  # between rounds, too, there is nothing to do
    first_round(exporter)
    with open("/tmp/body", "w") as f:
        f.write(exporter.scrape().text)
    if floors:
        floors.pop().terminate()
        time.sleep(1)
    floor = subprocess.Popen([os.environ["FLOOR"], str(FLOOR_PORT), "/tmp/body"])
    floors.append(floor)
    wait_for_floor()
    return exporter, floor


def wait_for_floor():
    end = time.monotonic() + 20
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", FLOOR_PORT, timeout=10)
            connection.request("GET", "/metrics")
            connection.getresponse().read()
            connection.close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def main():
    checks = lab.Checks()
    stalls.watch()
    lab.shell("lab_load")
    # A huge page that happens to fit into a thread's stack is 2 MB of chance, in both programs.
    lab.shell("echo never >/sys/kernel/mm/transparent_hugepage/enabled")
    # Twice: the kernel maps what is in its cache already around each page that is touched, so the
    # first start of a program shows less memory than every later one.
    start_both()[0].stop()
    exporter, floor = start_both()
    pid = exporter.process.pid
    for _ in range(10):
        exporter.scrape()
        connection = http.client.HTTPConnection("127.0.0.1", FLOOR_PORT, timeout=10)
        connection.request("GET", "/metrics")
        connection.getresponse().read()
        connection.close()
    ours, bare = lab.rss_kb(pid), lab.rss_kb(floor.pid)
    checks.that(ours <= bare + PROMISED, f"idle after 10 scrapes: {ours} kB, floor {bare} kB, "
                f"{ours - bare} kB more (promised {PROMISED})")
    check_quiet(checks, pid)

    fds = settled(exporter.fds)
    failures = []
    load(lab.PORT, failures)
    load(FLOOR_PORT, failures)
    checks.that(not failures, f"{SCRAPES} scrapes by {CLIENTS} clients: failures {failures[:3]}")
    time.sleep(1)
    ours, bare = lab.rss_kb(pid), lab.rss_kb(floor.pid)
    checks.that(ours <= bare + AFTER_LOAD, f"after the load: {ours} kB, floor {bare} kB, "
                f"{ours - bare} kB more (promised {PROMISED})")
    check_growth(checks, pid)
    check_calls(checks, pid)
    # The checks' child, once a minute, has a pipe for a moment.
    after = settled(exporter.fds, 3)
    checks.that(after == fds, f"{fds} file descriptors, as before: {after}")
    floor.terminate()
    exporter.stop()
    checks.end()


main()
