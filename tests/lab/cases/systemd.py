# SPDX-License-Identifier: Apache-2.0
"""The exporter as the service that it is installed as, under systemd, on Debian's own i915: its rights, its
sandbox, its watchdog. Commands are those of the README."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

with open("/proc/uptime") as uptime:
    BOOT = float(uptime.read().split()[0])
# Where nothing is hidden from a service: /home is, if the repository is there.
DRIVERS = Path("/opt/va_drivers")
DRIVERS.mkdir()
for driver in Path(os.environ["VA_DRIVERS"]).glob("*_drv_video.so"):
    shutil.copy(driver, DRIVERS)
os.environ["VA_DRIVERS"] = str(DRIVERS)

import lab  # noqa: E402: after the environment
import lab_real  # noqa: E402
from hold import Held, threads  # noqa: E402
from lab_vaapi import FEW, LAST_RUN, WORKING, children, first_round, knobs, results  # noqa: E402

UNIT = "intel-gpu-exporter.service"
BUILD = os.path.dirname(os.environ["EXPORTER"])
PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")
PERF = {"engine", "idle", "interrupts"}  # the default collectors that need perf events
BUSY = "intel_gpu_engine_busy_seconds_total"
CLIENT = "intel_gpu_client_engine_busy_seconds_total"
ENGINES = {"rcs0": "render", "bcs0": "copy", "vcs0": "video", "vecs0": "video-enhance"}
PROGRAMMED = 1.5  # seconds of each
VGPU = "00000000-0000-0000-0000-000000000101"
CAP_PERFMON, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 1 << 38, 1 << 19, 1 << 21


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Service(lab.exporter_test.Exporter):
    """The unit's main process; another one after each restart."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.port = lab.PORT

    def show(self, *keys):
        found = dict(line.split("=", 1) for line in run("systemctl", "show", *(f"-p{key}" for key in keys), UNIT).splitlines())
        return found[keys[0]] if len(keys) == 1 else [found[key] for key in keys]

    @property
    def pid(self):
        return int(self.show("MainPID"))

    def restart(self):
        run("systemctl", "restart", UNIT)

    def log(self):
        return run("journalctl", "-q", "-o", "cat", "-u", UNIT)

    @staticmethod
    def wait_for(condition, seconds, step=0.1):
        """The seconds until it holds, or None."""
        start = time.monotonic()
        while not condition():
            if time.monotonic() > start + seconds:
                return None
            time.sleep(step)
        return time.monotonic() - start

    def wait_new(self, pid, seconds):
        """Until another process than that one is ready. To ask systemd costs an emulated processor much."""
        def is_new():
            state, found = self.show("ActiveState", "MainPID")
            return state == "active" and int(found) not in (0, pid)
        return self.wait_for(is_new, seconds, step=0.5)


def drop_in(name, *lines):
    """None without lines."""
    folder = Path(f"/run/systemd/system/{UNIT}.d")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.conf"
    if lines:
        file.write_text("\n".join(("[Service]", *lines)) + "\n")
    else:
        file.unlink()
    run("systemctl", "daemon-reload")


def flags(*lines):
    Path("/etc/default/intel-gpu-exporter").write_text("\n".join(lines) + "\n")


def failures(metrics):
    """{collector: reason} of those without success."""
    name = "intel_gpu_scrape_collector_success"
    found = {dict(k)["collector"] for k, v in metrics.find(name).items() if v == 0}
    return {collector: metrics.reason(collector) for collector in found}


def check_start(checks, service):
    print(f"{BOOT:.1f} s after the kernel's start")
    lab.shell('echo 1 >"$(lab_pci_dir)"/remove')
    run("cmake", "--install", BUILD)
    checks.that(PARANOID.read_text().strip() == "3", "Debian's level: nobody has set another one")
    run("systemctl", "daemon-reload")
    start = time.monotonic()
    run("systemctl", "start", UNIT)
    seconds = time.monotonic() - start
    metrics = service.scrape()
    checks.that(metrics.value("intel_gpu_up") == 0 and failures(metrics) == {},
                f"without a GPU it is ready {seconds:.2f} s later, and nothing fails")
    lab.shell("echo 1 >/sys/bus/pci/rescan; lab_load enable_gvt=1")
    # Perf events wait for a second after the bind.
    metrics = service.scrape_until(lambda m: m.find("intel_gpu_info") and "no_device" not in failures(m).values())
    checks.that(metrics.find("intel_gpu_info"), "a GPU that comes later is found")
    checks.same(failures(metrics), {name: "permission" for name in PERF},
                "at level 3 with CAP_PERFMON perf events are not permitted; all else works")
    metrics = service.scrape_until(lambda m: results(m, codec="h264"), 60)
    checks.that(metrics.find("intel_gpu_vaapi_driver_info", va_driver="iHD") and
                results(metrics) <= {"bitstream", "timeout"},
                f"Intel's VA driver opens the node and starts in the sandbox: {results(metrics)}")
    run("sysctl", "--system")
    checks.same(PARANOID.read_text().strip(), "2", "the file that is installed sets the level")
    checks.same(failures(service.scrape()), {}, "and everything works, without a restart")
    # An encode test by Intel's driver costs an emulated processor seconds, and there are many.
    use_fake_driver("1h")
    service.restart()


