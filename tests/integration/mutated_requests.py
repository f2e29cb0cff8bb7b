# SPDX-License-Identifier: Apache-2.0
"""Requests that are cut, turned and spliced: each is answered as HTTP or its connection is closed, what is
served as metrics is well formed, and the exporter serves on."""
import os
import random
import socket
import sys
import threading
import time

from local import REPO, Answer, Exporter, case, connect, get_request, shorter

sys.path.insert(0, str(REPO / "tests" / "support"))
from exposition import Exposition  # noqa: E402

SEED = int(os.environ.get("SEED", "1"))
REQUESTS = shorter(200000, 5000, "mutated requests")
CLIENTS = 6
WAIT_S = 0.05
STATUSES = {100, 200, 301, 400, 404, 405, 406, 408, 411, 413, 414, 417, 421, 431, 500, 501, 503, 505}
PATHS = ("/metrics", "/metrics", "/metrics", "/", "/runbook", "/-/healthy", "/-/ready", "/nothing", "/metrics?collect[]=info", "/metrics?exclude[]=vgpu",
         "/metrics?collect[]=info&collect[]=machine&x", "/metrics?collect%5B%5D=runtime", "//", "/%00", "/..%2f..")
HEADERS = ("X-Prometheus-Scrape-Timeout-Seconds: 0.05", "X-Prometheus-Scrape-Timeout-Seconds: nan",
           "Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "Accept-Encoding: gzip", "Expect: 100-continue",
           "Content-Length: 5", "Transfer-Encoding: chunked", "Connection: keep-alive", "Host: a b", "Cookie: a=b; c",
           "Range: bytes=0-5", "Authorization: Basic AAAA", "Upgrade: h2c", "If-None-Match: *")
METHODS = ("GET",) * 8 + ("HEAD", "POST", "PUT", "OPTIONS", "TRACE", "CONNECT", "get", "")
PIECES = (b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\0", b" ", b":", b"?", b"&", b"%", b"%zz", b"%41", b"\xff\xfe", b"HTTP/1.0",
          b"HTTP/9.9", b"Content-Length: 18446744073709551616\r\n", b"Content-Length: -1\r\n", b"\t", b"A" * 300,
          b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\n", b"collect[]=", b"=" * 40)


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at:at] = rng.choice(PIECES)
        elif kind == 2:
            del data[at:at + rng.randrange(1, 20)]
        elif kind == 3:
            data[at:at] = data[at:at + rng.randrange(1, 60)]
        elif kind == 4:
            del data[at:]
        elif data:
            data[at % len(data)] = rng.randrange(256)
    return bytes(data)


def one_request(rng):
    headers = rng.sample(HEADERS, rng.choice((0, 0, 0, 1, 2)))
    return mutate(rng, get_request(rng.choice(PATHS), rng.choice(METHODS), headers, close=rng.random() < 0.2))


def conversation(rng):
    """What goes over one connection: how many requests, and their bytes. The last is whole, and ends it."""
    requests = [one_request(rng) for _ in range(rng.choice((1, 1, 2, 4)))]
    return len(requests), b"".join(requests) + get_request("/-/healthy")


def exchange(port, data, source):
    """What is answered until the exporter closes, or waits: for the rest of a header or a body."""
    with socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0)) as sock:
        answer = b""
        try:
            sock.sendall(data)
            sock.settimeout(WAIT_S)
            while chunk := sock.recv(1 << 18):
                answer += chunk
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass
        return answer


def answers_of(data):
    """The answers that follow each other on a connection. That to a HEAD has no body, whatever its length."""
    while data:
        top = data.partition(b"\r\n\r\n")[0]
        one = Answer(data, head=data[len(top) + 4:].startswith(b"HTTP/1."))
        yield one
        if not one.complete:
            return
        data = one.rest if one.body or one.rest else b""


class Client(threading.Thread):
    """Asks and judges until it has sent its share, or somebody has failed."""
    failures = []

    def __init__(self, number, port, share):
        super().__init__(daemon=True)
        self.number, self.port, self.share = number, port, share
        self.sent = self.answers = self.expositions = 0
        self.last = {}

    def run(self):
        for i in range(10 ** 9):
            if self.sent >= self.share or self.failures:
                return
            n, data = conversation(random.Random(f"{SEED}.{self.number}.{i}"))
            try:
                wrong = self.judge(exchange(self.port, data, f"127.0.1.{1 + self.number}"))
            except OSError as e:
                wrong = [repr(e)]
            if wrong:
                self.failures.append(f"SEED={SEED}, conversation {self.number}.{i}, {data[:2000]!r}: {wrong[:3]}")
            self.sent += n

    def judge(self, data):
        wrong = []
        for answer in answers_of(data):
            self.answers += 1
            if answer.status not in STATUSES:
                wrong.append(f"status {answer.status}")
            if (answer.status == 200 and answer.complete and answer.body and
                    answer.headers.get("content-type", "").startswith("text/plain; version=")):
                found = Exposition(answer.body)
                self.expositions += 1
                wrong += found.wrong + found.falls(self.last)
        return wrong


def main(checks):
    exporter = Exporter("no-intel-gpu")
    start = time.monotonic()
    clients = [Client(i, exporter.port, REQUESTS // CLIENTS) for i in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    sent, answers, expositions = (sum(getattr(one, key) for one in clients)
                                  for key in ("sent", "answers", "expositions"))
    checks.same(Client.failures[:2], [], f"{sent} mutated requests in {time.monotonic() - start:.0f} s, seed {SEED}: "
                f"{answers} answers, {expositions} expositions")
    checks.that(answers > sent / 4 and expositions > sent / 40, "most of them are no nonsense")
    checks.that(exporter.process.poll() is None, f"it lives {exporter.log()[-2000:]}")
    body = Exposition(exporter.get("/metrics")[1].encode())
    checks.that(body.values and not body.wrong, f"and serves {body.wrong}")
    with connect(exporter.port) as sock:
        sock.sendall(get_request("/-/healthy"))
        checks.same(sock.recv(12), b"HTTP/1.1 200", "it is healthy")
    checks.same((exporter.stop(), exporter.process.returncode)[1], 0, "and ends with 0")


case(main)
