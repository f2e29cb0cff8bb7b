# SPDX-License-Identifier: Apache-2.0
"""deploy/quickstart.sh: what its arguments mean, and that a port which is taken is said before
anything is installed, built or booted. In a tree of its own, with stand-ins for what takes time;
each notes how it was called. The exporter there is the real one until it would serve."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from local import EXPORTER, REPO, case, free_port

NOTE = '#!/bin/sh\nprintf "%s" "{name}" >>"$CALLS"; printf " %s" "$@" >>"$CALLS"; echo >>"$CALLS"\n'
CMAKE = NOTE.format(name="cmake") + '[ -z "$ON_CMAKE" ] || eval "$ON_CMAKE"\n'
SERVES = (f'#!/bin/sh\ncase "$*" in *--version) exec "{EXPORTER}" "$@" ;; esac\n'
          + NOTE.format(name="exporter").split("\n", 1)[1])


class Tree:
    """A repository with nothing in it but quickstart.sh."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="exporter-quickstart-"))
        self.calls = self.root / "calls"
        self.port = free_port()  # instead of the usual one, which a service may have
        text = (REPO / "deploy/quickstart.sh").read_text()
        assert text.count("default_port=10057\n") == 1
        self.put("deploy/quickstart.sh", text.replace("default_port=10057", f"default_port={self.port}"))
        self.put("deploy/install-packages.sh", NOTE.format(name="packages"))
        self.put("tests/lab/run.sh", NOTE.format(name="lab"))
        self.put("bin/cmake", CMAKE)
        self.put("build/release/intel_gpu_exporter", SERVES)

    def put(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)
        (self.root / path).chmod(0o755)

    def run(self, *arguments, on_cmake=""):
        """Its exit code and words; .done: what it called, in order."""
        self.calls.write_text("")
        done = subprocess.run(
            [str(self.root / "deploy/quickstart.sh"), *arguments], capture_output=True, text=True,
            timeout=60, check=False, env={**os.environ, "CALLS": str(self.calls), "ON_CMAKE": on_cmake,
                                          "PATH": f"{self.root}/bin:{os.environ['PATH']}"})
        done.first = " / ".join(done.stderr.splitlines()[:2])
        done.done = self.calls.read_text().splitlines()
        return done

    def names(self, *arguments, **more):
        done = self.run(*arguments, **more)
        return done, [line.split()[0] for line in done.done]


def listener(host, port=0):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    if family == socket.AF_INET6:
        found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    found.bind((host, port))
    found.listen()
    return found, found.getsockname()[1]


def has_ipv6():
    try:
        listener("::1")[0].close()
        return True
    except OSError:
        return False


def check_taken(checks, tree):
    """(who listens, where it shall listen, how it is run)"""
    demo, here = ("--scene", "broken"), ("--host",)
    rows = [("127.0.0.1", "127.0.0.1:%d", demo), ("127.0.0.1", ":%d", demo),
            ("0.0.0.0", "localhost:%d", demo), ("127.0.0.1", ":%d", here),
            ("127.0.0.1", "0.0.0.0:%d", here), ("0.0.0.0", "127.0.0.1:%d", here),
            ("127.0.0.2", ":%d", here)]
    if has_ipv6():
        rows += [("::1", ":%d", here), ("::1", "[::1]:%d", here), ("::", "[::1]:%d", here)]
    else:
        checks.skip("no IPv6 here")
    for who, wanted, arguments in rows:
        sock, port = listener(who)
        done, called = tree.names(*arguments, "--", "--web.listen-address=" + wanted % port)
        about = f"{' '.join(arguments)}, {wanted % port} while {who}:{port} is taken"
        checks.same((done.returncode, called), (1, []), f"{about}: refused before anything else")
        name = Path("/proc/self/comm").read_text().strip()
        checks.that(f"port {port} is taken by {name} (process {os.getpid()})" in done.stderr,
                    f"{about}: who has it: {done.first}")
        remedy = re.search(r"quickstart\.sh (.*) -- --web\.listen-address=(\S+)$", done.stderr, re.M)
        checks.that(remedy and remedy[1] == " ".join(arguments), f"{about}: the remedy")
        if remedy:
            done, called = tree.names(*arguments, "--", f"--web.listen-address={remedy[2]}")
            checks.same(done.returncode, 0, f"{about}: which works")
        sock.close()


def check_free(checks, tree):
    """Somebody's port on another address is no obstacle."""
    sock, port = listener("127.0.0.2", free_port())
    for arguments in (("--host",), ("--scene", "healthy")):
        done, called = tree.names(*arguments, "--", f"--web.listen-address=127.0.0.1:{port}")
        checks.same((done.returncode, called[-1]), (0, "lab" if "--scene" in arguments else "exporter"),
                    f"{arguments}: 127.0.0.2:{port} does not keep 127.0.0.1:{port} from it")
    sock.close()
    if has_ipv6():
        sock, port = listener("127.0.0.1")
        done = tree.run("--host", "--", f"--web.listen-address=[::]:{port}")
        checks.that(done.returncode == 0 and f" http://[::1]:{port}/" in done.stderr,
                    f"nor 127.0.0.1:{port} the port of IPv6 alone: {done.first}")
        sock.close()
    # Between the first look and the boot.
    port = free_port()
    tree.put("taker", "#!/usr/bin/python3\nimport socket, os\ns = socket.socket()\n"
             f"s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\ns.bind(('127.0.0.1', {port}))\n"
             f"s.listen()\nopen('{tree.root}/taken', 'w')\nos.close(1)\nos.close(2)\ns.accept()\n")
    done, called = tree.names("--scene", "healthy", "--", f"--web.listen-address=:{port}",
                              on_cmake=f'case "$*" in *--build*) {tree.root}/taker & '
                              f'until [ -e {tree.root}/taken ]; do sleep 0.02; done;; esac')
    checks.that(done.returncode == 1 and f"port {port} is taken" in done.stderr and
                called == ["packages", "cmake", "cmake"], f"taken during the build: {done.first}")
    socket.create_connection(("127.0.0.1", port)).close()  # ends it


