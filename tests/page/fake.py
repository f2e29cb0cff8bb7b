# SPDX-License-Identifier: Apache-2.0
"""The shipped daemon's page over metrics that a test makes up: everything but /metrics is passed on
to the daemon, headers included."""
import http.client
import http.server
import threading
import time

PASSED_ON = ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Cache-Control")


class Fake:
    """metrics(seconds) -> exposition, or bytes, or None for an answer of 503."""

    def __init__(self, daemon_port, metrics, port=0):
        self.metrics, self.daemon_port = metrics, daemon_port
        self.scrapes, self.speed, self.start = 0, 1, time.monotonic()
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                fake.answer(self)

            def log_message(self, *_):
                pass

        http.server.ThreadingHTTPServer.allow_reuse_address = True
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, request):
        if request.path == "/metrics":
            self.scrapes += 1
            body = self.metrics((time.monotonic() - self.start) * self.speed)
            status = 503 if body is None else 200
            headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
            body = (body or "no").encode()
        else:
            status, headers, body = self.pass_on(request.path)
        request.send_response(status)
        for key, value in headers.items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def pass_on(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon_port, timeout=20)
        try:
            connection.request("GET", path)
            got = connection.getresponse()
            headers = {k: got.getheader(k) for k in PASSED_ON if got.getheader(k)}
            return got.status, headers, got.read()
        finally:
            connection.close()

    def stop(self):
        """Its port refuses connections from here on."""
        self.server.shutdown()
        self.server.server_close()
