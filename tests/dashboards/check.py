#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Are the dashboards sound, and is every metric in them one that the exporter has?
usage: check.py EXPORTER
"""
import copy
import itertools
import re
import subprocess
import sys

import colors
from dashboards import (FOLDER, PROMETHEUS, RECORDED, expressions, load, metrics, panels,
                        variable_queries)

sys.path.insert(0, str(FOLDER / "source"))
import grammar  # noqa: E402: it is found there only now

BUILTIN = {"__all", "__rate_interval", "__range", "__value", "__url_time_range"}
# Exporters in virtual machines are looked for among all: the chosen instance is their host. Rules are
# loaded for all.
WITHOUT_INSTANCE = {"intel_gpu_machine_info", "intel_gpu_exporter_build_info",
                    "intel_gpu_vaapi_codec_working", "intel_gpu_clients", "job:intel_gpu_exporters:count",
                    "instance:intel_gpu_exporter_start_time_seconds:first",
                    # of a node's host and guests
                    "intel_gpu_check_failure", "intel_gpu_check_passed", "intel_gpu_vm_config_info"}


# Labels that rules add to what they record.
JOINED = {"instance_pci:intel_gpu_state:code": {"model", "driver"}}


def exported(exporter):
    """{metric: its labels}, as --list-metrics has them."""
    table = subprocess.run([exporter, "--list-metrics"], check=True, text=True,
                           capture_output=True).stdout
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    return {row[1].strip(" `"): set(re.findall(r"`(\w+)`", row[3])) for row in rows}


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def check_frame(dashboard):
    if not re.fullmatch(r"[a-z0-9-]{1,40}", dashboard.get("uid") or ""):
        yield "no fixed uid"
    if dashboard.get("id") is not None or "__inputs" in dashboard or "__requires" in dashboard:
        yield "id, __inputs or __requires: as exported by hand"
    if dashboard.get("editable") is not False or not dashboard.get("title") or \
            not dashboard.get("description"):
        yield "editable, or without title or description"
    if "intel-gpu" not in dashboard.get("tags", []):
        yield "without its tag"


def check_variables(dashboard):
    found = {one["name"]: one for one in dashboard["templating"]["list"]}
    if list(found) not in (["datasource", "job", "instance", "pci"], ["datasource", "job", "model", "instance"]):
        yield f"variables {list(found)}"
    for name, one in found.items():
        if name == "datasource":
            if one["type"] != "datasource" or one["query"] != "prometheus":
                yield "datasource is not a choice of a Prometheus"
        elif one["datasource"]["uid"] != "${datasource}" or one["refresh"] != 2:
            yield f"variable {name}: fixed data source, or not renewed with the time range"
    for text in strings(dashboard):
        for name in re.findall(r"\$\{?([A-Za-z_]\w*)", text):
            if name not in found and name not in BUILTIN:
                yield f"variable ${name} is not defined: {text[:80]}"


def check_panel(panel):
    if len(panel.get("description", "")) < 20 or not panel["description"].endswith("."):
        yield "no description"
    if not panel.get("title"):
        yield "no title"
    defaults = panel["fieldConfig"]["defaults"]
    if not defaults.get("unit"):
        yield "no unit"
    if not defaults.get("thresholds", {}).get("steps"):
        yield "no thresholds"
    yield from check_looks(panel)
    if not panel.get("targets"):
        yield "no query"
    for part in [panel, *panel.get("targets", [])]:
        if part.get("datasource", {}).get("uid") != "${datasource}":
            yield "another data source than the chosen one"
    if panel["type"] == "stat" and not all(one.get("instant") for one in panel["targets"]):
        yield "a number that outlives what it is about"
    letters = [target["refId"] for target in panel.get("targets", [])]
    if len(set(letters)) != len(letters):
        yield "two queries of one letter"


def values(part, *keys):
    """What these keys have, wherever they are."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key in keys)
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from values(one, *keys)


def check_looks(panel):
    for color in values(panel, "color", "fixedColor"):
        if not isinstance(color, dict) and color not in grammar.COLORS:
            yield f"the colour {color}, which means nothing"
    for text, color in ((one.get("text"), one.get("color")) for mapping in values(panel, "options")
                        if isinstance(mapping, dict) for one in mapping.values() if isinstance(one, dict)):
        if color in grammar.SIGNS and color != grammar.PLAIN and text[0] != grammar.SIGNS[color]:
            yield f"{text!r} has the colour of a verdict and not its sign"
    # 1280 pixels less the margins, in 24 columns; beside the title are margins and the sign of its description.
    room = panel["gridPos"]["w"] * 52 - 8 - 62
    if colors.width(panel["title"]) > room:
        yield f"narrower than its title at 1280 pixels: {colors.width(panel['title']):.0f} > {room}"
    for override in panel["fieldConfig"]["overrides"]:
        heading = override["matcher"]["options"]
        for one in override["properties"]:
            if one["id"] == "custom.width" and colors.width(heading) > one["value"] - 12:
                yield f"the column {heading} is narrower than its heading"
    yield from check_column(panel)
    if panel["type"] == "timeseries" and (panel["options"]["legend"]["placement"] != "right" or
                                          not panel["options"]["legend"].get("sortDesc")):
        yield "a legend that is not beside it, largest first"


