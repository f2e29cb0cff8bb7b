# SPDX-License-Identifier: Apache-2.0
"""Engines of an emulated xe by its PMU: every engine within 0.5 points of the programmed load, at three loads,
without VFs and with two, also where a VF uses four times what it is granted; the functions add up to the whole."""
import time

import lab
import lab_xe
from lab_xe import BUSY, VF_BUSY

SECONDS = 4
LOADS = (
    {"render": [20], "copy": [0], "video": [110], "video_enhance": [10], "compute": [5]},
    {"render": [250], "copy": [50], "video": [400], "video_enhance": [100], "compute": [150]},
    {"render": [950], "copy": [700], "video": [1000], "video_enhance": [850], "compute": [500]},
)
# The PF's, the first VF's and the second's part of each of these loads.
PARTS = {"render": (0.5, 0.3, 0.2), "copy": (0, 1, 0), "video": (0.2, 0, 0.8), "video_enhance": (0, 0.5, 0.5),
         "compute": (1, 0, 0)}


def share_of(engine, loads, function):
    """The second engine of a class has half of the first one's load."""
    per_mille = loads[lab_xe.SHORT[engine.rstrip("0123456789")]]
    return (per_mille[function] if function < len(per_mille) else 0) / 1000 / (1 + int(engine[-1]))


def values(metrics, name, **labels):
    """{engine: value}"""
    return {dict(found)["engine"]: value for found, value in metrics.find(name, **labels).items()}


def measure(exporter):
    """A scrape begins, SECONDS pass, another ends it."""
    first = exporter.sharp()
    time.sleep(SECONDS)
    return first, exporter.sharp()


def check_shares(checks, first, last, name, wanted, text, **labels):
    a, b = values(first, name, **labels), values(last, name, **labels)
    checks.same(sorted(b), sorted(wanted), f"{text}: the engines are {', '.join(sorted(wanted))}")
    off = {engine: (b[engine] - a.get(engine, 0)) / (last.time - first.time) - wanted[engine]
           for engine in wanted if engine in b}
    worst = max(off, key=lambda engine: abs(off[engine]), default=None)
    checks.that(worst and abs(off[worst]) <= lab_xe.POINTS,
                f"{text}: the most that an engine is off: {100 * off.get(worst, 1):+.2f} points ({worst})")


def check_load(checks, exporter, loads, vfs, text):
    lab_xe.program(**{name: ",".join(str(value) for value in each) for name, each in loads.items()})
    first, last = measure(exporter)
    engines = lab_xe.engines()
    whole = {engine: sum(share_of(engine, loads, function) for function in range(vfs + 1)) for engine in engines}
    check_shares(checks, first, last, BUSY, whole, f"{text}, the whole")
    for vf in range(1, vfs + 1):
        check_shares(checks, first, last, VF_BUSY, {engine: share_of(engine, loads, vf) for engine in engines},
                     f"{text}, VF {vf}", vf=vf)
    if not vfs:
        checks.that(not last.find(VF_BUSY), f"{text}: no VF has a series")
    check_sum(checks, last, vfs, text)


def check_sum(checks, metrics, vfs, text):
    """In one exposition: no VF together has more than the whole, by the same reads."""
    whole = values(metrics, BUSY)
    parts = [values(metrics, VF_BUSY, vf=vf) for vf in range(1, vfs + 1)]
    wrong = {engine: (seconds, [part.get(engine) for part in parts]) for engine, seconds in whole.items()
             if sum(part.get(engine, 0) for part in parts) > seconds + 1e-6}
    checks.that(whole and not wrong, f"{text}: the VFs' seconds are a part of the whole {wrong or ''}")


def of_parts(loads):
    return {name: [int(loads[name][0] * part) for part in PARTS[name]] for name in loads}


def check_adds_up(checks, exporter, vfs):
    """With an idle PF the functions are the whole."""
    lab_xe.program(render="0,300,200", video="0,100,900")
    first, last = measure(exporter)
    for engine in "rcs0", "vcs0":
        whole = last.value(BUSY, engine=engine) - first.value(BUSY, engine=engine)
        parts = sum(last.value(VF_BUSY, engine=engine, vf=vf) - first.value(VF_BUSY, engine=engine, vf=vf)
                    for vf in range(1, vfs + 1))
        checks.close(parts, whole, 1e-6 + 1e-5 * whole, f"seconds of {engine} of both VFs, and the whole")


def set_quanta(*quanta):
    for function, ms in enumerate(quanta):
        name = f"vf{function}" if function else "pf"
        lab.shell(f'echo {ms} >"$(lab_pci_dir)"/sriov_admin/{name}/profile/exec_quantum_ms')


