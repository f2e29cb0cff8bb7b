# SPDX-License-Identifier: Apache-2.0
"""A GPU that changes hands while the exporter runs: i915, nothing, vfio-pci, i915 again."""
import time

import lab

BUSY = "intel_gpu_engine_busy_seconds_total"


def driver(metrics):
    return [dict(k)["driver"] for k in metrics.find("intel_gpu_info")]


def main():
    checks = lab.Checks()
    exporter = lab.Exporter()
    empty = exporter.scrape()
    checks.that(empty.value("intel_gpu_up") == 0 and not empty.find("intel_gpu_info"),
                "no GPU: up is 0, and the exporter runs")
    lab.shell("lab_load vfio=1")
    bound = exporter.scrape_until(lambda m: m.find("intel_gpu_info") and m.find(BUSY))
    checks.that(driver(bound) == ["i915"] and bound.find(BUSY) and bound.value("intel_gpu_up") == 1,
                "a GPU that appears is followed")
    info = dict(list(bound.find("intel_gpu_info"))[0])
    checks.that(info["card"].startswith("card") and info["render"].startswith("renderD") and
                info["platform"] == "Coffee Lake" and info["pmu"] == "i915" and
                "UHD Graphics 630" in info["model"], f"its identity: {info}")
    lab.shell("lab_give_to vfio-pci")
    time.sleep(0.1)
    passed = exporter.scrape()
    checks.that(driver(passed) == ["vfio-pci"] and passed.value("intel_gpu_up") == 1,
                "given to vfio-pci: still a GPU of this machine")
    checks.that(not passed.find(BUSY) and not passed.find("intel_gpu_frequency_actual_hertz"),
                "and its series are absent, not 0")
    checks.that(passed.reason("engine") == "not_supported" and
                passed.value("intel_gpu_scrape_collector_success", collector="engine") is None,
                "a source that this driver does not have is no failure")
    lab.shell("lab_give_to i915")
    back = exporter.scrape_until(lambda metrics: metrics.find(BUSY), 10)
    later = exporter.scrape()
    checks.that(driver(back) == ["i915"] and lab.rate(back, later, BUSY, engine="vcs0") > 0,
                "back on i915: series again")
    lab.shell("lab_unbind; sleep 0.2; lab_unload")
    gone = exporter.scrape()
    checks.that(not gone.find("intel_gpu_info") and gone.value("intel_gpu_up") == 0,
                "a GPU that disappears is gone")
    exporter.stop()
    checks.end()


main()
