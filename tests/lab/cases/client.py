# SPDX-License-Identifier: Apache-2.0
"""Who uses the GPU: real processes open the render node of Debian's own i915, work, share it and end.
Counters never fall and agree with the driver's own figures; control groups give them names; what hangs
or is denied costs what it must and no more."""
import ctypes
import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import lab
import lab_real
from lab_real import batch, booked, figures

BUSY = "intel_gpu_client_engine_busy_seconds_total"
CGROUPS = Path("/sys/fs/cgroup")
NODE = "/dev/dri/renderD128"
VIDEO = {"class": "video"}
UID = "0a1b2c3d-1111-2222-3333-444455556666"
ID = "aaaabbbbccccdddd" * 4
POD = f"kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope"


def make_machine():
    """The folders of a Proxmox node that runs Kubernetes: names for what the groups say."""
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)
    Path(f"/var/log/pods/media_jellyfin-0_{UID}/web").mkdir(parents=True, exist_ok=True)
    Path("/var/log/containers").mkdir(parents=True, exist_ok=True)
    os.symlink("/nowhere", f"/var/log/containers/jellyfin-0_media_web-{ID}.log")
    for folder, vmid, text in (("lxc", 201, "hostname: media\n"),
                               ("qemu-server", 100, "name: win11\n")):
        Path(f"/etc/pve/{folder}").mkdir(parents=True, exist_ok=True)
        Path(f"/etc/pve/{folder}/{vmid}.conf").write_text(text)


def start(group, *command, **options):
    """A process in a control group, from its first instruction on."""
    folder = CGROUPS / group
    folder.mkdir(parents=True, exist_ok=True)

    def enter():
        (folder / "cgroup.procs").write_text("0")

    return subprocess.Popen([str(c) for c in command], preexec_fn=enter,
                            stdout=subprocess.PIPE, text=True, **options)


def end(*processes):
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def busy(metrics, **labels):
    return sum(metrics.find(BUSY, **labels).values())


class Between:
    """A scrape, and the driver's figures of some processes just before and just after it."""

    def __init__(self, exporter, engine, *pids):
        self.least, self.most = {}, {}
        for pid in pids:
            self.least |= figures(pid, engine)
        self.metrics = exporter.scrape()
        for pid in pids:
            self.most |= figures(pid, engine)
        self.text = f"{sum(self.least.values()):.6f} to {sum(self.most.values()):.6f} s by the driver"

    def has(self, seconds):
        return sum(self.least.values()) - 1e-6 <= seconds <= sum(self.most.values()) + 1e-6


def check_names(checks, exporter):
    wanted = {
        POD: {"workload": "pod/media/jellyfin-0/web", "workload_kind": "pod",
              "namespace": "media", "pod": "jellyfin-0", "container": "web"},
        "lxc/201/ns/init.scope": {"workload": "lxc/201", "workload_kind": "lxc", "vmid": "201",
                                  "guest": "media"},
        "lxc/201/ns/system.slice/plex.service": {
            "workload": "service/plex.service", "workload_kind": "service", "vmid": "201",
            "guest": "media"},
        "qemu.slice/100.scope": {"workload": "vm/100", "workload_kind": "vm", "vmid": "100",
                                 "guest": "win11"},
        f"system.slice/docker-{ID}.scope": {"workload": f"container/{ID[:12]}",
                                            "workload_kind": "container", "container": ID[:12]},
        "system.slice/a.service": {"workload": "service/a.service", "workload_kind": "service"},
        "user.slice/user-1000.slice/session-1.scope": {"workload": "user/1000",
                                                       "workload_kind": "user"},
    }
    processes = [start(group, "lab_submit", "--hold", "forever", NODE, "video", "1ms")
                 for group in wanted]
    processes.append(subprocess.Popen(["lab_submit", "--hold", "forever", NODE, "video", "1ms"],
                                      stdout=subprocess.PIPE, text=True))
    for process in processes:
        process.stdout.readline()
    empty = dict.fromkeys(("namespace", "pod", "container", "vmid", "guest"), "")
    wanted["/"] = {"workload": "process/lab_submit", "workload_kind": "process"}

    def is_there(metrics, labels):
        return metrics.value("intel_gpu_clients", **{**empty, **labels}) == 1
    # On a busy machine a scrape does not wait for whoever reads the names: the next one has them.
    metrics = exporter.scrape_until(lambda new: all(is_there(new, labels) for labels in wanted.values()), 30)
    for group, labels in wanted.items():
        checks.that(is_there(metrics, labels), f"{group} is {labels['workload']}, with every label")
    checks.that(metrics.reason("client") is None, "client succeeds")
    end(*processes)


