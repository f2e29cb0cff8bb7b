# SPDX-License-Identifier: Apache-2.0
"""What the cases share: commands, checks, containers of an engine, and the exporter's answers."""
import atexit
import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path += [str(REPO / "tests" / "dashboards")]
FIXTURE = REPO / "tests" / "fixtures" / "skylake-6700k-gvtg"
VERSION = re.search(r"^project\(.* VERSION ([0-9.]+) ", (REPO / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
IMAGE = f"intel-gpu-exporter:{VERSION}"
# What the READMEs give the exporter.
RIGHTS = ["--user", "0:0", "--pid", "host", "--cap-drop", "ALL", "--cap-add", "PERFMON", "--cap-add", "SYS_PTRACE",
          "--security-opt", "no-new-privileges", "--read-only"]
# The machine's own /sys is alive, so perf events are tried for real; its GPU is the recorded one's.
GPU = ["-v", "/sys:/sys:ro"] + [word for name in ("bus", "devices", "class")
                                for word in ("-v", f"{FIXTURE}/sys/{name}:/sys/{name}:ro")]
failures = []


@atexit.register
def end():
    if failures:
        print(f"{len(failures)} failures")


def finish():
    sys.exit(1 if failures else 0)


def check(good, what):
    print(("ok: " if good else "NOT OK: ") + what, flush=True)
    if not good:
        failures.append(what)
    return good


def same(got, wanted, what):
    return check(got == wanted, what if got == wanted else f"{what}: {got!r}, not {wanted!r}")


def run(*command, cwd=REPO, env=None, timeout=900):
    """The output of a command that has to succeed."""
    begin = time.monotonic()
    done = subprocess.run([str(one) for one in command], cwd=cwd, env=env, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"FAIL: {' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    if time.monotonic() - begin > 5:
        print(f"   {time.monotonic() - begin:.0f} s: {' '.join(map(str, command[:4]))} ...", flush=True)
    return done.stdout


def try_run(*command, cwd=REPO, timeout=120):
    done = subprocess.run([str(one) for one in command], cwd=cwd, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def wait_for(condition, seconds=60):
    """Its first true value, or the last one."""
    end_ = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end_:
        time.sleep(0.2)
    return value


def get(url, timeout=20):
    """The body, or None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def query(expression, base="http://127.0.0.1:9090"):
    """[(labels, value)], or a text that says what is wrong."""
    try:
        with urllib.request.urlopen(f"{base}/api/v1/query?" + urllib.parse.urlencode({"query": expression}),
                                    timeout=20) as answer:
            found = json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        return error.read().decode()
    return [(one["metric"], float(one["value"][1])) for one in found] if isinstance(found, list) else found


def commands(readme, title):
    """The commands of a section of a README, as they stand there."""
    section = readme.read_text().split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


class Container:
    """A container of an engine that serves on this network's port, until the end of a with block."""
    number = 0

    def __init__(self, engine, image, *options, flags=(), port=10057):
        Container.number += 1
        self.engine, self.name = engine, f"case-{Container.number}"
        self.url = f"http://127.0.0.1:{port}"
        code, said = try_run(engine, "run", "-d", "--name", self.name, "--network", "host", *options, image,
                             *flags)
        self.refused = said if code else ""

    def metrics(self):
        return wait_for(lambda: get(self.url + "/metrics"), 60) or ""

    def log(self):
        return try_run(self.engine, "logs", self.name)[1]

    def running(self):
        return try_run(self.engine, "inspect", "-f", "{{.State.Running}}", self.name)[1].strip() == "true"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try_run(self.engine, "rm", "-f", self.name)


def build_stand_in(engine):
    """An image of a shell alone, with a program that is named ffmpeg and works."""
    context = Path("/var/tmp/stand-in")
    (context / "bin").mkdir(parents=True, exist_ok=True)
    for path, text in (("bin/ffmpeg", "#!/bin/sh\nwhile :; do :; done\n"),
                       ("Containerfile", "FROM scratch\nCOPY bin /bin\n")):
        (context / path).write_text(text)
        (context / path).chmod(0o755)
    for name in ("busybox", "sh", "wget", "httpd", "cat", "ls"):
        link = context / "bin" / name
        link.unlink(missing_ok=True)
        if name == "busybox":
            link.write_bytes(Path("/bin/busybox").read_bytes())
            link.chmod(0o755)
        else:
            link.symlink_to("busybox")
    run(engine, "build", "-q", "-t", "stand-in", "-f", context / "Containerfile", context)


def check_named(engine, name, rights, mounts, image=IMAGE):
    """The workload of that container with the engine's state mounted, and without it."""
    identity = run(engine, "inspect", "-f", "{{.Id}}", name).strip()
    for options, wanted in ((mounts, name), ([], identity[:12])):
        with Container(engine, image, *rights, *options) as container:
            wanted_row = f'workload="container/{wanted}"'
            wait_for(lambda: wanted_row in container.metrics(), 20)
            rows = [line for line in container.metrics().splitlines()
                    if line.startswith("intel_gpu_transcode_processes{") and " 1" in line]
            check(any(wanted_row in row and f'container="{wanted}"' in row for row in rows),
                  f"{engine}: a container is {wanted}{'' if options else ' without its state'}: {rows}")
