# SPDX-License-Identifier: Apache-2.0
"""Signals: SIGTERM and SIGINT end it within 2 s whatever its clients do, with 0, requests in
progress get whole answers, and the port is free at once. And what it logs meanwhile."""
import json
import re
import signal
import socket
import sys
import time

from local import (REPO, SANITIZED, SKYLAKE, Answer, Exporter, case, connect, get_request,
                   in_background, read_all, slow_reads, wait_for)

sys.path.insert(0, str(REPO / "tests" / "support"))
from hold import Held, threads  # noqa: E402

PROMISED = 2  # seconds
SCRAPES = 8
LOGFMT = re.compile(r'(?:[a-z_]+=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")(?: |$))+')
PAIR = re.compile(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|\S+)')
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def is_free(port):
    """Whether a server that asks for it as the exporter does could have the port now."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            s.listen()
            return True
        except OSError:
            return False


def idle_connections(exporter):
    sockets = [connect(exporter.port) for _ in range(20)]
    for sock in sockets:
        sock.sendall(get_request("/-/healthy", close=False))
        sock.recv(4096)
    return sockets


def half_sent(exporter):
    sockets = [connect(exporter.port) for _ in range(20)]
    for i, sock in enumerate(sockets):
        sock.sendall((b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: a\r\n",
                      b"GET /metrics HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc")[i % 4])
    return sockets


def never_read(exporter):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", exporter.port))
    sock.setblocking(False)
    try:
        sock.send(get_request(close=False) * 500)
    except OSError:
        pass
    return [sock]


def nobody(_exporter):
    return []


def check_clients(checks, sig, name, clients):
    exporter = Exporter(SKYLAKE)
    sockets = clients(exporter)
    time.sleep(0.1)
    seconds = exporter.stop(sig)
    checks.bound(seconds, PROMISED, f"{sig.name} with {name}")
    checks.same(exporter.process.returncode, 0, "exit code 0")
    checks.that(is_free(exporter.port), "the port is free at once")
    second = Exporter(SKYLAKE, port=exporter.port)
    checks.that(second.scrape().value("intel_gpu_up") == 1, "a second one serves at the same port")
    second.stop()
    for sock in sockets:
        sock.close()
    checks.same(exporter.out() + second.out(), "", "nothing on stdout")
    check_log(checks, exporter)


def check_in_progress(checks, sig):
    """Requests that wait for a slow machine when the signal comes."""
    # Its own metrics take looks at folder entries, too.
    exporter = Exporter(SKYLAKE, "--scrape.timeout=20s", "--web.disable-exporter-metrics")
    sent = []
    slow, answers = slow_reads(exporter, 500000), []

    def client():
        with connect(exporter.port) as sock:
            sock.sendall(get_request(close=False))
            sent.append(sock)
            answers.append(Answer(read_all(sock)))

    clients = [in_background(client) for _ in range(SCRAPES)]
    wait_for(lambda: len(sent) == SCRAPES, 20)
    # Answered after all that were sent: it has seen them.
    checks.same(exporter.get("/-/healthy")[0], 200, "a request that waits for nothing")
    checks.same(answers, [], f"{sig.name} with {SCRAPES} scrapes in progress")
    seconds = exporter.stop(sig)
    for one in clients:
        one.join(timeout=10)
    slow.detach()
    checks.bound(seconds, PROMISED, "it ends")
    checks.same(exporter.process.returncode, 0, "with exit code 0")
    whole = [a for a in answers if a.status == 200 and a.complete and a.body.endswith(b"\n")]
    checks.same(len(whole), SCRAPES, "all get whole answers")
    checks.that(is_free(exporter.port), "the port is free at once")
    check_log(checks, exporter)


def check_loaded(checks):
    """Clients that ask without a pause: each answer that has begun is whole."""
    exporter = Exporter(SKYLAKE)
    whole, cut, ended = [], [], []

    def client():
        while not ended:
            try:
                with connect(exporter.port, timeout=10) as sock:
                    sock.sendall(get_request())
                    data = read_all(sock)
            except OSError:
                return  # it has ended
            if data:
                answer = Answer(data)
                (whole if answer.status == 200 and answer.complete and answer.body.endswith(b"\n")
                 else cut).append(data[-80:])

    clients = [in_background(client) for _ in range(SCRAPES)]
    wait_for(lambda: len(whole) > 5 * SCRAPES, 30)
    checks.bound(exporter.stop(), PROMISED, f"SIGTERM under {SCRAPES} clients")
    ended.append(True)
    for one in clients:
        one.join(timeout=20)
    checks.that(len(whole) > 5 * SCRAPES, f"{len(whole)} whole answers")
    checks.same(cut, [], "none is cut")


def has_ended(pid):
    """Also when a thread of it is held, and so cannot be buried."""
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "Z"


def check_hung(checks):
    """A thread of the server that hangs, in its library for one, does not keep the process."""
    exporter = Exporter(SKYLAKE)
    held = threads(exporter.pid, "http")[:1]
    checks.same(len(held), 1, "a thread that answers requests")
    with Held(held):
        start = time.monotonic()
        exporter.process.send_signal(signal.SIGTERM)
        wait_for(lambda: has_ended(exporter.pid), 10 * PROMISED)
        checks.bound(time.monotonic() - start, PROMISED, "it hangs, and SIGTERM ends the process")
    exporter.process.wait(timeout=10)
    checks.same(exporter.process.returncode, 0, "exit code 0")


def check_others(checks):
    exporter = Exporter(SKYLAKE)
    for _ in range(3):
        exporter.process.send_signal(signal.SIGUSR2)
        time.sleep(0.05)
    checks.that(wait_for(lambda: "perf events closed on request" in exporter.log(), 5),
                "SIGUSR2: the log says what it does")
    exporter.process.send_signal(signal.SIGPIPE)
    exporter.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    checks.that(exporter.process.poll() is None and exporter.scrape().value("intel_gpu_up") == 1,
                "SIGUSR2, SIGPIPE and SIGHUP do not end it")
    for _ in range(20):
        with connect(exporter.port) as sock:
            sock.sendall(get_request())
    checks.same(exporter.scrape().value("intel_gpu_up"), 1, "clients that leave at once do not")
    with open(f"/proc/{exporter.pid}/comm") as f:
        checks.same(f.read().strip(), "intel_gpu_expor", "its name is the one that pkill -x takes")
    checks.bound(exporter.stop(signal.SIGINT), PROMISED, "SIGINT does")
    check_log(checks, exporter)

    for _ in range(5):
        exporter = Exporter(SKYLAKE, wait=False)
        time.sleep(0.02)
        seconds = exporter.stop()
        checks.bound(seconds, PROMISED, "SIGTERM while it starts")
        checks.that(exporter.process.returncode in (0, -signal.SIGTERM) and
                    is_free(exporter.port), f"ends it: {exporter.process.returncode}")


def check_log(checks, exporter):
    """Lines of logfmt with a time, a level and a message."""
    lines, wrong = exporter.log().splitlines(), []
    for line in lines:
        found = dict(PAIR.findall(line))
        if not (LOGFMT.fullmatch(line) and TIME.fullmatch(found.get("ts", "")) and found.get("msg")
                and found.get("level") in ("debug", "info", "warn", "error")):
            wrong.append(line)
    checks.that(lines and not wrong, f"{len(lines)} log lines are logfmt: {wrong[:2]}")


def check_formats(checks):
    exporter = Exporter("hostile", "--log.format=json", "--log.level=debug")
    exporter.scrape()
    with connect(exporter.port) as sock:
        sock.sendall(b'"\\\x01\xff garbage\r\n\r\n')
        sock.settimeout(0.5)
        read_all(sock)
    exporter.stop()
    lines, wrong, levels = exporter.log().splitlines(), [], set()
    for line in lines:
        try:
            found = json.loads(line)
            levels.add(found["level"])
            if not (TIME.fullmatch(found["ts"]) and found["msg"] and
                    all(isinstance(v, str) for v in found.values())):
                wrong.append(line)
        except (ValueError, KeyError):
            wrong.append(line)
    checks.that(len(lines) > 10 and not wrong,
                f"--log.format=json: {len(lines)} objects, a line each: {wrong[:2]}")
    checks.that({"debug", "info", "warn"} <= levels, f"--log.level=debug: {sorted(levels)}")
    exporter = Exporter("hostile", "--log.level=error")
    exporter.scrape()
    exporter.stop()
    checks.same(exporter.log(), "", "--log.level=error: nothing to say")
    exporter = Exporter("hostile")
    exporter.scrape()
    exporter.stop()
    check_log(checks, exporter)


def main(checks):
    for sig in (signal.SIGTERM,) if SANITIZED else (signal.SIGTERM, signal.SIGINT):
        check_clients(checks, sig, "no client", nobody)
        check_clients(checks, sig, "20 idle keep-alive connections", idle_connections)
        check_clients(checks, sig, "20 half-sent requests", half_sent)
        check_clients(checks, sig, "a client that never reads", never_read)
        check_in_progress(checks, sig)
    for _ in range(1 if SANITIZED else 5):
        check_loaded(checks)
    check_hung(checks)
    check_others(checks)
    check_formats(checks)


case(main)