def check_shared(checks, exporter):
    """One client on many descriptors of many processes is one; a file in flight is not lost."""
    exporter.scrape()
    process = start("system.slice/shared.service", "lab_submit", "--dup", 3, "--fork", 4,
                    "--hold", "forever", NODE, "video", "20ms")
    process.stdout.readline()
    booked(process.pid, "video", 0.02)
    seen = Between(exporter, "video", process.pid)
    labels = {"workload": "service/shared.service"}
    seconds = busy(seen.metrics, **labels, **VIDEO)
    checks.that(seen.metrics.value("intel_gpu_clients", **labels) == 1 and seen.has(seconds) and seconds >= 0.02,
                f"4 descriptors in 5 processes: one client, counted once: {seconds:.6f} s, {seen.text}")
    end(process)

    os.mknod("/dev/own_name", 0o600 | 0o020000, os.stat(NODE).st_rdev)
    mine = {"workload": f"process/{Path('/proc/self/comm').read_text().strip()}"}
    before = busy(exporter.scrape(), **mine, **VIDEO)
    fd = os.open("/dev/own_name", os.O_RDWR)
    batch(fd, "video", 0.01)
    booked("self", "video", 0.01)
    here, there = socket.socketpair()
    first = Between(exporter, "video", "self")
    seconds = busy(first.metrics, **mine, **VIDEO) - before
    checks.that(first.has(seconds) and seconds >= 0.01, f"a node with a name of its own: {seconds:.6f} s, {first.text}")
    socket.send_fds(here, [b"x"], [fd])
    os.close(fd)
    flying = exporter.scrape()
    checks.that(flying.value("intel_gpu_clients", **mine) == 0, "in flight nobody has it")
    fd = socket.recv_fds(there, 1, 1)[1][0]
    batch(fd, "video", 0.01)
    booked("self", "video", 0.02)
    landed = Between(exporter, "video", "self")
    seconds = busy(landed.metrics, **mine, **VIDEO) - before
    checks.that(landed.has(seconds) and seconds >= 0.02 and landed.metrics.value("intel_gpu_clients", **mine) == 1,
                f"passed on: nothing lost, nothing twice: {seconds:.6f} s, {landed.text}")
    os.close(fd)


def check_engines(checks, exporter):
    """Of each class of engines: as the driver says it, and not less than was programmed."""
    processes = {name: start("system.slice/engines.service", "lab_submit", "--hold", "forever", NODE, name, "400ms")
                 for name in lab_real.ENGINES}
    labels = {"workload": "service/engines.service"}
    for name, process in processes.items():
        process.stdout.readline()
        booked(process.pid, name, 0.4)
    for name, process in processes.items():
        seen = Between(exporter, name, process.pid)
        seconds = busy(seen.metrics, **labels, **{"class": name})
        checks.that(seen.has(seconds) and seconds >= 0.4 * 0.99,
                    f"{name}: {seconds:.6f} s, {seen.text}, 0.4 s programmed")
    checks.same(seen.metrics.value("intel_gpu_clients", **labels), len(processes), "clients")
    end(*processes.values())
    last = exporter.scrape()
    kept = all(last.value(BUSY, **dict(found)) >= value for found, value in seen.metrics.find(BUSY).items())
    checks.that(kept, "no counter falls when its clients end")


