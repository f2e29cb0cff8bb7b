# SPDX-License-Identifier: Apache-2.0
"""A kernel or a sandbox that gives no uevents: one warning, and everything else works."""
import os
import subprocess

from local import Exporter, case


def denied(inject):
    """A prefix that lets a system call of the main thread fail, for this program only."""
    return ("strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=socket,bind", "-e", inject)


def main(checks):
    with open("/proc/mounts") as f:
        if not any(line.split()[1:3] == ["/sys", "sysfs"] for line in f):
            checks.skip("all of it: /sys of this machine is no sysfs, so nothing asks for uevents")
            checks.that(Exporter("/").scrape().value("intel_gpu_up") is not None, "it works")
            return
    # The first socket and the first bind are those for HTTP, the second those for uevents.
    for name, inject, why in (
            ("no such socket", "inject=socket:error=EAFNOSUPPORT:when=2", "not supported"),
            ("no right to the socket", "inject=socket:error=EPERM:when=2", "not permitted"),
            ("no right to the group", "inject=bind:error=EPERM:when=2", "not permitted")):
        exporter = Exporter("/", prefix=denied(inject))
        lines = [line for line in exporter.log().splitlines() if "uevent" in line]
        checks.that(len(lines) == 1 and "level=warn" in lines[0] and "remedy=no-uevents" in lines[0]
                    and why in lines[0], f"{name}: one warning: {lines}")
        for _ in range(20):
            metrics = exporter.scrape()
        checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="discovery") ==
                    os.path.isdir("/sys/bus/pci/devices"), "scrapes work")
        checks.same([line for line in exporter.log().splitlines() if "uevent" in line], lines,
                    "without a second warning")
        checks.that(exporter.stop() < 6 and exporter.process.returncode == 0, "it ends with 0")
    # The socket opens there, and hears nothing: a count of resets would be 0 for ever.
    log = subprocess.run(("unshare", "--user", "--map-root-user", "--net", os.environ["EXPORTER"], "--once",
                          "--no-collector.vaapi"), capture_output=True, text=True).stderr
    checks.that("remedy=no-uevents" in log and "not permitted" in log, f"a container's own network: {log}")
    exporter = Exporter("/")
    checks.that("uevent" not in exporter.log(), "with uevents there is no warning")
    exporter.stop()


case(main)
