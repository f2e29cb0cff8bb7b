# SPDX-License-Identifier: Apache-2.0
"""Debian's own i915: every counter that is exported lies between two direct reads of its event, with
work, without, asleep, awake again and after a reset; programmed work takes the time programmed, and
intel_gpu_top says the same."""
import json
import subprocess
import time
from pathlib import Path

import lab
import lab_real

BUSY = "intel_gpu_engine_busy_seconds_total"
WAIT = "intel_gpu_engine_wait_seconds_total"
SEMAPHORE = "intel_gpu_engine_semaphore_seconds_total"
PROGRAMMED = 1.5  # seconds of each engine
PROMISED = 0.01  # of them
TRIES = 5
CLOCKS = 300, 1100, 750
SAMPLED = "bcs0", "vecs0"  # wait for a semaphore and for an event here
SLEEP_SECONDS = 30
# intel_gpu_top's name for each engine.
TOP = {"rcs0": "Render/3D/0", "bcs0": "Blitter/0", "vcs0": "Video/0", "vcs1": "Video/1", "vecs0": "VideoEnhance/0"}
SAMPLES = Path("/tmp/top.json")
TOP_KEYS = {BUSY: "busy", WAIT: "wait", SEMAPHORE: "sema"}
# Bits of GT0_PERF_LIMIT_REASONS (i915_reg.h).
REASONS = {"prochot": 1 << 0, "thermal": 1 << 1, "ratl": 1 << 5, "vr_thermalert": 1 << 6,
           "vr_tdc": 1 << 7, "pl4": 1 << 8, "pl1": 1 << 10, "pl2": 1 << 11}


def start_work(pci, second_video):
    """All engines at the same time, each for 1.5 s."""
    programmed = {
        (BUSY, "rcs0"): lab_real.work("render", 1500000, pci=pci),
        (BUSY, "vcs0"): lab_real.work("video", 500000, "--times", "3", "--every", "100ms", pci=pci),
        (SEMAPHORE, "bcs0"): lab_real.work("copy", 1500000, "--what", "semaphore", pci=pci),
        (WAIT, "vecs0"): lab_real.work("video-enhance", 1500000, "--what", "event", pci=pci),
    }
    if second_video:
        programmed[BUSY, "vcs1"] = lab_real.work("video:1", 750000, "--times", "2", "--every", "50ms", pci=pci)
    return programmed


def each_engine():
    """Releases after 1.27 sum up the engines of a class unless asked not to."""
    usage = subprocess.run(["intel_gpu_top", "-h"], capture_output=True, text=True)
    return ["-p"] if "[-p]" in usage.stdout + usage.stderr else []


class Top:
    """intel_gpu_top beside the exporter; as the engines are idle when it starts and ends, the sum of all its
    samples is what they did."""

    def __init__(self, pci):
        with open(SAMPLES, "w") as out:
            self.process = subprocess.Popen(["intel_gpu_top", "-d", f"pci:slot={pci}", *each_engine(), "-J", "-s", "500"],
                                            stdout=out, stderr=subprocess.DEVNULL)
        self.wait_more(1)

    def samples(self):
        """The objects of intel_gpu_top -J: with or without commas and brackets around them."""
        # Opened anew: who shares its descriptor would move the place at which it writes.
        text, decoder, at, found = SAMPLES.read_text(), json.JSONDecoder(), 0, []
        while True:
            at = text.find("{", at)
            try:
                sample, at = decoder.raw_decode(text, at)
            except ValueError:
                return found
            found.append(sample)

    def wait_more(self, number):
        end, wanted = time.monotonic() + 30, len(self.samples()) + number
        while len(self.samples()) < wanted and time.monotonic() < end:
            time.sleep(0.1)

    def stop(self):
        self.wait_more(2)
        self.process.terminate()
        self.process.wait()
        # The last one has no engines where the signal comes while it is printed.
        return [sample for sample in self.samples() if "engines" in sample]


