# SPDX-License-Identifier: Apache-2.0
"""A sleeping GPU sleeps on, and one that could sleep is not kept awake."""
import lab


def main():
    checks = lab.Checks()
    # An id of generation 12: it has throttle reasons, whose reads wake the GPU.
    lab.shell("lab_load ids=0x4680")
    exporter = lab.Exporter("--collector.cycles")
    awake = exporter.scrape()
    checks.that(awake.find("intel_gpu_throttled") and
                awake.value("intel_gpu_runtime_suspended") == 0, "awake: everything is read")
    lab.shell("lab_suspend")
    start = int(lab.get_parameter("wakes"))
    for _ in range(100):
        metrics = exporter.scrape()
    checks.that(int(lab.get_parameter("wakes")) == start,
                f"100 scrapes of a suspended GPU wake it {int(lab.get_parameter('wakes')) - start} times")
    checks.that(metrics.value("intel_gpu_runtime_suspended") == 1, "it is exported as suspended")
    checks.that(not metrics.find("intel_gpu_throttled"), "what would wake it is absent")
    checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="throttle") == 1,
                "which is no failure")
    # The counter is able to count: a reader that does not care wakes the GPU.
    lab.shell('cat "$(lab_card)"/gt/gt0/throttle_reason_pl1')
    checks.that(int(lab.get_parameter("wakes")) > start, "a careless read does wake it")
    exporter.stop()
    checks.end()


main()
