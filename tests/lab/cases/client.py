# SPDX-License-Identifier: Apache-2.0
"""Who uses the GPU: real processes open the render node, work, share it and end. Counters never
fall and agree with the driver's own figures; control groups give them names; what hangs or is
denied costs what it must and no more."""
import array
import ctypes
import fcntl
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import lab

BUSY = "intel_gpu_client_engine_busy_seconds_total"
CGROUPS = Path("/sys/fs/cgroup")
NODE = "/dev/dri/renderD128"
SUBMIT = 0x40106490  # LAB_IOCTL_SUBMIT of module/lab_ioctl.h
VIDEO = 2
UID = "0a1b2c3d-1111-2222-3333-444455556666"
ID = "aaaabbbbccccdddd" * 4
POD = f"kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice/cri-containerd-{ID}.scope"


def make_machine():
    """The folders of a Proxmox node that runs Kubernetes: names for what the groups say."""
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)
    Path(f"/var/log/pods/media_jellyfin-0_{UID}/web").mkdir(parents=True)
    Path("/var/log/containers").mkdir(parents=True)
    os.symlink("/nowhere", f"/var/log/containers/jellyfin-0_media_web-{ID}.log")
    for folder, vmid, text in (("lxc", 201, "hostname: media\n"),
                               ("qemu-server", 100, "name: win11\n")):
        Path(f"/etc/pve/{folder}").mkdir(parents=True)
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


def submit(fd, seconds):
    fcntl.ioctl(fd, SUBMIT, array.array("Q", [VIDEO, int(seconds * 1e9)]).tobytes())


def video(metrics, **labels):
    return sum(metrics.find(BUSY, **{"class": "video"}, **labels).values())


def figure(pid):
    """The video time of a process's clients, as the driver says it: {client: seconds}."""
    found = {}
    try:
        for fd in os.listdir(f"/proc/{pid}/fdinfo"):
            text = Path(f"/proc/{pid}/fdinfo/{fd}").read_text()
            keys = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            if "drm-client-id" in keys:
                found[keys["drm-client-id"]] = int(keys["drm-engine-video"].split()[0]) / 1e9
    except FileNotFoundError:
        pass
    return found


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
    metrics = exporter.scrape()
    empty = dict.fromkeys(("namespace", "pod", "container", "vmid", "guest"), "")
    for group, labels in list(wanted.items()) + [
            ("/", {"workload": "process/lab_submit", "workload_kind": "process"})]:
        checks.that(metrics.value("intel_gpu_clients", **{**empty, **labels}) == 1,
                    f"{group} is {labels['workload']}, with every label")
    checks.that(metrics.reason("client") is None, "client succeeds")
    end(*processes)


def check_shared(checks, exporter):
    """One client on many descriptors of many processes is one; a file in flight is not lost."""
    exporter.scrape()
    process = start("system.slice/shared.service", "lab_submit", "--dup", 3, "--fork", 4,
                    "--hold", "forever", NODE, "video", "20ms")
    process.stdout.readline()
    metrics = exporter.scrape()
    labels = {"workload": "service/shared.service"}
    checks.that(metrics.value("intel_gpu_clients", **labels) == 1 and
                abs(video(metrics, **labels) - 0.02) < 1e-6,
                "4 descriptors in 5 processes: one client, counted once")
    end(process)

    os.mknod("/dev/own_name", 0o600 | 0o020000, os.stat(NODE).st_rdev)
    before = exporter.scrape()
    fd = os.open("/dev/own_name", os.O_RDWR)
    submit(fd, 0.01)
    here, there = socket.socketpair()
    first = exporter.scrape()
    mine = {"workload": f"process/{Path('/proc/self/comm').read_text().strip()}"}
    checks.that(abs(video(first, **mine) - video(before, **mine) - 0.01) < 1e-6,
                "a node with a name of its own")
    socket.send_fds(here, [b"x"], [fd])
    os.close(fd)
    flying = exporter.scrape()
    checks.that(flying.value("intel_gpu_clients", **mine) == 0, "in flight nobody has it")
    fd = socket.recv_fds(there, 1, 1)[1][0]
    submit(fd, 0.01)
    landed = exporter.scrape()
    checks.that(abs(video(landed, **mine) - video(before, **mine) - 0.02) < 1e-6 and
                landed.value("intel_gpu_clients", **mine) == 1,
                "passed on: nothing lost, nothing twice")
    os.close(fd)


