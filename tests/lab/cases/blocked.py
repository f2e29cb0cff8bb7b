# SPDX-License-Identifier: Apache-2.0
"""A sysfs read that blocks uninterruptibly costs one collector, and nothing else."""
import os
import signal
import time

import lab


def states(pid):
    """State letters of the process's threads."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as f:
            found.append(f.read().rsplit(")", 1)[1].split()[0])
    return found


def others_work(metrics):
    return (metrics.value("intel_gpu_scrape_collector_success", collector="engine") == 1 and
            metrics.find("intel_gpu_engine_busy_seconds_total") and
            metrics.find("intel_gpu_info") and
            metrics.value("intel_gpu_scrape_collector_success", collector="vgpu") == 1)


def check_blocked(checks, exporter, deadline):
    lab.set_parameter("block", "rps_act_freq_mhz")
    metrics, seconds = exporter.timed()
    checks.that(seconds >= deadline * 0.9, "the first scrape waits for its deadline")
    checks.bound(seconds - deadline, 0.1, "first scrape, beyond the deadline")
    checks.that("D" in states(exporter.process.pid), "a thread is in state D")
    checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="frequency") == 0
                and metrics.reason("frequency") == "timeout", "frequency fails with a timeout")
    checks.that(not metrics.find("intel_gpu_frequency_actual_hertz"), "nothing of it is exported")
    checks.that(others_work(metrics), "the other collectors export")
    later = sorted(exporter.timed()[1] for _ in range(10))
    # Were they held up, all of them would be.
    checks.bound(later[5], 0.05, f"ten later scrapes, the slowest {later[9] * 1000:.0f} ms")
    checks.that(later[9] < deadline, "none waits for the deadline")
    metrics = exporter.scrape()
    checks.that(metrics.reason("frequency") == "timeout" and others_work(metrics),
                "still a timeout, and still the others")
    checks.that(exporter.get("/-/healthy")[0] == 200 and exporter.get("/-/ready")[0] == 200,
                "healthy and ready all the same")


def recovers(exporter):
    end = time.monotonic() + 10
    while time.monotonic() < end:
        metrics = exporter.scrape()
        if metrics.find("intel_gpu_frequency_actual_hertz") and metrics.reason("frequency") is None:
            return True
        time.sleep(0.1)
    return False


def check_recovery(checks, exporter):
    lab.set_parameter("block", "")
    checks.that(recovers(exporter), "it recovers when the read returns")
    log = exporter.log()
    checks.that(log.count("reason=timeout") == 1 and log.count("collector recovered") == 1,
                "one log line when it failed and one when it recovered")


def check_stop(checks, exporter):
    """SIGTERM while a thread is in state D: the process cannot be reaped, its port must be free."""
    lab.set_parameter("block", "rps_act_freq_mhz")
    exporter.scrape()
    checks.that("D" in states(exporter.process.pid), "a thread is in state D again")
    start = time.monotonic()
    exporter.process.send_signal(signal.SIGTERM)
    second = None
    while time.monotonic() - start < 20:
        second = lab.Exporter("--no-collector.frequency", wait=False)
        while second.process.poll() is None and "msg=listening" not in second.log() and \
                time.monotonic() - start < 20:
            time.sleep(0.05)
        if second.process.poll() is None:
            break
    seconds = time.monotonic() - start
    second.wait_ready()
    checks.bound(seconds, 2, "until a second exporter has the port")
    checks.that(second.scrape().find("intel_gpu_engine_busy_seconds_total"),
                "the second exporter reads the PMU")
    second.stop()
    lab.set_parameter("block", "")
    exporter.process.wait(timeout=20)
    checks.that(True, "and ends when it returns")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    exporter = lab.Exporter("--scrape.timeout=2s")
    exporter.scrape()
    check_blocked(checks, exporter, 2)
    check_recovery(checks, exporter)
    _, seconds = exporter.timed()
    metrics = exporter.scrape(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
    checks.that(metrics.reason("frequency") is None, "a scrape with Prometheus' header works")
    lab.set_parameter("block", "rps_cur_freq_mhz")
    start = time.monotonic()
    exporter.scrape(headers={"X-Prometheus-Scrape-Timeout-Seconds": "1"})
    seconds = time.monotonic() - start
    checks.that(seconds >= 0.45, "the header's deadline is waited for")
    checks.bound(seconds - 0.5, 0.1, "beyond the deadline of Prometheus' header less half a second")
    lab.set_parameter("block", "")
    checks.that(recovers(exporter), "and it recovers again")
    check_stop(checks, exporter)
    checks.end()


main()
