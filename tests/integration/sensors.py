# SPDX-License-Identifier: Apache-2.0
"""What a card's sensors cost a scrape: a read of each, whose file stays open; and how many files."""
import re
from collections import Counter

from local import Exporter, Strace, Tree, ask, case, get_request, settled

COLLECTORS = ("power", "thermal", "memory", "pcie", "idle")
QUERY = "?" + "&".join(f"collect[]={name}" for name in COLLECTORS)
# The runtime status, of which power, thermal, pcie and idle have one answer; two energies and the suspended time; four temperatures and
# a fan; two files of dmem; two of the link, six of errors; two of residency.
READS = 1 + 3 + 5 + 2 + 8 + 2
FILES = ("openat", "open", "read", "pread64", "close", "newfstatat", "statx", "readlinkat", "readlink", "getdents64")


def calls_of(exporter, query):
    trace = Strace(exporter.pid, "-e", "trace=" + ",".join(FILES))
    ask(exporter.port, get_request("/metrics" + query))
    return Counter(found[1] for found in (re.match(r"\d+ +(\w+)\(", line) for line in trace.detach()) if found)


def least_calls(exporter, query):
    """On a busy machine a scrape also looks whether its runner runs: the least of three."""
    return min((calls_of(exporter, query) for _ in range(3)), key=lambda calls: calls.total())


# What a scrape of everything about a GPU costs on the benchmark's machine, and how much more it may with a card. The
# walk through processes is left out: it depends on how many there are.
BENCHMARK, CARDS, MORE = "meteorlake-two-gts", ("arc-a380-xe", "battlemage-xe", "battlemage-b60-sriov"), 20
GPU = "?" + "&".join(f"exclude[]={name}" for name in ("client", "transcode", "kubelet", "vgpu", "sriov",
                                                      "passthrough"))


def check_whole(checks):
    calls = {}
    for machine in (BENCHMARK, *CARDS):
        exporter = Exporter(machine, "--no-collector.vaapi")
        for _ in range(3):
            ask(exporter.port, get_request("/metrics" + GPU))
        calls[machine] = least_calls(exporter, GPU).total()
        exporter.stop()
    checks.that(calls[BENCHMARK] > 20, f"a scrape was seen: {calls[BENCHMARK]}")
    for card in CARDS:
        print(f"{card}: {calls[card]} system calls on files, {BENCHMARK}: {calls[BENCHMARK]}")
        checks.that(calls[card] <= calls[BENCHMARK] + MORE, f"no more than {MORE} more: {calls[card] - calls[BENCHMARK]}")


def main(checks):
    check_whole(checks)
    with Tree("battlemage-b60-sriov") as tree:
        exporter = Exporter(tree.root)
        # The second time finds the files open, and the limits read.
        for _ in range(2):
            ask(exporter.port, get_request("/metrics" + QUERY))
            ask(exporter.port, get_request("/metrics?collect[]=machine"))
        base, got = least_calls(exporter, "?collect[]=machine"), least_calls(exporter, QUERY)
        more = got - base
        print(f"the sensors of a card: {dict(more)}, beside {sum(base.values())} of a scrape without")
        checks.same(more["pread64"], READS, f"{READS} reads of files that stay open")
        checks.that(sum(more.values()) <= READS + 2, f"no more than {READS} calls: {sum(more.values())}")
        before = settled(exporter.fds, 0.3)
        for _ in range(20):
            ask(exporter.port, get_request("/metrics" + QUERY))
        checks.same(settled(exporter.fds, 0.3), before, "20 scrapes open no more files")
        # Asleep: the status, dmem, and the errors, which the kernel counts.
        tree.write("sys/bus/pci/devices/0000:03:00.0/power/runtime_status", "suspended\n")
        got = least_calls(exporter, QUERY) - base
        checks.same(got["pread64"], 1 + 2 + 6, "9 while the card sleeps")
        checks.that(exporter.scrape(QUERY).value("intel_gpu_energy_joules_total", sensor="card") is not None and
                    not exporter.scrape(QUERY).find("intel_gpu_temperature_celsius"),
                    "the counter stands, heat is absent")
        exporter.stop()


case(main)
