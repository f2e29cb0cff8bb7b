# SPDX-License-Identifier: Apache-2.0
"""TLS, passwords, headers, a limit of requests and who may ask: --web.config.file and sockets."""
import base64
import concurrent.futures
import contextlib
import fcntl
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from local import SANITIZED, SKYLAKE, Exporter, case, free_port, shorter, wait_for

USER, PASSWORD = "prometheus", "geheim"
# bcrypt of the password, cost 10, as htpasswd -nbBC 10 prints it.
HASH = "$2b$10$qRYsDRhlmC8JXiXJ4iPPpelEZzpv93a7gHZVjsgh9xjYnGB7RMBzW"


def openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certificate(folder, cert, key, *more, name="localhost"):
    """A certificate for localhost that is its own authority."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
            "30", "-keyout", key, "-out", cert, "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=DNS:{name},IP:127.0.0.1", *more, folder=folder)


def client_certificate(folder, name, authority):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", folder=folder)
    (folder / "ext").write_text(f"subjectAltName=DNS:{name}.lan\nextendedKeyUsage=clientAuth\n")
    openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
            f"{authority}.key", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out",
            f"{name}.pem", folder=folder)


class Secure(Exporter):
    """The exporter with a web configuration, which may be changed."""

    def __init__(self, folder, text, *flags, tls=True, wait=True):
        self.folder, self.tls, self.file = folder, tls, folder / "web.yml"
        self.change(text)
        super().__init__(SKYLAKE, f"--web.config.file={self.file}", *flags, wait=wait)

    def change(self, text):
        """At once, as an administrator's editor or configuration management does."""
        new = self.folder / "new.yml"
        new.write_text(text)
        new.chmod(0o600)
        new.rename(self.file)

    def context(self, authority="cert.pem", client=None):
        context = ssl.create_default_context(cafile=self.folder / authority)
        if client:
            context.load_cert_chain(self.folder / f"{client}.pem", self.folder / f"{client}.key")
        return context

    def ask(self, path="/metrics", user=None, password=PASSWORD, headers=None, context=None):
        """Status, headers and body."""
        headers = dict(headers or {})
        if user:
            word = base64.b64encode(f"{user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        if self.tls:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=30,
                                                     context=context or self.context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path, headers=None, timeout=30):
        status, _, body = self.ask(path, headers=headers)
        return status, body.decode()


TLS = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
USERS = f"basic_auth_users:\n  {USER}: {HASH}\n"


def fails(checks, ask, what):
    try:
        status = ask()[0]
    except (ssl.SSLError, ConnectionError, http.client.HTTPException) as error:
        checks.that(True, f"{what}: {type(error).__name__}")
    else:
        checks.that(False, f"{what}: answered with {status}")


def check_tls(checks, folder):
    exporter = Secure(folder, TLS)
    status, _, body = exporter.ask()
    checks.that(status == 200 and b"intel_gpu_up 1" in body, "TLS serves the metrics")
    with exporter.context().wrap_socket(socket.create_connection(("127.0.0.1", exporter.port)),
                                        server_hostname="localhost") as sock:
        checks.same(sock.version(), "TLSv1.3", "with TLS 1.3")
    old = exporter.context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    fails(checks, lambda: exporter.ask(context=old), "TLS 1.1 is refused")
    plain = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=30)
    fails(checks, lambda: (plain.request("GET", "/metrics"), plain.getresponse().status)[1:],
          "and what is no TLS")
    exporter.change(TLS + "  max_version: TLS12\n")
    twelve = exporter.context()
    twelve.minimum_version = ssl.TLSVersion.TLSv1_3
    checks.that(wait_for(lambda: "read again" in poke(exporter), 10), "versions change without a restart")
    fails(checks, lambda: exporter.ask(context=twelve), "TLS 1.3 is refused then")
    exporter.change(TLS + "  min_version: TLS1.2\n")
    checks.that(wait_for(lambda: "not valid" in poke(exporter), 10) and "web.yml:4" in exporter.log(),
                "a change that is not valid is said")
    checks.same(exporter.ask()[0], 200, "and the one before goes on")
    exporter.change("")
    checks.that(wait_for(lambda: "needs a restart" in poke(exporter), 10), "TLS does not end by itself")
    checks.same(exporter.ask()[0], 200, "it goes on")
    exporter.stop()


