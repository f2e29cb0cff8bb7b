# SPDX-License-Identifier: Apache-2.0
"""When descriptors run out: clients wait or are served in turn, and the processor is not spun."""
import os
import resource
import socket
import time

from local import SKYLAKE, Exporter, case, connect, get_request, settled

SECONDS = 5
SHARE = 0.05  # of a core, promised


def limit(exporter, number):
    """From now on: the soft one, which anybody may raise again."""
    hard = resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(exporter.pid, resource.RLIMIT_NOFILE, (number, hard))


def measure(exporter):
    start = exporter.cpu_seconds()
    time.sleep(SECONDS)
    return (exporter.cpu_seconds() - start) / SECONDS


def waiting_clients(exporter, number):
    sockets = []
    for _ in range(number):
        sock = socket.socket()
        sock.settimeout(30)
        sock.connect(("127.0.0.1", exporter.port))
        sockets.append(sock)
    return sockets


def check_none_left(checks, held):
    """Not one more can be opened; held: connections from before."""
    exporter = Exporter(SKYLAKE)
    exporter.scrape()
    before = waiting_clients(exporter, held)
    settled(exporter.fds)
    # The lowest number that is free is beyond the limit.
    numbers = {int(n) for n in os.listdir(f"/proc/{exporter.pid}/fd")}
    limit(exporter, min(set(range(len(numbers) + 1)) - numbers))
    clients = waiting_clients(exporter, 50)
    share = measure(exporter)
    checks.that(share <= 3 * SHARE, f"{held} connections and 50 more without a descriptor for them: "
                f"{share * 100:.1f} % of a core (promised {SHARE * 100:.0f} %)")
    limit(exporter, 1024)
    last = connect(exporter.port)
    last.sendall(get_request("/-/healthy"))
    start = time.monotonic()
    checks.that(last.recv(4096).startswith(b"HTTP/1.1 200"), "with descriptors again it answers")
    checks.bound(time.monotonic() - start, 1, "soon")
    for sock in (*before, *clients, last):
        sock.close()
    checks.bound(exporter.stop(), 2, "SIGTERM ends it")


def check_few(checks):
    """As many as half of them are for clients."""
    exporter = Exporter(SKYLAKE, prefix=("prlimit", "--nofile=40"))
    sockets = waiting_clients(exporter, 100)
    share = measure(exporter)
    checks.that(share <= 3 * SHARE, f"100 clients and 40 descriptors: {share * 100:.1f} % of a core "
                f"(promised {SHARE * 100:.0f} %)")
    metrics = exporter.scrape()
    checks.same(metrics.value("intel_gpu_up"), 1, "a scrape beside them")
    checks.same(metrics.find("intel_gpu_scrape_collector_error", reason="limit"), {},
                "has descriptors for what it reads")
    for sock in sockets:
        sock.close()
    exporter.stop()


def main(checks):
    check_none_left(checks, 0)
    check_none_left(checks, 5)
    check_few(checks)


case(main)
