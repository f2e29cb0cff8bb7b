# SPDX-License-Identifier: Apache-2.0
"""What --check finds, as metrics: from a child of the exporter's own program, which leaves nothing behind."""
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

from local import EXPORTER, SKYLAKE, Exporter, case, wait_for

PASSED, FAILURE = "intel_gpu_check_passed", "intel_gpu_check_failure"


COST = 0.05  # s of CPU time


def run_of_checks():
    """CPU time of what the exporter has its child do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([EXPORTER, "--check=rows", f"--path.rootfs={SKYLAKE}"], stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(checks):
    exporter = Exporter(SKYLAKE)
    found = exporter.scrape_until(lambda m: m.find(PASSED), 30)
    checks.that(found.find(PASSED, check="iommu-active", layer="host"), "a check that passes")
    checks.that(found.find(FAILURE, check="gvt-pool", severity="warning", remedy="gvt-pool"), "one that fails")
    checks.that(not found.find(PASSED, check="va-loads"), "what runs a program is not decided")
    checks.that(found.find("intel_gpu_vm_config_info", vmid="101", gpu="vgpu"), "a VM's configuration")
    checks.that(wait_for(lambda: not exporter.children(), 5), f"no child is left {exporter.children()}")
    exporter.stop()

    with tempfile.TemporaryDirectory(prefix="exporter-checks-") as name:
        own = Path(name) / "intel_gpu_exporter"
        shutil.copy(EXPORTER, own)
        exporter = Exporter(SKYLAKE, prefix=("/bin/sh", "-c", f'shift; exec {own} "$@"', "sh"))
        os.unlink(own)
        checks.that(exporter.scrape_until(lambda m: m.find(PASSED), 30).find(PASSED),
                    "a program whose file is gone runs its checks")
        exporter.stop()

    checks.bound(min(run_of_checks() for _ in range(3)), COST, "CPU time of a run, once a minute")

    exporter = Exporter(SKYLAKE, "--no-collector.check")
    checks.that(not exporter.scrape().find("intel_gpu_scrape_collector_success", collector="check"),
                "switched off, it is not there")
    exporter.stop()


case(main)