def check_figures(checks, exporter):
    """Clients that work, start and end for a while, with the driver's figures at each scrape."""
    group, label = "system.slice/work.service", {"workload": "service/work.service"}
    least, most, processes, last, falls = {}, {}, [], 0.0, 0
    exporter.scrape()
    for turn in range(20):
        processes.append(start(group, "lab_submit", "--times", "0", "--every", "100ms", "--dup",
                               turn % 3, "--fork", turn % 2, NODE, "video", "20ms", "render",
                               "5ms"))
        processes[-1].stdout.readline()
        if len(processes) > 6:
            end(processes.pop(random.randrange(6)))
        time.sleep(0.25)
        seen = Between(exporter, "video", *(process.pid for process in processes))
        least |= seen.least
        most |= seen.most
        now = busy(seen.metrics, **label, **VIDEO)
        falls += now < last
        last = now
    end(*processes)
    after = busy(exporter.scrape(), **label, **VIDEO)
    checks.that(falls == 0 and after >= last, "20 clients come and go: never less than before")
    least, most = sum(least.values()), sum(most.values())
    checks.that(0.99 * least <= last <= 1.01 * most,
                f"{last:.6f} s, the driver's figures at each client's last scrape {least:.6f} to {most:.6f} s")


def live(engine, length, seconds):
    """A process whose clients live so long each, and work half of that. Prints what the driver charged them."""
    stop, total = time.monotonic() + seconds, 0.0
    step = max(length / 20, 0.01)
    while time.monotonic() < stop:
        fd, begin, programmed = os.open(NODE, os.O_RDWR), time.monotonic(), 0.0
        while programmed == 0 or time.monotonic() < begin + length:
            batch(fd, engine, step / 2)
            programmed += step / 2
            time.sleep(step / 2)
        booked("self", engine, programmed)
        total += sum(figures("self", engine).values())
        os.close(fd)
        time.sleep(random.random() * length)
    print(total)


def check_lost(checks, exporter):
    """What a client does after its last scrape is lost: an interval of 15 s, ten times as fast."""
    interval, scale = 1.5, 0.1
    seconds = lab.shorter(24, 8, "seconds of clients whose last work is lost")
    lengths = (0.1, 1, 10, 60)
    exporter.scrape()
    processes = {n: start(f"system.slice/life{n}.service", sys.executable, __file__, engine, n * scale, seconds)
                 for n, engine in zip(lengths, lab_real.ENGINES)}
    stop = time.monotonic() + seconds + 60 * scale + 30
    while any(p.poll() is None for p in processes.values()) and time.monotonic() < stop:
        time.sleep(interval * random.uniform(0.95, 1.05))
        metrics = exporter.scrape()
    charged = 0
    for n in lengths:
        total = float(processes[n].stdout.read())
        # A context that no other one follows may stay on its engine, on a machine that is busy for half a minute.
        if not total:
            checks.skip(f"clients of {n} s: the driver has charged them nothing")
            continue
        charged += 1
        seen = busy(metrics, workload=f"service/life{n}.service")
        expected = 1 - n / 30 if n < 15 else 15 / (2 * n)
        print(f"clients of {n} s, scraped every 15 s: {1 - seen / total:.1%} of {total / scale:.0f}"
              f" s lost, {expected:.1%} expected")
        checks.that(seen <= total * 1.01, f"not more than was done ({seen:.3f}, {total:.3f})")
    checks.that(charged >= len(lengths) - 1, f"of {len(lengths)} kinds of clients {charged} were charged")
    checks.that(busy(metrics, workload="service/life60.service") > 0, "long clients are seen")


