# SPDX-License-Identifier: Apache-2.0
"""From a host to its VM: Debian's own kvmgt gives a vGPU to a QEMU in the guest, the i915 in that VM
works on it, and an exporter on either side agrees with the other on that work. On the dashboard of a
Prometheus that scrapes both they are one chain."""
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import lab
import lab_real

BUSY, CLIENT = "intel_gpu_engine_busy_seconds_total", "intel_gpu_client_engine_busy_seconds_total"
UUID, TYPE = "00000000-0000-0000-0000-000000000101", "GVTg_V5_4"
PROGRAMMED = {"rcs0": "render", "vcs0": "video"}
SECONDS = 10  # of work: an interrupt that comes 0.2 s late is less than what is promised
GUEST_CLOCK = 4  # its i915 takes 3 MHz for the 12 MHz of the timestamp, which the exporter corrects
AGREE = 0.03
TRIES = 4
PICTURE_WORKS = 3
LIMIT = 900
PORT = 10061  # of the VM's exporter, on the host
HOST, VM = "pve1:10057", "worker1:10057"  # as the Prometheus calls them


# On both sides: the request by which i915 sees whether an engine is alive interrupts the work, and what a
# vGPU's context then does is not what this is about.
RARE_HEARTBEATS = 'for engine in "$(lab_card)"/engine/*; do echo 60000 >$engine/heartbeat_interval_ms; done'


def grown(after, before):
    return {engine: after[engine] - before[engine] for engine in after}


def busy(metrics):
    return {engine: metrics.value(BUSY, engine=engine) for engine in PROGRAMMED}


def clients(metrics):
    """Seconds of the programs. The kernel has them from the hardware's own clock. An engine's counts until the
    processor has heard of the work's end, and one that is emulated twice may hear it a second later."""
    return {engine: sum(metrics.find(CLIENT, **{"class": kind}).values()) for engine, kind in PROGRAMMED.items()}


def say(**what):
    print("in the VM: " + json.dumps(what), flush=True)


def wait_booked(processes):
    """Until the driver has charged the clients. Without scrapes: it charges a quarter while a context is on its
    engine and the rest when it leaves, and the exporter cuts what grows faster than time passes."""
    end = time.monotonic() + 300
    for process, kind in zip(processes, PROGRAMMED.values()):
        while (sum(lab_real.figures(process.pid, kind).values()) < GUEST_CLOCK * 0.99 * SECONDS and
               time.monotonic() < end):
            time.sleep(0.5)


def work(exporter, pmu):
    """What was used of each engine: by its clients, by its own counter, and at least and at most by the
    kernel's own."""
    reads = [pmu.read()]
    first = exporter.scrape()
    reads.append(pmu.read())
    before = clients(first)
    processes = [lab_real.work(kind, SECONDS * 1000000, "--hold", "600000ms") for kind in PROGRAMMED.values()]
    wait_booked(processes)
    reads.append(pmu.read())
    last = exporter.scrape()
    reads.append(pmu.read())
    for process in processes:
        process.kill()
        process.wait()
    least, most = ({engine: (reads[b][f"{engine}-busy"] - reads[a][f"{engine}-busy"]) / 1e9 for engine in PROGRAMMED}
                   for a, b in ((1, 2), (0, 3)))
    return {"clients": grown(clients(last), before), "busy": grown(busy(last), busy(first)), "least": least, "most": most}


def inside():
    """In the VM: works when the host says so, and prints what its own exporter says."""
    lab.shell(f"gpu_load; {RARE_HEARTBEATS}")
    exporter = lab.Exporter("--web.listen-address=10.0.2.15:10057")
    metrics = exporter.scrape_until(lambda new: new.find(BUSY), 60)
    pmu, = lab_real.gpus().values()
    say(machine=[dict(labels)["machine_uuid"] for labels in metrics.find("intel_gpu_machine_info")],
        function=[dict(labels)["function"] for labels in metrics.find("intel_gpu_info")])
    for number in range(1, TRIES + 2 + PICTURE_WORKS):
        while not (Path(os.environ["LAB_OUT"]) / f"work{number}").exists():
            time.sleep(0.2)
        say(**work(exporter, pmu))
    time.sleep(LIMIT)  # until the host has looked and ends the VM


def start_vm():
    return subprocess.Popen(
        [f"{os.environ['LAB_SRC']}/run.sh", "--vgpu", UUID, "--mem", "700", "--cpus", "1", "--timeout", str(LIMIT),
         "--forward", f"{PORT}:10057", "--out", "/tmp/vm", "--env", f"EXPORTER={os.environ['EXPORTER']}",
         "--env", "INSIDE=1", "--env", "PYTHONDONTWRITEBYTECODE=1", "--", "/usr/bin/python3", os.path.abspath(__file__)],
        stdout=subprocess.PIPE, text=True)


def answer(checks, vm):
    for line in vm.stdout:
        print(line, end="", flush=True)
        if line.startswith("in the VM: "):
            return json.loads(line.removeprefix("in the VM: "))
    checks.that(False, "the VM answers")
    return checks.end()


