# SPDX-License-Identifier: Apache-2.0
"""The system calls of a running process."""
import os
import re
import subprocess
import sys
import time
from collections import Counter


class Strace:
    """strace on all threads of a running process, until detached."""

    def __init__(self, pid, *options):
        self.path = f"/tmp/exporter-strace.{pid}.{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", self.path, *options, "-p", str(pid)],
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not all(traced(pid, task) for task in os.listdir(f"/proc/{pid}/task")):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("FAIL: strace cannot attach (CAP_SYS_PTRACE?)")
            time.sleep(0.02)

    def lines(self):
        with open(self.path, errors="replace") as f:
            return f.read().splitlines()

    def detach(self):
        """Ends strace, not the process; returns the trace's lines."""
        self.process.terminate()
        self.process.wait(timeout=20)
        found = self.lines()
        os.unlink(self.path)
        return found


def traced(pid, task):
    with open(f"/proc/{pid}/task/{task}/status") as f:
        return "TracerPid:\t0\n" not in f.read()


def by_scrape(lines, tasks):
    """{system call: how often}, of each scrape but the last, from one request to the next; of these tasks, as text."""
    scrapes = [Counter()]
    for line in lines:
        if "GET /metrics" in line:
            scrapes.append(Counter())
        call = re.match(r"(\d+) +(\w+)\(", line)
        if call and call[1] in tasks:
            scrapes[-1][call[2]] += 1
    return scrapes[1:-1]
