# SPDX-License-Identifier: Apache-2.0
"""Every recorded machine: --once prints what Prometheus' checker takes, its exit code says whether
there is an Intel GPU, and the daemon shows the same."""
from local import FIXTURES, Exporter, Metrics, ask, case, fixtures, get_request, promtool, run, wait_for

# Begin at the first scrape: --once does not print them, nor what their collector says beside them.
COUNTERS = ("intel_gpu_engine_busy", "intel_gpu_rc6", "intel_gpu_interrupts", "intel_gpu_energy",
            "intel_gpu_package_energy", "intel_gpu_power_limit", "intel_gpu_client", "intel_gpu_transcode")
COLLECTORS = ("engine", "idle", "consistency", "interrupts", "power", "client", "transcode")
# Change from one scrape to the next, or are there only for one that serves.
OWN = ("process_", "intel_gpu_scrape_collector_duration_seconds") + COUNTERS


def stable(metrics):
    return {k: v for k, v in metrics.items() if not k[0].startswith(OWN)}


def without(metrics, collectors):
    return {k: v for k, v in metrics.items()
            if not any(("collector", c) in k[1] for c in collectors)}


def main(checks):
    names = fixtures()
    checks.that(len(names) >= 9, f"{len(names)} machines")
    for name in names:
        has_gpu = name != "no-intel-gpu"
        code, out, err = run(f"--path.rootfs={FIXTURES / name}", "--once")
        checks.same(code, 0 if has_gpu else 1, f"{name}: exit code {code}")
        checks.same(promtool(out), "", f"{name}: promtool finds nothing")
        metrics = Metrics(out.decode())
        checks.same(metrics.value("intel_gpu_up"), int(has_gpu), f"{name}: intel_gpu_up")
        gpus = {dict(labels)["pci"] for labels in metrics.find("intel_gpu_info")}
        checks.that(bool(gpus) == has_gpu, f"{name}: {sorted(gpus)}")
        checks.same([line for line in err.decode().splitlines() if "level=error" in line], [],
                    f"{name}: no error in the log")

        counters = [k for k in metrics if k[0].startswith(COUNTERS)]
        checks.same(counters, [], f"{name}: no counter that was not measured")
        exporter = Exporter(name)
        # The checks run beside the scrapes; --once waits for them.
        wait_for(lambda: exporter.scrape().find("intel_gpu_check_passed"), 20)
        body = ask(exporter.port, get_request()).body
        served = without(Metrics(body.decode()), COLLECTORS)
        checks.same(promtool(body), "", f"{name}: served, promtool finds nothing")
        checks.that(stable(served) == stable(metrics), f"{name}: served is what --once prints")
        exporter.stop()


case(main)
