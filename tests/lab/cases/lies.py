# SPDX-License-Identifier: Apache-2.0
"""Counters that lie, which those of Debian's i915 do not: a value that goes back for one read, and one that
begins again. And a class of engines that no GPU of the lab's QEMU has. On the lab's own driver."""
import time

import lab


def check_compute(checks, exporter):
    """Its load is a parameter of the driver's."""
    lab.set_parameter("load_compute", 500)
    before = exporter.sharp()
    time.sleep(3)
    got = lab.rate(before, exporter.sharp(), "intel_gpu_engine_busy_seconds_total", engine="ccs0")
    checks.close(got, 0.5, 0.005, "busy share of ccs0")


def check_dip(checks, exporter):
    """A value that goes back for one read must not show. At half the time the limit of what can have grown
    would hide it if it did."""
    lab.set_parameter("load_video", 250)
    name, video = "intel_gpu_engine_busy_seconds_total", {"engine": "vcs0"}
    first = exporter.sharp()
    time.sleep(2)
    lab.set_parameter("dip_ms", 700)
    lab.set_parameter("dip", 50)  # each read of a group is one
    during = exporter.scrape()
    lab.set_parameter("dip", 0)
    time.sleep(2)
    after = exporter.sharp()
    checks.that(first.value(name, **video) <= during.value(name, **video)
                <= after.value(name, **video), "a dip never takes anything back")
    checks.close(lab.rate(first, after, name, **video), 0.25, 0.005, "share over a dip")


def check_restart(checks, exporter):
    """After a lasting restart the third read is right again."""
    name, video = "intel_gpu_engine_busy_seconds_total", {"engine": "vcs0"}
    lab.set_parameter("load_video", 500)
    reads = [exporter.scrape()]
    lab.set_parameter("restart", 1)
    for _ in range(2):  # single reads: the third after the restart is the first that counts
        begin = time.monotonic()
        reads.append(exporter.scrape())
        time.sleep(2)
    for _ in range(2):
        reads.append(exporter.sharp())
        time.sleep(4)
    values = [read.value(name, **video) for read in reads]
    checks.that(values == sorted(values), f"a restart takes nothing back: {values}")
    grown, least, most = values[3] - values[2], reads[3].time - reads[2].time, reads[3].time - begin
    checks.that((0.5 - 0.02) * least <= grown <= (0.5 + 0.02) * most,
                f"up to the third read it grows by {grown:.3f} s, in {least:.3f} to {most:.3f} s at a share of 0.5")
    checks.close(lab.rate(reads[3], reads[4], name, **video), 0.5, 0.005, "share from the third read")


def main():
    checks = lab.Checks()
    lab.shell("lab_load ccs=1")
    exporter = lab.Exporter()
    exporter.scrape()  # opens the events
    check_compute(checks, exporter)
    check_dip(checks, exporter)
    check_restart(checks, exporter)
    exporter.stop()
    checks.end()


main()
