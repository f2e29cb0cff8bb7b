# SPDX-License-Identifier: Apache-2.0
"""What tests of the running exporter share, in the lab and on the build machine: its metrics, a
process of it, a load on it, and the count of what was checked."""
import atexit
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import stalls

EXPORTER = os.environ.get("EXPORTER", "")
LONG = bool(os.environ.get("TEST_LONG"))  # what tests/run.sh --all sets
SAMPLE = re.compile(r'^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
SANITIZER_REPORT = re.compile(r"\w+Sanitizer:|runtime error:")

if not EXPORTER:
    sys.exit("FAIL: EXPORTER in the environment must name the program under test")


class Metrics(dict):
    """One exposition: {(name, frozenset of labels): value}."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        for line in text.split("\n"):
            if not line or line.startswith("#"):
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

    def reason(self, collector, **labels):
        """Why the collector failed, or None."""
        for found in self.find("intel_gpu_scrape_collector_error", collector=collector, **labels):
            return dict(found)["reason"]
        return None


def rss_kb(pid):
    """What is mapped, page by page. /proc/PID/status is up to 64 pages behind for each thread."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Rss:"))


def settled(look, seconds=0.3):
    """What look() sees when it has been the same for so long: a connection may be about to be
    closed, a thread to end."""
    last, since, end = look(), time.monotonic(), time.monotonic() + 30
    while time.monotonic() < min(since + seconds, end):
        time.sleep(0.05)
        now = look()
        if now != last:
            last, since = now, time.monotonic()
    return last


