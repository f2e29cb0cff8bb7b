# SPDX-License-Identifier: Apache-2.0
"""What other users of the machine do costs them their own rows: a hundred thousand descriptors, a process
called ffmpeg whose command line is never read. With real processes, as root and as the unit runs it."""
import os
import subprocess
import sys
import tempfile

from local import REPO, SKYLAKE, Exporter, as_nobody, case, is_root

UNIT = ("setpriv", "--bounding-set=-all,+cap_38,+sys_ptrace", "--inh-caps=-all", "--no-new-privs")
COLLECTORS = ("client", "transcode", "vgpu")
PROCESSES, FDS = 9, 5000
HOLD = f"""
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(min({FDS}, hard - 10))]
for _ in range({PROCESSES} - 1):
    if os.fork() == 0:
        break
os.write(1, b"%d\\n" % len(fds))
sys.stdin.read()
"""


def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def check(checks, exporter, text):
    metrics, seconds = exporter.timed()
    for name in COLLECTORS:
        checks.that(metrics.value("intel_gpu_scrape_collector_success", collector=name) == 1,
                    f"{text}: {name} succeeds ({metrics.reason(name)})")
    checks.bound(seconds, 2, f"{text}: a scrape")
    return metrics


def check_descriptors(checks, exporter, text):
    holder = start(*as_nobody("--", sys.executable, "-c", HOLD))
    held = [int(holder.stdout.readline()) for _ in range(PROCESSES)]
    metrics = check(checks, exporter, f"{sum(held)} descriptors of nobody, {text}")
    if min(held) < FDS:
        checks.skip("descriptors that are cut: a process may not have so many here")
    else:
        checks.same(metrics.reason("client"), "limit", "that some are cut is said")
    holder.stdin.close()
    holder.wait()


def check_hung(checks, exporter, text):
    with tempfile.TemporaryDirectory() as folder:
        hung = start("unshare", "--mount", sys.executable, str(REPO / "tests/lab/hung_map.py"), folder,
                     "ffmpeg")
        pid = hung.stdout.readline().strip()
        if pid:
            metrics = check(checks, exporter, f"a locked memory map, {text}")
            checks.that(metrics.value("intel_gpu_transcodes", acceleration="unknown") >= 1,
                        f"process {pid} is an unknown transcode")
        else:
            checks.skip("a locked memory map: FUSE cannot be mounted here")
        hung.stdin.close()
        hung.wait()


def main(checks):
    if not is_root():
        checks.skip("other users' processes: needs root")
        checks.that(True, "skipped")
        return
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        checks.skip("a machine's processes: this is another PID namespace, of which the exporter says nothing")
        checks.that(True, "skipped")
        return
    for text, prefix in (("as root", ()), ("in the unit", UNIT)):
        exporter = Exporter(SKYLAKE, "--path.procfs=/proc", "--scrape.timeout=20s", prefix=prefix)
        check(checks, exporter, f"nothing, {text}")
        check_descriptors(checks, exporter, text)
        check_hung(checks, exporter, text)
        exporter.stop()


case(main)