def check_memory(checks, exporter):
    """Thousands of clients, after as many as fill what is remembered: one that is missing may come back
    for 10 s. No more of them in a second than any machine manages: else a faster one remembers more."""
    sizes, turn, first = [], 0, None
    mine = f"process/{Path('/proc/self/comm').read_text().strip()}"
    begin = time.monotonic()
    more = lab.shorter(10000, 3000, "clients that leave memory flat")
    while first is None or turn < first + more // 50:
        time.sleep(max(0, begin + turn * 0.15 - time.monotonic()))
        fds = [os.open(NODE, os.O_RDWR) for _ in range(50)]
        batch(fds[0], "video", 0.001)
        metrics = exporter.scrape()
        for fd in fds:
            os.close(fd)
        sizes.append(exporter.rss_kb())
        turn += 1
        if first is None and time.monotonic() - begin > 15:
            first = turn
    checks.that(metrics.value("intel_gpu_clients", workload=mine) == 50, "50 clients at a time")
    print(f"RSS in kB after every 1000 of {50 * turn} clients: {sizes[19::20]}; "
          f"{50 * first} of them in the first 15 s")
    checks.that(max(sizes[first:]) - max(sizes[:first]) <= 512, f"{more} more leave memory flat")


def check_denied(checks):
    process = start("system.slice/a.service", "lab_submit", "--hold", "forever", NODE, "video",
                    "1ms")
    process.stdout.readline()
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    exporter = lab.Exporter(prefix=[*nobody, "--"])
    metrics = exporter.scrape()
    checks.that(metrics.reason("client") == "permission" and
                not metrics.find("intel_gpu_clients") and
                metrics.value("intel_gpu_scrape_collector_success", collector="client") == 0,
                "nobody: reason permission, and no number")
    checks.that(metrics.find("intel_gpu_info") and
                metrics.value("intel_gpu_scrape_collector_success", collector="frequency") == 1,
                "everything else works")
    exporter.stop()
    for names in (("sys_ptrace",), ("sys_ptrace", "dac_read_search")):
        caps = ",".join("+" + name for name in names)
        exporter = lab.Exporter(prefix=[*nobody, "--inh-caps", caps, "--ambient-caps", caps, "--"])
        metrics = exporter.scrape()
        checks.that(metrics.value("intel_gpu_clients", workload="service/a.service") == 1,
                    f"nobody with {' and '.join(names)}: allowed")
        exporter.stop()
    end(process)


def check_hung_fuse(checks):
    """etc/pve without quorum: mounted, and nobody answers."""
    lab.shell("modprobe fuse")
    fuse = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"pve", b"/etc/pve", b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), "mount of FUSE")
    process = start("lxc/201/ns/init.scope", "lab_submit", "--hold", "forever", NODE, "video",
                    "1ms")
    process.stdout.readline()
    exporter = lab.Exporter()
    metrics, seconds = exporter.timed()
    checks.that(metrics.value("intel_gpu_clients", workload="lxc/201", vmid="201", guest="") == 1
                and metrics.reason("client") is None, "a hung etc/pve: the number, and no name")
    checks.bound(seconds, 1, "the first scrape")
    slowest = max(exporter.timed()[1] for _ in range(10))
    checks.bound(slowest, 0.3, "slowest of ten later scrapes")
    checks.that(exporter.threads() <= 12, f"{exporter.threads()} threads")
    os.close(fuse)  # the connection ends, and with it every request
    lab.shell("umount -l /etc/pve")
    named = exporter.scrape_until(lambda m: m.find("intel_gpu_clients", guest="media"))
    checks.that(named.find("intel_gpu_clients", workload="lxc/201", guest="media"),
                "when it answers again, the name is there")
    checks.bound(exporter.stop(), 3, "it ends")
    end(process)


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    make_machine()
    exporter = lab.Exporter("--scrape.timeout=2s")
    check_names(checks, exporter)
    check_shared(checks, exporter)
    check_engines(checks, exporter)
    check_figures(checks, exporter)
    check_lost(checks, exporter)
    check_memory(checks, exporter)
    exporter.stop()
    check_denied(checks)
    check_hung_fuse(checks)
    checks.end()


if len(sys.argv) > 1:
    live(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
else:
    main()
