# SPDX-License-Identifier: Apache-2.0
"""What the cases on the lab's own xe share: what the driver was set to do, what it did, and a judge of what
the exporter says of it."""
import os
import time
from pathlib import Path

import lab

PARAMETERS = Path("/sys/module/xe/parameters")
BUSY = "intel_gpu_engine_busy_seconds_total"
VF_BUSY = "intel_gpu_sriov_vf_engine_busy_seconds_total"
ENERGY = "intel_gpu_energy_joules_total"
C6 = "intel_gpu_rc6_seconds_total"
CHANNELS = "card", "pkg"  # as the driver's truth numbers them
CLASSES = "render", "copy", "video", "video_enhance", "compute"
SHORT = {"rcs": "render", "bcs": "copy", "vcs": "video", "vecs": "video_enhance", "ccs": "compute"}
POINTS = 0.005  # what is promised of a share


def load(ids="e20b", vfs=7, **parameters):
    more = " ".join(f"{name}={value}" for name, value in parameters.items())
    lab.shell(f"lab_load driver=xe ids={ids} vfs={vfs} vfio=1 {more}")


def put(name, value):
    (PARAMETERS / name).write_text(f"{value}\n")


def get(name):
    return (PARAMETERS / name).read_text().strip()


def program(**loads):
    """Per mille of each class: one number, or one for each function."""
    for name in CLASSES:
        put(f"load_{name}", loads.get(name, 0))


def truth():
    """{(what, which): how much}: "time", ns; ("energy", channel), uJ; ("c6", GT), ns; (engine, function), ns.
    "energy_read" and "c6_read" are what these had at the last read of their file."""
    found = {}
    for line in get("truth").splitlines():
        *key, value = line.split()
        found[tuple(key)] = int(value)
    return found


class Bracketed:
    """A scrape between two looks at what the GPU did."""

    def __init__(self, exporter):
        self.before = truth()
        self.metrics = exporter.scrape()
        self.after = truth()


class Between:
    """What can have happened between two scrapes: at least from after the first to before the second, at
    most from before the first to after the second."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def grown(self, name, **labels):
        a, b = (each.metrics.value(name, **labels) for each in (self.first, self.second))
        return None if a is None or b is None else b - a

    def limits(self, *key):
        return self.second.before[key] - self.first.after[key], self.second.after[key] - self.first.before[key]


def is_exact(checks, between, text, key, unit, name, **labels):
    """To 0.1 %, and a step of the kernel's: between the reads of the file that the two scrapes made."""
    grown = between.grown(name, **labels)
    wanted = unit * (between.second.after[key] - between.first.after[key])
    checks.close(grown, wanted, 0.001 * wanted + 0.0011, text)


def number_of_perf_events(pid):
    found = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found += "perf_event" in os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


def wait_status(wanted, seconds=20):
    """The GPU's runtime status, when it is the wanted one or the time is over."""
    path, end = Path(lab.shell("lab_pci_dir"), "power/runtime_status"), time.monotonic() + seconds
    while path.read_text().strip() != wanted and time.monotonic() < end:
        time.sleep(0.1)
    return path.read_text().strip()


def engines():
    """Engines that there are, by the driver's truth."""
    return sorted({key[0] for key in truth() if key[0].rstrip("0123456789") in SHORT})
