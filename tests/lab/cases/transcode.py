# SPDX-License-Identifier: Apache-2.0
"""Which transcodes the GPU does: real ffmpeg processes, one that encodes in software, one that decodes
only, one on the GPU (by the tests' VA driver, whose batches Debian's own i915 runs), one that remuxes
and one that makes sound as fast as they can, one that is paused."""
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import lab

CGROUPS = Path("/sys/fs/cgroup")
NODE = "/dev/dri/renderD128"
PROCESSES = "intel_gpu_transcode_processes"
CPU = "intel_gpu_transcode_cpu_seconds_total"
TRANSCODES = "intel_gpu_transcodes"
FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
SOFTWARE = [*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-c:v", "mpeg4",
            "-threads", "1", "-f", "null", "-"]
HARDWARE = [*FFMPEG, "-vaapi_device", NODE, "-re", "-stream_loop", "-1", "-f", "rawvideo",
            "-r", "2", "-s", "128x128", "-pix_fmt", "nv12", "-i", "/tmp/in.nv12", "-vf", "hwupload",
            "-c:v", "h264_vaapi", "-coder", "cavlc", "-qp", "26", "-f", "null", "-"]
REMUX = [*FFMPEG, "-stream_loop", "-1", "-i", "/tmp/in.mkv", "-c", "copy", "-f", "mpegts",
         "/dev/null"]
DECODE = [*FFMPEG, "-stream_loop", "-1", "-i", "/tmp/in.mkv", "-f", "rawvideo", "/dev/null"]
SOUND = [*FFMPEG, "-f", "lavfi", "-i", "anoisesrc", "-af", "volume=0.5", "-f", "flac", "/dev/null"]
WANTED = {"soft": "software", "decode": "software", "hard": "hardware", "copy": "idle",
          "sound": "idle", "rest": "idle"}


def start(name, command, nice=19, **env):
    """A process that is a service by its control group. The emulated processors are slow and have
    more to run than those that take all that they get."""
    folder = CGROUPS / f"system.slice/{name}.service"
    folder.mkdir(parents=True, exist_ok=True)

    def enter():
        (folder / "cgroup.procs").write_text("0")
        os.nice(nice)

    return subprocess.Popen(command, preexec_fn=enter, stdout=subprocess.DEVNULL,
                            env={**os.environ, **env})


def make_inputs():
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=128x128:rate=2", "-frames:v", "4",
                    "-pix_fmt", "nv12", "-f", "rawvideo", "/tmp/in.nv12"], check=True)
    subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-frames:v",
                    "100", "-c:v", "mpeg4", "-b:v", "2M", "/tmp/in.mkv"], check=True)


def wait_for(what, condition):
    stop = time.monotonic() + 90
    while not condition():
        if time.monotonic() > stop:
            raise SystemExit(f"FAIL: {what}")
        time.sleep(0.2)


def works(process):
    """It is beyond loading its libraries: no image of another program, and seconds of its own."""
    words = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(words[11]) + int(words[12]) > 400


def charged(process):
    """The driver has begun to charge it video time."""
    for path in Path(f"/proc/{process.pid}/fdinfo").iterdir():
        try:
            text = path.read_text()
        except FileNotFoundError:
            continue  # closed meanwhile
        if "drm-engine-video:\t" in text and "drm-engine-video:\t0 ns" not in text:
            return True
    return False


def start_all():
    driver = {"LIBVA_DRIVERS_PATH": os.environ["VA_DRIVERS"], "LIBVA_DRIVER_NAME": "fake",
              "FAKE_VA_ENGINE_NS": "50000000"}
    processes = {"hard": start("hard", HARDWARE, nice=0, **driver)}
    wait_for("no video time", lambda: charged(processes["hard"]))
    processes["rest"] = start("rest", SOFTWARE)
    wait_for("nothing to pause", lambda: works(processes["rest"]))
    processes["rest"].send_signal(signal.SIGSTOP)
    busy = {"soft": SOFTWARE, "decode": DECODE, "copy": REMUX, "sound": SOUND}
    for name, command in busy.items():
        processes[name] = start(name, command)
    wait_for("no work", lambda: all(works(processes[name]) for name in busy))
    # From here on they need not have all that there is: other tests may run beside this one.
    for folder in (CGROUPS, CGROUPS / "system.slice"):
        (folder / "cgroup.subtree_control").write_text("+cpu")
    for name in busy:
        (CGROUPS / f"system.slice/{name}.service/cpu.max").write_text("25000 100000")
    return processes


def verdict(metrics, name):
    """The one acceleration that has the process of this service; None while there is none."""
    rows = metrics.find(PROCESSES, workload=f"service/{name}.service")
    return next((dict(labels)["acceleration"] for labels, n in rows.items() if n > 0), None)


