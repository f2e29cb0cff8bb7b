# SPDX-License-Identifier: Apache-2.0
"""promtool and a real Prometheus take what the exporter says of one, two and four GPUs."""
import json
import subprocess
import time
import urllib.parse
import urllib.request

import lab
from lab_vaapi import FEW, exporter as vaapi_exporter, first_round, knobs

CONFIG = """
global: { scrape_interval: 1s, scrape_timeout: 900ms }
scrape_configs:
  - job_name: intel-gpu
    static_configs: [ { targets: ['127.0.0.1:10057'] } ]
"""


def query(expression):
    url = "http://127.0.0.1:9090/api/v1/query?query=" + urllib.parse.quote(expression)
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def check_promtool(checks, exporter, text):
    done = subprocess.run(["promtool", "check", "metrics"], input=exporter.scrape().text,
                          text=True, capture_output=True)
    checks.that(done.returncode == 0, f"promtool check metrics, {text}: {done.stdout}{done.stderr}")


def wait_for(expression, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = query(expression)
            if found:
                return found
        except OSError:
            pass
        time.sleep(0.5)
    return []


def check_prometheus(checks):
    with open("/tmp/prometheus.yml", "w") as f:
        f.write(CONFIG)
    server = subprocess.Popen(
        ["prometheus", "--config.file=/tmp/prometheus.yml", "--storage.tsdb.path=/tmp/tsdb",
         "--web.listen-address=127.0.0.1:9090"], stderr=subprocess.DEVNULL)
    found = wait_for("rate(intel_gpu_engine_busy_seconds_total{engine='vcs0'}[5s]) > 0", 60)
    checks.that(found, "a rate of the video engine")
    for name in ("up", "intel_gpu_up"):
        # A busy machine may miss a scrape.
        value = wait_for(f"{name} == 1", 30)
        checks.that(len(value) == 1, f"{name} is 1: {value}")
    lost = query("scrape_samples_post_metric_relabeling != scrape_samples_scraped")
    checks.that(not lost, "no sample is dropped")
    server.terminate()
    server.wait()


def main():
    checks = lab.Checks()
    lab.shell("lab_load gts=2 ccs=1")
    knobs(FEW)
    exporter = vaapi_exporter("--collector.cycles", "--collector.engine.wait", interval="1h")
    first_round(exporter)
    check_promtool(checks, exporter, "two GTs")
    metrics = exporter.scrape()
    for gt in ("0", "1"):
        checks.that(metrics.find("intel_gpu_actual_cycles_total", gt=gt) and
                    metrics.find("intel_gpu_rc6_seconds_total", gt=gt) and
                    metrics.find("intel_gpu_frequency_actual_hertz", gt=gt), f"GT {gt}")
    lab.shell("lab_unbind; sleep 0.2; lab_unload; lab_load gpus=4 ids=0x3e92,0x56a5,0x4680,0x3e92")
    metrics = exporter.scrape_until(lambda m: len(m.find("intel_gpu_info")) == 4)
    checks.that(len(metrics.find("intel_gpu_info")) == 4, "four GPUs, found without a restart")
    check_promtool(checks, exporter, "four GPUs")
    check_prometheus(checks)
    exporter.stop()
    checks.end()


main()
