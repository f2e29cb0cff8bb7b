#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A thousand nodes on a real Prometheus: how long do panels and rules take?

usage: bench.py EXPORTER [--nodes N] [--wait] [--render PROGRAM DIRECTORY]
  --nodes N   that many instead of 1,000
  --wait      then stays until a line on standard input, for a Grafana with that data source
  --render    then draws the fleet's dashboard: PROGRAM DASHBOARD.json OUT.png URL FROM TO WIDTH HEIGHT THEME
Environment: FLEET_SECONDS (90) of scrapes before anything is measured, FLEET_PORT of Prometheus (any).

What is measured is the time of processors that Prometheus needs, since a machine may have other work: it evaluates a
query on one of them. The test fails at three times a bound; what is over the bound itself is named. The time that
passed is printed, too."""
import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import time

import world

sys.path.insert(0, str(world.REPO / "tests/dashboards"))
from dashboards import FOLDER, load, panels, variable_queries  # noqa: E402: they are found there only now

BOUND = .5  # seconds: of a panel, of a group of rules
MARGIN = 3
ROUNDS = 5
VALUES = {"job": ".+", "instance": ".+", "pci": ".+", "model": ".+", "__rate_interval": f"{4 * world.INTERVAL}s",
          "__range": "1h"}
HEIGHT = 2700
failures, over = [], []


def bounded(kind, name, here, work):
    """How long `work` takes: what is in the middle of ROUNDS, since one may meet Go's collection of garbage."""
    began, took = time.monotonic(), []
    for _ in range(ROUNDS):
        before = here.worked()
        work()
        took.append(here.worked() - before)
    took, passed = statistics.median(took), (time.monotonic() - began) / ROUNDS
    if took > BOUND:
        over.append(name)
    if took > MARGIN * BOUND:
        failures.append(f"{name} takes {took:.2f} s")
    print(f"{kind:10} {took:5.2f} s ({passed:5.2f} s passed)  {name}{f' OVER {BOUND} s' if took > BOUND else ''}", flush=True)
    return took


def fill(expression, instance):
    values = {**VALUES, "instance": instance}
    return re.sub(r"\$\{?([A-Za-z_]\w*)\}?", lambda found: values[found[1]], expression)


def check_metrics(exporter, fleet):
    """The fleet says what an exporter would, or what is measured is something else."""
    table = subprocess.run([exporter, "--list-metrics"], check=True, capture_output=True, text=True).stdout
    known = {row[1].strip(" `"): set(re.findall(r"`(\w+)`", row[3]))
             for row in (line.split("|") for line in table.splitlines() if line.startswith("| `"))}
    for line in {re.sub(r'"[^"]*"', "", line) for node in fleet for line, _ in node.lines()}:
        metric, labels = line.split("{")[0], set(re.findall(r"(\w+)=", line))
        if not labels <= known.get(metric, {"no such metric"}) - {"no such metric"} and labels or metric not in known:
            failures.append(f"no exporter says {line}")
    series = statistics.mean(len(list(node.lines())) for node in fleet if node.kind != "silent")
    print(f"{len(fleet)} nodes, {series:.0f} series each, "
          f"{statistics.mean(len(list(node.remembered())) for node in fleet):.1f} remembered")


def check_states(here):
    """The rules see what was made: each kind of trouble as often as it is there."""
    def gpus(*kinds):
        return sum(len(node.gpus) for node in here.fleet if node.kind in kinds)

    for code, kinds in ((0, ("silent",)), (1, ("lost",)), (2, ("hung",)), (3, ("fails",)), (4, ("codec",)),
                        (5, ("unused",)), (7, ("untested",)), (8, ("given",)), (11, ("denied",))):
        found = here.value(f"count(instance_pci:intel_gpu_state:code == {code})")
        if found != gpus(*kinds):
            failures.append(f"{found} GPUs are in state {code}, not {gpus(*kinds)}")


