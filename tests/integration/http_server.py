# SPDX-License-Identifier: Apache-2.0
"""HTTP: what each path answers, to whom, with which headers, and what bad requests get."""
import html.parser
import http.client
import json
import os
import random
import socket
import time
from urllib.parse import quote, urljoin

from local import (CONTENT_TYPE, SKYLAKE, Answer, Exporter, Metrics, Tree, ask, case, connect,
                   free_port, get_request, in_background, promtool, read_all, slow_reads, wait_for)

PLAIN = "text/plain; charset=utf-8"
# What may differ between two answers of the same kind.
VARIES = {"date", "content-length", "connection"}


class Page(html.parser.HTMLParser):
    """Collects links and texts, and tags that are not closed."""
    VOID = {"meta", "br", "link", "img", "hr", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.bad, self.links, self.tags, self.text = [], [], [], set(), ""
        self.loads, self.inline = [], []
        self.doctype, self.title, self.lang = None, "", None
        self.feed(text)
        self.close()
        self.bad += self.open

    def handle_decl(self, decl):
        self.doctype = decl

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        attributes = dict(attrs)
        self.inline += [name for name in attributes if name == "style" or name.startswith("on")]
        if tag in ("script", "link", "img", "iframe"):
            self.loads.append(attributes.get("src") or attributes.get("href"))
        if tag == "a":
            self.links.append(dict(attrs).get("href"))
        if tag == "html":
            self.lang = dict(attrs).get("lang")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append(tag)

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "title":
            self.title += data


def same_headers(a, b):
    return ({k: v for k, v in a.headers.items() if k not in VARIES} ==
            {k: v for k, v in b.headers.items() if k not in VARIES})


def check_metrics(checks, exporter):
    got = ask(exporter.port, get_request())
    checks.same(got.status, 200, "/metrics answers 200")
    checks.same(got.headers.get("content-type"), CONTENT_TYPE, f"its type is {CONTENT_TYPE}")
    checks.that(got.complete and not got.rest, "its length is what Content-Length says")
    checks.that(got.body.endswith(b"\n") and not got.body.endswith(b"\n\n"),
                "the last line ends with a newline")
    checks.that(b"\r" not in got.body and got.body.decode(), "UTF-8, with \\n only")
    checks.same(promtool(got.body), "", "promtool finds nothing")
    checks.same(Metrics(got.body.decode()).value("intel_gpu_up"), 1, "intel_gpu_up is 1")

    for path in ("/metrics", "/", "/-/healthy", "/-/ready", "/nope"):
        get = ask(exporter.port, get_request(path))
        head = ask(exporter.port, get_request(path, "HEAD"))
        near = abs(int(head.headers["content-length"]) - int(get.headers["content-length"]))
        checks.that(head.status == get.status and same_headers(head, get) and near <= 64,
                    f"HEAD {path}: status and headers of GET, the length within {near} bytes")
        checks.same(head.rest, b"", f"HEAD {path}: no body")


def check_paths(checks, exporter):
    for path in ("/nope", "/metrics/", "/metricsx", "//metrics", "/metrics%2f", "/favicon.ico",
                 "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/-/", "/-/healthy/",
                 "/-/reload", "/" + "a" * 8000):
        got = ask(exporter.port, get_request(path))
        checks.that((got.status, got.body) == (404, b"Not found.\n"), f"404: {path[:40]}")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "get", "X"):
        for path in ("/metrics", "/", "/nope"):
            got = ask(exporter.port, get_request(path, method))
            checks.that((got.status, got.headers.get("allow"), got.body) ==
                        (405, "GET, HEAD", b"Only GET and HEAD.\n"),
                        f"405 with Allow: {method} {path}")
    for path, text in (("/-/healthy", b"Healthy.\n"), ("/-/ready", b"Ready: 1 Intel GPU found.\n")):
        got = ask(exporter.port, get_request(path))
        checks.that((got.status, got.headers["content-type"], got.body) == (200, PLAIN, text),
                    f"{path}: {got.body}")


