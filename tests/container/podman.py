# SPDX-License-Identifier: Apache-2.0
"""The quadlet: what its generator makes of it, and the container that this starts, with the filter that the
script derives from the engine's own, without which perf events are refused."""
import json
import os
import re
import shlex
import shutil
from pathlib import Path

from engine import (GPU, IMAGE, RIGHTS, Container, build_stand_in, check, check_named, finish, get, run, same, try_run,
                    wait_for)

UNITS = Path("/etc/containers/systemd")
SECCOMP = Path("/etc/containers/intel-gpu-exporter-seccomp.json")
OWN = Path("/usr/share/containers/seccomp.json")
LOCAL = f"localhost/{IMAGE}"


def check_filter():
    SECCOMP.unlink(missing_ok=True)
    said = run("deploy/container/podman-seccomp.py")
    check(str(SECCOMP) in said and str(OWN) in said, said.strip())
    before, after = json.loads(OWN.read_text()), json.loads(SECCOMP.read_text())
    call = "perf_event_open"
    rules = [rule for rule in after["syscalls"] if call in rule["names"]]
    same([(rule["names"], rule["action"], rule["includes"]) for rule in rules],
         [([call], "SCMP_ACT_ALLOW", {"caps": [one]}) for one in ("CAP_PERFMON", "CAP_SYS_ADMIN")],
         "perf_event_open is for CAP_PERFMON and CAP_SYS_ADMIN")

    def others(filter_):
        kept = ({**rule, "names": [name for name in rule["names"] if name != call]} for rule in filter_["syscalls"])
        return [rule for rule in kept if rule["names"]], {key: filter_[key] for key in filter_ if key != "syscalls"}
    same(others(after), others(before), "nothing else is another")
    for text in ("", "{}", "[]", '{"syscalls": [1]}'):
        Path("/tmp/bad.json").write_text(text)
        code, said = try_run("deploy/container/podman-seccomp.py", "/tmp/bad.json", "/tmp/bad-target.json")
        check(code == 1 and "/tmp/bad.json" in said and "Traceback" not in said and
              not os.path.exists("/tmp/bad-target.json"), f"a filter that is none: {said.strip()}")


def generated():
    """The command that the generated unit starts."""
    UNITS.mkdir(parents=True, exist_ok=True)
    shutil.copy("deploy/container/quadlet/intel-gpu-exporter.container", UNITS)
    unit = run("/usr/libexec/podman/quadlet", "-dryrun")
    check("---intel-gpu-exporter.service---" in unit, "the generator makes a service")
    start = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    words = shlex.split(start[1])
    check("--seccomp" in start[1] or f"seccomp={SECCOMP}" in start[1], f"with the filter: {start[1]}")
    check("WantedBy=multi-user.target" in unit and "Restart=on-failure" in unit, "which starts at boot, and again")
    Path("/tmp/intel-gpu-exporter.service").write_text(unit.split("---\n", 1)[1])
    said = try_run("systemd-analyze", "verify", "--man=no", "/tmp/intel-gpu-exporter.service")[1]
    check("Unknown" not in said and "Invalid" not in said, f"systemd takes it: {said.strip() or 'silently'}")
    return words


def check_service(words):
    """The generated command, but for what needs a service manager: that it is notified, and its log."""
    taken = [word for word in words if not word.startswith(("--sdnotify", "--cgroups", "--log-driver"))]
    taken = [word.replace("%N", "intel-gpu-exporter").replace("%t", "/run") for word in taken]
    run(*taken)
    try:
        text = wait_for(lambda: get("http://127.0.0.1:10057/metrics"), 60) or ""
        check("intel_gpu_exporter_build_info{" in text, "the quadlet's container serves")
        same(try_run("podman", "exec", "intel-gpu-exporter", "/usr/bin/intel_gpu_exporter", "--health"),
             (0, "healthy: :10057 answers\n"), "its health check")
        code, said = try_run("podman", "healthcheck", "run", "intel-gpu-exporter")
        check(code == 0, f"as Podman runs it {said.strip()}")
        found = json.loads(run("podman", "inspect", "intel-gpu-exporter"))[0]
        same(sorted(found["EffectiveCaps"]), ["CAP_PERFMON", "CAP_SYS_PTRACE"], "it has two capabilities")
    finally:
        run("podman", "rm", "-f", "-t", "0", "intel-gpu-exporter")


def check_perf():
    derived = ["--security-opt", f"seccomp={SECCOMP}"]
    user = ["--user", "65534:65534", *RIGHTS[2:]]
    for what, options, wanted in (
            ("with Podman's own filter", RIGHTS, "perf-seccomp"),
            ("with the derived one", [*RIGHTS, *derived], "device-gone"),
            ("with the derived one, as another user", [*user, *derived], "device-gone")):
        with Container("podman", LOCAL, *options, *GPU) as container:
            row = re.search(r'_error\{collector="engine".*remedy="([^"]*)"', container.metrics())
            # device-gone: this machine lacks the recorded PMU, for which the kernel was asked.
            same(row and row[1], wanted, f"perf events {what} {container.refused}")


def check_names():
    storage = "/var/lib/containers/storage/overlay-containers"
    build_stand_in("podman")
    for options, name in (([], "media-ffmpeg-2"), (["--rm"], "media-ffmpeg-3")):
        run("podman", "run", "-d", *options, "--name", name, "--network", "none", "localhost/stand-in", "/bin/ffmpeg")
        try:
            check_named("podman", name, [*RIGHTS, *GPU], ["-v", f"{storage}:{storage}:ro"], LOCAL)
        finally:
            run("podman", "rm", "-f", "-t", "0", name)


check_filter()
words_of_start = generated()
check_service(words_of_start)
check_perf()
check_names()
finish()