def check_top(checks, samples, grown):
    """What it has seen of each engine, beside the growth of the exporter's counters."""
    checks.that(len(samples) >= 3, f"intel_gpu_top gave {len(samples)} samples")
    for (name, engine), seconds in grown.items():
        peers = [(s["engines"][TOP[engine]][TOP_KEYS[name]], s["period"]["duration"]) for s in samples
                 if TOP[engine] in s["engines"]]
        if not checks.that(peers, f"intel_gpu_top knows {engine}"):
            continue
        top, what = sum(share / 100 * ms / 1000 for share, ms in peers), f"{TOP_KEYS[name]} seconds of {engine}"
        if engine in SAMPLED:  # it shows at most 100 %, and the driver makes up for samples that it has missed
            checks.that(top <= seconds + 0.005 * PROGRAMMED, f"{what}: {seconds:.4f}, intel_gpu_top {top:.4f}, or more")
        else:
            checks.close(seconds, top, 0.005 * PROGRAMMED, f"{what} beside intel_gpu_top")


def work_once(checks, referee, pci):
    """{engine: how much longer the exported time is than the programmed one, as a share}"""
    top = Top(pci)
    first = referee.scrape()
    programmed = start_work(pci, first.metrics.find(BUSY, pci=pci, engine="vcs1"))
    lab_real.run(*programmed.values())
    last = referee.scrape()
    referee.judge(first, last, "with work")
    grown = {(name, engine): last.metrics.value(name, pci=pci, engine=engine) -
             first.metrics.value(name, pci=pci, engine=engine) for name, engine in programmed}
    check_top(checks, top.stop(), grown)
    return {engine: seconds / PROGRAMMED - 1 for (_, engine), seconds in grown.items()}


def check_busy(checks, referee, pci):
    """The driver's times end when the processor has heard of the end: on a busy machine too late. Never
    is an engine busy for less than its work takes, and of some tries one is not disturbed."""
    best = {}
    for _ in range(TRIES):
        for engine, off in work_once(checks, referee, pci).items():
            shown = f"{engine}: {PROGRAMMED} s programmed, {PROGRAMMED * (1 + off):.4f} s exported: {off:+.2%}"
            if engine in SAMPLED:  # 200 times a second, if the processor is free for that
                print(shown)
            else:
                checks.that(off >= -PROMISED, shown)
            best[engine] = min(off, best.get(engine, off), key=abs)
        if all(abs(off) <= PROMISED for off in best.values()):
            break
    for engine, off in best.items():
        checks.that(abs(off) <= 3 * PROMISED, f"{engine}: at best {off:+.2%} (promised {PROMISED:.0%})")


def check_idle(checks, referee, pci):
    first = referee.scrape()
    time.sleep(1)
    last = referee.scrape()
    referee.judge(first, last, "idle")
    share = lab.rate(first.metrics, last.metrics, "intel_gpu_rc6_seconds_total", pci=pci)
    checks.that(share >= 0.7, f"idle, it is in RC6: {share:.1%}")  # of a second that is not sharp


def status(pci):
    with open(f"/sys/bus/pci/devices/{pci}/power/runtime_status") as f:
        return f.read().strip()


def check_sleep(checks, referee, pci):
    lab.shell(f"echo 100 >/sys/bus/pci/devices/{pci}/power/autosuspend_delay_ms")
    first = referee.scrape()
    end = time.monotonic() + SLEEP_SECONDS
    while status(pci) != "suspended" and time.monotonic() < end:
        time.sleep(0.1)
    asleep = referee.scrape()
    time.sleep(1)
    still = referee.scrape()
    checks.that(status(pci) == "suspended", f"by its own preset the GPU sleeps, scrapes or not: {status(pci)}")
    referee.judge(first, asleep, "falling asleep")
    referee.judge(asleep, still, "asleep")
    lab_real.run(lab_real.work("video", 300000, pci=pci))
    referee.judge(still, referee.scrape(), "awake again")


def check_reset(checks, referee, pci):
    """A batch that hangs: the driver resets the engine, and counts on."""
    engines = f"/sys/bus/pci/devices/{pci}/drm/card*/engine"
    lab.shell(f"echo 100 | tee {engines}/rcs0/heartbeat_interval_ms {engines}/rcs0/preempt_timeout_ms")
    first = referee.scrape()
    lab_real.work("render", 1000, "--what", "hang", pci=pci).wait(timeout=60)
    checks.that("GPU HANG" in lab.shell("dmesg"), "the driver has seen the hang")
    lab_real.run(lab_real.work("render", 300000, pci=pci))
    last = referee.scrape()
    referee.judge(first, last, "over a reset")
    took = last.metrics.value(BUSY, pci=pci, engine="rcs0") - first.metrics.value(BUSY, pci=pci, engine="rcs0")
    checks.that(took >= 0.3, f"the hang's time is in the counter, too: {took:.3f} s")


