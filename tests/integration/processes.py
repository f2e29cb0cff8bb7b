# SPDX-License-Identifier: Apache-2.0
"""What the walk of processes costs: up to 2,000 of them, of which up to 200 have five DRM clients
each, in a copy of a machine. System calls as promised, growth linear, and the deadline holds."""
import os
import re
from collections import Counter

from local import Exporter, Strace, Tree, ask, case, get_request, wait_for

# The folder of descriptors is opened, read, read to its end and closed; each descriptor is a link.
PROCESS = Counter(openat=1, getdents64=2, close=1, readlinkat=6)
# The link; the device's numbers, and whether the link says O_PATH; fdinfo.
CLIENT = Counter(readlinkat=1, statx=2, openat=1, read=1, close=1)
# Of a process with clients: its cgroup.
GROUP = Counter(openat=1, read=1, close=1)
ROOM = 0.1
ONLY = "/metrics?collect[]=client"
SLOW_US = 2000  # of each of the 3,200 calls of openat: 6.4 s
FDINFO = ("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t311\ndrm-driver:\ti915\n"
          "drm-client-id:\t{}\ndrm-pdev:\t0000:00:02.0\n" +
          "".join(f"drm-{kind}-{region}:\t0\n"
                  for region in ("system0", "stolen-system0")
                  for kind in ("total", "shared", "active", "resident", "purgeable")) +
          "".join(f"drm-engine-{name}:\t1234567 ns\n"
                  for name in ("render", "copy", "video", "video-enhance")))


class Machine:
    """Processes with six descriptors of other things, and with five of the GPU as well."""

    def __init__(self, root):
        self.root, self.n, self.clients = root, 0, 0
        for name in os.listdir(root / "proc"):
            if name.isdigit():
                os.rename(root / "proc" / name, root / f"proc/not-{name}")
        os.rename(root / "proc/not-2", root / "proc/2")

    def add(self, n, drm=False):
        for _ in range(n):
            self.n += 1
            folder = self.root / "proc" / str(10000 + self.n)
            (folder / "fd").mkdir(parents=True)
            for fd, target in enumerate(("/dev/null", "pipe:[1]", "pipe:[2]", "socket:[3]",
                                         "anon_inode:[eventpoll]", "/var/log/syslog")):
                os.symlink(target, folder / "fd" / str(fd))
            if not drm:
                continue
            (folder / "fdinfo").mkdir()
            (folder / "cgroup").write_text(f"0::/system.slice/s{self.n % 150}.service\n")
            for fd in range(6, 11):
                self.clients += 1
                os.symlink("/dev/dri/renderD128", folder / "fd" / str(fd))
                (folder / "fdinfo" / str(fd)).write_text(FDINFO.format(self.clients))


def times(number, calls):
    return Counter({call: number * n for call, n in calls.items()})


def cost(exporter):
    """Milliseconds of CPU time of a scrape, the least of ten: it does not know who else is busy."""
    def cpu():
        return exporter.scrape("?collect[]=client").value("process_cpu_seconds_total")

    seen = [cpu() for _ in range(11)]
    return min(after - before for before, after in zip(seen, seen[1:])) * 1000


def check_calls(checks, exporter, promised, text):
    """Each kind for itself: one more for each client would be lost in the sum."""
    trace = Strace(exporter.pid, "-e", "trace=" + ",".join(promised))
    ask(exporter.port, get_request(ONLY))
    got = Counter(found[1] for found in (re.match(r"\d+ +(\w+)\(", line)
                                         for line in trace.detach()) if found)
    print(f"{text}: {dict(got)}, {sum(got.values())} in all")
    for call, n in promised.items():
        checks.that(abs(got[call] - n) <= ROOM * n, f"{text}: {got[call]} times {call}, "
                    f"{n} promised")


def check_deadline(checks, exporter):
    """The walk takes seconds, and the scrape does not wait for it."""
    trace = Strace(exporter.pid, "-e", "trace=openat",
                   "-e", f"inject=openat:delay_enter={SLOW_US}")
    metrics, seconds = exporter.timed("?collect[]=client")
    checks.same(metrics.reason("client"), "timeout", "a slow walk is late")
    checks.bound(seconds, 0.6, "a deadline of 500 ms")
    trace.detach()
    checks.that(wait_for(lambda: exporter.scrape("?collect[]=client").reason("client") is None, 20),
                "and recovers when it is fast")


def main(checks):
    with Tree() as tree:
        machine = Machine(tree.root)
        # Under strace, on a busy machine, a walk takes seconds.
        exporter = Exporter(tree.root, "--scrape.timeout=60s")
        rows = []

        def measure():
            rows.append((machine.n, machine.clients, cost(exporter)))
            print("{} processes, {} clients: {:.1f} ms of CPU time".format(*rows[-1]))

        for more in (450, 1350):
            machine.add(more)
            measure()
        check_calls(checks, exporter, times(1800, PROCESS), "1,800 processes")
        machine.add(200, drm=True)
        measure()
        check_calls(checks, exporter, times(2000, PROCESS) + times(1000, CLIENT) +
                    times(200, GROUP), "2,000 processes, 1,000 clients")
        metrics = exporter.scrape()
        checks.same(metrics.value("intel_gpu_client_workloads_folded"), 0, "no client is folded")
        checks.same(sum(metrics.find("intel_gpu_clients").values()), 1000, "1,000 clients")

        # What it would be if all grew with their number, and a client cost what a process does.
        for (n, clients, ms), before in ((rows[1], rows[0]), (rows[2], rows[1])):
            linear = before[2] * (n + clients) / before[0]
            checks.that(ms <= 3 * linear, f"linear with {n} processes and {clients} clients: "
                        f"{ms:.1f} ms of CPU time ({linear:.1f} ms, at most three times that)")
        exporter.stop()

        exporter = Exporter(tree.root, "--scrape.timeout=500ms")
        check_deadline(checks, exporter)
        exporter.stop()


case(main)