def check_column(panel):
    """The texts of the one column that takes what room others leave, in a panel as wide as the screen."""
    widths, texts = 0, {}
    for override in panel["fieldConfig"]["overrides"]:
        found = {one["id"]: one["value"] for one in override["properties"]}
        widths += found.get("custom.width", 0)
        if "custom.width" not in found:
            texts[override["matcher"]["options"]] = list(values(found.get("mappings"), "text"))
    if panel["type"] != "table" or panel["gridPos"]["w"] != 24 or len(texts) != 1:
        return
    for heading, mapped in texts.items():
        room = 24 * 52 - 8 - 16 - widths - 12
        for text in mapped:
            if colors.width(text) > room:
                yield f"the column {heading} is narrower than {text!r}: {colors.width(text):.0f} > {room}"


def check_colors():
    """Verdicts are read as tiles, classes as lines."""
    for verdict in grammar.SIGNS:
        if colors.on_tile(verdict) < 4.5:
            yield f"text on {verdict} has a contrast of {colors.on_tile(verdict):.1f}"
    for name, color in grammar.CLASSES.items():
        for panel in colors.PANELS:
            found = colors.contrast(colors.rgb(color), colors.rgb(panel))
            if found < 3:
                yield f"the line of {name} has a contrast of {found:.1f} on {panel}"
    for group in (grammar.SIGNS, grammar.CLASSES.values()):
        for one, other in itertools.combinations(group, 2):
            if colors.apart(one, other) < 15:
                yield f"{one} and {other} look alike: {colors.apart(one, other):.0f}"
    if len(set(grammar.SIGNS.values())) != len(grammar.SIGNS):
        yield "two verdicts of one sign"


def check_layout(dashboard):
    everything = [*dashboard["panels"], *(p for row in dashboard["panels"]
                                          for p in row.get("panels", []))]
    ids = [panel["id"] for panel in everything]
    if len(set(ids)) != len(ids):
        yield "an id twice"
    taken = {}
    for panel in everything:
        grid = panel["gridPos"]
        if grid["x"] + grid["w"] > 24 or min(grid["w"], grid["h"]) < 1:
            yield f"panel {panel['id']} leaves the grid"
        for x in range(grid["x"], grid["x"] + grid["w"]):
            for y in range(grid["y"], grid["y"] + grid["h"]):
                other = taken.setdefault((x, y), panel["id"])
                if other != panel["id"]:
                    yield f"panels {other} and {panel['id']} overlap"
                    return


def check_expression(expression, known):
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', lambda found: found[0].replace("{", "(").replace("}", ")"),
                  expression)
    for name in metrics(expression):
        if name not in known and name not in PROMETHEUS | RECORDED:
            yield f"metric {name} does not exist"
        for found in re.finditer(rf"(?<![\w:]){name}(?![\w:])(\{{[^}}]*\}})?(\[[^]]*\])?", bare):
            selector, window = found[1] or "", found[2] or ""
            if 'job=~"$job"' not in selector:
                yield f"{name} of any job"
            if not re.search(r'instance=~"\$instance\|?"', selector) and name not in WITHOUT_INSTANCE:
                yield f"{name} of any instance"
            if name.endswith("_total") and window != "[$__rate_interval]":
                yield f"{name} without a rate over $__rate_interval"


def check_links(dashboard, uids):
    for text in strings(dashboard):
        for uid in re.findall(r"/d/([^?/]+)", text):
            if uid not in uids:
                yield f"link to {uid}, which does not exist"
    if sum(one["url"].startswith("/d/") for one in dashboard["links"]) != len(uids) - 1:
        yield "not linked with every other dashboard"


def faults(dashboard, known, uids):
    found = [*check_frame(dashboard), *check_variables(dashboard), *check_layout(dashboard),
             *check_links(dashboard, uids)]
    for panel in panels(dashboard):
        found += [f"{panel.get('title')}: {text}" for text in check_panel(panel)]
    for _, title, letter, expression in expressions(dashboard):
        found += [f"{title}, {letter}: {text}" for text in check_expression(expression, known)]
    for one in dashboard["annotations"]["list"]:
        found += [f"{one['name']}: {text}" for text in check_expression(one["expr"], known)]
        if one["iconColor"] not in grammar.COLORS or one["datasource"]["uid"] != "${datasource}":
            found.append(f"{one['name']}: another colour or data source")
    for name, selector, label in variable_queries(dashboard):
        metric = selector.split("{")[0]
        if label not in known.get(metric, JOINED.get(metric, set())) | {"job", "instance"}:
            found.append(f"variable {name}: {metric} has no label {label}")
    return found


