# SPDX-License-Identifier: Apache-2.0
"""From an emulated GPU with Debian's own i915 to the alert: the exporter, a real Prometheus and the
shipped rules, with all of their durations divided by 60. Healthy, at work or idle: no alert. Encoding
fails in each of the ways that there are: the alert is pending, fires, and is resolved when it works
again."""
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import lab
import lab_real
from lab_vaapi import FEW, exporter as vaapi_exporter, first_round, knobs

RULES = Path(__file__).resolve().parents[2] / "deploy/prometheus/rules.yml"
CONFIG = """
global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: [ /tmp/rules.yml ]
scrape_configs:
  - job_name: intel-gpu
    honor_labels: true
    static_configs: [ { targets: ['127.0.0.1:10057'] } ]
"""
# A resolution sweep takes an emulated processor longer than three intervals are: it ends at once.
DRIVER = FEW, "MAX=300x300"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Behind these words, and nowhere else, a rule has a duration; in names of rules it stays.
DURATION = re.compile(r"(\[|offset |for: |interval: )(\d+)([smhd])\b")
BUSY = "instance_pci_class:intel_gpu_engine_busy:ratio5m{class='video'}"
LOST = "IntelGpuHardwareAccelerationLost"
PENDING, FIRING = "pending", "firing"
SOFTWARE = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25",
            "-c:v", "mpeg4", "-threads", "1", "-f", "null", "-"]
HARDWARE = ["ffmpeg", "-nostdin", "-v", "error", "-vaapi_device", "/dev/dri/renderD128", "-re",
            "-f", "lavfi", "-i", "testsrc2=size=128x128:rate=2", "-vf", "format=nv12,hwupload",
            "-c:v", "h264_vaapi", "-coder", "cavlc", "-qp", "26", "-f", "null", "-"]
SOUND = ["ffmpeg", "-nostdin", "-v", "error", "-readrate", "20", "-f", "lavfi", "-i", "anoisesrc",
         "-f", "flac", "-y", "/dev/null"]


def hurried(text):
    """The rules, sixty times as fast. A number of seconds in an expression is one of durations."""
    text, n = DURATION.subn(
        lambda found: f"{found[1]}{int(found[2]) * SECONDS[found[3]] * 1000 // 60}ms", text)
    assert n > 50, f"only {n} durations in {RULES}"
    assert text.count("1800 *") == 1 and text.count(" 86400") > 8
    return text.replace("1800 *", "30 *").replace(" 86400", " 1440")


