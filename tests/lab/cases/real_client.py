# SPDX-License-Identifier: Apache-2.0
"""Clients of Debian's own i915, by its own fdinfo: a workload's time is the sum of its clients'."""
import os
import subprocess
from pathlib import Path

import lab
import lab_real

BUSY = "intel_gpu_client_engine_busy_seconds_total"
CGROUPS = Path("/sys/fs/cgroup")
SERVICE = "jellyfin.service"
CLASSES = {"render": "render", "video": "video", "copy": "copy", "enhance": "video-enhance"}


def start(engine, us):
    """Work in the service's control group; the file stays open when it is done."""
    directory = CGROUPS / "system.slice" / SERVICE
    directory.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(["lab_gpu_work", "--hold", "600000", lab.shell("lab_render"), engine, str(us)],
                            preexec_fn=lambda: (directory / "cgroup.procs").write_text("0"),
                            stdout=subprocess.PIPE, text=True)


def figures(processes):
    """{class: seconds} of the processes' clients, as the driver says it."""
    found = {}
    for process in processes:
        for fd in os.listdir(f"/proc/{process.pid}/fdinfo"):
            for line in Path(f"/proc/{process.pid}/fdinfo/{fd}").read_text().splitlines():
                if line.startswith("drm-engine-") and line.endswith(" ns"):
                    name, value = line.removeprefix("drm-engine-").split(":")
                    found[name] = found.get(name, 0) + int(value.split()[0]) / 1e9
    return found


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    exporter = lab.Exporter()
    exporter.scrape()
    processes = [start(engine, 400000) for engine in CLASSES]
    for process in processes:
        process.stdout.readline()
    before = figures(processes)
    metrics = exporter.scrape()
    after = figures(processes)
    wrong = 0
    for name in CLASSES.values():
        values = metrics.find(BUSY, workload=f"service/{SERVICE}", **{"class": name})
        got = sum(values.values())
        right = before[name] - 1e-6 <= got <= after[name] + 1e-6
        wrong += not right
        checks.that(right and got >= 0.4 * 0.99,
                    f"{name}: {got:.6f} s, in fdinfo {before[name]:.6f}..{after[name]:.6f}, programmed 0.4")
    print(f"{len(CLASSES)} compared, {wrong} wrong")
    checks.same(metrics.value("intel_gpu_clients", workload=f"service/{SERVICE}"), len(processes), "clients")
    for process in processes:
        process.kill()
        process.wait()
    last = exporter.scrape()
    kept = all(last.value(BUSY, **dict(labels)) >= value for labels, value in metrics.find(BUSY).items())
    checks.that(kept, "no counter falls when its clients end")
    exporter.stop()
    checks.end()


main()