def lab_call(done):
    """Forwards and the arguments of demo.py."""
    line = next((line for line in done.done if line.startswith("lab ")), "")
    return re.findall(r"--forward (\S+)", line), line.partition("/tests/lab/demo.py ")[2]


def check_demo(checks, tree):
    a, b = free_port(), free_port()
    done = tree.run("--scene", "healthy")
    p = tree.port
    checks.same(lab_call(done), ([f"{p}:{p}"], f"healthy --web.listen-address=:{p}"), "the usual port")
    checks.that(f"http://127.0.0.1:{p}/ in a browser, curl http://127.0.0.1:{p}/metrics" in done.stderr,
                "which is announced")
    checks.that(any("real hardware" in line and "own i915 driver. Emulated: the GPU." in line and "own test driver" in line and
                    "on purpose" not in line for line in done.stderr.splitlines()),
                "one line says what is emulated")
    checks.that("tests/lab/demo-packages.txt" in done.done[0] and "-DDEMO=ON" in done.done[1] and
                "-DBUILD_TESTING=OFF" in done.done[1], f"the driver is built: {done.done}")
    done = tree.run("--scene=broken", "--", "--log.level=debug", "--web.listen-address", f"127.0.0.1:{a}",
                    "--web.telemetry-path=/m")
    checks.same(lab_call(done), ([f"{a}:{a}"], f"broken --web.listen-address=:{a} --log.level=debug "
                                 "--web.telemetry-path=/m"), "another port, and the flags")
    checks.that(f"curl http://127.0.0.1:{a}/m\n" in done.stderr and f":{p}/" not in done.stderr and
                "on purpose" in done.stderr, "announced as it is served")
    done = tree.run("--scene", "healthy", "--", *(f"--web.listen-address={where}" for where in
                    (f":{a}", f"localhost:{b}", f"[::]:{a}")))
    checks.same((lab_call(done)[0], done.stderr.count(f"curl http://127.0.0.1:{b}/metrics")),
                ([f"{a}:{a}", f"{b}:{b}"], 1), "several addresses; one port twice is one")
    done = tree.run("--scene", "healthy", "--", "--web.listen-address=:0")
    forward = (lab_call(done)[0] or ["none:none"])[0].split(":")[0]
    checks.that(forward not in ("0", "none") and f"http://127.0.0.1:{forward}/ " in done.stderr,
                f"port 0 is a free one: {done.first}")


def check_here(checks, tree):
    done = tree.run("--host", "--", "--collector.cycles", "--log.level=warn")
    checks.same(done.done[-1], "exporter --collector.cycles --log.level=warn", "--host: the flags")
    checks.that("-DDEMO=OFF" in done.done[1] and "tests/" not in done.done[0] and
                "real hardware" not in done.stderr, f"without the demo's parts: {done.done}")
    checks.that(f"curl http://127.0.0.1:{tree.port}/metrics" in done.stderr, "and where it serves")
    if not any(Path(device, "class").read_text().startswith("0x03") and
               Path(device, "vendor").read_text().strip() == "0x8086"
               for device in Path("/sys/bus/pci/devices").glob("*")):
        done = tree.run()
        checks.that("no Intel GPU on this machine" in done.stderr and
                    lab_call(done)[1].startswith("healthy "), "no GPU: the healthy scene")
    else:
        checks.skip("this machine has an Intel GPU")


def check_bad(checks, tree):
    rows = [(("--scene", "sad"), '"sad" is not healthy or broken'), (("--scene",), "healthy or broken"),
            (("--scene=",), "healthy or broken"), (("--host", "--scene", "broken"), "--host"),
            (("--scene", "healthy", "--host"), "--host"), (("--log.level=debug",), "come after --")]
    rows += [(("--scene", "healthy", "--", f"--web.listen-address={where}"), wanted) for where, wanted in (
        ("192.0.2.1:10058", "on 127.0.0.1 alone"), ("[::1]:10058", "on 127.0.0.1 alone"),
        ("unix:/run/x", "is not HOST:PORT"), ("10058", "is not HOST:PORT"), ("", "is not HOST:PORT"),
        (":65536", "is not HOST:PORT"), ("127.0.0.1:", "is not HOST:PORT"))]
    rows.append((("--host", "--", "--web.listen-address"), "is not HOST:PORT"))
    for arguments, wanted in rows:
        done, called = tree.names(*arguments)
        checks.that(done.returncode == 2 and wanted in done.stderr and not called,
                    f"{' '.join(arguments)}: refused at once: {done.first}")
    done, called = tree.names("--scene", "healthy", "--", "--scrape.timeout=never")
    checks.that(done.returncode != 0 and "scrape.timeout" in done.stderr and "lab" not in called,
                "a flag that the exporter refuses is refused before the boot")
    done, called = tree.names("--host", on_cmake="echo a compiler says no; exit 1")
    checks.that(done.returncode == 1 and "a compiler says no" in done.stderr and
                called == ["packages", "cmake"], "a build that fails is shown")
    for flag in ("--help", "-h"):
        done, called = tree.names(flag)
        checks.that(done.returncode == 0 and "broken" in done.stdout and not called, f"{flag} explains")


def main(checks):
    tree = Tree()
    try:
        for check in (check_taken, check_free, check_demo, check_here, check_bad):
            check(checks, tree)
    finally:
        shutil.rmtree(tree.root)


case(main)
