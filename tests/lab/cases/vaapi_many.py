# SPDX-License-Identifier: Apache-2.0
"""Children that run VA-API tests, by the hundred, leave no process, descriptor, thread or memory behind."""
import os
import signal
from pathlib import Path

import lab
from exporter_test import settled
from lab_vaapi import FEW, LAST_RUN, children, exporter, first_round, knobs


def resources(running):
    """Descriptors and threads, once they stay: no child runs, and of two runners, which a slow look
    makes, the slow one has ended."""
    return settled(lambda: (len(children(running.pid)), running.fds(), running.threads()))[1:]


def check_many(checks):
    """Children of all fates leave nothing behind."""
    many = lab.shorter(550, 110, "children that run VA-API tests")
    fates = ("", "CRASH.h264=EndPicture", "FAIL.h264=EndPicture:24", "NOENC=1")
    small = "MAX=300x300"  # a resolution sweep is asked for, and refused at once
    knobs(FEW, small)
    # The checks' own child would come and go, with its pipe.
    running = exporter("--no-collector.check", interval="1h")
    runs = "intel_gpu_vaapi_probe_runs_total"
    last = first_round(running).value(LAST_RUN)
    metrics, number, before, start = None, 0, None, None
    while not metrics or metrics.value(runs) < many:
        knobs(FEW, small, fates[number % len(fates)])
        os.kill(running.pid, signal.SIGUSR1)
        metrics = running.scrape_until(lambda m: m.value(LAST_RUN) != last, 60)
        if metrics.value(LAST_RUN) == last:
            break
        last, number = metrics.value(LAST_RUN), number + 1
        if not before and metrics.value(runs) >= 60:
            before, start = resources(running), running.rss_kb()
    rss = running.rss_kb()
    checks.that(metrics.value(runs) >= many, f"{metrics.value(runs):.0f} children were run")
    after = resources(running)
    kept = sorted(os.readlink(one) for one in Path(f"/proc/{running.pid}/fd").iterdir()) if after > before else ""
    # A runner that was once taken for stuck stays as the one that takes over the next time.
    checks.that(after[0] <= before[0] and after[1] <= before[1] + 1,
                f"descriptors and threads are no more than before, but one that stands by: {before}, then {after} {kept}")
    checks.that(rss - start < 200, f"so is the memory: {start} KiB, then {rss} KiB")
    checks.that(lab.shell("ps -eo stat,comm | grep -c '^Z' || true") == "0", "no process is left to reap")
    running.stop()


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    check_many(checks)
    checks.end()


main()
