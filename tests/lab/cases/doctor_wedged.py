# SPDX-License-Identifier: Apache-2.0
"""What --check says of a GPU that the driver has given up, which takes minutes to bring about."""
import time
from pathlib import Path

import lab
import lab_real
from lab_doctor import cause, check, in_time


def main():
    checks = lab.Checks()
    for marker in ("/.dockerenv", "/run/.containerenv", "/run/systemd/container"):
        Path(marker).unlink(missing_ok=True)
    lab.shell("gpu_load")
    lab.shell("gpu_set no_reset 1")
    # Work that never ends: i915 resets the engine, then the GPU, and gives up.
    lab_real.work("render", 1, "--what", "hang").wait(timeout=180)
    for _ in range(240):
        if any(p.read_text().strip().endswith("1") for p in Path("/sys/kernel/debug/dri").glob("*/i915_wedged")):
            break
        time.sleep(0.5)
    report = check("--check.user=root")
    cause(checks, "the driver has given the GPU up", report, "wedged")
    in_time(checks)
    checks.end()


main()
