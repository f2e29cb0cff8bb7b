# SPDX-License-Identifier: Apache-2.0
"""300 connections that somebody holds, of every kind, from the address of Prometheus itself: its
scrapes go on, and so does the watchdog, also while thousands a second are opened anew. tests/run.sh
--all holds them for 130 s, and opens and closes them as fast as it can."""
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

from local import (REPO, SKYLAKE, Answer, Exporter, ask, case, connect, get_request, in_background,
                   read_all, settled, shorter, wait_for)

NUMBER = 300
# A system's watchdog of 60 s, of which the exporter uses half; in the short form all is faster.
SECONDS = shorter(130, 12, "seconds for which connections are held")
WATCHDOG = shorter(60, 8, "seconds of the watchdog")
EVERY = shorter(5, 1, "seconds between two scrapes")

HEAD = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-"
BODY = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
KINDS = {"silent": b"", "half headers": HEAD, "unsent bodies": BODY,
         "slow readers": get_request(close=False) * 200}


class Crowd:
    """tests/support/crowd.py"""

    def __init__(self, port, *arguments):
        script = REPO / "tests" / "support" / "crowd.py"
        self.process = subprocess.Popen([sys.executable, script, str(port), *map(str, arguments)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wait_held(self):
        """Until few of them are left; how many were cut."""
        return int(self.process.stdout.readline())

    def end(self):
        """How many connections it has opened."""
        return int(self.process.communicate("", timeout=60)[0])


class Manager:
    """Of a service with a watchdog: the seconds between its signs of life."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        address = f"{self.folder.name}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(0.1)
        self.env = {**os.environ, "NOTIFY_SOCKET": address,
                    "WATCHDOG_USEC": str(WATCHDOG * 1000000)}
        self.times, self.over = [time.monotonic()], threading.Event()
        self.thread = in_background(self.run)

    def run(self):
        while not self.over.is_set():
            try:
                if self.socket.recv(4096) == b"WATCHDOG=1":
                    self.times.append(time.monotonic())
            except TimeoutError:
                pass

    def longest(self):
        self.over.set()
        self.thread.join()
        times = [*self.times, time.monotonic()]
        return max(b - a for a, b in zip(times, times[1:]))


def ask_slowly(port, request, timeout):
    """The request comes a while after the connection, as over a network."""
    with connect(port, timeout=timeout) as sock:
        time.sleep(0.02)
        sock.sendall(request)
        return Answer(read_all(sock))


def scrapes(exporter, seconds, ask=ask):
    """As Prometheus does it: a timeout of 10 s, and the answer is whole or it counts as lost."""
    times, lost, end = [], [], time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        try:
            answer = ask(exporter.port, get_request(), timeout=10)
            good = answer.status == 200 and answer.complete and answer.body.endswith(b"\n")
        except OSError as e:
            good, answer = False, Answer(repr(e).encode())
        took = time.monotonic() - start
        (times if good and took < 10 else lost).append(took if good else vars(answer))
        time.sleep(max(0, EVERY - took))
    return times, lost


def check_kind(checks, kind):
    manager = Manager()
    exporter = Exporter(SKYLAKE, env=manager.env)
    # Some of those who ask have a whole answer in the kernel before they are cut, and read it slowly.
    least = NUMBER // 2 if kind == "slow readers" else NUMBER - 40
    crowd = Crowd(exporter.port, NUMBER, 8, KINDS[kind], least)
    cut = crowd.wait_held()
    times, lost = scrapes(exporter, SECONDS)
    gap = manager.longest()
    checks.that(times and not lost, f"{kind}: {len(times)} scrapes in {SECONDS} s, the slowest "
                f"{max(times, default=99) * 1000:.0f} ms, lost {lost[:3]}")
    checks.that(gap < WATCHDOG, f"{kind}: at most {gap:.1f} s between two signs of life, expected "
                f"every {WATCHDOG / 2:.0f} s")
    opened = crowd.end()
    checks.that(cut >= least, f"{kind}: of {NUMBER} connections {cut} were cut at once; "
                f"{opened} in all")
    checks.bound(exporter.stop(), 2, f"{kind}: SIGTERM ends it")


def check_cut(checks):
    """The deadlines cover bodies and answers."""
    exporter = Exporter(SKYLAKE, "--no-collector.check")  # whose child has a pipe
    exporter.scrape()  # some files stay open
    before, seconds = settled(exporter.fds), []
    start = time.monotonic()
    body, deaf = connect(exporter.port), socket.socket()
    body.sendall(BODY)
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.connect(("127.0.0.1", exporter.port))
    deaf.setblocking(False)
    deaf.send(get_request(close=False) * 200)
    checks.that(wait_for(lambda: exporter.fds() == before + 2, 5), "two connections are held")
    for left in (1, 0):
        wait_for(lambda n=left: exporter.fds() <= before + n, 40)
        seconds.append(time.monotonic() - start)
    checks.that(seconds[0] > 5, "neither is cut at once")
    checks.bound(seconds[1], 10, "a body that does not come and an answer that is not taken")
    checks.same(read_all(body), b"", "without an answer to the first")
    try:
        while deaf.recv(65536):
            pass
        reset = False
    except ConnectionResetError:
        reset = True
    except BlockingIOError:
        reset = False
    checks.that(reset, "the second hears that there is no more, and not that this was all")
    exporter.stop()


def check_churn(checks):
    """Each connection for 0.3 s at most, while the watchdog asks as often as it can."""
    exporter = Exporter(SKYLAKE, env={**os.environ, "NOTIFY_SOCKET": "/nowhere",
                                      "WATCHDOG_USEC": "20000"})
    crowds = [Crowd(exporter.port, NUMBER, -0.3, KINDS[kind])
              for kind in ("silent", "half headers", "slow readers")]
    for crowd in crowds:
        crowd.wait_held()
    time.sleep(shorter(75, 4, "seconds of churn"))
    opened = sum(crowd.end() for crowd in crowds)
    checks.that(opened > 6 * NUMBER, f"churn: {opened} connections")
    checks.same(exporter.get("/-/healthy", timeout=10)[0], 200, "churn: it answers")
    checks.same(exporter.scrape().value("intel_gpu_up"), 1, "churn: scrapes, too")
    checks.bound(exporter.stop(), 2, "churn: SIGTERM ends it")
    checks.same(exporter.process.returncode, 0, "churn: with 0")


def check_storm(checks):
    """Who is cut comes back at once: each place is taken many times while a scrape's request comes."""
    for kind in ("half headers", "unsent bodies"):
        exporter = Exporter(SKYLAKE)
        crowd, start = Crowd(exporter.port, NUMBER, 0, KINDS[kind]), time.monotonic()
        crowd.wait_held()
        times, lost = scrapes(exporter, shorter(30, 4, "seconds of a storm of connections"), ask_slowly)
        opened, seconds = crowd.end(), time.monotonic() - start
        checks.that(opened > 300 * seconds, f"storm, {kind}: {opened / seconds:.0f} connections a second")
        checks.that(times and not lost, f"storm, {kind}: {len(times)} scrapes, the slowest "
                    f"{max(times, default=99) * 1000:.0f} ms, lost {lost[:3]}")
        exporter.stop()


def main(checks):
    ended = []

    def run(check, *arguments):
        check(checks, *arguments)
        ended.append(arguments)

    threads = [in_background(run, check_kind, kind) for kind in KINDS]
    threads.append(in_background(run, check_cut))
    for thread in threads:
        thread.join()
    run(check_churn)
    run(check_storm)
    checks.same(len(ended), len(threads) + 2, "all of them were tried to the end")


case(main)
