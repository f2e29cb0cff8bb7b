# SPDX-License-Identifier: Apache-2.0
"""Every expression of every panel and variable, on a real Prometheus that has scraped the exporter:
an empty answer is a failure, but for panels that are empty on a healthy machine; those are shown
with data on one whose VA driver fails. And the words for a GPU's state are the right ones."""
import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import lab
import scene
from dashboards import expressions, load, planned, variable_queries
from lab_vaapi import exporter as vaapi_exporter, first_round, knobs

# Rule files whose expressions are run too: REPO / "deploy/prometheus/rules.yml".
RULES = []
# At most five: what is empty on a healthy machine, by dashboard and panel.
EMPTY_WHEN_HEALTHY = {("fleet", "Alerts"), ("fleet", "Problems and what helps"),
                      ("node", "Alerts"), ("node", "Problems and what helps")}
# What the panels with alerts show here, whatever rules there are.
ALERT = """
groups:
  - name: test
    interval: 1s
    rules:
      - alert: IntelGpuTest
        expr: avg by (job, instance, pci) (intel_gpu_vaapi_codec_working) == 0
        labels: { severity: critical }
"""
CONFIG = """
global: { scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s }
rule_files: %s
scrape_configs:
  - job_name: intel-gpu
    honor_labels: true
    static_configs: [ { targets: ['127.0.0.1:10057'] } ]
"""
API = "http://127.0.0.1:9090/api/v1/"
VALUES = {"job": "intel-gpu", "instance": r"127\\.0\\.0\\.1:10057", "pci": ".+",
          "__rate_interval": "8s", "__range": "60s"}