class Exporter:
    """A process of the exporter, with its log (stderr) and what it wrote to stdout in files."""
    all = []

    def __init__(self, *flags, port, prefix=(), env=None, wait=True):
        self.port = port
        self.log_path = f"/tmp/exporter.{os.getpid()}.{time.monotonic_ns()}.log"
        self.out_path = self.log_path + ".out"
        with open(self.log_path, "w") as log, open(self.out_path, "w") as out:
            self.process = subprocess.Popen(
                [*prefix, EXPORTER, f"--web.listen-address=127.0.0.1:{port}", *flags],
                stdout=out, stderr=log, env=env)
        self.pid = self.process.pid
        Exporter.all.append(self)
        stalls.watch()
        if wait:
            self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if self.get("/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit(f"FAIL: the exporter ended: {self.log()}")
            time.sleep(0.05)
        sys.exit(f"FAIL: the exporter is not ready: {self.log()}\n{self.where()}")

    def get(self, path, headers=None, timeout=30):
        """Status and body of a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def _patient_get(self, path, headers):
        """As get(). Without an answer the exporter's threads are shown; a machine that stood still
        meanwhile is asked again."""
        for _ in range(5):
            start = time.monotonic()
            try:
                return self.get(path, headers)
            except (TimeoutError, ConnectionError, http.client.HTTPException) as error:
                time.sleep(2 * stalls.STEP)
                still = stalls.since(start)
                print(f"no answer to {path} after {time.monotonic() - start:.1f} s: {error!r}; the machine "
                      f"stood still for {still:.1f} s of them", file=sys.stderr, flush=True)
                if not still:
                    print(f"{self.log()[-2000:]}\n{self.where()}", file=sys.stderr, flush=True)
                    raise
        sys.exit("FAIL: the machine stands still again and again")

    def where(self):
        """What each thread is at in the kernel, where root may read that; how it ended if it has, and the
        kernel's words on that."""
        try:
            found = [f"it has ended with {self.process.wait(5)}",
                     *subprocess.run(["dmesg"], capture_output=True, text=True).stdout.splitlines()[-8:]]
        except subprocess.TimeoutExpired:
            found = ["it runs"]
        if not os.path.exists(f"/proc/{self.pid}"):
            return "\n".join(found)
        for task in sorted(os.listdir(f"/proc/{self.pid}/task")):
            for name in ("comm", "syscall", "wchan", "stack"):
                try:
                    with open(f"/proc/{self.pid}/task/{task}/{name}") as f:
                        found.append(f"{task} {name}: {f.read().strip()}")
                except OSError as error:
                    found.append(f"{task} {name}: {error.strerror}")
        return "\n".join(found)

    def scrape(self, query="", headers=None):
        status, body = self._patient_get("/metrics" + query, headers)
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

    def sharp(self, patience=20):
        """A scrape whose moment is known to 15 ms: measured over seconds it needs no better. On a busy machine
        the best of many, within so many seconds; .off is what it is known to."""
        best, least, end = None, 1e9, time.monotonic() + patience
        while least >= 0.03 and time.monotonic() < end:
            start = time.monotonic()
            metrics = self.scrape()
            seconds = time.monotonic() - start
            metrics.time, metrics.off = start + seconds / 2, seconds / 2
            if seconds < least:
                best, least = metrics, seconds
            else:
                time.sleep(0.02)
        return best

    def timed(self, query="", headers=None):
        """A scrape and the seconds it took."""
        start = time.monotonic()
        metrics = self.scrape(query, headers)
        return metrics, time.monotonic() - start

    def log(self):
        with open(self.log_path, errors="surrogateescape") as f:
            return f.read()

    def out(self):
        with open(self.out_path, errors="surrogateescape") as f:
            return f.read()

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def children(self):
        found = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{task}/children") as f:
                    found += f.read().split()
            except OSError:  # it has ended
                pass
        return found

    def status(self, key):
        """A line of /proc/PID/status."""
        with open(f"/proc/{self.pid}/status") as f:
            return next(line.split(":", 1)[1].strip() for line in f if line.startswith(key + ":"))

    def rss_kb(self):
        return rss_kb(self.pid)

    def cpu_seconds(self):
        """Of all threads, user and system (proc_pid_stat(5))."""
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def freeze(self):
        """Stops all of its threads, and returns when the last one stands: kill() returns before."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self, sig=signal.SIGTERM):
        """Ends it; returns the seconds that took."""
        start = time.monotonic()
        self.process.send_signal(sig)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            print(f"it does not end: {self.where()}", file=sys.stderr, flush=True)
            raise
        return time.monotonic() - start


@atexit.register
def _end_all():
    for exporter in Exporter.all:
        if exporter.process.poll() is None:
            exporter.process.kill()
            try:
                exporter.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                pass  # blocked in the kernel: it ends with the machine
        for path in (exporter.log_path, exporter.out_path):
            if os.path.exists(path):
                os.unlink(path)


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

    def same(self, got, wanted, text):
        """Equal; what was got instead is printed otherwise."""
        return self.that(got == wanted, text if got == wanted else
                         f"{text}: got {repr(got)[:300]}, wanted {repr(wanted)[:300]}")

    def bound(self, seconds, promised, text):
        """A promised bound on behaviour, asserted at three times because machines are noisy."""
        return self.that(seconds <= 3 * promised,
                         f"{text}: {seconds * 1000:.0f} ms (promised {promised * 1000:.0f} ms)")

    def skip(self, text):
        """Something that this machine cannot show is said, not passed over."""
        print(f"skipped: {text}", flush=True)

    def no_sanitizer_report(self):
        """Of all exporters that this test has started."""
        reports = [line for exporter in Exporter.all for line in exporter.log().splitlines()
                   if SANITIZER_REPORT.search(line)]
        self.that(not reports, f"no report of a sanitizer: {reports[:3]}")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)


def load(port, scrapes, clients, failures, paths=("/metrics",)):
    """Scrapes by many clients at the same time, each on its own keep-alive connection and from an
    address of its own: one alone has not so many places."""
    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60,
                                                source_address=(f"127.0.1.{1 + number}", 0))
        try:
            for i in range(scrapes // clients):
                connection.request("GET", paths[(number + i) % len(paths)])
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or not body.endswith(b"\n"):
                    failures.append(answer.status)
        except (OSError, http.client.HTTPException) as e:
            failures.append(e)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def shorter(usual, short, what):
    """How much of something that takes long: all of it in tests/run.sh --all, and otherwise less, of
    which the report at the end of the tests speaks."""
    if LONG:
        return usual
    print(f"short: {what}: {short} instead of {usual}", flush=True)
    return short


_reserved = []


def free_port(host="127.0.0.1"):
    """A TCP port for this test alone, until it ends: its socket stays bound, so that the kernel gives
    the port to nobody else, neither to another test nor to a client. It does not listen and lets the
    address be used again, as a server that binds it by number does (SO_REUSEADDR, socket(7))."""
    s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    s.bind((host, 0))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _reserved.append(s)
    return s.getsockname()[1]