def use_fake_driver(interval):
    knobs(FEW)
    flags(f"LIBVA_DRIVERS_PATH={DRIVERS}", "LIBVA_DRIVER_NAME=fake",
          f'ARGS="--vaapi.expect=h264 --vaapi.interval={interval} --vaapi.timeout=5s"')


def check_rates(checks, service):
    # By number: the render nodes' group need not have a name here.
    run("systemd-run", "--unit=transcode", shutil.which("setpriv"), "--reuid=65534", "--regid=65534",
        "--groups=105", shutil.which("lab_submit"), "--hold", "60s", lab.shell("lab_render"),
        "render", "10ms")
    service.scrape()
    pmus = lab_real.gpus()
    referee = lab_real.Referee(checks, service, pmus, optional=("-wait", "-sema", "-frequency"))
    first = referee.scrape()
    lab_real.run(*(lab_real.work(name, int(PROGRAMMED * 1e6)) for name in ENGINES.values()))
    last = referee.scrape()
    referee.judge(first, last, "with work")
    after = last.metrics
    for engine in ENGINES:
        seconds = after.value(BUSY, engine=engine) - first.metrics.value(BUSY, engine=engine)
        checks.that(seconds >= 0.99 * PROGRAMMED, f"{engine}: {PROGRAMMED} s programmed, {seconds:.4f} s exported")
    time.sleep(1)
    referee.judge(last, referee.scrape(), "idle")
    users = {dict(k)["workload"] for k in after.find(CLIENT)}
    checks.that("transcode.service" in str(users), f"another user's work is seen: {users}")
    checks.same(failures(after), {}, "every default collector has success 1")
    # Events of anybody else that are open at an unbind are the kernel's end.
    for pmu in pmus.values():
        pmu.close()
    check_unbind(checks, service)


def perf_events(pid):
    links = run("find", f"/proc/{pid}/fd", "-lname", "*perf_event*", check=False)
    return len(links.split())


def check_unbind(checks, service):
    task = threads(service.pid, "unbind")[0]
    allowed = len(os.sched_getaffinity(task))
    checks.that(allowed == 1 and "may not run on the CPU" not in service.log(),
                f"the watch for an unbind has the perf events' CPU for its own ({allowed})")
    checks.that(perf_events(service.pid) > 0, "perf events are open")
    lab.shell("lab_unbind")
    checks.that(service.wait_for(lambda: perf_events(service.pid) == 0, 2) is not None, "an unbind closes them")
    lab.shell("lab_bind")
    metrics = service.scrape_until(lambda m: m.find(BUSY) and not failures(m), 15)
    checks.that(metrics.find(BUSY), "and they are back after the bind")
    checks.same(failures(metrics), {}, "every default collector has success 1 again")


