# SPDX-License-Identifier: Apache-2.0
"""Are the rates of engines, clocks and RC6 what the module was told to do?"""
import json
import subprocess
import time

import lab

WINDOW = 6
LOADS = [
    {"render": 250, "copy": 50, "video": 400, "video_enhance": 100, "compute": 150},
    {"render": 0, "copy": 1000, "video": 3, "video_enhance": 999, "compute": 500},
    {"render": 873, "copy": 2, "video": 77, "video_enhance": 0, "compute": 999},
]
ENGINES = {"rcs0": "render", "bcs0": "copy", "vcs0": "video", "vcs1": "video",
           "vecs0": "video_enhance", "ccs0": "compute"}
# intel_gpu_top's name for each; it may add the instance or not.
TOP = {"rcs0": "Render/3D/0", "bcs0": "Blitter/0", "vcs0": "Video/0", "vcs1": "Video/1",
       "vecs0": "VideoEnhance/0", "ccs0": "Compute/0"}


def each_engine():
    """Releases after 1.27 sum up the engines of a class unless told not to."""
    usage = subprocess.run(["intel_gpu_top", "-h"], capture_output=True, text=True)
    return ["-p"] if "[-p]" in usage.stdout + usage.stderr else []


def top_samples(text):
    """The objects of intel_gpu_top -J: with or without commas and brackets around them."""
    decoder, at, found = json.JSONDecoder(), 0, []
    text = text.replace("[unknown]/", "Compute/")  # 1.27 has no name for these engines
    while True:
        at = text.find("{", at)
        if at < 0:
            return found
        try:
            sample, at = decoder.raw_decode(text, at)
        except ValueError:
            return found
        found.append(sample)


def check_load(checks, exporter, load, clock, rc6):
    for name, permille in load.items():
        lab.set_parameter(f"load_{name}", permille)
    lab.set_parameter("act_freq_mhz", clock)
    lab.set_parameter("rc6_permille", rc6)
    with open("/tmp/top.json", "w") as out:
        top = subprocess.Popen(["intel_gpu_top", *each_engine(), "-J", "-s", "1000"], stdout=out,
                               stderr=subprocess.DEVNULL)
    before = exporter.sharp()
    for _ in range(5):
        time.sleep(WINDOW)
        with open("/tmp/top.json") as f:
            samples = top_samples(f.read())[1:]  # the first period is too short to be right
        if len(samples) >= 2:
            break
    after = exporter.sharp()
    top.terminate()
    top.wait()
    checks.that(len(samples) >= 2, f"intel_gpu_top gave {len(samples)} samples")
    for engine, name in ENGINES.items():
        got = lab.rate(before, after, "intel_gpu_engine_busy_seconds_total", engine=engine)
        checks.close(got, load[name] / 1000, 0.005, f"busy share of {engine}")
        peers = [s["engines"][TOP[engine]]["busy"] for s in samples if TOP[engine] in s["engines"]]
        checks.that(peers, f"intel_gpu_top knows {engine}")
        if peers:
            checks.close(got, sum(peers) / len(peers) / 100, 0.005,
                         f"share of {engine} beside intel_gpu_top")
    got = lab.rate(before, after, "intel_gpu_actual_cycles_total")
    checks.close(got / 1e6, clock, clock * 0.01, "average frequency in MHz")
    got = lab.rate(before, after, "intel_gpu_rc6_seconds_total")
    checks.close(got, rc6 / 1000, 0.005, "share of RC6")


def check_dip(checks, exporter):
    """A value that goes back for one read must not show."""
    lab.set_parameter("load_video", 500)
    name, video = "intel_gpu_engine_busy_seconds_total", {"engine": "vcs0"}
    first = exporter.sharp()
    time.sleep(2)
    lab.set_parameter("dip_ms", 700)
    lab.set_parameter("dip", 1)
    during = exporter.scrape()
    time.sleep(2)
    after = exporter.sharp()
    checks.that(first.value(name, **video) <= during.value(name, **video)
                <= after.value(name, **video), "a dip never takes anything back")
    checks.close(lab.rate(first, after, name, **video), 0.5, 0.005, "share over a dip")


def check_restart(checks, exporter):
    """After a lasting restart the third read is right again."""
    name, video = "intel_gpu_engine_busy_seconds_total", {"engine": "vcs0"}
    reads = [exporter.scrape()]
    lab.set_parameter("restart", 1)
    for _ in range(2):  # single reads: the third after the restart is the first that counts
        reads.append(exporter.scrape())
        time.sleep(2)
    for _ in range(2):
        reads.append(exporter.sharp())
        time.sleep(4)
    values = [read.value(name, **video) for read in reads]
    checks.that(values == sorted(values), f"a restart takes nothing back: {values}")
    checks.close(lab.rate(reads[2], reads[3], name, **video), 0.5, 0.02, "share up to the third read")
    checks.close(lab.rate(reads[3], reads[4], name, **video), 0.5, 0.005, "share from the third read")


def main():
    checks = lab.Checks()
    lab.shell("lab_load ccs=1")
    exporter = lab.Exporter("--collector.cycles")
    exporter.scrape()  # opens the events
    for load, clock, rc6 in zip(LOADS, (300, 1100, 747), (300, 0, 987)):
        check_load(checks, exporter, load, clock, rc6)
    check_dip(checks, exporter)
    check_restart(checks, exporter)
    exporter.stop()
    checks.end()


main()
