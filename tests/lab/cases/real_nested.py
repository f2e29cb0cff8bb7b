# SPDX-License-Identifier: Apache-2.0
"""From a host to its VM: Debian's own kvmgt gives a vGPU to a QEMU in the guest, the i915 in that VM
works on it, and an exporter on either side agrees with the other on that work."""
import json
import os
import subprocess
import time

import lab
import lab_real

BUSY = "intel_gpu_engine_busy_seconds_total"
UUID = "00000000-0000-0000-0000-000000000101"
PROGRAMMED = {"rcs0": ("render", 3000000), "vcs0": ("video", 3000000)}
AGREE = 0.03
TRIES = 6  # the VM's driver counts until its processor has heard of the end, on a busy machine late
LIMIT = 400
PAUSE = 5  # in which the host makes the scrape that it counts from: probing is work, too


def busy(metrics):
    return {engine: metrics.value(BUSY, engine=engine) for engine in PROGRAMMED}


def inside():
    """In the VM: works, and prints what its own exporter says."""
    lab.shell("gpu_load")
    exporter = lab.Exporter()
    exporter.scrape_until(lambda metrics: metrics.find(BUSY), 60)
    for _ in range(TRIES):
        print("in the VM: " + json.dumps("ready"), flush=True)
        time.sleep(PAUSE)
        before = busy(exporter.scrape())
        lab_real.run(*(lab_real.work(*work) for work in PROGRAMMED.values()))
        metrics = exporter.scrape()
        after = busy(metrics)
        machine = [dict(labels)["machine_uuid"] for labels in metrics.find("intel_gpu_machine_info")]
        print("in the VM: " + json.dumps({"busy": {engine: after[engine] - before[engine] for engine in after},
                                          "machine": machine}), flush=True)
    time.sleep(LIMIT)  # until the host has looked and ends the VM


def start_vm():
    return subprocess.Popen(
        [f"{os.environ['LAB_SRC']}/run.sh", "--vgpu", UUID, "--mem", "700", "--cpus", "1",
         "--timeout", str(LIMIT), "--env", f"EXPORTER={os.environ['EXPORTER']}", "--env", "INSIDE=1",
         "--env", "PYTHONDONTWRITEBYTECODE=1", "--", "/usr/bin/python3", os.path.abspath(__file__)],
        stdout=subprocess.PIPE, text=True)


def answer(vm):
    for line in vm.stdout:
        print(line, end="", flush=True)
        if line.startswith("in the VM: "):
            return json.loads(line.removeprefix("in the VM: "))
    return None


def compare(checks, exporter, vm):
    """One try: {engine: how much the host's time differs from the VM's, as a share}"""
    if not checks.same(answer(vm), "ready", "i915 runs in the VM"):
        checks.end()
    first = busy(exporter.scrape())
    said = answer(vm)
    if not checks.that(said, "the VM has worked"):
        checks.end()
    metrics = exporter.scrape()
    last = busy(metrics)
    rows = [dict(labels) for labels in metrics.find("intel_gpu_vgpu_info", uuid=UUID)]
    checks.same(metrics.value("intel_gpu_vgpu_in_use", uuid=UUID), 1, "the vGPU is in use")
    checks.same([row["vm_uuid"] for row in rows], said["machine"], f"joined by the machine's UUID: {said['machine']}")
    found = {}
    for engine, seconds in said["busy"].items():
        host = last[engine] - first[engine]
        found[engine] = abs(host / seconds - 1)
        print(f"{engine}: 3 s programmed, in the VM {seconds:.3f} s, on the host {host:.3f} s", flush=True)
    return found


def main():
    checks = lab.Checks()
    lab.shell(f"gpu_load enable_gvt=1; modprobe kvm_amd; vgpu_create GVTg_V5_4 {UUID}")
    exporter = lab.Exporter()
    exporter.scrape_until(lambda metrics: metrics.find(BUSY))
    checks.same(exporter.scrape().value("intel_gpu_vgpu_in_use", uuid=UUID), 0, "nobody has the vGPU")
    start = time.monotonic()
    vm = start_vm()
    best = dict.fromkeys(PROGRAMMED, 1)
    for _ in range(TRIES):
        found = compare(checks, exporter, vm)
        best = {engine: min(best[engine], off) for engine, off in found.items()}
        if max(best.values()) <= AGREE:
            break
    print(f"{time.monotonic() - start:.0f} s after the VM's start")
    for engine, off in best.items():
        checks.that(off <= AGREE, f"{engine}: both sides agree within {off:.1%} (promised {AGREE:.0%})")
    vm.terminate()
    vm.wait()
    exporter.stop()
    checks.end()


inside() if os.environ.get("INSIDE") else main()
