# SPDX-License-Identifier: Apache-2.0
"""A slow start: the product's name is looked up by another process, which takes long on a cold or
busy machine. The first discovery is waited for, and a GPU that is not found yet is not exported as
absent."""
import subprocess

from local import EXPORTER, FIXTURES, SKYLAKE, Exporter, Metrics, case, wait_for

DELAY = 800000  # microseconds, of each start of a program
SLOW = ("-f", "-qq", "-o", "/dev/null", "-e", "trace=execve",
        "-e", f"inject=execve:delay_enter={DELAY}")


def main(checks):
    done = subprocess.run(
        ["strace", *SLOW, EXPORTER, f"--path.rootfs={FIXTURES / SKYLAKE}", "--once"],
        capture_output=True, text=True)
    metrics = Metrics(done.stdout)
    checks.that(done.returncode == 0 and metrics.value("intel_gpu_up") == 1 and
                metrics.find("intel_gpu_info", model="HD Graphics 530"),
                f"--once waits for the first discovery: exit code {done.returncode}, "
                f"{done.stderr[-200:]!r}")

    exporter = Exporter(SKYLAKE, "--scrape.timeout=50ms", prefix=("strace", "-D", *SLOW),
                        wait=False)
    seen = []

    def ask_both():
        try:
            ready, scrape = exporter.get("/-/ready"), exporter.get("/metrics")
        except OSError:
            return False
        seen.append((ready, Metrics(scrape[1])))
        return ready[0] == 200

    checks.that(wait_for(ask_both, 20), "the daemon gets ready")
    early = [(ready, metrics) for ready, metrics in seen if ready[0] != 200]
    checks.that(early, f"{len(early)} scrapes before it has looked for GPUs")
    checks.same({ready for ready, _ in early}, {(503, "Not ready: still looking for GPUs.\n")},
                "/-/ready says so with 503")
    # The last of them may have come just after the end of the discovery.
    checks.same([m.value("intel_gpu_up") for _, m in early if m.value("intel_gpu_up") != 1],
                [None] * len([m for _, m in early if m.value("intel_gpu_up") != 1]),
                "intel_gpu_up is absent then: 0 would be a GPU that is gone")
    checks.that(all(m.reason("discovery") == "timeout" for _, m in early[:-1]),
                "the error row says why")
    # A deadline of 50 ms is short for a busy machine, too.
    metrics = exporter.scrape_until(lambda m: m.value("intel_gpu_up") == 1 and m.find("intel_gpu_info"), 60)
    checks.that(metrics.value("intel_gpu_up") == 1 and metrics.find("intel_gpu_info"),
                "then the GPU is there")
    exporter.stop()


case(main)