def check_guests(checks, service):
    """As Proxmox VE runs a VM: by root, in a scope; the configuration is root's and www-data's."""
    Path("/etc/pve/qemu-server").mkdir(parents=True, mode=0o750, exist_ok=True)
    config = Path("/etc/pve/qemu-server/101.conf")
    config.write_text("name: media\n")
    config.chmod(0o640)
    lab.shell(f"vgpu_create GVTg_V5_4 {VGPU}")
    group = os.path.basename(os.readlink(f"/sys/bus/mdev/devices/{VGPU}/iommu_group"))
    script = (f"exec -a /usr/bin/kvm /bin/sh -c 'exec 9</dev/vfio/{group}; read line' -id 101 "
              f"-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/{VGPU}")
    vm = subprocess.Popen(["systemd-run", "--scope", "--unit=101", "--slice=qemu.slice", "bash",
                           "-c", script], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    used = service.scrape_until(lambda m: m.value("intel_gpu_vgpu_in_use", uuid=VGPU) == 1)
    checks.that(used.find("intel_gpu_vgpu_info", uuid=VGPU, vmid="101", guest="media") and
                used.value("intel_gpu_vgpu_in_use", uuid=VGPU) == 1,
                "whose a vGPU is, with its name")
    checks.same(used.reason("vgpu"), None, "with certainty")
    vm.stdin.close()
    vm.wait()
    return used


def in_sandbox(service, script):
    """As root with all capabilities, but with the service's mounts."""
    return subprocess.run(["nsenter", "-t", str(service.pid), "-m", "sh", "-c", script],
                          capture_output=True, text=True)


def check_sandbox(checks, service):
    rights = set()
    for task in os.listdir(f"/proc/{service.pid}/task"):
        status = dict(line.split(":\t") for line in
                      Path(f"/proc/{service.pid}/task/{task}/status").read_text().splitlines())
        rights.add(tuple(status[key] for key in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs",
                                                 "Seccomp")))
    two = f"{CAP_PERFMON | CAP_SYS_PTRACE:016x}"
    checks.same(rights, {(two, two, two, "1", "2")},
                "each thread has CAP_PERFMON and CAP_SYS_PTRACE, and can gain nothing")
    for path in ("/etc/x", "/usr/local/bin/x", "/var/lib/x", "/run/x", "/root/x", "/dev/x",
                 "/proc/1/oom_score_adj", "/proc/sys/kernel/perf_event_paranoid",
                 "/sys/module/drm/parameters/debug", "/sys/fs/cgroup/x"):
        done = in_sandbox(service, f"echo 0 >{path}")
        checks.that(done.returncode != 0, f"{path} cannot be written")
    for path in ("/etc/shadow", "/etc/gshadow"):
        done = in_sandbox(service, f"test -s {path} || head -c 1 {path} | grep -q .")
        checks.that(done.returncode != 0, f"{path} has nothing to read")
    core = next(line for line in Path(f"/proc/{service.pid}/limits").read_text().splitlines()
                if line.startswith("Max core"))
    checks.same(core.split()[4:6], ["0", "0"], "no core is dumped")
    checks.same((service.show("MemoryMax"), service.show("TasksMax")), (str(1 << 30), "256"), "memory, tasks")
    checks.same(sorted(in_sandbox(service, "find /run ! -type d -o -name incoming").stdout.split()),
                ["/run/systemd/incoming", "/run/systemd/notify"],
                "the only socket in /run is the manager's")
    checks.same(opened(service, "/dev/kmsg", "/dev/loop-control", "/dev/mem", "/dev/null",
                       lab.shell("lab_render")), ["/dev/null", lab.shell("lab_render")],
                "render nodes are the only hardware")