def compare(checks, exporter, vm, number):
    """One try: {engine: how much the host's time differs from the VM's, as a share}"""
    first = busy(exporter.scrape())
    Path(f"/tmp/vm/work{number}").touch()
    said = answer(checks, vm)
    host = grown(busy(exporter.scrape()), first)
    wrong = [engine for engine, value in said["busy"].items()
             if not said["least"][engine] - 1e-6 <= value <= said["most"][engine] + 1e-6]
    checks.same(wrong, [], "in the VM the engines' counters are the kernel's")
    for engine, seconds in said["clients"].items():
        print(f"{engine}: {SECONDS} s programmed; in the VM {seconds:.3f} s of its clients, "
              f"{said['busy'][engine]:.3f} s of its engine; on the host {host[engine]:.3f} s", flush=True)
        checks.close(seconds, SECONDS, 0.01 * SECONDS, f"{engine}: the VM's clients")
    return {engine: abs(host[engine] / seconds - 1) for engine, seconds in said["clients"].items()}


def check_work(checks, exporter, vm):
    best = dict.fromkeys(PROGRAMMED, 1)
    for number in range(1, TRIES + 1):
        found = compare(checks, exporter, vm, number)
        best = {engine: min(best[engine], off) for engine, off in found.items()}
        if max(best.values()) <= AGREE:
            break
    for engine, off in best.items():
        checks.that(off <= AGREE, f"{engine}: both sides agree within {off:.1%} (promised {AGREE:.0%})")
    return number


def check_dashboard(checks, prometheus, vm, number):
    """On one: which VM has the vGPU, by the UUID of the machine in which the other exporter is; what both see."""
    import dashboards
    values = {"job": ".+", "instance": ".+", "pci": ".+", "__rate_interval": "120s", "__range": "5m"}
    server = prometheus.start("0.0.0.0:9090", jobs={"intel-gpu": ["pve1", "worker1"]})
    checks.that(prometheus.wait_for("count(count_over_time(intel_gpu_info[1h]) >= 3) == 2", 120), "Prometheus scrapes both")
    Path(f"/tmp/vm/work{number}").touch()
    answer(checks, vm)
    panels = {(title, letter): re.sub(r"\$([A-Za-z_]\w*)", lambda found: values[found[1]], expression)
              for _, title, letter, expression in dashboards.expressions(dashboards.load()["virtualization"])}
    chain = prometheus.wait_for(panels["From host to virtual machine to pod", "B"], 60)
    checks.same([(row["metric"]["instance"], row["metric"]["share"], row["metric"]["vm_instance"]) for row in chain],
                [(HOST, f"vGPU i915-{TYPE}", VM)], "the chain from the host to the exporter in its VM")
    seen = {row["metric"]["instance"]: row["metric"]["function"]
            for row in prometheus.query(panels["Where exporters run and what they see", "A"])}
    checks.same(seen, {HOST: "physical", VM: "vgpu"}, "a GPU and a vGPU")
    rates = {row["metric"]["instance"]: float(row["value"][1])
             for row in prometheus.query(panels["Where exporters run and what they see", "C"])}
    checks.that(rates.keys() == {HOST, VM} and min(rates.values()) > 0, f"the video engine works on both: {rates}")
    keep(checks, server, vm, number + 1)


def keep(checks, server, vm, number):
    """For a picture: a minute more, with work in the VM, and then what Prometheus has."""
    if not os.environ.get("PICTURE"):
        server.kill()
        return
    for extra in range(number, number + PICTURE_WORKS):
        Path(f"/tmp/vm/work{extra}").touch()
        answer(checks, vm)
    server.terminate()
    server.wait()
    shutil.copytree("/tmp/tsdb", Path(os.environ["LAB_OUT"]) / "tsdb")


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dashboards"))
    import prometheus  # not in the VM, which has no room for it
    checks = lab.Checks()
    lab.shell(f"gpu_load enable_gvt=1; modprobe kvm_amd; vgpu_create {TYPE} {UUID}; {RARE_HEARTBEATS}; mkdir /tmp/vm")
    exporter = lab.Exporter()
    exporter.scrape_until(lambda metrics: metrics.find(BUSY))
    checks.same(exporter.scrape().value("intel_gpu_vgpu_in_use", uuid=UUID), 0, "nobody has the vGPU")
    start = time.monotonic()
    vm = start_vm()
    said = answer(checks, vm)
    checks.same(said["function"], ["vgpu"], f"i915 runs in the VM {time.monotonic() - start:.0f} s after its start")
    metrics = exporter.scrape()
    rows = [dict(labels) for labels in metrics.find("intel_gpu_vgpu_info", uuid=UUID)]
    checks.same(metrics.value("intel_gpu_vgpu_in_use", uuid=UUID), 1, "the vGPU is in use")
    checks.same([row["vm_uuid"] for row in rows], said["machine"], f"joined by the machine's UUID: {said['machine']}")
    tries = check_work(checks, exporter, vm)
    check_dashboard(checks, prometheus, vm, tries + 1)
    vm.terminate()
    vm.wait()
    exporter.stop()
    checks.end()


inside() if os.environ.get("INSIDE") else main()