def reloaded(exporter, context=None):
    """1 or 0, and when it last was 1; None for a row that is not there."""
    body = exporter.ask(context=context)[2].decode()
    rows = [re.search(rf"^intel_gpu_exporter_web_config_last_reload_{name} (\S+)$", body, re.M)
            for name in ("successful", "success_timestamp_seconds")]
    return tuple(row and float(row[1]) for row in rows)


def check_reloads(checks, folder):
    """A certificate that cannot be read again is said as long as that lasts."""
    begin = int(time.time())
    exporter = Secure(folder, TLS)
    good, first = reloaded(exporter)
    checks.that(good == 1 and begin <= first <= time.time(), f"the first reading counts: {good}, {first}")
    files = {name: (folder / name).read_bytes() for name in ("cert.pem", "key.pem")}
    trust = exporter.context()  # before there is no certificate

    def seen():
        return reloaded(exporter, trust)

    for what, spoil in (("another key's", lambda: certificate(folder, "other.pem", "key.pem")),
                        ("none", (folder / "key.pem").unlink),
                        ("rubbish", lambda: (folder / "cert.pem").write_text("no certificate"))):
        spoil()
        checks.that(wait_for(lambda: seen() == (0, first), 10), f"{what}: {seen()}, wanted (0, {first})")
        time.sleep(2.1)  # it is looked at again, and nothing has changed
        checks.same(seen(), (0, first), f"{what}: it is said as long as it lasts")
        for name, data in files.items():
            (folder / name).write_bytes(data)
        checks.that(wait_for(lambda: seen()[0] == 1 and seen()[1] > first, 10), f"{what}, and then right again: {seen()}")
        first = seen()[1]
    exporter.change("")
    checks.that(wait_for(lambda: seen() == (0, first), 10), f"a change that needs a restart is none: {seen()}")
    exporter.stop()
    plain = Exporter(SKYLAKE)
    checks.that("web_config" not in plain.get("/metrics")[1], "without the flag there are no such rows")
    plain.stop()


def poke(exporter):
    """The log, after a request has made the exporter look at its files."""
    try:
        exporter.ask("/-/healthy")
    except (OSError, http.client.HTTPException):
        pass
    return exporter.log()


