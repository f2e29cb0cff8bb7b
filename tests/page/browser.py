# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium over the WebDriver protocol (W3C; chromedriver's own commands where that has
none), with nothing but Python's library."""
import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from exporter_test import free_port

# The machine's proxy is for elsewhere, and the browser itself shall ask nobody anything.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--no-proxy-server", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars",
         "--force-device-scale-factor=1", "--window-size=1280,900"]


class Browser:
    def __init__(self, *flags):
        for program in ("chromium", "chromedriver"):
            if not shutil.which(program):
                raise SystemExit(f"{program} is missing: tests/page/packages.txt")
        self.profile = tempfile.mkdtemp(prefix="exporter-page-")
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}", "--log-level=OFF"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_ready()
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": shutil.which("chromium"),
                                   "args": [*FLAGS, *flags, f"--user-data-dir={self.profile}"]},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.base += "/session/" + made["sessionId"]

    def _wait_ready(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                if self._call("GET", "/status")["ready"]:
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("chromedriver does not start")

    def _call(self, method, path, body=None):
        data = None if method == "GET" else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with DIRECT.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{method} {path}: {e.read().decode()[:500]}") from None

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What a function's body returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def text(self, selector="body"):
        """As a person sees it; "" when it is not there or hidden. Units are tied to their numbers
        by no-break spaces, which are blanks here."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''",
                        selector).replace("\u00a0", " ")

    def texts(self, selector):
        found = self.run("return [...document.querySelectorAll(arguments[0])]"
                         ".map((e) => e.innerText ?? e.textContent)", selector)
        return [text.replace("\u00a0", " ") for text in found]

    def wait(self, condition, seconds=15):
        """Whether the condition came true within the time."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def console(self):
        """What it said since the last call."""
        return [f"{e['level']} {e['message']}" for e in
                self._call("POST", "/se/log", {"type": "browser"})]

    def requested(self):
        """The addresses asked for since the last call, by the page or on its behalf."""
        events = [json.loads(e["message"])["message"] for e in
                  self._call("POST", "/se/log", {"type": "performance"})]
        return [e["params"]["request"]["url"] for e in events
                if e["method"] == "Network.requestWillBeSent"]

    def has_dialog(self):
        try:
            self._call("GET", "/alert/text")
            return True
        except RuntimeError:
            return False

    def in_background(self, function):
        """Calls it while another tab is in front of the page."""
        page = self._call("GET", "/window")
        other = self._call("POST", "/window/new", {"type": "tab"})["handle"]
        self._call("POST", "/window", {"handle": other})
        try:
            function()
        finally:
            self._call("DELETE", "/window")
            self._call("POST", "/window", {"handle": page})
            self.devtools("Page.bringToFront")

    def look(self, width, height, dark):
        """As on a screen of this size, with this theme."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        """The whole page, and not only what fits the window."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        taken = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        path.write_bytes(base64.b64decode(taken["data"]))

    def close(self):
        try:
            self._call("DELETE", "")
        except (OSError, RuntimeError):
            pass
        self.driver.terminate()
        self.driver.wait(timeout=20)
        shutil.rmtree(self.profile, ignore_errors=True)
