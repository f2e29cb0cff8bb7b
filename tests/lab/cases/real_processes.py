# SPDX-License-Identifier: Apache-2.0
"""Debian's own i915 counts its open files as the exporter takes it: an old process that opens the GPU is in
the next scrape, among so many that few are scanned each time."""
import os
import socket
import subprocess
import time

import lab

OTHERS, TIMES = 256, 20
AGE_S, SCANS = 11, 12  # older than young ones are, and whatever else holds the module is believed


def start_worker(node):
    """A process that opens the GPU and closes it, each at a byte."""
    mine, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        mine.close()
        while theirs.recv(1):
            fd = os.open(node, os.O_RDWR)
            theirs.send(b"o")
            if theirs.recv(1):
                os.close(fd)
                theirs.send(b"c")
        os._exit(0)
    theirs.close()
    return pid, mine


def ask(worker):
    worker[1].send(b"x")
    worker[1].recv(1)


def cpu_ms(exporter):
    """Of a scrape, the least of ten."""
    seen = [exporter.scrape().value("process_cpu_seconds_total") for _ in range(11)]
    return 1000 * min(b - a for a, b in zip(seen, seen[1:]))


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    others = [subprocess.Popen(["sleep", "100000"], stdout=subprocess.DEVNULL) for _ in range(OTHERS)]
    node = lab.shell("lab_render")
    workers = [start_worker(node) for _ in range(5)]
    exporter = lab.Exporter("--scrape.timeout=20s")
    young = cpu_ms(exporter)
    for _ in range(SCANS):
        exporter.scrape()
    time.sleep(AGE_S)
    exporter.scrape()
    old = cpu_ms(exporter)
    checks.that(old < young * 0.75, f"a scrape takes {old:.1f} ms of CPU time, {young:.1f} ms while all are young")
    wrong = []
    for i in range(TIMES):
        worker, before = workers[i % len(workers)], workers[(i - 1) % len(workers)]
        ask(worker)
        if i and i % 2:  # the other one in the same moment: the count stays
            ask(before)
        elif i:
            ask(before)
            ask(worker)
            exporter.scrape()
            ask(worker)
        wrong.append(sum(exporter.scrape().find("intel_gpu_clients").values()))
    checks.same(wrong, [1] * TIMES, f"{TIMES} times an old process opens the GPU: it is in the next scrape")
    for pid, _ in workers:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    checks.same(sum(exporter.scrape().find("intel_gpu_clients").values()), 0, "and then there is none")
    exporter.stop()
    for other in others:
        other.kill()
        other.wait()
    checks.end()


main()