def check_no_gpu(checks):
    """Neither depends on a GPU: a machine without one is no reason to restart the exporter."""
    exporter = Exporter("no-intel-gpu")
    checks.same(exporter.get("/-/healthy"), (200, "Healthy.\n"), "healthy without a GPU")
    checks.same(exporter.get("/-/ready"), (200, "Ready: 0 Intel GPUs found.\n"), "and ready")
    checks.that("No Intel GPU found." in exporter.get("/")[1], "the page says that there is none")
    metrics = exporter.scrape()
    checks.that(metrics.value("intel_gpu_up") == 0 and not metrics.find("intel_gpu_info"),
                "intel_gpu_up is 0, and no other row of a GPU")
    exporter.stop()


def check_page(checks, exporter):
    got = ask(exporter.port, get_request("/"))
    checks.same(got.headers.get("content-type"), "text/html; charset=utf-8", "/ is HTML")
    policy = got.headers.get("content-security-policy", "")
    checks.that(policy.startswith("default-src 'none'; script-src 'self'; ") and
                "unsafe" not in policy and "*" not in policy and "http" not in policy and
                got.headers.get("x-content-type-options") == "nosniff",
                f"with a policy that lets nothing in but its own: {policy}")
    page = Page(got.body.decode())
    checks.that(page.doctype == "DOCTYPE html" and page.lang == "en" and page.title and
                not page.bad and {"html", "head", "title", "body", "h1"} <= page.tags,
                f"a whole page, each tag closed: {page.bad}")
    checks.same(sorted(page.loads), ["./icon.svg", "./page.css", "./page.js"], "its own files")
    checks.that(not page.inline and not page.tags & {"style", "img", "iframe"}, "nothing inline")
    for path in page.loads:
        checks.same(exporter.get(urljoin("/", path))[0], 200, f"its file {path} answers")
    checks.that("0000:00:02.0" in page.text and "i915" in page.text, "it names the GPU")
    # Relative, so that they work behind a proxy's path.
    checks.same(sorted(page.links), ["./-/healthy", "./-/ready", "./metrics", "./runbook"],
                "it has four links")
    for link in page.links:
        checks.same(exporter.get(urljoin("/", link))[0], 200, f"the link {link} answers")


def check_hostile_page(checks):
    with Tree("hostile") as tree:
        driver = os.fsencode(tree.root) + b"/sys/bus/pci/devices/0000:00:1e.0/driver"
        target = os.path.realpath(os.path.dirname(driver)) + b"/driver"
        os.unlink(target)
        os.symlink(b"../../../bus/pci/drivers/<script>&\xff\x01", target)
        exporter = Exporter(tree.root)
        got = ask(exporter.port, get_request("/"))
        page = Page(got.body.decode(errors="replace"))
        checks.that("./page.js" in page.loads and len(page.loads) == 3 and
                    "<script>" in page.text and not page.bad,
                    "a driver's name cannot put tags into the page")
        checks.that(is_clean(got.body), "nor bytes that are no text")
        checks.same(promtool(ask(exporter.port, get_request()).body), "", "nor spoil the metrics")
        exporter.stop()


def is_clean(body):
    """UTF-8 without control characters but newlines."""
    try:
        return all(c == "\n" or c.isprintable() for c in body.decode())
    except UnicodeDecodeError:
        return False


def check_keep_alive(checks, exporter):
    connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=30)
    connection.connect()
    sock, good = connection.sock, 0
    paths = ("/metrics", "/metrics", "/", "/-/healthy", "/-/ready", "/nope",
             "/metrics?collect[]=nope")
    for i in range(100):
        connection.request("HEAD" if i % 10 == 9 else "GET", paths[i % len(paths)])
        answer = connection.getresponse()
        answer.read()
        good += (answer.getheader("Connection") or "").lower() != "close"
        if connection.sock is not sock:
            break
    checks.that(good == 100 and connection.sock is sock,
                f"{good} of 100 requests on one connection, which stays open")
    connection.close()
    got = ask(exporter.port, b"GET /metrics HTTP/1.0\r\n\r\n")
    checks.that(got.status == 200 and got.complete, "HTTP/1.0: answered, and the connection ends")