def rename(name):
    return lambda d, p: p["targets"][0].update(
        expr=p["targets"][0]["expr"].replace("intel_gpu_info", name))


MUTATIONS = {
    "id twice": lambda d, p: p.update(id=next(one["id"] for one in d["panels"] if one is not p)),
    "overlap": lambda d, p: p["gridPos"].update(h=50),
    "out of the grid": lambda d, p: p["gridPos"].update(x=23),
    "no uid": lambda d, p: d.update(uid=None),
    "inputs": lambda d, p: d.update(__inputs=[]),
    "no description": lambda d, p: p.update(description=""),
    "no unit": lambda d, p: p["fieldConfig"]["defaults"].pop("unit"),
    "no thresholds": lambda d, p: p["fieldConfig"]["defaults"].pop("thresholds"),
    "a colour": lambda d, p: p["fieldConfig"]["defaults"].update(color={"fixedColor": "#ff0000"}),
    "a verdict without its sign": lambda d, p: p["fieldConfig"]["defaults"].update(mappings=[
        {"type": "value", "options": {"0": {"text": "fails", "color": grammar.BAD}}}]),
    "a long title": lambda d, p: p.update(title="GPUs " * 200),
    "a long heading": lambda d, p: p["fieldConfig"]["overrides"].append(
        {"matcher": {"options": "Instance"}, "properties": [{"id": "custom.width", "value": 40}]}),
    "a legend below": lambda d, p: p.update(type="timeseries", options={"legend": {"placement": "bottom"}}),
    "a data source": lambda d, p: p["datasource"].update(uid="abc"),
    "a variable's data source": lambda d, p: d["templating"]["list"][1]["datasource"].update(uid="a"),
    "a variable's label": lambda d, p: d["templating"]["list"][3]["query"].update(
        query="label_values(intel_gpu_info, slot)"),
    "an undefined variable": lambda d, p: p.update(title="$node"),
    "a variable less": lambda d, p: d["templating"]["list"].pop(),
    "a dead link": lambda d, p: d["links"][0].update(url="/d/nothing"),
    "a link less": lambda d, p: d["links"].pop(0),
    "an unknown metric": rename("intel_gpu_infos"),
    "any job": lambda d, p: p["targets"][0].update(expr="intel_gpu_up"),
    "a fixed window": lambda d, p: p["targets"][0].update(
        expr='rate(process_cpu_seconds_total{job=~"$job",instance=~"$instance"}[5m])'),
    "a number of the past": lambda d, p: p["targets"][0].update(instant=False),
    "no query": lambda d, p: p.update(targets=[]),
    "one letter": lambda d, p: p["targets"].append(p["targets"][0]),
    "an annotation of any job": lambda d, p: d["annotations"]["list"][0].update(expr="ALERTS"),
    "an annotation's colour": lambda d, p: d["annotations"]["list"][0].update(iconColor="red"),
}


def main():
    known = exported(sys.argv[1])
    found = load()
    uids = {dashboard["uid"] for dashboard in found.values()}
    failures = []
    if len(found) < 3 or len(uids) != len(found):
        failures.append("three dashboards, each with a uid of its own")
    for name, dashboard in found.items():
        failures += [f"{name}: {text}" for text in faults(dashboard, known, uids)]
        if len(list(panels(dashboard))) > 38:
            failures.append(f"{name}: too many panels")
    failures += check_colors()
    if subprocess.run([FOLDER / "generate.py", "--check"]).returncode != 0:
        failures.append("dashboards/generate.py would write others")
    # Does this test see what it looks for?
    for color, sign in (("#73bf69", "white on light"), ("#ff9830", "white on orange"), ("#007a5f", "a second green")):
        grammar.SIGNS[color] = sign
        if not list(check_colors()):
            failures.append(f"not noticed: a verdict of the colour {color}")
        del grammar.SIGNS[color]
    for text, change in MUTATIONS.items():
        bad = copy.deepcopy(found["node"])
        panel = next(p for p in panels(bad) if "intel_gpu_info" in p["targets"][0]["expr"])
        change(bad, panel)
        if not faults(bad, known, uids):
            failures.append(f"not noticed: {text}")
    for text in failures:
        print(f"FAIL: {text}")
    print(f"{sum(len(list(panels(d))) for d in found.values())} panels, "
          f"{sum(len(list(expressions(d))) for d in found.values())} expressions, "
          f"{len(MUTATIONS)} faults noticed" if not failures else f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
