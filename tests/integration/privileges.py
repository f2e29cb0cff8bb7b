# SPDX-License-Identifier: Apache-2.0
"""Privileges: root's are given up at the start but for what perf events need, and nobody's will
do."""
import os

from local import SKYLAKE, Exporter, Tree, as_nobody, case, is_root

CAP_SYS_ADMIN, CAP_PERFMON = 1 << 21, 1 << 38
CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE = 1 << 2, 1 << 19
CAP_KILL = 1 << 5
PROCESSES = CAP_DAC_READ_SEARCH | CAP_SYS_PTRACE
PARANOID = "proc/sys/kernel/perf_event_paranoid"
SETS = ("CapEff", "CapPrm", "CapInh", "CapAmb")


def capabilities(exporter):
    """Of all threads: {set: the union of its bits}."""
    found = dict.fromkeys(SETS, 0)
    for task in os.listdir(f"/proc/{exporter.pid}/task"):
        with open(f"/proc/{exporter.pid}/task/{task}/status") as f:
            for line in f:
                key, _, value = line.partition(":")
                if key in found:
                    found[key] |= int(value, 16)
    return found


def own_capabilities():
    with open("/proc/self/status") as f:
        return int(next(line for line in f if line.startswith("CapPrm")).split()[1], 16)


def check_root(checks):
    mine = own_capabilities()
    with Tree() as tree:
        for level, allowed in ((-1, CAP_PERFMON), (2, CAP_PERFMON),
                               (3, CAP_PERFMON | CAP_SYS_ADMIN),
                               (4, CAP_PERFMON | CAP_SYS_ADMIN)):
            tree.write(PARANOID, f"{level}\n")
            exporter = Exporter(tree.root)
            allowed |= CAP_KILL | PROCESSES
            found = capabilities(exporter)
            checks.that(found["CapEff"] == found["CapPrm"] == mine & allowed,
                        f"root, perf_event_paranoid {level}: effective {found['CapEff']:#x}, "
                        f"permitted {found['CapPrm']:#x} in every thread")
            checks.that(found["CapInh"] == found["CapAmb"] == 0, "nothing for children")
            checks.that(exporter.scrape().value("intel_gpu_up") == 1, "it works")
            exporter.stop()
        tree.write(PARANOID, "2\n")
        exporter = Exporter(tree.root, "--no-collector.vgpu", "--no-collector.sriov",
                            "--no-collector.passthrough", "--no-collector.client", "--no-collector.transcode")
        found = capabilities(exporter)
        checks.same(found["CapEff"], mine & (CAP_PERFMON | CAP_KILL), "no rights over processes for nobody")
        exporter.stop()
    exporter = Exporter("/")
    with open(f"/{PARANOID}") as f:
        level = int(f.read())
    allowed = CAP_KILL | PROCESSES | CAP_PERFMON | (CAP_SYS_ADMIN if level > 2 else 0)
    found = capabilities(exporter)
    checks.that(found["CapEff"] | found["CapPrm"] == mine & allowed,
                f"on this machine, perf_event_paranoid {level}: {found['CapEff']:#x}")
    exporter.scrape()
    with open(f"/proc/{exporter.pid}/limits") as f:
        soft, hard = next(line for line in f if line.startswith("Max open files")).split()[3:5]
    checks.that(soft == hard, f"as many open files as it may have: {soft}")
    exporter.stop()


def check_capset_denied(checks):
    exporter = Exporter(SKYLAKE, prefix=("strace", "-D", "-qq", "-o", "/dev/null", "-e",
                                         "trace=capset", "-e", "inject=capset:error=EPERM"))
    lines = [line for line in exporter.log().splitlines() if "level=warn" in line]
    checks.that(len(lines) == 1 and "capabilities not dropped" in lines[0] and
                exporter.scrape().value("intel_gpu_up") == 1,
                f"a kernel that refuses it: one warning, and it works: {lines}")
    exporter.stop()


def check_nobody(checks):
    # A copy, since the checkout may be below a folder that is closed to nobody.
    with Tree() as tree:
        exporter = Exporter(tree.root, prefix=as_nobody("--inh-caps=-all", "--bounding-set=-all"))
        checks.same(exporter.status("Uid").split(), ["65534"] * 4, "nobody runs it")
        checks.same(capabilities(exporter), dict.fromkeys(SETS, 0), "with no capability")
        checks.that(exporter.scrape().value("intel_gpu_scrape_collector_success",
                                            collector="frequency") == 1, "it works")
        warned = [line for line in exporter.log().splitlines() if "level=info" not in line]
        checks.same(warned, [], "without a warning")
        checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "and ends with 0")


def main(checks):
    if not is_root():
        checks.skip("what root gives up: needs root")
        exporter = Exporter(SKYLAKE)
        checks.same(capabilities(exporter)["CapEff"], 0, "no capability")
        exporter.stop()
        return
    check_root(checks)
    check_capset_denied(checks)
    check_nobody(checks)


case(main)