def check_pipelined(checks, exporter):
    paths = ["/metrics", "/-/healthy"] * 10
    data = b"".join(get_request(path, close=False) for path in paths[:-1])
    with connect(exporter.port) as sock:
        sock.sendall(data + get_request(paths[-1]))
        rest = read_all(sock)
    order = []
    while rest:
        answer = Answer(rest)
        order.append(answer.complete and answer.status == 200 and
                     ("/-/healthy" if answer.body == b"Healthy.\n" else "/metrics"))
        rest = answer.rest if answer.complete else b""
    checks.same(order, paths, "20 requests in one go: 20 whole answers, in order")


def collectors_of(got):
    """The collectors that have a row, by the answer to a scrape."""
    metrics = Metrics(got.body.decode())
    rows = {**metrics.find("intel_gpu_scrape_collector_success"),
            **metrics.find("intel_gpu_scrape_collector_error")}
    return {dict(labels)["collector"] for labels in rows} - {"discovery"}


def check_query(checks, exporter):
    everything = collectors_of(ask(exporter.port, get_request()))
    checks.that({"info", "frequency", "vgpu"} < everything and "cycles" not in everything,
                f"without arguments: {sorted(everything)}")
    for query, wanted in (
            ("collect[]=info", {"info"}),
            ("collect%5B%5D=info", {"info"}),
            ("collect[]=%69nfo", {"info"}),
            ("collect[]=info&collect[]=vgpu&collect[]=info", {"info", "vgpu"}),
            ("exclude[]=info", everything - {"info"}),
            ("exclude%5b%5d=info&exclude[]=vgpu", everything - {"info", "vgpu"}),
            ("nonsense=1&collect[]=info&=&&", {"info"}),
            ("collect=nope", everything)):
        got = ask(exporter.port, get_request("/metrics?" + query))
        checks.that(got.status == 200 and collectors_of(got) == wanted, f"?{query}")
    got = ask(exporter.port, get_request("/metrics?collect[]=info&exclude[]=vgpu"))
    checks.that((got.status, got.headers["content-type"], got.body) == (
        400, PLAIN, b"Combined collect and exclude queries are not allowed.\n"),
        "collect[] and exclude[] together: 400")
    for name in ("nope", "cycles", "info,vgpu", "INFO", "", "discovery"):
        for key in ("collect[]", "exclude[]"):
            got = ask(exporter.port, get_request(f"/metrics?{key}={name}"))
            shown = name or "(empty)"
            checks.that((got.status, got.body.decode()) ==
                        (400, f"Unknown or disabled collector: {shown}\n"),
                        f"{key}={name}: 400, which names it")
    got = ask(exporter.port, get_request("/metrics?collect[]"))
    checks.same(got.status, 400, "collect[] without a value: 400")


def check_hostile_query(checks, exporter):
    for name, value in (("quotes", "%22'\\%22"), ("a tag", "<script>alert(1)</script>"),
                        ("invalid UTF-8", "%ff%fe%c3%28"), ("raw invalid UTF-8", "\xff\xfe"),
                        ("a cut character", "a" * 60 + "%f0%9f%98%80"),
                        ("newlines", "a%0d%0ab:%20c"),
                        ("control characters", "%01%1b[31m%7f"), ("bad escapes", "%zz%4"),
                        ("10 kB", "a" * 10240), ("10 kB of escapes", "%ff" * 3400),
                        ("100 kB", "a" * 102400)):
        got = ask(exporter.port, get_request("/metrics?collect[]=" + value))
        short = len(got.body) < 256 and got.headers.get("content-type") == PLAIN
        checks.that(got.status == 400 and short and is_clean(got.body) or
                    got.status in (413, 414, 431),
                    f"collect[] with {name}: {got.status} {got.body[:60]}")
    many = "&".join(["collect[]=info"] * 200)
    checks.that(ask(exporter.port, get_request("/metrics?" + many)).status in (200, 414, 431),
                "200 times collect[]")


