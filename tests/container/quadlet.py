# SPDX-License-Identifier: Apache-2.0
"""The quadlet as a service of a real systemd, by the README's own lines: started, serving, killed and started
again, stopped. systemd is process 1 of namespaces of its own; its control groups are those of the unified
hierarchy, and /proc/sys and /sys are read only, so that nothing in it is the machine's to set up."""
import os
import subprocess
import sys
from pathlib import Path

from engine import IMAGE, REPO, check, commands, finish, get, run, same, try_run, wait_for

UNIT = "intel-gpu-exporter"
TEST = Path("/etc/systemd/system/quadlet-test.service")
LOG = Path("/var/tmp/quadlet.log")
BOOT = """
mount --make-rprivate /
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
umount -R /sys/fs/cgroup
mount -o remount,ro,bind /sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs /run
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    /lib/systemd/systemd --unit=quadlet-test.service --show-status=no --log-target=null
"""


def unit():
    return f"""[Unit]
Requires=basic.target
After=basic.target
SuccessAction=exit
FailureAction=exit
[Service]
Type=oneshot
TimeoutStartSec=150
WorkingDirectory={REPO}
Environment=PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
StandardOutput=file:{LOG}
StandardError=inherit
ExecStart=/usr/bin/python3 tests/container/quadlet.py inside
"""


def boot():
    """systemd as process 1, until the unit above ends it with that unit's exit code."""
    unified = next(path for path in (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
                   if (path / "cgroup.procs").exists())
    group = unified / f"exporter-test-{os.getpid()}"
    TEST.write_text(unit())
    LOG.unlink(missing_ok=True)
    group.mkdir()
    try:
        done = subprocess.run(["unshare", "--mount", "--cgroup", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
                               "bash", "-ec", BOOT], timeout=200, check=False,
                              preexec_fn=lambda: (group / "cgroup.procs").write_text("0"))
    finally:
        TEST.unlink()
        subprocess.run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"], check=False)
    said = LOG.read_text() if LOG.exists() else ""
    print(said, end="", flush=True)
    check(done.returncode == 0 and "NOT OK" not in said, f"systemd has run it: exit code {done.returncode}")


def show(name):
    return run("systemctl", "show", "--value", "-p", name, UNIT).strip()


def metrics():
    return get("http://127.0.0.1:10057/metrics") or ""


def serves():
    return wait_for(lambda: "intel_gpu_exporter_build_info{" in metrics(), 60)


def readme():
    """Its lines but the first, which builds the image that is here."""
    lines = commands(REPO / "deploy/container/README.md", "Podman").splitlines()
    same(lines[0], "deploy/container/build.sh --engine podman", "the README builds the image first")
    return "\n".join(lines[1:])


def inside():
    same(Path("/proc/1/comm").read_text(), "systemd\n", "systemd is process 1")
    run("bash", "-euc", readme())
    same((show("ActiveState"), show("Type"), show("NRestarts")), ("active", "notify", "0"), "the README's lines start it")
    check(serves(), "it serves")
    wants = Path(f"/run/systemd/generator/multi-user.target.wants/{UNIT}.service")
    check(wants.is_symlink(), "it starts at boot")
    container = run("podman", "inspect", "-f", "{{.State.Pid}} {{.ImageName}}", UNIT).split()
    same(container[1], f"localhost/{IMAGE}", "with the image of the unit")
    status = Path(f"/proc/{container[0]}/status").read_text()
    check("CapEff:\t0000004000080000\n" in status and "NoNewPrivs:\t1\n" in status and "Seccomp:\t2\n" in status,
          "CAP_PERFMON and CAP_SYS_PTRACE, no new rights, a filter")
    group = Path(f"/proc/{container[0]}/cgroup").read_text()
    check(f"/system.slice/{UNIT}.service/" in group, f"in the service's control group: {group.splitlines()[-1]}")

    os.kill(int(container[0]), 9)
    check(wait_for(lambda: show("NRestarts") == "1" and show("ActiveState") == "active", 60) and serves(),
          "killed, it is started again")
    run("systemctl", "stop", UNIT)
    same((show("ActiveState"), show("Result")), ("inactive", "success"), "stopped, it has not failed")
    same((metrics(), try_run("podman", "container", "exists", UNIT)[0]), ("", 1), "and nothing of it is left")


if sys.argv[1:] == ["inside"]:
    inside()
else:
    boot()
finish()
