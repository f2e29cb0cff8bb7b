# SPDX-License-Identifier: Apache-2.0
"""What both tests know of the dashboards: their panels, variables and expressions."""
import json
import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
FOLDER = REPO / "dashboards"

# Not the exporter's.
PROMETHEUS = {"ALERTS", "ALERTS_FOR_STATE", "up"}
RECORDED = set(re.findall(r"record: (\S+)", (REPO / "deploy/prometheus/rules.yml").read_text()))


def load():
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard):
    """All panels but rows, those of collapsed rows too."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def expressions(dashboard):
    """(panel's id, its title, letter of the query, expression)."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["id"], panel["title"], target["refId"], target["expr"]


def variable_queries(dashboard):
    """(name, selector or metric, label) of each label_values(selector, label)."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            yield variable["name"], found[1], found[2]


def metrics(expression):
    """Names of metrics in an expression, the exporter's and others."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    bare = re.sub(r"\b(by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\{[^}]*\}", "{}", bare)
    return set(re.findall(r"\b(?:(?:\w+:)?intel_gpu_\w+(?::\w+)*|process_\w+|ALERTS(?:_FOR_STATE)?|up)\b", bare))
