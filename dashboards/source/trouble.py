# SPDX-License-Identifier: Apache-2.0
"""What is wrong and what helps: alerts, and what the exporter itself says of what has no alert yet."""
import re
from pathlib import Path

from common import LAST_MODEL, LOST, OURS, names
from grafana import BY_GPU, GPU, JOB, MACHINE, column, node_column, table
from grammar import BAD, GOOD, PLAIN, WARN, says, words

RULES = (Path(__file__).resolve().parents[2] / "deploy/prometheus/rules.yml").read_text()
# What an alert has beside its machine and GPU that says more.
DETAILS = ("codec", "collector", "reason", "application", "container", "vmid", "vgpu_type",
           "sensor", "fan", "region", "check")
ROW = f"{BY_GPU}, what, detail, help"
RANKS = words(v0=says(BAD, "critical"), v1=says(WARN, "warning"), v2=says(PLAIN, "info"),
              v3=says(PLAIN, "pending"), v4=says(GOOD, "all is well"))


def sentences():
    """{"alert/cause": its summary} of all alerts."""
    found = {}
    for rule in RULES.split("- alert: ")[1:]:
        cause = re.search(r"^ +cause: (\w+)", rule, re.M)
        found[f"{rule.split()[0]}/{cause[1] if cause else ''}"] = re.search(r"^ +summary: (.+)\.", rule, re.M)[1]
    return found


SENTENCES = sentences()
# One of the exporters that answer, in "at": what is silent shows no page.
ANSWERS = ('(label_replace(1 + 0 * bottomk(1, instance:intel_gpu_exporter_start_time_seconds:first'
           f'{{{JOB}}}), "at", "$1", "instance", "(.+)") or on () vector(1))')


def sentence(expr):
    """Of an alert: which, and more of it."""
    rows = f'label_join({expr}, "what", "/", "alertname", "cause")'
    rows = f'label_join({rows}, "detail", " ", {", ".join(f"{chr(34)}{one}{chr(34)}" for one in DETAILS)})'
    return f'label_replace({rows}, "detail", "$1", "detail", " *(.*?) *")'


def helped(expr, section):
    """Adds "help" to what has "at": its runbook, at the section of that label. A pod's node has no port, and its page
    is where kubectl port-forward brings it."""
    rows = f'label_replace({expr}, "at", "localhost:10057", "at", "[^:]*")'
    rows = f'label_join({rows}, "help", "/runbook#", "at", "{section}")'
    return f'label_replace({rows}, "help", "http://$1", "help", "(.+)")'


def alert(expr):
    """Rows of alerts."""
    rows = helped(f"({sentence(expr)}) * on () group_left (at) {ANSWERS}", "alertname")
    return f"max by ({ROW}) ({rows})"


def said(rank, expr, what, detail="", remedy=""):
    """Rows of what an exporter says; its page has what helps. `detail` is a label; so is "remedy", unless it is
    given."""
    rows = f'label_replace({expr}, "remedy", "{remedy}", "", "")' if remedy else expr
    rows = f'label_replace({rows}, "what", "{what}", "", "")'
    if detail:
        rows = f'label_replace({rows}, "detail", "$1", "{detail}", "(.*)")'
    rows = helped(f'label_replace({rows}, "at", "$1", "instance", "(.+)")', "remedy")
    return f"{rank} + 0 * max by ({ROW}) ({rows})"


def alerts(names, more="", metric="ALERTS"):
    """Those of the node, and of none."""
    return f'{metric}{{{JOB},instance=~"$instance|",alertname=~"{names}"{more}}}'


def to_show(expr):
    """Where all is lost each codec is: one row."""
    lost = alerts("IntelGpuHardwareAccelerationLost", ',alertstate="firing",pci!=""')
    return (f"(({expr}) unless on (alertname, {BY_GPU}, codec) "
            f"({alerts('IntelGpuCodecLost')} and on ({BY_GPU}) {lost}))")


