# SPDX-License-Identifier: Apache-2.0
"""Machines whose files are cut, filled, spliced, replaced and gone, one after the other under one exporter:
whatever they say, what is served is well formed, no counter falls, and the exporter serves on."""
import os
import random
import shutil
import stat
import sys
import threading
import time

from local import REPO, Exporter, Tree, case, shorter

sys.path.insert(0, str(REPO / "tests" / "support"))
from exposition import Exposition  # noqa: E402

SEED = int(os.environ.get("SEED", "1"))
MACHINES = shorter(20000, 500, "mutated machines")
SHARE = 250  # of one exporter: then comes another machine, and what is read only at the start is new, too
FIXTURES = ("skylake-6700k-gvtg", "uhd770-arc-a380", "battlemage-xe", "alderlake-n100-sriov", "hostile",
            "cometlake-old-kernel", "meteorlake-two-gts", "coffeelake-8500t-vfio", "coffeelake-guest-vgpu")
WORKERS = 2
LIMIT_S = 240  # for a machine that is busy with something else: what is left out then is said
LONGEST = 1 << 16
ID = "ab" * 32
CONTENTS = (b"", b"\n", b"0\n", b"-1\n", b"1\n", b"18446744073709551615\n", b"18446744073709551616\n", b"0x\n", b"nan\n",
            b"1e308\n", b"\0" * 40, b"\xff\xfe\n", b"a" * 5000, b"9" * 5000, b"\"}\n# HELP x\n", b"../../../etc/passwd\n",
            b"0000:00:02.0\n", b"drm-client-id:\t7\ndrm-driver:\ti915\ndrm-engine-video:\t18446744073709551615 ns\n",
            b"0::/system.slice/run.service/kubepods/pod0a1b2c3d-1111-2222-3333-444455556666/" + ID.encode() + b"\n",
            b"0::/qemu.slice/999.scope\n", b"0::/user.slice/user-1000.slice/a\"b\\c.service\n",
            b"ffmpeg\0-i\0a.mkv\0-c:v\0libx264\0b.mp4\0", b"/usr/bin/kvm\0-id\000101\0-device\0{\"driver\":\"vfio-pci\"\0",
            b"1 (a) b) R 1 1 1 0 -1 0 0 0 0 0 99999999999 1 0 0 20 0 1 0 99 0 0\n")
LINKS = ("/nonexistent", ".", "..", "/dev/dri/renderD128", "/dev/dri/renderD999999", "/dev/vfio/12", "a" * 200,
         "../../../bus/pci/drivers/i915", "../../../bus/pci/drivers/xe", "pid:[4026531836]", "\udcff\n\"")