def api(path, **parameters):
    """What Prometheus answers, or its error as text."""
    try:
        with urllib.request.urlopen(API + path + "?" + urllib.parse.urlencode(parameters),
                                    timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return error.read().decode()


def fill(expression):
    """With the values that Grafana puts in for the variables."""
    return re.sub(r"\$([A-Za-z_]\w*)", lambda found: VALUES[found[1]], expression)


def query(expression):
    """Samples, or the text of an error."""
    found = api("query", query=fill(expression))
    return found if isinstance(found, str) else found["result"]


def wait_for(expression, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = query(expression)
            if found and not isinstance(found, str):
                return found
        except OSError:
            pass
        time.sleep(0.5)
    return []


def start_prometheus():
    Path("/tmp/test-rules.yml").write_text(ALERT)
    files = ["/tmp/test-rules.yml", *(str(path) for path in RULES)]
    Path("/tmp/prometheus.yml").write_text(CONFIG % json.dumps(files))
    subprocess.Popen(["prometheus", "--config.file=/tmp/prometheus.yml",
                      "--storage.tsdb.path=/tmp/tsdb", "--web.listen-address=127.0.0.1:9090"],
                     stderr=subprocess.DEVNULL)


def check_panels(checks, dashboards):
    empty, later, number = set(), 0, 0
    for name, dashboard in dashboards.items():
        for _, title, letter, expression in expressions(dashboard):
            found, number = query(expression), number + 1
            if isinstance(found, str):
                checks.that(False, f"{name}, {title}, {letter}: {found}")
            elif not found and planned(expression):
                later += 1
            elif not found and (name, title) in EMPTY_WHEN_HEALTHY:
                empty.add((name, title))
            elif not found and not wait_for(expression, 10):  # a busy machine, or none at all
                checks.that(False, f"{name}, {title}, {letter}: no data: {expression}")
    checks.that(number > 50, f"{number} expressions of {len(dashboards)} dashboards were run")
    checks.that(len(EMPTY_WHEN_HEALTHY) <= 5,
                f"empty on a healthy machine: {sorted(empty)}")
    print(f"{later} expressions wait for collectors that are not built yet")


def check_variables(checks, dashboards):
    for name, dashboard in dashboards.items():
        for variable, selector, label in variable_queries(dashboard):
            values = api(f"label/{label}/values", **{"match[]": fill(selector)})
            checks.that(values and not isinstance(values, str),
                        f"{name}, variable {variable}: {values}")


def check_rules(checks):
    groups = api("rules")["groups"]
    rules = [rule for group in groups if group["file"] != "/tmp/test-rules.yml"
             for rule in group["rules"]]
    checks.that(bool(rules) == bool(RULES), f"{len(rules)} rules")
    for rule in rules:
        found = query(rule["query"])
        good = not isinstance(found, str) and (rule["type"] == "alerting" or found or
                                               planned(rule["query"]))
        checks.that(good, f"rule {rule['name']}: {found or 'no data'}")


def panel(dashboards, name, title):
    return [expression for _, found, _, expression in expressions(dashboards[name])
            if found == title]


def states(dashboards):
    """{GPU: the number behind its word}."""
    return {one["metric"]["pci"]: int(one["value"][1])
            for one in query(panel(dashboards, "node", "State")[0])}


def number(dashboards, name, title):
    found = query(panel(dashboards, name, title)[0])
    return float(found[0]["value"][1]) if len(found) == 1 else None


def becomes(see, wanted, seconds=20):
    """What is seen once it is what is wanted, or last: a slow machine may miss a scrape."""
    end = time.monotonic() + seconds
    while see() != wanted and time.monotonic() < end:
        time.sleep(0.5)
    return see()


def check_healthy(checks, dashboards):
    check_panels(checks, dashboards)
    check_variables(checks, dashboards)
    check_rules(checks)
    found = becomes(lambda: set(states(dashboards).values()), {3})
    checks.that(found == {3}, f"both GPUs work, busy: {found}")
    for title, value in (("Hardware acceleration", 1), ("GPUs with a codec lost", 0), ("GPUs", 2),
                         ("Exporters down", 0), ("Collectors failing", 0)):
        found = becomes(lambda t=title: number(dashboards, "fleet", t), value)
        checks.that(found == value, f"{title}: {found}")
    lab.set_parameter("gpu1_scale", 0)
    idle = "3 - (%s == 2)" % panel(dashboards, "node", "State")[0]
    checks.that(wait_for(idle, 20), f"an idle GPU is one that works: {states(dashboards)}")


def check_broken(checks, dashboards):
    knobs(*scene.DRIVER, "CODED_SIZE=0")
    checks.that(wait_for("sum(intel_gpu_vaapi_codec_working) == 0", 60), "no codec works")
    for name, title in sorted(EMPTY_WHEN_HEALTHY):
        for expression in panel(dashboards, name, title):
            checks.that(wait_for(expression, 20), f"a VA driver that fails: {name}, {title} has data")
    found = becomes(lambda: set(states(dashboards).values()), {0})
    checks.that(found == {0}, f"both are lost: {found}")
    found = number(dashboards, "fleet", "GPUs with a codec lost")
    checks.that(found == 2, f"GPUs with a codec lost: {found}")


def check_gone(checks, dashboards, exporter):
    exporter.stop()
    checks.that(wait_for("up == 0", 20), "the exporter is gone")
    down = number(dashboards, "fleet", "Exporters down")
    checks.that(down == 1 and states(dashboards) == {} and
                number(dashboards, "fleet", "Hardware acceleration") is None,
                f"then one is down ({down}), and nothing is said of GPUs")


def main():
    checks = lab.Checks()
    dashboards = load()
    scene.make()
    exporter = vaapi_exporter("--collector.cycles", "--vaapi.expect=h264,jpeg", interval="3s",
                              timeout="60s")
    start_prometheus()
    first_round(exporter)
    checks.that(wait_for("count_over_time(up[1m]) >= 12", 90),
                "Prometheus has scraped for a while")
    check_healthy(checks, dashboards)
    check_broken(checks, dashboards)
    check_gone(checks, dashboards, exporter)
    checks.end()


main()