class Watcher(threading.Thread):
    """Asks Prometheus twice a second which alerts there are, and keeps what it saw."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lock, self.begin = threading.Lock(), time.monotonic()
        self.now, self.seen, self.looks = {}, [], 0
        self.start()

    def run(self):
        while True:
            with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/alerts", timeout=10) as answer:
                alerts = json.load(answer)["data"]["alerts"]
            now = {}
            for alert in alerts:
                name, cause = alert["labels"]["alertname"], alert["labels"].get("cause", "")
                now[(name, cause)] = alert["state"]
            with self.lock:
                for key in now.keys() | self.now.keys():
                    if now.get(key) != self.now.get(key):
                        state = now.get(key, "resolved")
                        self.seen.append((key, state))
                        print(f"{time.monotonic() - self.begin:6.1f} s  {' '.join(key)} {state}", flush=True)
                self.now = now
                self.looks += 1
            time.sleep(0.5)

    def forget(self):
        with self.lock:
            self.seen = []

    def history(self, key):
        with self.lock:
            return [state for found, state in self.seen if found == key]

    def fired(self):
        with self.lock:
            return {key for key, state in self.seen if state == FIRING}

    def wait(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.lock:
                if condition(self.now):
                    return True
            time.sleep(0.2)
        return False


def query(expression):
    url = "http://127.0.0.1:9090/api/v1/query?query=" + urllib.parse.quote(expression)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def wait_for(checks, expression, text):
    end = time.monotonic() + 60
    while not query(expression) and time.monotonic() < end:
        time.sleep(0.5)
    found = query(expression)
    checks.that(found, f"{text}: {expression}")
    return found


def start_prometheus():
    Path("/tmp/rules.yml").write_text(hurried(RULES.read_text()))
    Path("/tmp/prometheus.yml").write_text(CONFIG)
    subprocess.Popen(["prometheus", "--config.file=/tmp/prometheus.yml", "--storage.tsdb.path=/tmp/tsdb",
                      "--web.listen-address=127.0.0.1:9090"],
                     stderr=open("/tmp/prometheus.log", "w"))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen("http://127.0.0.1:9090/-/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("FAIL: no Prometheus: " + Path("/tmp/prometheus.log").read_text())


class Machine:
    """What can happen to it. Each fault has its repair."""

    def __init__(self):
        self.exporter, self.ffmpegs, self.node = None, [], lab.shell("lab_render")

    def start(self):
        self.exporter = vaapi_exporter(interval="10s", timeout="20s")

    def restart(self):
        self.exporter.stop()
        self.start()

    def no_driver(self):
        knobs(*DRIVER, "FAIL=Initialize:18")
        self.restart()

    def hide_node(self):
        os.rename(self.node, "/dev/node")

    def show_node(self):
        os.rename("/dev/node", self.node)

    def transcode(self, *commands, nice=19, **env):
        self.ffmpegs += [subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **env},
                                          preexec_fn=lambda: os.nice(nice)) for command in commands]

    def end_transcodes(self):
        for ffmpeg in self.ffmpegs:
            ffmpeg.kill()
            ffmpeg.wait()
        self.ffmpegs = []

    def fall_back(self):
        """The driver is taken away from an application, which goes on in software."""
        self.end_transcodes()
        self.transcode(SOFTWARE, SOFTWARE)


def restart_in_time(watcher, machine):
    """A restart up to the first tests' end within what the rules bear, which is five minutes: seconds
    here, and scrapes take one. A slow machine may need some; what it says of a longer one is right."""
    for _ in range(5):
        begin = time.monotonic()
        machine.restart()
        first_round(machine.exporter)
        if time.monotonic() - begin < 3.5:
            return True
        time.sleep(3)  # two evaluations: what it raises is there
        watcher.wait(lambda now: not now, 90)
        watcher.forget()
    return False


def check_healthy(checks, watcher, machine):
    """At work, then idle, over a restart, for longer than any alert waits."""
    lab_real.run(lab_real.work("video", 8000000))
    busy = wait_for(checks, f"max_over_time({BUSY}[20s:1s]) > 0.5", "the video engines were at work")
    wait_for(checks, BUSY + " == 0", "they are idle")
    quiet = not watcher.seen
    if not restart_in_time(watcher, machine):
        checks.skip("no restart within the rules' five minutes on this machine")
    wait_for(checks, "instance_pci:intel_gpu_hardware_acceleration:ratio == 1", "acceleration is at 100 %")
    looks, idle = watcher.looks, lab.shorter(60, 45, "seconds without an alert, each a minute of the rules")
    time.sleep(idle)
    with watcher.lock:
        checks.that(busy and quiet and watcher.looks > looks + idle // 2 and not watcher.seen,
                    f"at work, over a restart and idle for {idle} minutes: not even a pending alert {watcher.seen}")


def check_fault(checks, watcher, name, happens, ends, wanted, others=(), seconds=90):
    """wanted fire after they were pending; nothing fires but them and others; then all is resolved."""
    print(f"-- {name}", flush=True)
    watcher.forget()
    happens()
    found = watcher.wait(lambda now: all(now.get(key) == FIRING for key in wanted), seconds)
    checks.that(found, f"{name}: {' and '.join(' '.join(key) for key in wanted)} fires")
    for key in wanted:
        checks.same(watcher.history(key)[:2], [PENDING, FIRING], f"{name}: pending, then firing")
    ends()
    checks.that(watcher.wait(lambda now: not now, 90), f"{name}: repaired, resolved: {watcher.now}")
    checks.that(watcher.fired() <= {*wanted, *others}, f"{name}: nothing else has fired: {watcher.fired()}")


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    knobs(*DRIVER)
    machine = Machine()
    start_prometheus()
    watcher = Watcher()
    machine.start()
    first_round(machine.exporter)
    check_healthy(checks, watcher, machine)
    tests, codec = (LOST, "tests"), ("IntelGpuCodecLost", "")
    for name, happens, ends in (
            ("the VA driver begins to fail", lambda: knobs(*DRIVER, "CODED_SIZE=0"), lambda: knobs(*DRIVER)),
            ("a restart with a driver that cannot initialise", machine.no_driver, lambda: knobs(*DRIVER)),
            ("the render node is gone", machine.hide_node, machine.show_node),
            ("a driver that lists no encoder", lambda: knobs("PROFILES=H264Main:vld"), lambda: knobs(*DRIVER))):
        check_fault(checks, watcher, name, happens, ends, [tests], [codec])
    software = ("IntelGpuTranscodingInSoftware", "")
    check_fault(checks, watcher, "a transcode in software", lambda: machine.transcode(SOFTWARE),
                machine.end_transcodes, [software])
    sound = subprocess.Popen(SOUND, preexec_fn=lambda: os.nice(19))
    machine.transcode(HARDWARE, nice=0, LIBVA_DRIVERS_PATH=os.environ["VA_DRIVERS"],
                      LIBVA_DRIVER_NAME="fake", FAKE_VA_ENGINE_NS="50000000")
    wait_for(checks, "application:intel_gpu_transcodes_hardware:sum > 0", "a transcode in hardware")
    checks.that(not watcher.now, f"hardware and sound: no alert {watcher.now}")
    check_fault(checks, watcher, "a fallback to software", machine.fall_back, machine.end_transcodes,
                [(LOST, "fallback"), software], seconds=180)
    sound.kill()
    machine.exporter.stop()
    checks.end()


main()