class Machine:
    """A copy of a fixture, of which some files are changed for a while."""

    def __init__(self, fixture):
        self.tree = Tree(fixture)
        self.files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.tree.root)
                            for name in names if name not in ("README", "expected.prom"))
        self.processes = sorted(int(name) for name in os.listdir(self.tree / "proc") if name.isdigit())
        self.undo, self.done = [], []

    def _save(self, path):
        """Takes what is there away; put_back() brings it again."""
        if os.path.islink(path):
            target = os.readlink(path)
            os.unlink(path)
            self.undo.append(lambda: (remove(path), os.symlink(target, path)))
            return b""
        with open(path, "rb") as f:
            content = f.read()
        os.unlink(path)

        def back():
            remove(path)
            with open(path, "wb") as f:
                f.write(content)
        self.undo.append(back)
        return content

    def change(self, rng):
        if rng.random() < 0.1:
            self._add_process(rng)
            return
        path = rng.choice(self.files)
        if not os.path.islink(path) and not os.path.isfile(path):
            return  # changed already
        is_link = os.path.islink(path)
        content = self._save(path)
        kind = rng.choice(("gone", "link", "folder", "fifo", "text", "text", "cut", "cut", "cut", "cut"))
        self.done.append((kind, os.path.relpath(path, self.tree.root)))
        if kind == "link" or (is_link and kind in ("text", "cut")):
            os.symlink(rng.choice(LINKS), path)
        elif kind == "folder":
            os.mkdir(path)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind in ("text", "cut"):
            with open(path, "wb") as f:
                f.write(rng.choice(CONTENTS) if kind == "text" else mutate(rng, content))

    def _add_process(self, rng):
        """One more of a process that there is, with another number, also one that is used again and again."""
        new = self.tree / f"proc/{rng.choice((2, 7, 70000 + rng.randrange(20), 4194303))}"
        if not self.processes or os.path.lexists(new):
            return
        source = self.tree / f"proc/{rng.choice(self.processes)}"
        self.done.append(("process", new.name, source.name))
        self.undo.append(lambda: shutil.rmtree(new, ignore_errors=True))
        shutil.copytree(source, new, symlinks=True, ignore=lambda folder, names: [
            n for n in names if not stat.S_ISREG(os.lstat(os.path.join(folder, n)).st_mode) and
            not os.path.islink(os.path.join(folder, n)) and not os.path.isdir(os.path.join(folder, n))])
        for name in ("cgroup", "comm", "cmdline", "stat"):
            if rng.random() < 0.5:
                remove(new / name)
                (new / name).write_bytes(rng.choice(CONTENTS))

    def put_back(self):
        for undo in reversed(self.undo):
            undo()
        self.undo, self.done = [], []


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def mutate(rng, content):
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at] = rng.choice(CONTENTS)
        elif kind == 2:
            del data[at:at + rng.randrange(1, 20)]
        elif kind == 3:
            data[at:at] = data[at:at + rng.randrange(1, 200)] * rng.choice((1, 1, 50))
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            lines = bytes(data).splitlines(keepends=True)
            rng.shuffle(lines)
            data = bytearray(b"".join(lines + lines[:rng.randrange(2)]))
        else:
            digits = [i for i, c in enumerate(data) if 48 <= c < 58]
            if digits:
                data[rng.choice(digits)] = rng.randrange(48, 58)
    return bytes(data[:LONGEST])


class Worker(threading.Thread):
    """Takes shares of the machines until there are none, or somebody has failed."""
    lock, shares, failures, lines, machines = threading.Lock(), [], [], 0, 0
    end = time.monotonic() + LIMIT_S

    def run(self):
        while not self.failures and time.monotonic() < self.end:
            with self.lock:
                if not self.shares:
                    return
                number, count = self.shares.pop(0)
            machine = Machine(FIXTURES[number % len(FIXTURES)])
            try:
                self.examine(machine, number, count)
            except (OSError, SystemExit) as e:
                self.failures.append(f"SEED={SEED}, share {number}: {e!r}")
            finally:
                machine.tree.remove()

    def examine(self, machine, number, count):
        last, exporter = {}, None
        for i in range(count):
            rng = random.Random(f"{SEED}.{number}.{i}")
            for _ in range(rng.choice((1, 1, 2, 4, 8))):
                machine.change(rng)
            if not exporter:
                exporter = Exporter(machine.tree.root, "--log.level=error", "--collector.cycles")
            status, body = exporter.get("/metrics")
            found = Exposition(body.encode())
            wrong = found.wrong + found.falls(last) + ([] if status == 200 else [f"status {status}"])
            with self.lock:
                Worker.lines += len(found.values)
                Worker.machines += 1
            if wrong:
                self.failures.append(f"SEED={SEED}, machine {number}.{i} of {FIXTURES[number % len(FIXTURES)]}, "
                                     f"{wrong[:3]}, of {machine.done}")
                return
            machine.put_back()
        exporter.stop()
        if exporter.process.returncode != 0:
            self.failures.append(f"SEED={SEED}, share {number}: exit code {exporter.process.returncode}")


def main(checks):
    start = time.monotonic()
    share = min(SHARE, MACHINES // len(FIXTURES))
    Worker.shares = [(i, min(share, MACHINES - at)) for i, at in enumerate(range(0, MACHINES, share))]
    workers = [Worker(daemon=True) for _ in range(WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    checks.same(Worker.failures[:2], [], f"{Worker.machines} mutated machines in {time.monotonic() - start:.0f} s, "
                f"seed {SEED}: {Worker.lines} samples")
    checks.that(Worker.machines > 0 and Worker.lines > 20 * Worker.machines, "which say something")
    if Worker.machines < MACHINES and not Worker.failures:
        checks.skip(f"{MACHINES - Worker.machines} machines, as this one is busy: {LIMIT_S} s are over")


case(main)
