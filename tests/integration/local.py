# SPDX-License-Identifier: Apache-2.0
"""What the cases share: the exporter on a recorded machine, raw connections, and strace."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests" / "support"))
import exporter_test  # noqa: E402: it is found there only now
import stalls  # noqa: E402, F401
from exporter_test import (EXPORTER, LONG, Checks, Metrics, free_port, load, settled,  # noqa: E402, F401
                           shorter)
from strace import Strace, by_scrape  # noqa: E402, F401

# Programs that deploy/install-packages.sh unpacks rather than installs.
os.environ["PATH"] += f":{REPO}/build/unpacked/usr/bin"

FIXTURES = REPO / "tests" / "fixtures"
SKYLAKE = "skylake-6700k-gvtg"
SANITIZED = bool(os.environ.get("SANITIZED"))
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def fixtures():
    return sorted(readme.parent.name for readme in FIXTURES.glob("*/README"))


class Exporter(exporter_test.Exporter):
    """The exporter on a recorded machine: a fixture's name, or the path of a tree."""

    def __init__(self, machine, *flags, port=None, prefix=(), env=None, wait=True):
        super().__init__(f"--path.rootfs={FIXTURES / machine}", *flags, port=port or free_port(),
                         prefix=prefix, env=env, wait=wait)


class Tree:
    """A copy of a fixture, to be changed. Files are named from its root."""

    def __init__(self, fixture=SKYLAKE):
        self.root = Path(tempfile.mkdtemp(prefix="exporter-tree-"))
        # Python's copytree stops at links that lead nowhere, which fixtures have.
        subprocess.run(["cp", "-a", f"{FIXTURES / fixture}/.", self.root], check=True)
        # As readable as a machine's, whatever the umask of the checkout was.
        subprocess.run(["chmod", "-R", "u+rwX,go+rX", self.root], check=True)

    def __truediv__(self, path):
        return self.root / path

    def write(self, path, content):
        (self.root / path).write_bytes(content if isinstance(content, bytes) else content.encode())

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()


def run(*flags, prefix=(), timeout=60):
    """The program to its end: exit code, stdout, stderr."""
    done = subprocess.run([*prefix, EXPORTER, *flags], capture_output=True, timeout=timeout)
    return done.returncode, done.stdout, done.stderr


def promtool(text):
    """What promtool finds wrong with an exposition; empty when nothing."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    said = (done.stdout + done.stderr).decode(errors="replace").strip()
    return said or ("" if done.returncode == 0 else f"exit {done.returncode}")


def connect(port, host="127.0.0.1", timeout=30):
    return socket.create_connection((host, port), timeout=timeout)


def read_all(sock):
    """Everything until the other side ends the connection, or is silent for the timeout."""
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except (ConnectionResetError, TimeoutError):
        pass
    return data


class Answer:
    """An HTTP answer, parsed from its bytes. `rest` is what follows it."""

    def __init__(self, data, head=False):
        top, self.found, rest = data.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        self.status = int(words[1]) if words[0].startswith("HTTP/1.") and len(words) > 2 else None
        self.headers = {}
        for line in lines[1:]:
            key, _, value = line.partition(":")
            self.headers[key.lower()] = value.strip()
        length = 0 if head else int(self.headers.get("content-length", len(rest)))
        self.body, self.rest = rest[:length], rest[length:]
        self.complete = bool(self.found) and len(self.body) == length


def ask(port, request, timeout=30):
    """Sends bytes on a new connection and reads until it ends."""
    with connect(port, timeout=timeout) as sock:
        try:
            sock.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end of the request: the answer says why
        data = read_all(sock)
    return Answer(data, head=request.startswith(b"HEAD "))


def get_request(path="/metrics", method="GET", headers=(), close=True):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if close:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Instructions:
    """Counts what a scrape makes the processor do: of two exporters of the same machine, one is
    scraped n times, the other one 2n times, and all that they did before is the same. valgrind does
    without the processor's own counters, which a virtual machine need not have, and without the
    right to use them."""
    PREFIX = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    PROMISED_FOR = "x86_64"  # other processors need other numbers

    def __init__(self, machine, *flags, query="", n=10):
        self.query, self.n = query, n
        self.pair = [Exporter(machine, *flags, prefix=self.PREFIX) for _ in range(2)]

    def scrape(self, times):
        for exporter in self.pair:
            for _ in range(times):
                exporter.scrape(self.query)

    def end(self, before=lambda: None):
        """Instructions of a scrape, before each of which something may be done."""
        counts = []
        for exporter, times in zip(self.pair, (self.n, 2 * self.n)):
            for _ in range(times):
                before()
                exporter.scrape(self.query)
            exporter.stop()
            found = re.search(r"I *refs: +([\d,]+)", exporter.log())
            if not found:
                sys.exit(f"FAIL: valgrind has counted nothing: {exporter.log()}")
            counts.append(int(found[1].replace(",", "")))
        return (counts[1] - counts[0]) / max(self.n, 1)


def slow_reads(exporter, microseconds):
    """From here on each look at a folder entry takes so long, as with a slow kernel: a scrape takes
    at least three times that. Ends with detach(). What opendir(3) looks with depends on the C library."""
    return Strace(exporter.pid, "-e", "trace=newfstatat,fstat",
                  "-e", f"inject=newfstatat,fstat:delay_enter={microseconds}")


def in_background(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


def wait_for(condition, seconds):
    """Whether the condition came true within the time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def as_nobody(*more):
    """A prefix that runs a program as nobody, without capabilities."""
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *more)


def is_root():
    return os.geteuid() == 0


def case(main):
    """Runs a case: main(checks). An error in it is a failure like any other."""
    checks = Checks()
    try:
        main(checks)
    except SystemExit as e:
        checks.that(False, str(e))
    except Exception as e:  # pylint: disable=broad-except
        import traceback
        traceback.print_exc()
        checks.that(False, f"the case ended early: {e!r}")
    checks.no_sanitizer_report()
    checks.end()