def check_scrape_timeout(checks, exporter):
    for value in ("", "abc", "-1", "0", "1e400", "nan", "inf", "0x10", "1,5", "1.2.3", "9" * 4000,
                  "1e9", " ", "\xff"):
        got = ask(exporter.port,
                  get_request(headers=[f"X-Prometheus-Scrape-Timeout-Seconds: {value}"]))
        checks.that(got.status == 200 and Metrics(got.body.decode()).value(
            "intel_gpu_scrape_collector_success", collector="frequency") == 1,
            f"X-Prometheus-Scrape-Timeout-Seconds: {value[:10]!r} is ignored")


def check_bad_requests(checks, exporter):
    """Whatever comes, it gets an error or a closed connection, and the next one is served."""
    wrong = {
        "a request line of 100 kB": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
        "a header of 100 kB": get_request(headers=["X: " + "a" * 100000]),
        "5,000 headers": get_request(headers=[f"X{i}: y" for i in range(5000)]),
        "a line without an end": b"G" * 200000,
        "a TLS hello": bytes.fromhex("16030100a5010000a10303") + bytes(160),
        "NUL bytes": bytes(1000),
        "an unknown version": b"GET /metrics HTTP/9.9\r\n\r\n",
        "no version": b"GET /metrics\r\n\r\n",
        "a negative length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "a length that is none": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
        "a huge length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
        "a bad chunk": b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
        "another machine's page": b"GET http://a/metrics HTTP/1.1\r\nHost: a\r\n\r\n",
    }
    noise = random.Random(1)
    for i in range(20):
        wrong[f"noise {i}"] = noise.randbytes(noise.randrange(1, 3000)) + b"\r\n\r\n"
    before = exporter.log()
    for name, data in wrong.items():
        status = ask(exporter.port, data, timeout=1).status
        exporter.scrape()
        checks.that(status is None or 400 <= status < 600, f"{name}: {status or 'no answer'}")
        if "100 kB" in name or "5,000" in name or "without an end" in name:
            checks.that(status in (413, 414, 431, None), f"{name}: refused as too large")
    # Sloppy, and no harm: any answer is right.
    for name, data in (("blanks in front", b" \r\n\r\n GET / HTTP/1.1\r\n\r\n"),
                       ("folded headers", b"GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\tc\r\n\r\n"),
                       ("a header without a name", b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n")):
        ask(exporter.port, data, timeout=1)
        checks.same(exporter.get("/-/healthy")[0], 200, f"{name}: the next request is served")
    checks.that(exporter.process.poll() is None, "the exporter lives")
    checks.same(exporter.log(), before, "and its log is as long as before")


def check_large_post(checks, exporter):
    """The answer comes at once, and the body is not waited for."""
    for name, headers in (("1 GB announced", ["Content-Length: 1000000000"]),
                          ("no end in sight", ["Transfer-Encoding: chunked"]),
                          ("asked for first", ["Content-Length: 1000000000",
                                               "Expect: 100-continue"])):
        with connect(exporter.port) as sock:
            start = time.monotonic()
            sock.sendall(get_request("/metrics", "POST", headers, close=False))
            answer = Answer(sock.recv(65536))
            seconds = time.monotonic() - start
            checks.that(answer.status == 405 and seconds < 3,
                        f"POST with a body, {name}: {answer.status} after {seconds * 1000:.0f} ms")
            sent, end = 0, time.monotonic() + 10
            chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
            try:
                while sent < 64 << 20 and time.monotonic() < end:
                    sock.sendall(chunk)
                    sent += len(chunk)
            except OSError:
                pass
            checks.that(sent < 64 << 20, f"its connection ends after {sent >> 10} kB of the body")
        checks.same(exporter.get("/-/healthy")[0], 200, "others are served")


def check_telemetry_path(checks):
    exporter = Exporter(SKYLAKE, "--web.telemetry-path=/foo")
    checks.same([exporter.get(p)[0] for p in ("/foo", "/metrics", "/")], [200, 404, 200],
                "--web.telemetry-path=/foo moves the metrics")
    checks.that("./foo" in Page(exporter.get("/")[1]).links, "and the link to them")
    exporter.stop()

    exporter = Exporter(SKYLAKE, "--web.telemetry-path=/")
    got = ask(exporter.port, get_request("/"))
    checks.that(got.headers.get("content-type") == CONTENT_TYPE and b"intel_gpu_up 1" in got.body,
                "--web.telemetry-path=/: the metrics take the page's place")
    checks.same(exporter.get("/-/healthy")[0], 200, "/-/healthy stays")
    exporter.stop()

    odd = '/a"b<c>&d'
    exporter = Exporter(SKYLAKE, "--web.telemetry-path", odd)
    page = Page(exporter.get("/")[1])
    checks.that("." + odd in page.links and not page.bad, "a path with quotes and tags does no harm")
    checks.same(exporter.get(quote(odd))[0], 200, "and is served")
    exporter.stop()


def answers(host, port):
    try:
        with connect(port, host, timeout=5) as sock:
            sock.sendall(get_request("/-/healthy"))
            return Answer(read_all(sock)).status == 200
    except OSError:
        return False


def resolves(name):
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def check_addresses(checks):
    ports = [free_port() for _ in range(3)]
    v6 = True
    try:
        free_port("::1")
    except OSError:
        v6 = False
        checks.skip("IPv6: this machine has no ::1")
    named = resolves("localhost")
    if not named:
        checks.skip("an address by name: localhost does not resolve here")
    flags = [f"--web.listen-address=:{ports[2]}"]
    if named:
        flags += [f"--web.listen-address=localhost:{ports[1]}"]
    if v6:
        flags += [f"--web.listen-address=[::1]:{ports[0]}"]
    exporter = Exporter(SKYLAKE, *flags, port=ports[0])
    checks.that(answers("127.0.0.1", ports[0]), "127.0.0.1:PORT listens on IPv4")
    if named:
        checks.that(answers("localhost", ports[1]), "localhost:PORT listens")
    checks.that(answers("127.0.0.1", ports[2]), ":PORT listens on IPv4")
    if v6:
        checks.that(answers("::1", ports[0]), "[::1]:PORT listens on IPv6, beside the same on IPv4")
        checks.that(answers("::1", ports[2]), ":PORT listens on IPv6 too")
    if named and v6:
        checks.that(not (answers("127.0.0.1", ports[1]) and answers("::1", ports[1])),
                    "localhost:PORT is one address")
    listening = [line for line in exporter.log().splitlines() if "msg=listening" in line]
    checks.same(len(listening), 1 + len(flags), "the log names each address")
    exporter.stop()
    if v6:
        exporter = Exporter(SKYLAKE, f"--web.listen-address=[::]:{ports[1]}", port=ports[0])
        checks.that(answers("::1", ports[1]) and not answers("127.0.0.1", ports[1]),
                    "[::]:PORT is IPv6 only")
        exporter.stop()


def check_max_requests(checks):
    exporter = Exporter(SKYLAKE, "--web.max-requests=1", "--scrape.timeout=1s", "--log.format=json")
    slow, first = slow_reads(exporter, 200000), []
    thread = in_background(lambda: first.append(exporter.get("/metrics")[0]))
    wait_for(slow.lines, 20)  # it reads
    checks.same(exporter.get("/metrics"),
                (503, "Too many scrapes at the same time (--web.max-requests).\n"),
                "--web.max-requests=1: a second scrape at the same time gets 503")
    checks.same(exporter.get("/-/healthy")[0], 200, "which is for scrapes only")
    thread.join(timeout=30)
    checks.same(first, [200], "the first one gets its answer")
    slow.detach()
    checks.same(exporter.get("/metrics")[0], 200, "and after it there is room again")

    # The reads of the machine are slow: the deadlines of operator and client end the scrape.
    slow = slow_reads(exporter, 300000)
    metrics, seconds = exporter.timed()
    checks.bound(seconds, 1.1, "a slow machine: the scrape ends at --scrape.timeout=1s")
    late = metrics.find("intel_gpu_scrape_collector_error", reason="timeout")
    checks.that(late, f"and says who did not answer: {len(late)} collectors")
    hurry = {"X-Prometheus-Scrape-Timeout-Seconds": "0.7"}
    seconds = min(exporter.timed(headers=hurry)[1] for _ in range(5))
    checks.bound(seconds, 0.3, "earlier if Prometheus waits for 0.7 s only")
    slow.detach()
    metrics = exporter.scrape_until(
        lambda m: not m.find("intel_gpu_scrape_collector_error", reason="timeout"))
    checks.that(not metrics.find("intel_gpu_scrape_collector_error", reason="timeout"),
                "it recovers when the reads are fast again")
    for line in exporter.log().splitlines():
        json.loads(line)
    exporter.stop()


def check_waiting(checks):
    """Scrapes that wait hold no thread: 40 at the same time, and everything else goes on."""
    exporter = Exporter(SKYLAKE, "--scrape.timeout=20s", "--web.disable-exporter-metrics")
    slow, answers = slow_reads(exporter, 300000), []

    def client(number):
        with socket.create_connection(("127.0.0.1", exporter.port), 60,
                                      (f"127.0.1.{number}", 0)) as sock:
            sock.sendall(get_request())
            sent.append(number)
            answers.append(Answer(read_all(sock)))

    sent = []
    clients = [in_background(client, n + 1) for n in range(40)]
    wait_for(lambda: len(sent) == 40, 20)
    times = []
    for _ in range(5):
        start = time.monotonic()
        checks.same(exporter.get("/-/healthy")[0], 200, "/-/healthy beside 40 scrapes that wait")
        times.append(time.monotonic() - start)
    checks.same(answers, [], "none of which is over")
    checks.bound(sorted(times)[2], 0.1, "at once")
    checks.same(exporter.get("/metrics")[0], 503, "the next scrape is one too many")
    slow.detach()
    for one in clients:
        one.join(timeout=30)
    checks.same([a.status for a in answers if a.complete], [200] * 40, "the 40 get whole answers")
    exporter.stop()


def check_share(checks):
    """One address has four fifths of the scrapes at most; another one still gets its own."""
    exporter = Exporter(SKYLAKE, "--web.max-requests=5", "--scrape.timeout=20s",
                        "--web.disable-exporter-metrics")
    slow, sockets = slow_reads(exporter, 300000), []

    def send(address):
        sock = socket.create_connection(("127.0.0.1", exporter.port), 60, (address, 0))
        sock.sendall(get_request())
        sockets.append(sock)
        return sock

    for _ in range(4):
        send("127.0.1.1")
    checks.same(exporter.get("/-/healthy")[0], 200, "four scrapes of one address wait")
    checks.same(Answer(read_all(send("127.0.1.1"))).status, 503, "it does not get the fifth")
    other = send("127.0.1.2")
    slow.detach()
    checks.same(Answer(read_all(other)).status, 200, "but another one does")
    for sock in sockets:
        sock.close()
    exporter.stop()


def main(checks):
    exporter = Exporter(SKYLAKE)
    check_metrics(checks, exporter)
    check_paths(checks, exporter)
    check_no_gpu(checks)
    check_page(checks, exporter)
    check_hostile_page(checks)
    check_keep_alive(checks, exporter)
    check_pipelined(checks, exporter)
    check_query(checks, exporter)
    check_hostile_query(checks, exporter)
    check_scrape_timeout(checks, exporter)
    check_bad_requests(checks, exporter)
    check_large_post(checks, exporter)
    checks.same(exporter.scrape().value("intel_gpu_up"), 1, "after all that a scrape is as before")
    checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "and it ends with 0")
    check_telemetry_path(checks)
    check_addresses(checks)
    check_max_requests(checks)
    check_waiting(checks)
    check_share(checks)


case(main)
