# SPDX-License-Identifier: Apache-2.0
"""docker build of both images; docker run with every right, and with each missing in turn: the log says in
one line what is missing, and everything else goes on."""
import os
import re
import stat

import engine
from engine import (GPU, IMAGE, REPO, Container, build_stand_in, check, check_named, commands, finish, get, run, same,
                    try_run, wait_for)

RESULT = re.compile(r'^intel_gpu_vaapi_probe_result\{.*result="(\w+)"\} 1$', re.MULTILINE)
BASE = "localhost/base:latest"
RIGHTS = [*engine.RIGHTS, "--security-opt", "apparmor=unconfined"]


def without(*options):
    """The usual options but for these, with their values."""
    left = list(RIGHTS)
    for option in options:
        at = next(i for i in range(len(left)) if left[i:i + len(option)] == list(option))
        del left[at:at + len(option)]
    return left


def build():
    if try_run("docker", "image", "inspect", "-f", "{{.Id}}", BASE)[1].strip() != base_id():
        run("buildah", "push", "localhost/base", f"docker-daemon:{BASE}")
    for option in ([], ["--va"]):
        run("deploy/container/build.sh", "--engine", "docker", *option, env={**os.environ, "DEBIAN": BASE})
    for suffix, limit in (("", 16), ("-va", 70)):
        size = int(run("docker", "image", "inspect", "-f", "{{.Size}}", IMAGE + suffix)) / 1e6
        check(size <= limit, f"docker's {IMAGE}{suffix}: {size:.1f} MB of {limit}")
        health = run("docker", "image", "inspect", "-f", "{{json .Config.Healthcheck.Test}}", IMAGE + suffix).strip()
        same(health, '["CMD","/usr/bin/intel_gpu_exporter","--health"]', "its health check")


def base_id():
    return "sha256:" + run("buildah", "images", "--no-trunc", "-q", BASE).strip().removeprefix("sha256:")


def errors(text):
    """{collector: (reason, remedy)} of those that fail."""
    found = {}
    for line in text.splitlines():
        labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
        if line.startswith("intel_gpu_scrape_collector_error{") and not labels["reason"].startswith("not_"):
            found[labels["collector"]] = labels["reason"], labels.get("remedy", "")
    return found


# What is missing, the options, the collector that says so, and how.
ROWS = (
    ("nothing", RIGHTS, None, None),
    ("CAP_PERFMON", without(("--cap-add", "PERFMON")), "engine", ("seccomp", "perf-seccomp")),
    ("CAP_PERFMON, without a filter", [*without(("--cap-add", "PERFMON")), "--security-opt", "seccomp=unconfined"],
     "engine", ("permission", "perf-paranoid")),
    ("root", [*without(("--user", "0:0")), "--user", "65534:65534"], "engine", ("permission", "perf-paranoid")),
    ("CAP_SYS_PTRACE", without(("--cap-add", "SYS_PTRACE")), "client", ("permission", "client-rights")),
    ("the host's processes", without(("--pid", "host")), "client", ("permission", "hidden-processes")),
)


def wanted_forms(wanted):
    """In an LXC container, as which these tests look, it takes CAP_SYS_PTRACE to know that it is one."""
    return (wanted, ("permission", "hidden-processes")) if wanted[1] == "client-rights" else (wanted,)


def check_rights():
    for missing, rights, collector, wanted in ROWS:
        with Container("docker", IMAGE, *rights, *GPU) as container:
            if not check(not container.refused, f"without {missing} it starts {container.refused}"):
                continue
            text = container.metrics()
            found, log = errors(text), container.log()
            check("intel_gpu_up 1" in text and "intel_gpu_frequency_rp0_hertz{" in text,
                  f"without {missing}: what needs no right is there")
            if collector:
                check(found.get(collector) in wanted_forms(wanted), f"{collector} says why: {found.get(collector)}")
                lines = [line for line in log.splitlines()
                         if f"remedy={found.get(collector, wanted)[1]}" in line and
                         re.search(rf'collector="?[\w,]*\b{collector}\b', line)]
                check(len(lines) == 1, f"in one line of the log: {lines}")
            else:
                # The kernel lets it ask for the recorded PMU, which this machine does not have.
                same(found.get("engine"), ("no_device", "device-gone"), "perf events may be opened")
                check("client" not in found and "transcode" not in found, f"processes are seen: {found}")
            same(try_run("docker", "exec", container.name, "/usr/bin/intel_gpu_exporter", "--health"),
                 (0, "healthy: :10057 answers\n"), "it is healthy")


def check_no_bus():
    with Container("docker", IMAGE, *RIGHTS, "-v", "/sys:/sys:ro", "--tmpfs", "/sys/bus:ro") as container:
        text = container.metrics()
        same(errors(text).get("discovery"), ("no_device", "no-pci-bus"), "without /sys/bus/pci discovery says so")
        check("\nintel_gpu_up" not in text, "and nobody says that there is no GPU")


def check_node():
    """A node that root and its group may open, as the one of a GPU is; behind it is no driver."""
    node = "/dev/renderD128"
    if not os.path.exists(node):
        os.mknod(node, stat.S_IFCHR | 0o660, os.makedev(1, 3))
        os.chown(node, 0, 107)
        os.chmod(node, 0o660)
    device = ["--device", f"{node}:/dev/dri/renderD128"]
    user = [*without(("--user", "0:0")), "--user", "65534:65534"]
    for what, options, wanted in (
            ("without /dev/dri", RIGHTS, "no_device"),
            ("as another user", [*user, *device], "permission"),
            ("as another user in the node's group, by number", [*user, *device, "--group-add", "107"], None),
            ("as root", [*RIGHTS, *device], None)):
        with Container("docker", f"{IMAGE}-va", *options, *GPU, flags=["--vaapi.expect=h264"]) as container:
            found = wait_for(lambda: RESULT.findall(container.metrics()), 60)
            if wanted:
                same(set(found), {wanted}, f"encode tests {what}")
            else:
                check(found and "permission" not in found,
                      f"encode tests {what}: the node opens: {found}")


def check_names():
    """The name of a container whose process is named ffmpeg, as a container's label."""
    run("docker", "run", "-d", "--name", "media-ffmpeg-1", "--network", "none", "stand-in", "/bin/ffmpeg")
    names = ["-v", "/var/lib/docker/containers:/var/lib/docker/containers:ro"]
    try:
        check_named("docker", "media-ffmpeg-1", [*RIGHTS, *GPU], names)
    finally:
        run("docker", "rm", "-f", "media-ffmpeg-1")


def check_readme():
    run("bash", "-euc", commands(REPO / "deploy/container/README.md", "Running it"))
    try:
        text = wait_for(lambda: get("http://127.0.0.1:10057/metrics"), 60) or ""
        check("intel_gpu_exporter_build_info{" in text, "the README's docker run serves")
    finally:
        run("docker", "rm", "-f", "intel-gpu-exporter")


def check_probe():
    code, said = try_run("docker", "run", "--rm", "--entrypoint", "/usr/bin/intel_gpu_probe", f"{IMAGE}-va", "--list")
    check(code == 2 and "no_device" in said, f"the probe by hand, without a device: {said.strip()}")


build()
check_readme()
check_probe()
build_stand_in("docker")
check_names()
check_rights()
check_no_bus()
check_node()
finish()