class Scraper(threading.Thread):
    """Looks every so often, and keeps what it saw and when."""

    def __init__(self, exporter, interval, seconds):
        super().__init__(daemon=True)
        self.exporter, self.interval, self.seconds, self.seen = exporter, interval, seconds, []
        self.start()

    def run(self):
        begin = time.monotonic()
        turn = 0
        while turn * self.interval <= self.seconds:
            time.sleep(max(0, begin + turn * self.interval - time.monotonic()))
            metrics = self.exporter.scrape()
            self.seen.append((time.monotonic() - begin, metrics))
            turn += 1


def cpu_seconds(metrics):
    return {labels: n for labels, n in metrics.find(CPU).items()}


def check_interval(checks, scrapers):
    for number, scraper in enumerate(scrapers):
        name = f"every {scraper.interval} s, scraper {number}"
        right = [t for t, m in scraper.seen if all(verdict(m, n) == w for n, w in WANTED.items())]
        print(f"{name}: {len(scraper.seen)} scrapes, right at {right[0] if right else -1:.1f} s")
        checks.that(right and right[0] <= 20, f"{name}: told apart within 20 s")
        wrong = [(round(t, 1), n, verdict(m, n)) for t, m in scraper.seen for n, w in WANTED.items()
                 if verdict(m, n) not in (w, "unknown")]
        checks.that(not wrong, f"{name}: never a wrong one {wrong}")
        rows = [m.find(TRANSCODES) for _, m in scraper.seen]
        checks.that(all(len(r) == 5 and sum(r.values()) == len(WANTED) for r in rows),
                    f"{name}: five rows, all processes")
        checks.that(all(verdict(m, n) == "unknown" for t, m in scraper.seen if t < 9
                        for n in WANTED), f"{name}: no verdict before 10 s")
        last = {}
        falls = 0
        for _, metrics in scraper.seen:
            now = cpu_seconds(metrics)
            falls += sum(now.get(labels, -1) < n for labels, n in last.items())
            last = now
        checks.that(falls == 0, f"{name}: CPU time never falls")


def check_four(checks):
    """Three exporters look at the same four processes at the same time."""
    often = lab.Exporter("--scrape.timeout=10s", port=lab.PORT + 1)
    rarely = lab.Exporter("--scrape.timeout=10s")
    nobody = lab.Exporter(port=lab.PORT + 2, prefix=["setpriv", "--reuid=65534", "--regid=65534",
                                                    "--clear-groups", "--"])
    scrapers = {exporter: [Scraper(exporter, interval, 31) for _ in range(2)]
                for exporter, interval in ((often, 1), (rarely, 15))}
    nobody.scrape()
    for exporter in (often, rarely):
        for scraper in scrapers[exporter]:
            scraper.join()
    check_rights(checks, nobody.scrape())
    for found in scrapers.values():
        check_interval(checks, found)
    often.stop()
    nobody.stop()
    return rarely


def check_new(checks, exporter):
    """One that starts between two scrapes 15 s apart has a verdict at the second; ends keep it."""
    exporter.scrape()
    process = start("late", SOFTWARE)
    time.sleep(15)
    metrics = exporter.scrape()
    checks.that(verdict(metrics, "late") == "software", "one that has come is known 15 s later")
    before = metrics.value(CPU, workload="service/late.service", acceleration="software")
    checks.that(before and 1 < before <= 16, f"with its CPU time since its start ({before} s)")
    process.kill()
    process.wait()
    metrics = exporter.scrape()
    checks.that(metrics.value(PROCESSES, workload="service/late.service",
                              acceleration="software") == 0 and
                metrics.value(CPU, workload="service/late.service",
                              acceleration="software") >= before, "its end takes nothing back")


def check_rights(checks, metrics):
    checks.that(metrics.value(TRANSCODES, acceleration="unknown") == len(WANTED) and
                metrics.value(TRANSCODES, acceleration="software") == 0 and
                metrics.reason("transcode") == "permission", "without rights: all unknown")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    if not (CGROUPS / "cgroup.procs").exists():
        subprocess.run(["mount", "-t", "cgroup2", "none", str(CGROUPS)], check=True)
    make_inputs()
    processes = start_all()
    exporter = check_four(checks)
    codes = {n: p.poll() for n, p in processes.items()}
    checks.that(not any(code is not None for code in codes.values()),
                f"all still run {codes}")
    check_new(checks, exporter)
    text = exporter.scrape().text
    checks.that("/tmp/in" not in text and "testsrc" not in text, "no command line in the text")
    exporter.stop()
    for process in processes.values():
        process.kill()
        process.wait()
    checks.end()


main()
