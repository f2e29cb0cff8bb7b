# SPDX-License-Identifier: Apache-2.0
"""The simulated fleet, and a real Prometheus with the shipped rules that has known it for a week."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import nodes

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
# See deploy/install-packages.sh.
os.environ["PATH"] += f":{REPO}/build/unpacked/usr/bin"
RULES = REPO / "deploy/prometheus/rules.yml"
INTERVAL = 15  # seconds between scrapes, and between evaluations
DAY = 86400


def program(name):
    return shutil.which(name) or sys.exit(f"{name} is missing: deploy/install-packages.sh tests/prometheus/packages.txt")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class World:
    """Everything in a directory of its own, which goes when it is left."""

    def __init__(self, number, days=7, port=0):
        self.fleet, self.days, self.port = nodes.fleet(number), days, port or free_port()
        self.work = Path(tempfile.mkdtemp(prefix="fleet."))
        self.server = self.prometheus = None
        self.now = None
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        try:
            began = time.monotonic()
            self.remember()
            print(f"a history of {self.days} days in {time.monotonic() - began:.0f} s", flush=True)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.prometheus:
            self.prometheus.terminate()
            self.prometheus.wait()
        if self.server:
            self.server.stdin.close()
            self.server.wait()
        shutil.rmtree(self.work)

    def blocks(self, every, first, last, step):
        """Puts (series, value or function of the time) into Prometheus' files, from `first` to `last`."""
        times = range(int(first), int(last), step)
        texts = [str(t) for t in times]
        path = self.work / "history.om"
        with open(path, "w", encoding="utf-8") as out:
            for line, value in every:
                if callable(value):
                    out.writelines(f"{line} {value(t):.10g} {text}\n" for t, text in zip(times, texts))
                else:
                    start = f"{line} {value} "
                    out.write(start + ("\n" + start).join(texts) + "\n")
            out.write("# EOF\n")
        subprocess.run([program("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=168h", "openmetrics", path,
                        self.work / "tsdb"], check=True, stdout=subprocess.DEVNULL)
        path.unlink()

    def remember(self):
        """What rules look back to for days, every quarter of an hour; what dashboards draw, for an hour."""
        now = int(time.time()) // 60 * 60
        (self.work / "tsdb").mkdir()
        for day in range(self.days):  # one at a time: the text is a hundred times as large as what comes of it
            self.blocks((one for node in self.fleet for one in node.remembered()),
                        now - (self.days - day) * DAY, now - (self.days - day - 1) * DAY, 900)
        self.blocks((one for node in self.fleet for one in node.shown()), now - 3600, now - 60, 30)

    def start(self):
        rules, n = re.subn(r"interval: 15m\n", "interval: 30s\n", RULES.read_text())
        assert n == 3, "the groups that remember, which would not be evaluated in so short a time"
        (self.work / "rules.yml").write_text(rules)
        self.server = subprocess.Popen([sys.executable, "-B", HERE / "serve.py", str(len(self.fleet))],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        exporters = self.server.stdout.readline().strip()
        (self.work / "targets.json").write_text(json.dumps([
            {"targets": [f"127.0.0.1:{exporters}"],
             "labels": {"__metrics_path__": f"/{node.number}", "instance": node.instance}} for node in self.fleet]))
        scrapes = {"scrape_configs": [{"job_name": "intel-gpu", "honor_labels": True,
                                       "file_sd_configs": [{"files": ["targets.json"]}]}]}
        self.run(scrapes)
        self.wait("sum(up)", len([node for node in self.fleet if node.kind != "silent"]), 20 * INTERVAL)
        # With the rules from the beginning half of the fleet would be lost for a minute, and in its pictures.
        time.sleep(2 * INTERVAL)
        self.configure({"rule_files": ["rules.yml"], **scrapes})
        self.prometheus.send_signal(signal.SIGHUP)

    def configure(self, config):
        every = {"scrape_interval": f"{INTERVAL}s", "evaluation_interval": f"{INTERVAL}s"}
        (self.work / "prometheus.yml").write_text(json.dumps({"global": every, **config}))  # which is YAML, too

    def run(self, config):
        self.configure(config)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        with open(self.work / "log", "w", encoding="utf-8") as log:
            self.prometheus = subprocess.Popen(
                [program("prometheus"), f"--config.file={self.work}/prometheus.yml", f"--storage.tsdb.path={self.work}/tsdb",
                 "--storage.tsdb.retention.time=30d", f"--web.listen-address=127.0.0.1:{self.port}"],
                env={**os.environ, "GOMAXPROCS": "2"}, stdout=log, stderr=log,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))

    def rest(self):
        """The same data, and nothing else to do: what it works from here on it works for who asks. The time at
        which it went to rest is now."""
        self.now = time.time()
        self.prometheus.terminate()
        self.prometheus.wait()
        self.run({})
        self.wait("vector(1)", 1, 120)

    def worked(self):
        """Seconds of processors, whatever else the machine does."""
        fields = Path(f"/proc/{self.prometheus.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def scheduled(self):
        """Seconds in which its threads worked, and in which they waited for a processor."""
        each = [path.read_text().split() for path in Path(f"/proc/{self.prometheus.pid}/task").glob("*/schedstat")]
        return [sum(int(one[i]) for one in each) / 1e9 for i in (0, 1)]

    def ask(self, path, **parameters):
        """What Prometheus answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}",
                                        timeout=120) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
        found = json.loads(text)
        if found["status"] != "success":
            raise SystemExit(f"FAIL: {found['error']}: {parameters}")
        return found["data"]

    def value(self, expression):
        found = self.ask("query", query=expression)["result"]
        return float(found[0]["value"][1]) if len(found) == 1 else None

    def wait(self, expression, wanted, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.prometheus.poll() is not None:
                break
            try:
                if self.value(expression) == wanted:
                    return
            except (OSError, ValueError):  # it has not begun to listen, or to answer
                pass
            time.sleep(.5)
        raise SystemExit(f"FAIL: {expression} is not {wanted}: {(self.work / 'log').read_text()[-2000:]}")
