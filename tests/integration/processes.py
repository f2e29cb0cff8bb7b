# SPDX-License-Identifier: Apache-2.0
"""What the walk of processes costs: up to 2,000 of them, of which up to 200 have five DRM clients
each, in a copy of a machine. System calls as promised, growth linear, and the deadline holds."""
import os
import re

from local import Exporter, Strace, Tree, ask, case, get_request

CALLS = ("openat", "getdents64", "readlinkat", "statx", "read", "close")
ONLY = "/metrics?collect[]=client"
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


def cost(exporter):
    """Milliseconds of CPU time of a scrape, the least of ten: it does not know who else is busy."""
    def cpu():
        return exporter.scrape("?collect[]=client").value("process_cpu_seconds_total")

    times = [cpu() for _ in range(11)]
    return min(after - before for before, after in zip(times, times[1:])) * 1000


def count_calls(exporter):
    trace = Strace(exporter.pid, "-e", "trace=" + ",".join(CALLS))
    ask(exporter.port, get_request(ONLY))
    lines = trace.detach()
    return {call: sum(bool(re.match(rf"\d+ +{call}\(", line)) for line in lines)
            for call in CALLS}


def main(checks):
    with Tree() as tree:
        machine = Machine(tree.root)
        exporter = Exporter(tree.root)
        rows = []

        def measure():
            rows.append((machine.n, machine.clients, cost(exporter)))
            print("{} processes, {} clients: {:.1f} ms".format(*rows[-1]))

        for more in (450, 450, 900):
            machine.add(more)
            measure()
        plain = count_calls(exporter)
        for more in (50, 50, 100):
            machine.add(more, drm=True)
            measure()
        checks.that(machine.n == 2000 and exporter.scrape().value(
            "intel_gpu_client_workloads_folded") == 0, "2,000 processes")
        seen = sum(exporter.scrape().find("intel_gpu_clients").values())
        checks.same(seen, 1000, "1,000 clients")

        first = rows[1][2] - rows[0][2]
        checks.that(rows[2][2] - rows[1][2] <= 2 * 2 * first + 2,
                    f"linear with processes: {rows[2][2] / 1800 * 1000:.1f} us each")
        first = rows[4][2] - rows[3][2]
        last = rows[5][2] - rows[4][2]
        checks.that(last <= 2 * 2 * first + 2, f"linear with clients: {last / 500 * 1000:.1f} us each")

        each = sum(plain.values()) / 1800
        print(f"without DRM descriptors: {plain}")
        checks.that(each <= 4 + 6 + 0.2, f"{each:.2f} system calls a process with six descriptors")
        counts = count_calls(exporter)
        print(f"with: {counts}")
        # Those of 1,800; of the 200 the same, with 5 descriptors (link, device, fdinfo) and a group.
        promised = 2000 * (4 + 6) + 200 * 5 * (2 + 3) + 200 * 3
        checks.that(sum(counts.values()) <= promised + 360,
                    f"{sum(counts.values())} system calls in all, {promised} promised")
        exporter.stop()

        exporter = Exporter(tree.root, "--scrape.timeout=50ms")
        slowest = max(exporter.timed()[1] for _ in range(5))
        checks.bound(slowest, 0.15, "a deadline of 50 ms")
        exporter.stop()


case(main)
