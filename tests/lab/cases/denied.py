# SPDX-License-Identifier: Apache-2.0
"""Perf events denied: by the sysctl, by capabilities, by seccomp. Everything else goes on."""
import os

import lab

DENY_PERF = [os.environ["DENY"], "perf_event_open", "EPERM"]
BUSY = "intel_gpu_engine_busy_seconds_total"


def paranoid(level):
    with open("/proc/sys/kernel/perf_event_paranoid", "w") as f:
        f.write(str(level))


def as_nobody(*capabilities):
    caps = ",".join("+" + c for c in capabilities)
    flags = ["--inh-caps", caps, "--ambient-caps", caps] if caps else []
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *flags, "--"]


def check_sysfs(checks, metrics, text):
    checks.that(metrics.find("intel_gpu_info") and metrics.find("intel_gpu_frequency_actual_hertz")
                and metrics.find("intel_gpu_vgpu_instances") and metrics.find("intel_gpu_engines")
                and metrics.find("intel_gpu_runtime_suspended"), f"{text}: every sysfs metric is there")


def check_denied(checks, text, reason, words, level, prefix):
    paranoid(level)
    exporter = lab.Exporter(prefix=prefix)
    for _ in range(3):
        metrics = exporter.scrape()
    checks.that(metrics.reason("engine") == reason and not metrics.find(BUSY),
                f"{text}: reason {metrics.reason('engine')}")
    for collector in ("engine", "idle", "interrupts"):
        checks.that(metrics.value("intel_gpu_scrape_collector_success", collector=collector) == 0,
                    f"{text}: {collector} has failed")
    check_sysfs(checks, metrics, text)
    lines = [line for line in exporter.log().splitlines() if "failing" in line and "engine" in line]
    checks.that(len(lines) == 1 and all(word in lines[0] for word in words),
                f"{text}: one log line that says {words}: {lines}")
    return exporter


def check_recovery(checks, exporter, text):
    paranoid(0)
    metrics = exporter.scrape()
    checks.that(metrics.find(BUSY) and metrics.reason("engine") is None,
                f"{text}: back without a restart when the sysctl is 0")
    checks.that("collector recovered" in exporter.log(), f"{text}: and the log says so")


def check_allowed(checks, text, level, prefix):
    paranoid(level)
    exporter = lab.Exporter(prefix=prefix)
    metrics = exporter.scrape()
    checks.that(metrics.find(BUSY) and metrics.reason("engine") is None, f"{text}: allowed")
    status = open(f"/proc/{exporter.process.pid}/status").read()
    caps = [line.split()[1] for line in status.splitlines() if line.startswith("CapEff")][0]
    exporter.stop()
    return int(caps, 16)


def main():
    checks = lab.Checks()
    lab.shell("lab_load enable_gvt=1")
    for level in (2, 3, 4):
        text = f"paranoid {level}, no capability"
        exporter = check_denied(checks, text, "permission",
                                [f"perf_event_paranoid is {level}", "no CAP_PERFMON",
                                 "remedy=perf-paranoid"], level, as_nobody())
        check_recovery(checks, exporter, text)
        exporter.stop()
    # Debian's kernel asks for CAP_SYS_ADMIN above level 2.
    for level in (3, 4):
        text = f"paranoid {level}, CAP_PERFMON"
        exporter = check_denied(checks, text, "permission",
                                [f"perf_event_paranoid is {level}", "only CAP_PERFMON",
                                 "remedy=perf-paranoid"], level, as_nobody("perfmon"))
        check_recovery(checks, exporter, text)
        exporter.stop()

    perfmon, sys_admin, kill = 1 << 38, 1 << 21, 1 << 5
    processes = 1 << 2 | 1 << 19  # CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE
    caps = check_allowed(checks, "paranoid 2, CAP_PERFMON", 2, as_nobody("perfmon"))
    checks.that(caps == perfmon, f"nothing but CAP_PERFMON: {caps:x}")
    caps = check_allowed(checks, "paranoid 2, root", 2, [])
    checks.that(caps == perfmon | kill | processes,
                f"root keeps CAP_PERFMON, CAP_KILL, those for processes, nothing else: {caps:x}")
    caps = check_allowed(checks, "paranoid 3, root", 3, [])
    checks.that(caps == perfmon | kill | processes | sys_admin,
                f"at level 3 also CAP_SYS_ADMIN: {caps:x}")
    check_allowed(checks, "paranoid 0, nobody", 0, as_nobody())

    exporter = check_denied(checks, "seccomp", "seccomp", ["seccomp", "remedy=perf-seccomp"], 2,
                            DENY_PERF)
    exporter.stop()
    checks.end()


main()
