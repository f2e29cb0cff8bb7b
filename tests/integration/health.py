# SPDX-License-Identifier: Apache-2.0
"""--health: exit code and one line for an exporter that answers, and for whatever else is there."""
import socket
import threading
import time

from local import SKYLAKE, Exporter, case, exporter_test, free_port, run, stalls, wait_for

HEALTHY = "healthy: {} answers\n"


def health(*flags):
    code, out, err = run("--health", *flags)
    return code, out.decode() + err.decode()


def asked(address):
    """Again when the machine stood still: --health waits for three seconds."""
    for _ in range(5):
        start = time.monotonic()
        answer = health(f"--web.listen-address={address}")
        if "no answer in 3 s" not in answer[1] or not stalls.since(start):
            break
    return answer


def check_forms(checks, port):
    """The address as the exporter's own flag has it, and others that lead there."""
    for host in ("", "127.0.0.1", "localhost", "0.0.0.0"):
        address = f"{host}:{port}"
        checks.same(asked(address), (0, HEALTHY.format(address)), f"{address} is asked")
    address = f"127.0.0.1:{port}"
    checks.same(health(f"--web.listen-address={address}", "--web.listen-address=:1"),
                (1, "not healthy: :1: Connection refused\n"), "each address is asked")
    checks.same(health(f"--web.listen-address={address}", "--web.telemetry-path=/m",
                       "--path.rootfs=/nowhere", "--no-collector.vaapi"),
                (0, HEALTHY.format(address)), "the exporter's other flags change nothing")


def answering(what):
    """A server that says what to each client; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            client = server.accept()[0]
            try:
                client.recv(4096)
                client.sendall(what)
            except ConnectionError:
                pass  # who has read enough goes
            client.close()
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


def check_others(checks):
    for what, why in ((b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "the answer is not 200"),
                      (b"HTTP/1.1 2000 OK\r\n\r\n", "the answer is not 200"),
                      (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP"),
                      (b"\xff" * 5000, "the answer is not HTTP"), (b"", "the answer is not HTTP"),
                      (b"HTTP/1.1 200", "the answer is not 200")):
        address = f"127.0.0.1:{answering(what)}"
        checks.same(asked(address), (1, f"not healthy: {address}: {why}\n"), f"{what[:20]}")
    for address, why in (("127.0.0.1:0", "not HOST:PORT, [IPV6]:PORT, :PORT or unix://PATH"),
                         ("nobody", "not HOST:PORT, [IPV6]:PORT, :PORT or unix://PATH"),
                         (f":{free_port()}", "Connection refused")):
        checks.same(asked(address), (1, f"not healthy: {address}: {why}\n"), address)


def main(checks):
    exporter = Exporter(SKYLAKE)
    check_forms(checks, exporter.port)
    check_others(checks)
    address = f"127.0.0.1:{exporter.port}"
    exporter.freeze()
    begin = time.monotonic()
    checks.same(asked(address), (1, f"not healthy: {address}: no answer in 3 s\n"), "it hangs")
    checks.that(2.9 < time.monotonic() - begin < 30, "for three seconds")
    exporter.thaw()
    checks.same(asked(address)[0], 0, "it goes on")
    exporter.stop()
    checks.same(asked(address), (1, f"not healthy: {address}: Connection refused\n"), "it has ended")
    # Where there is IPv6.
    port = free_port()
    exporter = exporter_test.Exporter("--web.listen-address=[::1]:" + str(port), port=free_port(), wait=False)
    wait_for(lambda: exporter.log().count("msg=listening") == 2 or exporter.process.poll() is not None, 30)
    if exporter.process.poll() is None:
        checks.same(asked(f"[::1]:{port}"), (0, HEALTHY.format(f"[::1]:{port}")), "IPv6")
        exporter.stop()


case(main)