def watch(here, seconds):
    """Lets it scrape and evaluate, and prints how long evaluations of each group of rules took: Prometheus' own
    prometheus_rule_group_last_duration_seconds. That is time that passed: beside it stands how much of the time in
    which its threads could work they did."""
    seen, end, before = {}, time.monotonic() + seconds, here.scheduled()
    while time.monotonic() < end:
        for group in here.ask("rules")["groups"]:
            seen.setdefault(group["name"], {})[group["lastEvaluation"]] = group["evaluationTime"]
        time.sleep(3)
    worked, waited = (after - was for after, was in zip(here.scheduled(), before))
    print(f"Prometheus worked {worked:.0f} s and waited {waited:.0f} s for a processor")
    for name, times in seen.items():
        print(f"evaluated in {statistics.median(times.values()):.3f} s, {max(times.values()):.3f} s at most, "
              f"{len(times)} times: {name}", flush=True)


def ask_target(here, panel, target, instance):
    expression = fill(target["expr"], instance)
    if target.get("instant"):
        here.ask("query", query=expression, time=here.now)
        return
    step = max(int(panel.get("interval", f"{world.INTERVAL}s").replace("1m", "60").rstrip("s")),
               3600 // panel.get("maxDataPoints", 240))
    here.ask("query_range", query=expression, start=here.now - 3600, end=here.now, step=step)


def measure(here, name, dashboard, instance):
    whole = 0
    for panel in panels(dashboard):
        whole += bounded("panel", f"{name}: {panel['title']}", here, lambda p=panel: [
            ask_target(here, p, target, instance) for target in p["targets"]])
    for variable, selector, label in variable_queries(dashboard):
        bounded("variable", f"{name}: {variable}", here,
                lambda s=selector, la=label: here.ask(f"label/{la}/values", **{"match[]": fill(s, instance)}))
    for mark in dashboard["annotations"]["list"]:
        bounded("annotation", f"{name}: {mark['name']}", here, lambda m=mark: here.ask(
            "query_range", query=fill(m["expr"], instance), start=here.now - 3600, end=here.now, step=60))
    print(f"all panels of {name}: {whole:.2f} s", flush=True)


def draw(here, render, directory):
    os.makedirs(directory, exist_ok=True)
    for theme in ("light", "dark"):
        for width in (1280, 1920):
            status = subprocess.run([render, FOLDER / "fleet.json", f"{directory}/fleet-thousand-{width}-{theme}.png",
                                     here.url, "now-1h", "now", str(width), str(HEIGHT), theme],
                                    check=False).returncode
            if status:
                failures.append(f"fleet, {width}, {theme}: not drawn")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("exporter")
    options.add_argument("--nodes", type=int, default=1000)
    options.add_argument("--wait", action="store_true")
    options.add_argument("--render", nargs=2)
    options = options.parse_args()
    seconds = int(os.environ.get("FLEET_SECONDS", "90"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # with what it has started
    with world.World(options.nodes, port=int(os.environ.get("FLEET_PORT", "0"))) as here:
        check_metrics(options.exporter, here.fleet)
        watch(here, seconds)
        check_states(here)
        groups = here.ask("rules")["groups"]
        if options.render:
            draw(here, *options.render)
        if options.wait:
            print(f"Prometheus: {here.url}. Enter ends it.", flush=True)
            sys.stdin.readline()
        here.rest()
        for group in groups:
            bounded("rules", group["name"], here, lambda g=group: [
                here.ask("query", query=rule["query"], time=here.now) for rule in g["rules"]])
        dashboards = load()
        measure(here, "fleet", dashboards["fleet"], ".+")
        well = next(node for node in here.fleet if node.kind == "well")
        measure(here, "node", dashboards["node"], well.instance)
    print(f"over the bound of {BOUND} s: {', '.join(over) or 'nothing'}")
    for text in failures:
        print(f"FAIL: {text}")
    sys.exit(1 if failures else 0)


main()