def rows():
    """Worst first by their value; what an alert says already is not said again."""
    ranked = " or ".join(
        f"""({rank} + 0 * {alerts("IntelGpu.*", f',alertstate="{state}",severity=~"{severity}"')})"""
        for rank, state, severity in ((0, "firing", "critical"), (1, "firing", "warning"),
                                      (2, "firing", "info"), (3, "pending", ".*")))
    silent = (f"(up{{{MACHINE}}} == 0) and {OURS} unless on (job, instance) {alerts('IntelGpuExporterDown')}")
    silent = f'label_replace({silent}, "alertname", "IntelGpuExporterDown", "", "")'
    gone = f"{LOST} unless on ({BY_GPU}) {alerts('IntelGpuGone|IntelGpuHardwareAccelerationLost')}"
    missing = (f'intel_gpu_scrape_collector_error{{{MACHINE},reason!~"not_supported|not_enabled"}} '
               f"unless on (job, instance, pci, collector) {alerts('IntelGpuCollectorFailing')} "
               f"unless on (job, instance, pci, reason, remedy) {alerts('IntelGpuPmuDenied')}")
    waiting = f'intel_gpu_vaapi_probe_skipped{{{GPU},reason!="passthrough"}}'
    failed = (f'count by ({BY_GPU}, result) '
              f'(intel_gpu_vaapi_probe_result{{{GPU},result!~"ok|unsupported"}})')
    found = " or ".join((
        alert(f"{to_show(ranked)} or {silent}"),
        said(0, gone, "The GPU is gone", remedy="device-gone"),
        said(1, failed, "Encode tests fail", "result", remedy="vaapi-results"),
        said(1, missing, "Figures are missing", "collector"),
        said(2, waiting, "Encode tests wait", "reason", remedy="vaapi-probe")))
    # The name of each GPU; what concerns none, or one of which nothing is known, goes without.
    anything = " or ".join((f"{names(LAST_MODEL)}",
                            f"on ({BY_GPU}) (1 + 0 * max by ({BY_GPU}) ({alerts('IntelGpu.*')}))",
                            f"on ({BY_GPU}) (1 + 0 * max by (job, instance) (up{{{MACHINE}}}))"))
    unknown = (f'label_replace(2 + 0 * absent(job:intel_gpu_exporters:count{{{JOB}}}), "what", '
               '"The rules are not loaded: alerts are not known", "", "")')
    well = f'label_replace(4 * max(up{{{MACHINE}}} == 1), "what", "Nothing is wrong", "", "")'
    return f"({found}) * on ({BY_GPU}) group_left (gpu) ({anything}) or {unknown} or on () {well}"


def since():
    began = to_show(alerts("IntelGpu.*", metric="ALERTS_FOR_STATE"))
    return f"max by ({BY_GPU}, what, detail) ({sentence(f'time() - {began}')})"


def wrong(size=(24, 7), node=False):
    first = rows()
    named = f"({first}) * on ({BY_GPU}) group_left (gpu) {names(LAST_MODEL)} or on ({ROW}) ({first})"
    return table(
        "What is wrong and what helps",
        "Alerts, and what exporters say of themselves: figures that they cannot read, encode tests that fail or "
        "wait, GPUs that are gone. Pending alerts are not sure yet. \"What to do\" is the section of it in the runbook "
        "that exporters serve.",
        [rows(), since()],
        [column("Value #A", "Severity", mappings=RANKS, width=110),
         column("what", "What is wrong", mappings=[{"type": "value", "options": {
             key: {"index": i, "text": text} for i, (key, text) in enumerate(SENTENCES.items())}}]),
         *([node_column(120)] if node else []),
         column("gpu", "GPU", width=135), column("detail", "More", width=145),
         column("Value #B", "Since", "dtdurations", decimals=0, width=110),
         column("help", "What helps", width=115, link={
             "targetBlank": True, "title": "What to do", "url": "${__value.raw}"}, mappings=[
             {"type": "regex", "options": {"pattern": "^http.*", "result": {"index": 0, "text": "What to do ↗"}}}])],
        size=size, empty="No exporter answers", sort=("Severity",))
