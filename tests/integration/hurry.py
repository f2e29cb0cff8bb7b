# SPDX-License-Identifier: Apache-2.0
"""A client that waits for 0.1 s only, on a machine with thousands of processes: it gets what there is by
then, and what others get is whole."""
import os
import tempfile
import threading
import time

from local import Exporter, Metrics, Tree, ask, case, get_request, in_background, shorter

PROCESSES, FIRST = shorter(8000, 3000, "processes beside a client in a hurry"), 100000
SCRAPES = 10


def add_processes(tree):
    """All have the same files, which is no machine but costs as much to walk."""
    files = {"comm": "worker\n", "cgroup": "0::/system.slice/worker.service\n",
             "stat": f"{FIRST} (worker) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {FIRST} 0 0\n"}
    for name, text in files.items():
        tree.write(name, text)
    for pid in range(FIRST, FIRST + PROCESSES):
        process = f"{tree.root}/proc/{pid}"
        os.mkdir(process)
        os.mkdir(process + "/fd")
        for fd in range(12):
            os.symlink("/usr/lib/x", f"{process}/fd/{fd}")
        for name in files:
            os.link(tree / name, f"{process}/{name}")


def late(exporter, seconds):
    """The collectors that have not answered in time, for a client that waits for so long."""
    answer = ask(exporter.port, get_request(
        headers=[f"X-Prometheus-Scrape-Timeout-Seconds: {seconds}"]))
    metrics = Metrics(answer.body.decode())
    return {dict(labels)["collector"]
            for labels in metrics.find("intel_gpu_scrape_collector_error", reason="timeout")}


def main(checks):
    if os.access("/dev/shm", os.W_OK):
        tempfile.tempdir = "/dev/shm"  # so many files take a disk long
    with Tree("uhd770-arc-a380") as tree:
        add_processes(tree)
        exporter = Exporter(tree.root, "--scrape.timeout=9s")
        checks.same(late(exporter, 10), set(), f"{PROCESSES} processes, and nobody in a hurry")
        over, hurried = threading.Event(), []

        def hurry():
            while not over.wait(0.05):
                hurried.append(late(exporter, 0.1))

        thread, lost = in_background(hurry), []
        time.sleep(0.5)
        for _ in range(SCRAPES):
            lost.append(late(exporter, 10))
            time.sleep(0.3)
        over.set()
        thread.join()
        got = [names for names in hurried if names]
        if not got:
            checks.skip("a hurry that costs something: all answer within 0.1 s here")
        checks.that(len(hurried) > SCRAPES, f"beside {len(hurried)} scrapes with 0.1 s, of which "
                    f"{len(got)} miss something: {sorted(set().union(*got))}")
        checks.same([names for names in lost if names], [],
                    f"{SCRAPES} of {SCRAPES} scrapes of 10 s are whole")
        checks.that("collector failing" not in exporter.log(), "and the log has no failure")
        exporter.stop()


case(main)