def check_figures(checks, exporter):
    """Clients that work, start and end for a while, with the driver's figure at each scrape."""
    group, label = "system.slice/work.service", {"workload": "service/work.service"}
    known, processes, last, falls = {}, [], 0.0, 0
    exporter.scrape()
    for turn in range(20):
        processes.append(start(group, "lab_submit", "--times", "0", "--every", "100ms", "--dup",
                               turn % 3, "--fork", turn % 2, NODE, "video", "20ms", "render",
                               "5ms"))
        processes[-1].stdout.readline()
        if len(processes) > 6:
            end(processes.pop(random.randrange(6)))
        time.sleep(0.25)
        # Between two moments at which nobody works, both see the same.
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        metrics = exporter.scrape()
        for process in processes:
            known.update(figure(process.pid))
        for process in processes:
            process.send_signal(signal.SIGCONT)
        now = video(metrics, **label)
        falls += now < last
        last = now
    end(*processes)
    after = video(exporter.scrape(), **label)
    truth = sum(known.values())
    checks.that(falls == 0 and after >= last, "20 clients come and go: never less than before")
    checks.that(abs(last - truth) <= 0.01 * truth,
                f"{last:.6f} s, the driver's figures at each client's last scrape {truth:.6f} s")


def check_lost(checks, exporter):
    """What a client does after its last scrape is lost: an interval of 15 s, ten times as fast."""
    interval, scale = 1.5, 0.1
    seconds = lab.shorter(24, 8, "seconds of clients whose last work is lost")
    program = f"""
import array, fcntl, os, random, sys, time
length, step = float(sys.argv[1]), float(sys.argv[1]) / 20
stop, total = time.monotonic() + {seconds}, 0.0
while time.monotonic() < stop:
    fd, begin, charged = os.open({NODE!r}, os.O_RDWR), time.monotonic(), 0.0
    while charged < length:
        time.sleep(max(step, 0.002))
        due = min(time.monotonic() - begin, length)
        fcntl.ioctl(fd, {SUBMIT}, array.array("Q", [{VIDEO}, int((due - charged) * 1e9)]).tobytes())
        charged = due
    os.close(fd)
    total += charged
    time.sleep(random.random() * length)
print(total)
"""
    lengths = (0.1, 1, 10, 60)
    exporter.scrape()
    processes = {n: start(f"system.slice/life{n}.service", "/usr/bin/python3", "-c", program,
                          n * scale) for n in lengths}
    stop = time.monotonic() + seconds + 60 * scale + 5
    while any(p.poll() is None for p in processes.values()) and time.monotonic() < stop:
        time.sleep(interval * random.uniform(0.95, 1.05))
        metrics = exporter.scrape()
    for n in lengths:
        total = float(processes[n].stdout.read())
        seen = video(metrics, workload=f"service/life{n}.service")
        expected = 1 - n / 30 if n < 15 else 15 / (2 * n)
        print(f"clients of {n} s, scraped every 15 s: {1 - seen / total:.1%} of {total / scale:.0f}"
              f" s lost, {expected:.1%} expected")
        checks.that(seen <= total * 1.001, f"not more than was done ({seen:.3f}, {total:.3f})")
    checks.that(video(metrics, workload="service/life60.service") > 0, "long clients are seen")


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
        submit(fds[0], 0.001)
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


def check_kernel(checks, exporter):
    """A driver that hides engine times, that says nothing, that hangs."""
    process = start("system.slice/a.service", "lab_submit", "--times", 0, "--every", "50ms", NODE,
                    "video", "1ms")
    process.stdout.readline()
    exporter.scrape()
    lab.set_parameter("fdinfo_engines", 0)
    hidden = exporter.scrape()
    checks.that(hidden.reason("client") == "not_supported" and
                hidden.value("intel_gpu_clients", workload="service/a.service") == 1,
                "without engine keys: the reason, and the clients")
    lab.set_parameter("fdinfo_engines", 1)
    before = video(exporter.scrape(), workload="service/a.service")
    lab.set_parameter("block", "fdinfo")
    blocked, seconds = exporter.timed()
    checks.that(blocked.reason("client") == "timeout" and blocked.find("intel_gpu_info") and
                blocked.find("intel_gpu_engine_busy_seconds_total"),
                f"fdinfo that hangs costs this collector ({seconds:.2f} s)")
    _, seconds = exporter.timed()
    checks.bound(seconds, 0.3, "the next scrape")
    lab.set_parameter("block", "")
    after = exporter.scrape_until(lambda m: m.reason("client") is None)
    checks.that(video(after, workload="service/a.service") >= before, "and it goes on from there")
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
    check_figures(checks, exporter)
    check_lost(checks, exporter)
    check_memory(checks, exporter)
    check_kernel(checks, exporter)
    exporter.stop()
    check_denied(checks)
    check_hung_fuse(checks)
    checks.end()


main()