def check_renewal(checks, folder):
    """A certificate is replaced again and again while 40 clients scrape."""
    exporter = Secure(folder, TLS)
    both = (folder / "cert.pem").read_text()
    certificate(folder, "second.pem", "second.key")
    both += (folder / "second.pem").read_text()
    (folder / "both.pem").write_text(both)
    trust = exporter.context("both.pem")
    over, failures, served = threading.Event(), [], set()
    count = [0]

    def scrape(number):
        # One address alone has fewer places than that.
        source = (f"127.0.0.{2 + number}", 0)
        while not over.is_set():
            try:
                with trust.wrap_socket(socket.create_connection(("127.0.0.1", exporter.port), 30, source),
                                       server_hostname="localhost") as sock:
                    served.add(sock.getpeercert(binary_form=True))
                    sock.sendall(b"GET /-/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    data = b""
                    while chunk := sock.recv(65536):
                        data += chunk
                    count[0] += 1
                    if not data.startswith(b"HTTP/1.1 200"):
                        failures.append(data[:60])
            except (OSError, ssl.SSLError) as error:
                failures.append(repr(error))

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        clients = [pool.submit(scrape, n) for n in range(20 if SANITIZED else 40)]
        files = [[(folder / name).read_bytes() for name in pair]
                 for pair in (("second.pem", "second.key"), ("cert.pem", "key.pem"))]
        for i in range(shorter(20, 4, "certificates replaced under load")):
            # Not at once: a half of a pair must not be served.
            for name, data in zip(("cert.pem", "key.pem"), files[i % 2]):
                (folder / "part").write_bytes(data)
                (folder / "part").rename(folder / name)
                time.sleep(0.3)
            time.sleep(1.5)
        over.set()
        for client in clients:
            client.result()
    checks.that(not failures and count[0] > 40, f"{count[0]} requests while the certificate was "
                f"replaced, none failed: {failures[:3]}")
    checks.same(len(served), 2, "and both certificates were served")
    exporter.stop()


def check_clients(checks, folder):
    """Certificates of clients."""
    certificate(folder, "ca.pem", "ca.key", name="authority")
    certificate(folder, "stranger_ca.pem", "stranger_ca.key", name="stranger authority")
    client_certificate(folder, "scraper", "ca")
    client_certificate(folder, "guest", "ca")
    client_certificate(folder, "stranger", "stranger_ca")
    base = TLS + "  client_ca_file: ca.pem\n  client_auth_type: "
    exporter = Secure(folder, TLS)
    rows = [("RequireAndVerifyClientCert", "", {"scraper", "guest"}),
            ("VerifyClientCertIfGiven", "", {None, "scraper", "guest"}),
            ("RequireAnyClientCert", "", {"scraper", "guest", "stranger"}),
            ("RequestClientCert", "", {None, "scraper", "guest", "stranger"}),
            ("RequireAndVerifyClientCert", "  client_allowed_sans: [scraper.lan]\n", {"scraper"})]
    for auth, more, wanted in rows:
        log = exporter.log().count("read again")
        exporter.change(base + auth + "\n" + more)
        wait_for(lambda: poke(exporter).count("read again") > log, 10)
        found = set()
        for name in (None, "scraper", "guest", "stranger"):
            try:
                if exporter.ask("/-/healthy", context=exporter.context(client=name))[0] == 200:
                    found.add(name)
            except (OSError, ssl.SSLError, http.client.HTTPException):
                pass
        checks.same(found, wanted, f"{auth} {more.strip()}: who is answered")
        checks.same(health(f"127.0.0.1:{exporter.port}")[0], 0, f"{auth}: and it is healthy")
    exporter.change(base + rows[0][0] + "\n  max_version: TLS12\n")
    wait_for(lambda: poke(exporter).count("read again") > len(rows), 10)
    checks.same(health(f"127.0.0.1:{exporter.port}")[0], 0, "by TLS 1.2, too")
    exporter.freeze()
    status, said = health(f"127.0.0.1:{exporter.port}")
    exporter.thaw()
    checks.that(status == 1 and "no answer in 3 s" in said, f"not one that is stopped: {said}")
    exporter.stop()


def check_half_handshakes(checks, folder):
    """500 connections that begin a handshake and go no further."""
    exporter = Secure(folder, TLS)
    exporter.ask()
    hello = bytes.fromhex("1603010200010001fc0303") + bytes(40)
    times, held = [], []
    for i in range(shorter(500, 200, "half handshakes")):
        sock = socket.create_connection(("127.0.0.1", exporter.port))
        held.append(sock)
        try:
            sock.sendall(hello)
        except OSError:
            pass
        if i % 25 == 24:
            start = time.monotonic()
            checks_status = exporter.ask()[0]
            times.append(time.monotonic() - start)
            if checks_status != 200:
                checks.that(False, f"after {i} half handshakes: {checks_status}")
    checks.that(max(times) < 5, f"scrapes go on beside half handshakes: at most {max(times):.2f} s")
    for sock in held:
        sock.close()
    exporter.stop()


def check_passwords(checks, folder):
    exporter = Secure(folder, USERS, tls=False)
    for path, wanted in (("/metrics", 401), ("/", 401), ("/nothing", 401), ("/-/healthy", 200),
                         ("/-/ready", 200)):
        status, headers, _ = exporter.ask(path)
        checks.that(status == wanted and ("Basic" in headers.get("WWW-Authenticate", "")) ==
                    (wanted == 401), f"without a password {path}: {status}")
    checks.same(exporter.ask(user=USER)[0], 200, "with the password")
    checks.same(exporter.ask(user=USER, password="falsch")[0], 401, "with a wrong one")
    checks.same(exporter.ask(user="nobody")[0], 401, "an unknown user with a right one")
    for header in ("Basic", "Basic ", "Basic !!!!", "Basic Zm9v", "Bearer x", "Basic " + "A" * 4000,
                   "Basic " + base64.b64encode(b"prometheus:geheim\0x").decode()):
        checks.same(exporter.ask(headers={"Authorization": header})[0], 401, f"{header[:30]!r}")
    other = HASH.replace(HASH[-5:], "AAAAA")
    exporter.change(f"basic_auth_users:\n  {USER}: {other}\n")
    checks.that(wait_for(lambda: "read again" in poke(exporter), 10), "the password is changed")
    checks.same(exporter.ask(user=USER)[0], 401, "the old one is not known any more")
    exporter.change(USERS)
    wait_for(lambda: poke(exporter).count("read again") == 2, 10)
    checks.same(exporter.ask(user=USER)[0], 200, "it is right again")
    exporter.stop()


def check_wrong_passwords(checks, folder):
    """A thousand wrong passwords a second, or as many as this machine can ask."""
    exporter = Secure(folder, USERS, tls=False)
    checks.same(exporter.ask(user=USER)[0], 200, "the scraper is known")
    over, asked = threading.Event(), [0]

    def attack(number):
        i = 0
        while not over.is_set():
            try:
                exporter.ask(user=USER, password=f"{number}-{i}")
                asked[0] += 1
            except OSError:
                pass
            i += 1
            time.sleep(0.008)

    seconds = shorter(20, 6, "seconds of wrong passwords")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        attackers = [pool.submit(attack, n) for n in range(8)]
        begin, used, times = time.monotonic(), exporter.cpu_seconds(), []
        while time.monotonic() < begin + seconds:
            start = time.monotonic()
            status = exporter.ask(user=USER)[0]
            times.append(time.monotonic() - start)
            if status != 200:
                checks.that(False, f"a scrape is answered with {status}")
            time.sleep(0.5)
        used, elapsed = exporter.cpu_seconds() - used, time.monotonic() - begin
        over.set()
        for attacker in attackers:
            attacker.result()
    print(f"{asked[0] / elapsed:.0f} wrong passwords a second, {used / elapsed * 100:.0f} % of a processor "
          f"({used / max(asked[0], 1) * 1000:.2f} ms each); scrapes took at most {max(times):.2f} s")
    checks.that(max(times) < 6, "scrapes go on beside wrong passwords")
    # A quarter of a processor for hashes; the rest is HTTP.
    checks.that(used < (0.25 * elapsed + 0.002 * asked[0]) * 3 + 1, "which do not eat the processor")
    exporter.stop()


def check_headers(checks, folder):
    exporter = Secure(folder, "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
                      "    Content-Security-Policy: default-src 'self'\n", tls=False)
    for path in ("/", "/metrics", "/nothing"):
        _, headers, _ = exporter.ask(path)
        checks.that(headers.get_all("X-Frame-Options") == ["deny"] and
                    headers.get_all("Content-Security-Policy") == ["default-src 'self'"] and
                    headers.get_all("X-Content-Type-Options") == ["nosniff"], f"headers of {path}")
    exporter.change("rate_limit:\n  interval: 1h\n  burst: 3\n")
    wait_for(lambda: "read again" in exporter.log() or exporter.ask("/-/healthy")[0] == 429, 10)
    found = [exporter.ask("/-/healthy")[0] for _ in range(6)]
    checks.that(429 in found and set(found) <= {200, 429}, f"a limit of requests: {found}")
    exporter.stop()


def check_hosts(checks):
    exporter = Exporter(SKYLAKE)
    for host, wanted in (("localhost", 200), (f"127.0.0.1:{exporter.port}", 200), ("[::1]", 200),
                         ("evil.example", 421), ("127.0.0.1.evil.example", 421)):
        for path in ("/", "/metrics"):
            checks.same(exporter.get(path, {"Host": host})[0], wanted, f"Host: {host}, {path}")
    checks.same(exporter.get("/-/healthy", {"Host": "evil.example"})[0], 200, "probes may use any name")
    exporter.stop()
    everywhere = Exporter(SKYLAKE, "--web.listen-address=:0")
    checks.same(everywhere.get("/metrics", {"Host": "nas.lan"})[0], 200,
                "who listens for others is called by any name")
    everywhere.stop()


def check_server_that_ends_a_handshake(checks, folder):
    """As one does that wants a certificate: --health writes to a closed connection, and has its answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                hello = client.recv(65536)
                if hello[:1] == b"\x16":  # and no GET
                    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                    incoming.write(hello)
                    with contextlib.suppress(ssl.SSLWantReadError):
                        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
                    client.sendall(outgoing.read())
                client.close()

    thread = threading.Thread(target=serve)
    thread.start()
    found = {health(f"127.0.0.1:{listener.getsockname()[1]}")[0] for _ in range(10)}
    checks.same(found, {0}, "a server that ends the connection after its certificate is there")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def health(address):
    """What --health says of an exporter that listens there."""
    done = subprocess.run([os.environ["EXPORTER"], "--health", f"--web.listen-address={address}"],
                          capture_output=True, text=True, timeout=20)
    return done.returncode, done.stdout.strip()


def over_unix(path, what="/metrics"):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(path))
        sock.sendall(f"GET {what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while chunk := sock.recv(65536):
            data += chunk
    return data


def check_sockets(checks, folder):
    path = folder / "metrics.sock"
    for again in (False, True):
        exporter = Exporter(SKYLAKE, f"--web.listen-address=unix://{path}")
        answer = over_unix(path)
        checks.that(answer.startswith(b"HTTP/1.1 200") and b"intel_gpu_up 1" in answer,
                    f"a Unix socket{', left over by another process,' if again else ''} serves")
        checks.same(oct(path.stat().st_mode & 0o777), "0o660", "for its owner and group")
        checks.same(health(f"unix://{path}")[0], 0, "and is healthy")
        exporter.stop(signal.SIGKILL)
    # As systemd does: descriptors from 3 on.
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        unix.bind(str(folder / "activated.sock"))
        for sock in (tcp, unix):
            sock.listen()
        def hand_over():
            high = [fcntl.fcntl(sock, fcntl.F_DUPFD, 50) for sock in (tcp, unix)]
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i)

        script = "export LISTEN_PID=$$ LISTEN_FDS=2; exec \"$@\""
        process = subprocess.Popen(
            ["sh", "-c", script, "sh", os.environ["EXPORTER"], "--web.systemd-socket",
             "--no-collector.vaapi"], pass_fds=[3, 4], preexec_fn=hand_over,
            stderr=subprocess.PIPE, text=True)
        wait_for(lambda: over_unix(folder / "activated.sock", "/-/ready"), 20)
        with socket.create_connection(tcp.getsockname()) as client:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            checks.that(b"200 OK" in client.recv(4096), "a TCP socket of systemd's serves")
        checks.that(b"200 OK" in over_unix(folder / "activated.sock", "/-/healthy"), "and a Unix socket")
        process.terminate()
        log = process.communicate(timeout=20)[1]
        checks.that(f"address=127.0.0.1:{tcp.getsockname()[1]} " in log and
                    f"address=unix://{folder}/activated.sock " in log, "and the log has their names")
    done = subprocess.run([os.environ["EXPORTER"], "--web.systemd-socket"], capture_output=True, text=True,
                          timeout=20)
    checks.that(done.returncode == 1 and "none was handed over" in done.stderr,
                f"without one it says so: {done.stderr.strip()}")


def check_formats(checks):
    exporter = Exporter(SKYLAKE, "--no-collector.check")  # its first results come later
    plain = exporter.get("/metrics")[1]
    om = exporter.get("/metrics", {"Accept": "application/openmetrics-text;version=1.0.0"})[1]

    def names(text):
        return {line.split(" ")[0].split("{")[0] for line in text.splitlines() if line[0] != "#"}

    checks.that(om.endswith("\n# EOF\n") and plain.count("# EOF") == 0, "OpenMetrics has an end")
    checks.same(names(om), names(plain), "and the same names")
    checks.that("# TYPE process_cpu_seconds counter\n" in om, "but for a counter's family")
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    checks.that(answer.headers["Content-Encoding"] is None and "Accept-Encoding" in answer.headers["Vary"],
                "on loopback a small answer is not compressed")
    connection.close()
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
    except ImportError:
        checks.that(False, "python3-prometheus-client is missing: apt-get install it")
    else:
        checks.that(len(list(parse(om))) > 30, "a strict parser takes it")
    exporter.stop()



def check_prometheus(checks, folder):
    """Prometheus itself, with its own certificate and password, by TLS."""
    certificate(folder, "ca.pem", "ca.key", name="authority")
    client_certificate(folder, "scraper", "ca")
    exporter = Secure(folder, TLS + "  client_ca_file: ca.pem\n"
                      "  client_auth_type: RequireAndVerifyClientCert\n" + USERS, wait=False)
    port = free_port()
    (folder / "prometheus.yml").write_text(json.dumps({  # which is YAML, too
        "global": {"scrape_interval": "2s", "scrape_timeout": "2s"},
        "scrape_configs": [{
            "job_name": "intel-gpu", "scheme": "https",
            "basic_auth": {"username": USER, "password": PASSWORD},
            "tls_config": {"ca_file": str(folder / "cert.pem"), "server_name": "localhost",
                           "cert_file": str(folder / "scraper.pem"),
                           "key_file": str(folder / "scraper.key")},
            "static_configs": [{"targets": [f"127.0.0.1:{exporter.port}"]}]}]}))
    with open(folder / "prometheus.log", "w") as log:
        server = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}"], stderr=log)

    def ask(expression):
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                found = json.load(answer)["data"]["result"]
                return found[0]["value"][1] if found else None

    try:
        checks.that(wait_for(lambda: ask("up == 1") == "1", 60), "Prometheus scrapes by TLS, certificate and "
                    f"password: {ask('up')}")
        checks.that(wait_for(lambda: ask("intel_gpu_up") == "1", 60), "and has the metrics")
        checks.that(wait_for(lambda: ask("rate(process_cpu_seconds_total[20s]) >= 0"), 60),
                    "counters, too, by the format that it asked for")
    finally:
        server.terminate()
        server.wait(timeout=30)
    exporter.stop()


def main(checks):
    with tempfile.TemporaryDirectory(prefix="exporter-web-") as name:
        folder = Path(name)
        certificate(folder, "cert.pem", "key.pem")
        check_tls(checks, folder)
        check_reloads(checks, folder)
        check_clients(checks, folder)
        check_server_that_ends_a_handshake(checks, folder)
        check_half_handshakes(checks, folder)
        check_passwords(checks, folder)
        check_wrong_passwords(checks, folder)
        check_headers(checks, folder)
        check_sockets(checks, folder)
        check_prometheus(checks, folder)
        check_renewal(checks, folder)
    check_hosts(checks)
    check_formats(checks)


if __name__ == "__main__":
    case(main)
