# SPDX-License-Identifier: Apache-2.0
"""What the cases share: the exporter under test, its metrics, and the emulated GPU's knobs."""
import http.client
import os
import re
import signal
import subprocess
import sys
import time

EXPORTER = os.environ["EXPORTER"]
PORT = 10057
SAMPLE = re.compile(r'^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def shell(command, check=True):
    """Runs a line with the lab's shell functions; returns what it prints."""
    done = subprocess.run(["bash", "-c", f'. "$LAB_SRC/guest.sh"; {command}'],
                          capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"FAIL: {command}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def set_parameter(name, value):
    with open(f"/sys/module/i915/parameters/{name}", "w") as f:
        f.write(f"{value}\n")  # an empty text alone would be no write at all


def get_parameter(name):
    with open(f"/sys/module/i915/parameters/{name}") as f:
        return f.read().strip()


class Metrics(dict):
    """One exposition: {(name, frozenset of labels): value}."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            match = SAMPLE.match(line)
            if not match:
                sys.exit(f"FAIL: not a sample: {line}")
            labels = frozenset(LABEL.findall(match[2] or ""))
            if (match[1], labels) in self:
                sys.exit(f"FAIL: twice: {line}")
            self[match[1], labels] = float(match[3])

    def find(self, name, **labels):
        """The samples of a family whose labels include these."""
        wanted = {(k, str(v)) for k, v in labels.items()}
        return {k[1]: v for k, v in self.items() if k[0] == name and wanted <= k[1]}

    def value(self, name, **labels):
        found = list(self.find(name, **labels).values())
        return found[0] if len(found) == 1 else None

    def reason(self, collector):
        """Why the collector failed, or None."""
        for labels in self.find("intel_gpu_scrape_collector_error", collector=collector):
            return dict(labels)["reason"]
        return None


class Exporter:
    def __init__(self, *flags, prefix=(), env=None, wait=True):
        self.log_path = f"/tmp/exporter.{time.monotonic_ns()}.log"
        self.log_file = open(self.log_path, "w")
        self.process = subprocess.Popen(
            [*prefix, EXPORTER, f"--web.listen-address=127.0.0.1:{PORT}", *flags],
            stderr=self.log_file, env=env)
        if wait:
            self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self.get("/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"FAIL: the exporter ended: {self.log()}")
            time.sleep(0.05)
        sys.exit(f"FAIL: the exporter is not ready: {self.log()}")

    def get(self, path, headers=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def scrape(self, query="", headers=None):
        status, body = self.get("/metrics" + query, headers)
        if status != 200:
            sys.exit(f"FAIL: status {status}: {body}")
        metrics = Metrics(body)
        metrics.time = time.monotonic()
        return metrics

    def scrape_until(self, condition, seconds=10):
        """Scrapes until the condition holds or the time is over: a GPU that is seen for the first
        time takes as long as a look into pci.ids does, and meanwhile the old list serves."""
        end = time.monotonic() + seconds
        metrics = self.scrape()
        while not condition(metrics) and time.monotonic() < end:
            time.sleep(0.1)
            metrics = self.scrape()
        return metrics

    def sharp(self):
        """A scrape whose moment is known to 15 ms: what is measured over seconds needs no better."""
        for _ in range(50):
            start = time.monotonic()
            metrics = self.scrape()
            seconds = time.monotonic() - start
            if seconds < 0.03:
                break
        metrics.time = start + seconds / 2
        return metrics

    def timed(self, query=""):
        """A scrape and the seconds it took."""
        start = time.monotonic()
        metrics = self.scrape(query)
        return metrics, time.monotonic() - start

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def stop(self, sig=signal.SIGTERM):
        """Ends it; returns the seconds that took."""
        start = time.monotonic()
        self.process.send_signal(sig)
        self.process.wait(timeout=30)
        return time.monotonic() - start


class Checks:
    """Counts what was checked; ends with the line that test runners read."""

    def __init__(self):
        self.passed = self.failed = 0

    def that(self, ok, text):
        self.passed += bool(ok)
        self.failed += not ok
        print(f"{'ok' if ok else 'NOT OK'}: {text}", flush=True)
        return ok

    def close(self, got, wanted, tolerance, text):
        ok = got is not None and abs(got - wanted) <= tolerance
        shown = "absent" if got is None else f"{got:.4f}"
        return self.that(ok, f"{text}: {shown}, wanted {wanted:.4f} +- {tolerance:g}")

    def bound(self, seconds, promised, text):
        """A promised bound on behaviour, asserted at three times because machines are noisy."""
        return self.that(seconds <= 3 * promised,
                         f"{text}: {seconds * 1000:.0f} ms (promised {promised * 1000:.0f} ms)")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


def rate(before, after, name, **labels):
    """Per second, over the exposition's own clock."""
    a, b = before.value(name, **labels), after.value(name, **labels)
    return None if a is None or b is None else (b - a) / (after.time - before.time)
