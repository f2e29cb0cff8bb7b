# SPDX-License-Identifier: Apache-2.0
"""What Debian's i915 does not do with the GPUs of the lab: a driver that hides engine times (submission by
GuC before 6.5), and one whose fdinfo hangs. On the lab's own driver."""
import lab
import lab_real
import actors  # of tests/lab, which lab makes known

BUSY = "intel_gpu_client_engine_busy_seconds_total"
USER = "service/a.service"
HARD = ["/usr/lib/hard/ffmpeg", "-hwaccel", "vaapi", "-i", "in", "-c:v", "h264_vaapi", "out.mkv"]
SOFT = ["/usr/lib/soft/ffmpeg", "-i", "in", "-c:v", "libx264", "out.mkv"]


def video(metrics):
    return sum(metrics.find(BUSY, workload=USER, **{"class": "video"}).values())


def verdict(metrics, name):
    """The one acceleration that has the transcode of this service; None while there is none."""
    rows = metrics.find("intel_gpu_transcode_processes", workload=f"service/{name}.service")
    return next((dict(labels)["acceleration"] for labels, n in rows.items() if n > 0), None)


def check_hidden(checks, exporter):
    lab.set_parameter("fdinfo_engines", 0)
    hidden = exporter.scrape()
    checks.that(hidden.reason("client") == "not_supported" and hidden.value("intel_gpu_clients", workload=USER) == 1,
                "without engine keys: the reason, and the clients")
    checks.that(verdict(hidden, "hard") == "unknown" and verdict(hidden, "soft") == "software",
                "without engine times who holds the GPU is unknown, others are not")
    lab.set_parameter("fdinfo_engines", 1)


def check_hung(checks, exporter):
    before = video(exporter.scrape())
    lab.set_parameter("block", "fdinfo")
    blocked, seconds = exporter.timed()
    checks.that(blocked.reason("client") == "timeout" and blocked.find("intel_gpu_info") and
                blocked.find("intel_gpu_engine_busy_seconds_total"),
                f"fdinfo that hangs costs this collector ({seconds:.2f} s)")
    _, seconds = exporter.timed()
    checks.bound(seconds, 0.3, "the next scrape")
    lab.set_parameter("block", "")
    after = exporter.scrape_until(lambda m: m.reason("client") is None)
    checks.that(video(after) >= before, "and it goes on from there")


def main():
    checks = lab.Checks()
    lab.shell("lab_load")
    actors.mount_cgroups()
    node = lab_real.node(None)
    processes = [actors.start_user("system.slice/a.service", node, ("video", 1)),
                 actors.start_transcode("system.slice/hard.service", HARD, 10, node, ("video", 50)),
                 actors.start_transcode("system.slice/soft.service", SOFT, 100)]
    exporter = lab.Exporter("--scrape.timeout=2s")
    known = exporter.scrape_until(lambda m: (verdict(m, "hard"), verdict(m, "soft")) == ("hardware", "software"), 40)
    checks.same((verdict(known, "hard"), verdict(known, "soft")), ("hardware", "software"),
                "while it says engine times, both transcodes are known")
    check_hidden(checks, exporter)
    check_hung(checks, exporter)
    exporter.stop()
    for process in processes:
        process.kill()
        process.wait()
    checks.end()


main()
