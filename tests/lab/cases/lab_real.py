# SPDX-License-Identifier: Apache-2.0
"""What the cases on Debian's own i915 share: its events, opened here too, and work of known length."""
import ctypes
import os
import struct
import subprocess
import time
from pathlib import Path

import lab

SYS_perf_event_open = 298
PMUS = Path("/sys/bus/event_source/devices")
# The families of counters, the event that each is about, and the event's unit.
COUNTERS = {
    "intel_gpu_engine_busy_seconds_total": ("{engine}-busy", 1e-9),
    "intel_gpu_engine_wait_seconds_total": ("{engine}-wait", 1e-9),
    "intel_gpu_engine_semaphore_seconds_total": ("{engine}-sema", 1e-9),
    "intel_gpu_actual_cycles_total": ("actual-frequency", 1e6),
    "intel_gpu_requested_cycles_total": ("requested-frequency", 1e6),
    "intel_gpu_rc6_seconds_total": ("rc6-residency", 1e-9),
    "intel_gpu_gt_awake_seconds_total": ("software-gt-awake-time", 1e-9),
    "intel_gpu_interrupts_total": ("interrupts", 1),
}


def open_event(pmu_type, config, cpu):
    attributes = struct.pack("<IIQ", pmu_type, 72, config) + bytes(56)
    fd = ctypes.CDLL(None, use_errno=True).syscall(SYS_perf_event_open, attributes, -1, cpu, -1, 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), f"perf_event_open of {config:#x}")
    return fd


class Pmu:
    """Every event of a GPU's PMU, open."""

    def __init__(self, name):
        self.name = name
        directory = PMUS / name
        pmu_type = int((directory / "type").read_text())
        cpu = self.cpu(directory)
        self.events = {}
        for event in sorted(os.listdir(directory / "events")):
            if not event.endswith((".unit", ".scale")):
                config = int((directory / "events" / event).read_text().split("=")[1], 16)
                self.events[event] = open_event(pmu_type, config, cpu)

    @staticmethod
    def cpu(directory):
        """From 6.13 on any CPU will do, and there is no file."""
        mask = directory / "cpumask"
        return int(mask.read_text().split(",")[0].split("-")[0]) if mask.exists() else 0

    def read(self):
        return {event: struct.unpack("<Q", os.read(fd, 8))[0] for event, fd in self.events.items()}

    def close(self):
        for fd in self.events.values():
            os.close(fd)


def event_of(name, labels):
    """The event behind a sample and its unit, or None."""
    if name not in COUNTERS:
        return None
    event, unit = COUNTERS[name]
    return event.format(**labels), unit


class Bracketed:
    """A scrape between two reads of every event."""

    def __init__(self, exporter, pmus):
        self.before = {pci: pmu.read() for pci, pmu in pmus.items()}
        self.metrics = exporter.scrape()
        self.after = {pci: pmu.read() for pci, pmu in pmus.items()}


class Referee:
    """Judges every counter's growth between two scrapes: it is at least what the kernel counted from
    after the first to before the second, and at most what from before the first to after the second."""

    def __init__(self, checks, exporter, pmus, optional=()):
        """With endings of the events that need not be exported."""
        self.checks, self.exporter, self.pmus, self.optional = checks, exporter, pmus, optional
        self.compared = 0

    def scrape(self):
        return Bracketed(self.exporter, self.pmus)

    def judge(self, first, second, what):
        compared, wrong, seen = 0, [], {pci: set() for pci in self.pmus}
        for (name, labels), value in second.metrics.items():
            labels = dict(labels)
            found = event_of(name, labels)
            if not found or labels["pci"] not in self.pmus:
                continue
            event, unit = found
            pci = labels["pci"]
            seen[pci].add(event)
            compared += 1
            grown = value - (first.metrics.value(name, **labels) or 0)
            least = (second.before[pci][event] - first.after[pci][event]) * unit
            most = (second.after[pci][event] - first.before[pci][event]) * unit
            # A double has 15 digits; values in Hz are cut to whole MHz by the kernel alone.
            if not least - unit <= grown <= most + unit:
                wrong.append(f"{pci} {event}: {grown:.9g}, not in {least:.9g}..{most:.9g}")
        for pci, pmu in self.pmus.items():
            wrong += [f"{pci} {event} is not exported" for event in set(pmu.events) - seen[pci]
                      if not event.endswith(self.optional)]
        self.compared += compared
        return self.checks.that(compared and not wrong,
                                f"{what}: {compared} compared, {len(wrong)} wrong {wrong or ''}")


def node(pci):
    """The render node of a GPU."""
    directory = f"/sys/bus/pci/devices/{pci or lab.shell('lab_bdf')}/drm"
    return "/dev/dri/" + next(name for name in os.listdir(directory) if name.startswith("renderD"))


def work(engine, us, *options, pci=None):
    """Starts work for an engine; the process ends when it is done."""
    return subprocess.Popen(["lab_submit", *options, node(pci), engine, f"{us}us"],
                            stdout=subprocess.DEVNULL)


def run(*works):
    for process in works:
        if process.wait(timeout=60) != 0:
            raise SystemExit("FAIL: lab_submit failed")


class Batch(ctypes.Structure):
    """struct batch of ../batch.h"""
    _fields_ = [("engine", ctypes.c_int), ("instance", ctypes.c_uint32), ("what", ctypes.c_int),
                ("ns", ctypes.c_uint64), ("handle", ctypes.c_uint32)]


ENGINES = "render", "copy", "video", "video-enhance"


def batch(fd, engine, seconds):
    """Work on a file of this process's own; returns when it is done."""
    library = ctypes.CDLL(f"{os.environ['LAB_BOOT']}/bin/batch.so", use_errno=True)
    if library.batch_run(fd, ctypes.byref(Batch(ENGINES.index(engine), ns=int(seconds * 1e9)))) != 0:
        raise OSError(ctypes.get_errno(), f"a batch for {engine}")


def figures(pid, engine):
    """{client: seconds} of a process's clients, as the driver says it."""
    found = {}
    try:
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            try:
                text = Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
            except FileNotFoundError:
                continue  # closed meanwhile
            keys = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            if f"drm-engine-{engine}" in keys:
                found[keys["drm-client-id"]] = int(keys[f"drm-engine-{engine}"].split()[0]) / 1e9
    except FileNotFoundError:
        pass
    return found


def booked(pid, engine, seconds):
    """Waits until the driver has charged a process what its batches took at least: it does when their
    context has left the engine."""
    end = time.monotonic() + 30
    while sum(figures(pid, engine).values()) < 0.99 * seconds and time.monotonic() < end:
        time.sleep(0.01)


def gpus():
    """{PCI address: PMU} of the GPUs: the PMU named "i915" is of the one that has none of its own name."""
    found = {}
    for number in range(len(os.environ["LAB_GPU"].split(","))):
        pci = lab.shell(f"lab_bdf {number}")
        own = "i915_" + pci.replace(":", "_")
        found[pci] = Pmu(own if (PMUS / own).exists() else "i915")
    return found
