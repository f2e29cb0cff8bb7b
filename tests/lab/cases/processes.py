# SPDX-License-Identifier: Apache-2.0
"""Who opens the GPU is in the next scrape, however old he is and wherever he has it from: among so many
processes that few of them are scanned each time. One that calls exec is seen within a turn, and one that
cannot be read costs nobody else his row."""
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import lab
from lab_real import batch

BUSY = "intel_gpu_client_engine_busy_seconds_total"
CGROUPS = Path("/sys/fs/cgroup")
NODE = "/dev/dri/renderD128"
WORK_S = 0.001
OTHERS = 256  # one in 64 is scanned at each walk
AGE_S, SCANS = 11, 12  # older than young ones are, and whatever else holds the module is believed


class Worker:
    """A process in a service of its own that does what it is asked for."""

    def __init__(self, name):
        self.name = name
        self.mine, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.mine.close()
            folder = CGROUPS / "system.slice" / f"{name}.service"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cgroup.procs").write_text("0")
            self.work(theirs)
            os._exit(0)
        theirs.close()

    @staticmethod
    def work(there):
        fd = -1
        while True:
            what, fds = socket.recv_fds(there, 16, 1)[:2]
            answer = []
            if what == b"open":
                fd = os.open(NODE, os.O_RDWR)
            elif what == b"take":
                fd = fds[0]
            elif what == b"give":
                answer = [fd]
            elif what == b"exec":
                os.execv("/tmp/ffmpeg", ["ffmpeg", "300"])
            elif not what:
                return
            if what in (b"open", b"take"):
                batch(fd, "video", WORK_S)
            socket.send_fds(there, [b"done"], answer)
            if what in (b"close", b"give"):
                os.close(fd)
                os.write(there.fileno(), b"closed")

    def ask(self, what, fds=()):
        socket.send_fds(self.mine, [what.encode()], list(fds))
        if what == "exec":
            return []
        answer, got = socket.recv_fds(self.mine, 4, 1)[:2]
        if what in ("close", "give"):
            self.mine.recv(6)
        assert answer == b"done"
        return got

    def labels(self):
        return {"workload": f"service/{self.name}.service"}

    def clients(self, metrics):
        return metrics.value("intel_gpu_clients", **self.labels())

    def busy(self, metrics):
        return metrics.value(BUSY, **{"class": "video"}, **self.labels()) or 0

    def end(self):
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def age(exporter):
    for _ in range(SCANS):
        exporter.scrape()
    time.sleep(AGE_S)
    exporter.scrape()


def check_opens(checks, exporter, workers):
    """One after the other opens the GPU and closes it, in turn or at the same time as the next one."""
    times = lab.shorter(1000, 60, "opens by old processes")
    missed = wrong = 0
    for i in range(times):
        worker, before = workers[i % len(workers)], workers[(i - 1) % len(workers)]
        if i % 3:
            exporter.scrape()
        worker.ask("open")
        if i:
            before.ask("close")
        metrics = exporter.scrape()
        missed += worker.clients(metrics) != 1 or sum(metrics.find("intel_gpu_clients").values()) != 1
    workers[(times - 1) % len(workers)].ask("close")
    metrics = exporter.scrape()
    for i, worker in enumerate(workers):
        wanted = len(range(i, times, len(workers))) * WORK_S
        wrong += abs(worker.busy(metrics) - wanted) > 1e-6
    checks.same(missed, 0, f"{times} times an old process opens the GPU: it is in the next scrape")
    checks.same(wrong, 0, "and its time is exact")


def check_passed(checks, exporter, workers):
    """A descriptor that is passed on belongs to its new holder, with what is done from then on."""
    times = lab.shorter(300, 20, "descriptors that are passed on to old processes")
    missed, begin = 0, exporter.scrape()
    for i in range(times):
        giver, taker = workers[i % len(workers)], workers[(i + 1) % len(workers)]
        giver.ask("open")
        if i % 2:
            exporter.scrape()
        fd = giver.ask("give")
        if i % 3:
            # On its way: this process has it, which is no worker.
            exporter.scrape()
        taker.ask("take", fd)
        os.close(fd[0])
        metrics = exporter.scrape()
        missed += taker.clients(metrics) != 1 or (giver.clients(metrics) or 0) != 0
        taker.ask("close")
        exporter.scrape()
    end = exporter.scrape()
    done = sum(end.find(BUSY, **{"class": "video"}).values()) - \
        sum(begin.find(BUSY, **{"class": "video"}).values())
    checks.same(missed, 0, f"{times} descriptors passed on: each is its new holder's in the next scrape")
    checks.close(done, 2 * times * WORK_S, 1e-6, "nothing lost, nothing twice")


def check_exec(checks, exporter, worker):
    """A process that has been there for long becomes an ffmpeg."""
    shutil.copy(shutil.which("sleep"), "/tmp/ffmpeg")
    turn = 64  # i915's references show each client that was missed: no need of more of them at a time
    worker.ask("exec")
    while Path(f"/proc/{worker.pid}/comm").read_text() != "ffmpeg\n":
        time.sleep(0.01)
    for scrapes in range(1, 2 * turn + 1):
        if exporter.scrape().find("intel_gpu_transcode_processes", **worker.labels()):
            break
    checks.that(scrapes <= turn, f"after an exec: seen in scrape {scrapes}, a turn has {turn}")


def check_hung(checks, exporter):
    """Its command line is never read."""
    lab.shell("modprobe fuse; mkdir -p /tmp/fuse")
    hung = subprocess.Popen([sys.executable, os.environ["LAB_SRC"] + "/hung_map.py", "/tmp/fuse", "ffmpeg"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid = hung.stdout.readline().strip()
    checks.that(Path(f"/proc/{pid}/comm").read_text() == "ffmpeg\n", "an ffmpeg that cannot be read")
    metrics, seconds = exporter.timed()
    checks.bound(seconds, 0.4, "the first scrape beside it")
    slowest = 0
    for _ in range(10):
        metrics, seconds = exporter.timed()
        slowest = max(slowest, seconds)
        checks.that(all(metrics.value("intel_gpu_scrape_collector_success", collector=name) == 1
                        for name in ("client", "transcode")), "client and transcode succeed")
    checks.bound(slowest, 0.3, "slowest of ten later scrapes")
    checks.that(metrics.value("intel_gpu_transcodes", acceleration="unknown") >= 1, "it is unknown")
    checks.that(exporter.threads() <= 12, f"{exporter.threads()} threads")
    hung.stdin.close()
    hung.wait()
    lab.shell("umount -l /tmp/fuse")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)
    others = [subprocess.Popen(["sleep", "100000"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL) for _ in range(OTHERS)]
    workers = [Worker(f"w{i}") for i in range(7)]
    exporter = lab.Exporter("--scrape.timeout=20s")
    try:
        age(exporter)
        check_opens(checks, exporter, workers)
        check_passed(checks, exporter, workers)
        check_exec(checks, exporter, workers[0])
        check_hung(checks, exporter)
    finally:
        for worker in workers:
            worker.end()
        for other in others:
            other.kill()
            other.wait()
    exporter.stop()
    checks.end()


main()