def check_quota(checks, exporter):
    """Half of the time is the PF's, a quarter each VF's; one VF works alone and has all of it."""
    set_quanta(64, 32, 32)
    loads = {name: [0, 1000, 0] for name in LOADS[0]}
    check_load(checks, exporter, loads, 2, "a VF with four times its grant")
    late = start(port=lab.PORT + 1)
    check_load(checks, late, loads, 2, "the same, the clock learnt from unequal grants")
    late.stop()


def check_other_vfs(checks, exporter):
    """Their number changes: the events are opened anew, and the quanta read again."""
    lab.shell("lab_vfs 0")
    gone = exporter.scrape_until(lambda metrics: not metrics.find(VF_BUSY), 10)
    checks.that(not gone.find(VF_BUSY), "without VFs their series are gone")
    set_quanta(64, 32, 16, 0)
    lab.shell("lab_vfs 3")
    back = exporter.scrape_until(lambda metrics: metrics.find(VF_BUSY, vf=3), 20)
    checks.that(back.find(VF_BUSY, vf=3) and not back.find(VF_BUSY, vf=4), "three VFs, found without a restart")
    quanta = {dict(labels)["vf"]: value for labels, value in
              back.find("intel_gpu_sriov_vf_exec_quantum_seconds").items()}
    checks.same(quanta, {"0": 0.064, "1": 0.032, "2": 0.016}, "quanta of the functions, absent where unlimited")
    check_load(checks, exporter, {name: [100, 0, 0, 150] for name in LOADS[0]}, 3, "three VFs")
    lab.shell("lab_vfs 0")


def check_restart(checks, exporter):
    """After a reset of the GT the firmware counts from 0: nothing is taken back, and from the third read on the
    share is right."""
    lab_xe.program(render="500")
    first = exporter.scrape()
    lab_xe.put("restart", 1)
    time.sleep(1)
    later = [exporter.scrape(), exporter.scrape()]
    seen = [metrics.value(BUSY, engine="rcs0") for metrics in (first, *later)]
    checks.that(seen == sorted(seen), f"a restart takes nothing back: {seen}")
    first, last = measure(exporter)
    checks.close(lab.rate(first, last, BUSY, engine="rcs0"), 0.5, lab_xe.POINTS, "share after a restart")


def check_forcewake(checks, exporter, text, lost):
    """Open events of engines keep the GTs from C6: said, not hidden."""
    lab_xe.program()
    first, last = measure(exporter)
    for gt, share in ("0", 0.3), ("1", 0.6):
        checks.close(lab.rate(first, last, lab_xe.C6, gt=gt), 0 if lost else share, 3 * lab_xe.POINTS,
                     f"{text}: share of C6 of GT {gt}")


def start(*flags, port=lab.PORT):
    """The clock is learnt over a second at least."""
    exporter = lab.Exporter(*flags, port=port)
    for _ in range(4):
        exporter.scrape()
        time.sleep(0.7)
    return exporter


def check_default(checks):
    """auto: events only while there are VFs; and the clock of the ticks is known then, too."""
    exporter = lab.Exporter()
    exporter.scrape()
    checks.same(lab_xe.number_of_perf_events(exporter.pid), 0, "without VFs no event is open by default")
    checks.that(not exporter.scrape().find(BUSY), "and no engine has a series")
    checks.same(exporter.scrape().reason("engine"), "not_enabled", "engine says why")
    lab.shell('echo on >"$(lab_pci_dir)"/power/control')  # asleep, nothing counts C6
    check_forcewake(checks, exporter, "without VFs", False)
    lab.shell('echo auto >"$(lab_pci_dir)"/power/control')
    lab.shell("lab_vfs 2")
    exporter.scrape_until(lambda metrics: metrics.find(VF_BUSY), 20)
    checks.that(lab_xe.number_of_perf_events(exporter.pid) > 0, "with two VFs events are open")
    for number, loads in enumerate(LOADS):
        check_load(checks, exporter, of_parts(loads), 2, f"load {number + 1}, 2 VFs")
    check_adds_up(checks, exporter, 2)
    check_quota(checks, exporter)
    check_restart(checks, exporter)
    check_forcewake(checks, exporter, "with VFs", True)
    checks.same(exporter.scrape().value("intel_gpu_engine_covers_guests"), 1, "the whole covers guests")
    check_other_vfs(checks, exporter)
    exporter.stop()


def main():
    checks = lab.Checks()
    lab_xe.load()
    exporter = start("--collector.engine.xe=on")
    for number, loads in enumerate(LOADS):
        check_load(checks, exporter, loads, 0, f"load {number + 1}, no VF")
    check_restart(checks, exporter)
    check_forcewake(checks, exporter, "events open", True)
    exporter.stop()
    check_default(checks)
    complaints = lab.shell("dmesg | grep -E 'WARNING:|BUG:|Oops'", check=False)
    checks.that(not complaints, f"the kernel has no complaint {complaints[:500]}")
    checks.end()


main()
