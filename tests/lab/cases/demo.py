# SPDX-License-Identifier: Apache-2.0
"""What deploy/quickstart.sh shows without a GPU, in both scenes: tests/lab/demo.py and the exporter
that it starts, and the alerts that a Prometheus derives from them by the rules that are shipped, on
a clock that runs 30 times faster."""
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import lab
from lab_vaapi import LAST_RUN, RESULT, WORKING

TESTS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "dashboards"))
import prometheus  # noqa: E402: it is found there only now

URL = f"http://127.0.0.1:{lab.PORT}"
VGPU = "00000000-0000-0000-0000-000000000101"
CLIENT = "intel_gpu_client_engine_busy_seconds_total"
LOST = {"IntelGpuHardwareAccelerationLost/tests"}
ACCELERATIONS = {"healthy": {"hardware": 1, "software": 1}, "broken": {"software": 2}}


class Demo:
    def __init__(self, scene):
        driver = f"{os.environ['VA_DRIVERS']}/fake_drv_video.so"
        self.log = Path(f"/tmp/{scene}.log")
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(TESTS / "lab/demo.py"), scene,
             f"--web.listen-address=127.0.0.1:{lab.PORT}"], start_new_session=True,
            env={**os.environ, "VA_DRIVER": driver}, stderr=self.log.open("w"))

    def get(self, path):
        with urllib.request.urlopen(URL + path, timeout=30) as answer:
            return answer.read().decode()

    def scrape_until(self, condition, seconds=180):
        """The metrics once they are so, or last."""
        end = time.monotonic() + seconds
        while True:
            try:
                metrics = lab.Metrics(self.get("/metrics"))
                if condition(metrics) or time.monotonic() > end:
                    return metrics
            except OSError:
                pass  # it has just been started
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"FAIL: the demo does not serve: {self.log.read_text()}")
            time.sleep(0.5)

    def stop(self):
        """With all that it has started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        lab.shell(f"vgpu_remove {VGPU}; rm -r /tmp/demo")


def transcodes(metrics):
    rows = metrics.find("intel_gpu_transcodes")
    return {dict(labels)["acceleration"]: n for labels, n in rows.items() if n > 0}


def check_users(checks, scene, demo, metrics):
    """The same in both scenes: a vGPU that a VM has, a container's work on the GPU, a load."""
    rows = [dict(labels) for labels in metrics.find("intel_gpu_vgpu_info")]
    checks.that(len(rows) == 1 and rows[0]["vmid"] == "101" and rows[0]["guest"] == "desktop" and
                metrics.value("intel_gpu_vgpu_in_use", uuid=VGPU) == 1, f"{scene}: whose the vGPU is")
    checks.that((metrics.value(CLIENT, workload="lxc/201", guest="frigate", vmid="201",
                               **{"class": "render"}) or 0) > 0, f"{scene}: a container uses the GPU")
    video = metrics.value(CLIENT, workload="service/jellyfin.service", **{"class": "video"})
    checks.that((video or 0) > 0 if scene == "healthy" else video is None,
                f"{scene}: the service's video time: {video}")
    clock = metrics.value("intel_gpu_frequency_actual_hertz")
    busy = metrics.value("intel_gpu_engine_busy_seconds_total", engine="vcs0")

    def moves(m):
        return m.value("intel_gpu_frequency_actual_hertz") != clock and \
            m.value("intel_gpu_engine_busy_seconds_total", engine="vcs0") > busy

    checks.that(moves(demo.scrape_until(moves, 120)), f"{scene}: the load moves")


def check_words(checks, scene, demo):
    page, log = demo.get("/"), demo.log.read_text()
    for name, text in (("page", page), ("log", log)):
        checks.that("nothing here is real hardware" in text and "own i915 driver. Emulated: the GPU" in text and
                    "own test driver" in text and
                    ("on purpose" in text) == (scene == "broken"),
                    f"{scene}: the {name} says what is emulated")


def check_scene(checks, scene):
    demo = Demo(scene)
    metrics = demo.scrape_until(lambda m: m.find(LAST_RUN))
    working = {dict(labels)["codec"]: n for labels, n in metrics.find(WORKING).items()}
    checks.same(working, dict.fromkeys(("h264", "hevc", "jpeg"), int(scene == "healthy")),
                f"{scene}: encode tests")
    print(f"{scene}: {sorted(dict(r)['result'] for r in metrics.find(RESULT))} at {time.monotonic():.0f} s")
    wanted = ACCELERATIONS[scene]
    metrics = demo.scrape_until(lambda m: transcodes(m) == wanted)
    checks.same(transcodes(metrics), wanted, f"{scene}: transcodes")
    check_users(checks, scene, demo, metrics)
    check_words(checks, scene, demo)
    return demo


def lost(expression="ALERTS"):
    return prometheus.alerts(expression) & LOST


def main():
    checks = lab.Checks()
    server = prometheus.start(jobs={"intel-gpu": ["pve1"]})
    demo = check_scene(checks, "healthy")
    samples = 'count_over_time(intel_gpu_vaapi_codec_working{codec="h264"}[1h]) >= 5'
    checks.that(prometheus.wait_for(samples, 60), "healthy: Prometheus has scraped it for a while")
    checks.same(lost("count_over_time(ALERTS[1h])"), set(), "healthy: no alert of lost acceleration")
    demo.stop()
    demo = check_scene(checks, "broken")
    end = time.monotonic() + 60
    while lost() != LOST and time.monotonic() < end:
        time.sleep(0.5)
    checks.same(lost(), LOST, "broken: the expressions of lost acceleration are true")
    demo.stop()
    server.kill()
    checks.end()


main()
