# SPDX-License-Identifier: Apache-2.0
"""Many scrapes at the same time: none fails, and nothing grows. With a sanitizer's build, it finds
nothing; then the list of GPUs also changes under the load, and perf events are closed."""
import signal
import threading
import time

from local import SANITIZED, SKYLAKE, Exporter, Tree, case, in_background, load, settled, wait_for

CLIENTS = 40
SCRAPES = 200 if SANITIZED else 1000
GROWTH_KB = 256
CHURN_SECONDS = 4
GPU = "sys/bus/pci/devices/0000:00:02.0"


def check_growth(checks):
    exporter = Exporter(SKYLAKE)
    exporter.scrape()
    fds, threads, rss = settled(exporter.fds), settled(exporter.threads), []
    # A leak grows with every load; a thread that had nothing to do in the last one, once.
    while len(rss) < 3 or len(rss) < 8 and rss[-1] - rss[-2] >= GROWTH_KB and not SANITIZED:
        failures, start = [], time.monotonic()
        load(exporter.port, SCRAPES, CLIENTS, failures)
        seconds = time.monotonic() - start
        wait_for(lambda: exporter.fds() <= fds and exporter.threads() <= threads, 20)
        rss.append(settled(exporter.rss_kb))
        checks.that(not failures, f"load {len(rss)}: {SCRAPES} scrapes by {CLIENTS} clients in "
                    f"{seconds:.1f} s, failures {failures[:3]}")
        checks.that(exporter.fds() <= fds, f"{fds} file descriptors, as before: {exporter.fds()}")
        # and the runner that takes over the next time, once one was taken for stuck
        checks.that(exporter.threads() <= threads + 1,
                    f"{threads} threads, as before: {exporter.threads()}")
    if SANITIZED:
        checks.skip("growth of memory: a sanitizer keeps what was freed")
    else:
        checks.that(rss[-1] - rss[-2] < GROWTH_KB, f"memory after each load: {rss} kB, in the end "
                    f"less than {GROWTH_KB} kB more")
    checks.that(not exporter.children(), "no child process")
    checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "it ends with 0")


def churn(exporter, tree, over):
    """The GPU goes and comes, and somebody asks for perf events to be closed."""
    link = tree / GPU
    target = link.readlink()
    while not over.wait(0.02):
        link.unlink()
        exporter.process.send_signal(signal.SIGUSR2)
        over.wait(0.02)
        link.symlink_to(target)


def is_whole(metrics):
    return metrics.find("intel_gpu_frequency_actual_hertz") and metrics.value(
        "intel_gpu_scrape_collector_success", collector="vgpu") == 1


def check_churn(checks):
    with Tree() as tree:
        # So short a deadline that some scrapes end before their collectors do.
        exporter = Exporter(tree.root, "--collector.cycles", "--scrape.timeout=50ms")
        over, failures, rounds = threading.Event(), [], 0
        thread = in_background(churn, exporter, tree, over)
        end = time.monotonic() + CHURN_SECONDS
        while time.monotonic() < end:
            load(exporter.port, CLIENTS * 5, CLIENTS, failures,
                 ("/metrics", "/metrics?collect[]=vgpu", "/", "/-/ready",
                  "/metrics?exclude[]=info"))
            rounds += 1
        over.set()
        thread.join()
        checks.that(not failures, f"while the GPU goes and comes: {rounds * CLIENTS * 5} requests, "
                    f"failures {failures[:3]}")
        # With so short a deadline a busy machine needs some.
        metrics = exporter.scrape_until(is_whole, 60)
        checks.that(is_whole(metrics), "afterwards the GPU is exported as before")
        checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "it ends with 0")


def main(checks):
    check_growth(checks)
    check_churn(checks)


case(main)
