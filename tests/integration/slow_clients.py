# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, silent or deaf: they are cut, and the others are served."""
import socket
import threading
import time

from local import (SKYLAKE, Answer, Exporter, case, connect, get_request, in_background, read_all,
                   settled, wait_for)

REQUEST_SECONDS = 10  # promised: by then the first request must be complete
IDLE_SECONDS = 15
PATIENCE = 45


class Dripper:
    """A client that sends its bytes one a second (none: it is silent) until it is cut."""

    def __init__(self, port, name, start=b"", drip=b""):
        self.name, self.seconds, self.answer = name, None, b""
        self.port, self.start, self.drip = port, start, drip
        self.thread = in_background(self.run)

    def run(self):
        begin = time.monotonic()
        sock = connect(self.port)
        sock.settimeout(1)
        i, alive = 0, True
        try:
            sock.sendall(self.start)
            while alive and time.monotonic() - begin < PATIENCE:
                try:
                    data = sock.recv(4096)
                    self.answer += data
                    alive = bool(data)
                except TimeoutError:
                    if self.drip:
                        sock.sendall(self.drip[i % len(self.drip)].to_bytes(1, "big"))
                        i += 1
        except OSError:
            alive = False
        if not alive:
            self.seconds = time.monotonic() - begin
        sock.close()


class Others:
    """A client that behaves: a new connection and a scrape, five times a second."""

    def __init__(self, exporter):
        self.exporter, self.times, self.failures = exporter, [], []
        self.over = threading.Event()
        self.thread = in_background(self.run)

    def run(self):
        while not self.over.wait(0.2):
            try:
                self.times.append(self.exporter.timed()[1])
            except (OSError, SystemExit) as e:
                self.failures.append(repr(e))

    def end(self):
        self.over.set()
        self.thread.join()


def deaf_clients(exporter, number):
    """Ask for much and never read: what is sent to them stays in the kernel's buffers, which are
    small here, and then in the exporter."""
    found = []
    for _ in range(number):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", exporter.port))
        sock.setblocking(False)
        data, sent = get_request(close=False) * 500, 0
        try:
            while sent < len(data):
                sent += sock.send(data[sent:])
        except OSError:
            pass
        found.append(sock)
    return found


def main(checks):
    exporter = Exporter(SKYLAKE, "--no-collector.check")  # whose child has a pipe
    exporter.scrape()
    before, threads = settled(exporter.fds), settled(exporter.threads)
    head = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
    drippers = [
        Dripper(exporter.port, "sends nothing"),
        Dripper(exporter.port, "sends half a request", head),
        Dripper(exporter.port, "sends a request line, a byte a second", b"GET /", b"a"),
        Dripper(exporter.port, "sends headers, a byte a second", head + b"X: ", b"a"),
        Dripper(exporter.port, "sends a header after the other", head, b"X: a\r\n"),
    ]
    deaf = deaf_clients(exporter, 8)
    checks.that(wait_for(lambda: exporter.fds() == before + len(drippers) + len(deaf), 5),
                f"{len(drippers)} slow clients and {len(deaf)} that never read their answers")
    others = Others(exporter)

    with connect(exporter.port) as idle:
        for i in range(2):
            idle.sendall(get_request("/-/healthy", close=i == 1))
            answer = Answer(read_all(idle) if i else idle.recv(4096))
            if i == 0:
                checks.same(answer.status, 200, "a keep-alive connection is answered")
                time.sleep(IDLE_SECONDS)
        checks.same(answer.status, 200, f"and after {IDLE_SECONDS} s without a word again")

    for dripper in drippers:
        dripper.thread.join(PATIENCE)
        seconds = dripper.seconds or PATIENCE
        checks.that(REQUEST_SECONDS / 2 < seconds <= 3 * REQUEST_SECONDS,
                    f"a client that {dripper.name} is cut after {seconds:.1f} s "
                    f"(promised {REQUEST_SECONDS} s)")
        checks.same(dripper.answer, b"", "without an answer")
    others.end()
    checks.that(not others.failures and len(others.times) > 20,
                f"meanwhile {len(others.times)} other scrapes, none failed: {others.failures[:3]}")
    worst = max(others.times, default=99)
    checks.that(worst < 3, f"and the slowest took {worst * 1000:.0f} ms")

    for sock in deaf:
        sock.close()
    checks.that(wait_for(lambda: exporter.fds() == before, 20),
                f"with all of them gone {before} file descriptors, as before: {exporter.fds()}")
    # A runner that was once taken for stuck stays as the one that takes over the next time.
    checks.that(wait_for(lambda: exporter.threads() <= threads + 1, 10),
                f"{threads} threads, as before, and at most one that stands by: {exporter.threads()}")
    checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "it ends with 0")


case(main)
