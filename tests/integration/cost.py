# SPDX-License-Identifier: Apache-2.0
"""What a scrape costs, in system calls and instructions, which do not depend on who else is busy; and
that what saves them, files that stay open and names that are not asked for again, hides no change."""
import http.client
import os
import platform
import time
from collections import Counter

from local import Exporter, Instructions, Strace, Tree, by_scrape, case, wait_for

METEORLAKE = "meteorlake-two-gts"
# Of one GPU with two GTs, of which one is throttled: ten clocks, its nine reasons, the other's status,
# the GPU's status and its power/control; process 2 and the exporter's own stat.
CALLS = Counter(pread64=24)
ALL_CALLS = 41
INSTRUCTIONS = 150000
ROOM = 0.1
SCRAPES = 10
CLOCK = "sys/devices/pci0000:00/0000:00:02.0/drm/card0/gt/gt0/rps_act_freq_mhz"
ACTUAL = "intel_gpu_frequency_actual_hertz"
YOUNG_S = 11


class Client:
    """A connection that stays open, as Prometheus' does."""

    def __init__(self, exporter):
        self.connection = http.client.HTTPConnection("127.0.0.1", exporter.port)

    def scrape(self, n=1):
        for _ in range(n):
            self.connection.request("GET", "/metrics")
            self.connection.getresponse().read()
            time.sleep(0.05)


def settle(*clients):
    """Until process 2 is no longer young, and each constant is known."""
    for client in clients:
        client.scrape(5)
    time.sleep(YOUNG_S)
    for client in clients:
        client.scrape(2)


def count_calls(exporter):
    """{system call: how often}, of each of some scrapes, from one request to the next."""
    client = Client(exporter)
    settle(client)
    trace = Strace(exporter.pid)
    client.scrape(SCRAPES + 2)
    tasks = os.listdir(f"/proc/{exporter.pid}/task")
    client.connection.close()
    return by_scrape(trace.detach(), tasks)


def check_calls(checks):
    """The middle one of the scrapes: where the machine is busy one may take so long that its connection waits."""
    exporter = Exporter(METEORLAKE)
    scrapes = sorted(count_calls(exporter), key=lambda calls: calls.total())
    calls = scrapes[len(scrapes) // 2]
    print(f"{METEORLAKE}: {calls.total()} system calls", dict(calls), [one.total() for one in scrapes])
    checks.that(len(scrapes) > SCRAPES and 0 < calls.total() <= (1 + ROOM) * ALL_CALLS,
                f"{calls.total()} system calls, {ALL_CALLS} promised")
    for name, promised in CALLS.items():
        checks.that(calls[name] <= (1 + ROOM) * promised, f"{calls[name]} times {name}, {promised} promised")
    exporter.stop()


def check_instructions(checks):
    counted = Instructions(METEORLAKE)
    clients = [Client(exporter) for exporter in counted.pair]
    settle(*clients)
    for client, times in zip(clients, (1, 2)):
        client.scrape(times * SCRAPES)
        client.connection.close()
    counted.n = 0
    got = counted.end() / SCRAPES
    print(f"{METEORLAKE}: {got:.0f} instructions")
    if platform.machine() == Instructions.PROMISED_FOR:
        checks.that(0 < got <= (1 + ROOM) * INSTRUCTIONS,
                    f"{got:.0f} instructions, {INSTRUCTIONS} promised")


def clock(exporter):
    return exporter.scrape().find(ACTUAL, gt="0")


def check_changes(checks):
    """Each of them is seen by the next scrape."""
    with Tree(METEORLAKE) as tree:
        exporter = Exporter(tree.root)
        for _ in range(3):
            exporter.scrape()
        tree.write(CLOCK, "700\n")
        checks.same(list(clock(exporter).values()), [7e8], "a file that is written")
        tree.write(CLOCK + ".new", "800\n")
        os.rename(tree / (CLOCK + ".new"), tree / CLOCK)
        checks.same(list(clock(exporter).values()), [8e8], "a file in the place of another")
        folder = os.path.dirname(CLOCK)
        os.rename(tree / folder, tree / (folder + ".old"))
        checks.same(clock(exporter), {}, "a directory that goes")
        os.rename(tree / (folder + ".old"), tree / folder)
        tree.write(CLOCK, "900\n")
        checks.same(list(clock(exporter).values()), [9e8], "and comes again")
        os.unlink(tree / "sys/devices/pci0000:00/0000:00:02.0/driver")
        checks.that(wait_for(lambda: exporter.scrape().find("intel_gpu_info", driver="none"), 1),
                    "a driver that goes")
        checks.same(clock(exporter), {}, "takes its clocks along")
        open_files = [os.readlink(f"/proc/{exporter.pid}/fd/{fd}")
                      for fd in os.listdir(f"/proc/{exporter.pid}/fd")
                      if os.path.islink(f"/proc/{exporter.pid}/fd/{fd}")]
        checks.same([name for name in open_files if "freq_mhz" in name], [],
                    "and no file of it stays open")
        exporter.stop()


def main(checks):
    check_changes(checks)
    check_calls(checks)
    check_instructions(checks)


case(main)
