# SPDX-License-Identifier: Apache-2.0
"""Debian's own i915 lets its GPU sleep; scrapes neither wake it nor keep it awake."""
import time
from pathlib import Path

import lab
import lab_real

SCRAPES = 100


def main():
    checks = lab.Checks()
    lab.shell("gpu_load")
    power = Path(lab.shell("lab_pci_dir"), "power")
    control, delay = (power / "control").read_text().strip(), (power / "autosuspend_delay_ms").read_text().strip()
    checks.same((control, delay), ("auto", "10000"), "the driver lets it sleep after 10 s")
    exporter = lab.Exporter("--collector.cycles", "--collector.engine.wait")
    lab_real.run(lab_real.work("render", 100000))
    checks.that(exporter.scrape().value("intel_gpu_runtime_suspended") == 0, "after work it is awake")
    (power / "autosuspend_delay_ms").write_text("1000")
    start = time.monotonic()
    asleep = exporter.scrape_until(lambda metrics: metrics.value("intel_gpu_runtime_suspended"), 30)
    checks.that(asleep.value("intel_gpu_runtime_suspended") == 1,
                f"under scrapes without pause it sleeps after {time.monotonic() - start:.1f} s")

    active = int((power / "runtime_active_time").read_text())
    for _ in range(SCRAPES):
        metrics = exporter.scrape()
    woken = int((power / "runtime_active_time").read_text()) - active
    checks.that(woken == 0, f"{SCRAPES} scrapes keep it awake for {woken} ms")
    checks.that(metrics.value("intel_gpu_runtime_suspended") == 1, "it is exported as suspended")
    checks.that(not metrics.find("intel_gpu_throttled"), "what would wake it is absent")
    checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="throttle") == 1,
                "which is no failure")
    # A reader that does not care wakes it: the figure above can be another one.
    lab.shell('cat "$(lab_card)"/gt/gt0/rc6_residency_ms')
    time.sleep(0.1)
    checks.that(int((power / "runtime_active_time").read_text()) > active, "a careless read does wake it")
    exporter.stop()
    checks.end()


main()