def check_limits(checks, exporter, pci):
    """Settings of the hardware, through the driver's files."""
    metrics = exporter.scrape()
    for name, mhz in ("rp0", 1150), ("rp1", 350), ("rpn", 350):
        got = metrics.value(f"intel_gpu_frequency_{name}_hertz", pci=pci)
        checks.same(got, mhz * 1e6, f"{name} is {mhz} MHz")


def at_work(exporter, pci):
    """Two scrapes a second apart while the GPU works; a busy machine needs more time and work for that."""
    for seconds in (3, 10, 30):
        working = lab_real.work("render", seconds * 1000000, pci=pci)
        exporter.scrape_until(lambda m: m.value("intel_gpu_frequency_actual_hertz", pci=pci), seconds)
        before = exporter.sharp(seconds / 5)
        time.sleep(seconds / 3)
        after = exporter.sharp(seconds / 5)
        # The work may have ended long before its process.
        in_time = working.poll() is None and after.value("intel_gpu_frequency_actual_hertz", pci=pci)
        lab_real.run(working)
        if in_time and before.off + after.off < 0.02 * (after.time - before.time):
            break
    return before, after


def check_clocks(checks, exporter, pci):
    """What the hardware is set to run at: the file's, and the average by the counter of cycles."""
    for mhz in CLOCKS:
        lab.shell(f"lab_gpu_set {pci} act_mhz {mhz}")
        before, after = at_work(exporter, pci)
        checks.same(after.value("intel_gpu_frequency_actual_hertz", pci=pci), mhz * 1e6, f"at work it runs at {mhz} MHz")
        average = lab.rate(before, after, "intel_gpu_actual_cycles_total", pci=pci) / 1e6
        checks.close(average, mhz, 3 * 0.01 * mhz, "average frequency in MHz")
        checks.close(lab.rate(before, after, "intel_gpu_rc6_seconds_total", pci=pci), 0, 0.005, "share of RC6 at work")
    lab.shell(f"lab_gpu_set {pci} act_mhz 0")


def throttled(exporter, pci):
    """Which reasons hold the clock back; None without the family."""
    found = exporter.scrape().find("intel_gpu_throttled", pci=pci)
    return {dict(labels)["reason"] for labels, value in found.items() if value} if found else None


def check_throttle(checks, exporter, pci):
    """Kept awake: the files wake a GPU that sleeps, and are not read then."""
    control = f"/sys/bus/pci/devices/{pci}/power/control"
    lab.shell(f"echo on >{control}")
    known = throttled(exporter, pci) is not None
    for reason, bit in REASONS.items() if known else ():
        lab.shell(f"lab_gpu_set {pci} throttle {bit}")
        checks.same(throttled(exporter, pci), {reason}, f"throttled by {reason} alone")
    lab.shell(f"lab_gpu_set {pci} throttle 0; echo auto >{control}")
    files = lab.shell(f"ls /sys/bus/pci/devices/{pci}/drm/card*/gt/gt0 | grep -c throttle_reason_pl1", check=False)
    checks.same(known, int(files) > 0, "reasons where the driver has them")


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    pmus = lab_real.gpus()
    pci = next(iter(pmus))
    exporter = lab.Exporter("--collector.cycles", "--collector.engine.wait")
    exporter.scrape()  # opens the events
    referee = lab_real.Referee(checks, exporter, pmus)
    for each in pmus:
        check_limits(checks, exporter, each)
        check_busy(checks, referee, each)
        check_throttle(checks, exporter, each)
    check_idle(checks, referee, pci)
    check_clocks(checks, exporter, pci)
    check_sleep(checks, referee, pci)
    check_reset(checks, referee, pci)
    exporter.stop()
    print(f"{referee.compared} compared on {lab.shell('uname -r')}, {len(pmus)} GPUs")
    checks.end()


main()