def opened(service, *paths):
    """Those that can be opened by a process of the service's control group."""
    script = (f"echo $$ >/sys/fs/cgroup{service.show('ControlGroup')}/cgroup.procs; "
              "for path; do : <>$path && echo $path; done")
    return subprocess.run(["bash", "-c", script, "-", *paths], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout.split()


def rights(pids):
    """All sets of capabilities of these processes, as numbers."""
    found = set()
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except FileNotFoundError:
            continue
        found |= {int(line.split()[1], 16) for line in lines if line.startswith(("CapPrm", "CapEff", "CapInh", "CapAmb"))}
    return found


def check_vaapi(checks, service):
    use_fake_driver("2s")
    service.restart()
    metrics = first_round(service)
    checks.that(metrics.value(WORKING, codec="h264") == 1 and results(metrics) == {"ok"},
                f"flags of the file are taken, and H.264 works: {results(metrics)}")
    checks.same(failures(metrics), {}, "every collector has success")
    knobs(FEW, "HANG.h264=EndPicture")
    metrics = service.scrape_until(lambda m: "timeout" in results(m, codec="h264"), 30)
    checks.that("timeout" in results(metrics, codec="h264"), "a test that hangs is ended")
    knobs(FEW, "HANG=Initialize")
    # One that was forked a moment ago has not come to giving them up.
    seen = []

    def is_powerless():
        pids = children(service.pid)
        seen.append((pids, rights(pids)))
        return seen[-1][1] == {0}
    service.wait_for(is_powerless, 60)
    child, had = seen[-1]
    checks.same(had, {0}, "a test that hangs has no capability")
    start = time.monotonic()
    run("systemctl", "stop", UNIT)
    seconds = time.monotonic() - start
    checks.bound(seconds, 2, "it stops, with a test that hangs")
    checks.that(child and not any(os.path.exists(f"/proc/{pid}") for pid in child),
                f"its child is gone: {child}")
    checks.same(service.show("Result"), "success", "that is a success")
    with socket.socket() as s:
        checks.that(s.connect_ex(("127.0.0.1", lab.PORT)) != 0, "nobody listens any more")
    knobs(FEW)


@contextlib.contextmanager
def hung(service, path):
    """Whoever of the service opens this file waits."""
    lab.shell("modprobe fuse")
    inside = ["nsenter", "-t", str(service.pid), "-m"]
    with open(f"{os.environ['LAB_SRC']}/silent_fuse.py") as program, \
         subprocess.Popen([*inside, "/usr/bin/python3", "-", path], stdin=program, stdout=subprocess.PIPE) as silent:
        silent.stdout.readline()
        yield
        silent.kill()
    run(*inside, "umount", "-l", path)


def check_watchdog(checks, service):
    drop_in("watchdog", "WatchdogSec=8s", "RestartSec=100ms", "TimeoutAbortSec=2s")
    service.restart()
    restarts = int(service.show("NRestarts"))
    with hung(service, lab.shell('realpath "$(lab_card)/gt/gt0/rps_act_freq_mhz"')):
        end = time.monotonic() + 12
        while time.monotonic() < end:
            metrics = service.scrape()
            time.sleep(1)
    checks.that("timeout" in failures(metrics).values() and
                int(service.show("NRestarts")) == restarts,
                f"a GPU that hangs, {failures(metrics)}, is no reason to restart the exporter")
    pid = service.pid
    os.kill(pid, signal.SIGSTOP)
    # 8 s without a word and 2 s for the core dump; three times that on a busy machine.
    seconds = service.wait_new(pid, 60)
    checks.that(seconds and seconds < 30, f"stopped: another one after {seconds} s")
    pid = service.pid
    with Held(threads(pid, "http")[:1]):
        seconds = service.wait_for(lambda: service.show("SubState") != "running", 60, step=0.5)
    checks.that(seconds and seconds < 30 and service.wait_new(pid, 30),
                f"one HTTP thread held: another one after {seconds} s")
    log = run("journalctl", "-q", "-o", "cat", "_PID=1", "+", "UNIT=" + UNIT)
    checks.that(log.count("Watchdog timeout") == 2, "it was the watchdog, twice")
    checks.that("requests are not answered" in service.log(), "and the second saw it coming")
    pid = service.pid
    os.kill(pid, signal.SIGSEGV)
    checks.that(service.wait_new(pid, 30), "a crash: another one")
    checks.same(failures(service.scrape()), {}, "which works")
    drop_in("watchdog")


def check_drop_ins(checks, service):
    PARANOID.write_text("3")
    drop_in("rights", "CapabilityBoundingSet=CAP_SYS_ADMIN")
    service.restart()
    checks.same(failures(service.scrape()), {}, "level 3 and CAP_SYS_ADMIN: everything works")
    checks.same(service.status("CapEff"),
                f"{CAP_PERFMON | CAP_SYS_PTRACE | CAP_SYS_ADMIN:016x}", "it is the third")
    PARANOID.write_text("2")
    service.restart()
    checks.same(service.status("CapEff"), f"{CAP_PERFMON | CAP_SYS_PTRACE:016x}",
                "where it is not needed it is given up")
    # The README has "render" for the group's number, which must have a name, and has none on a bare Debian.
    with open("/etc/group", "a") as groups:
        groups.write("lab-render:x:105:\n")
    drop_in("rights", "DynamicUser=yes", "SupplementaryGroups=105",
            "AmbientCapabilities=CAP_PERFMON CAP_SYS_PTRACE")
    service.restart()
    metrics = first_round(service)
    checks.that(service.status("Uid").split()[0] not in ("0", "65534"), "a user of its own")
    checks.same(failures(metrics), {}, "every collector has success")
    checks.that(metrics.find(LAST_RUN) and metrics.value(WORKING, codec="h264") == 1, "H.264 works")
    drop_in("rights")
    service.restart()


def main():
    checks = lab.Checks()
    service = Service()
    check_start(checks, service)
    check_rates(checks, service)
    check_guests(checks, service)
    check_sandbox(checks, service)
    check_vaapi(checks, service)
    check_watchdog(checks, service)
    check_drop_ins(checks, service)
    run("systemctl", "stop", UNIT)
    checks.end()


main()
