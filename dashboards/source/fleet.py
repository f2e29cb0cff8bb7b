# SPDX-License-Identifier: Apache-2.0
"""All nodes and their GPUs, three or thousands: how many work, what is wrong with how many, which are worst.

What is drawn over time was recorded by deploy/prometheus/rules.yml: of a thousand nodes the exporters' own series
are too many to be read for each point of a graph."""
from grafana import (BY_GPU, FLEET, JOB, MACHINE, RATE, annotation, column, dashboard, node_column, row, series, stat,
                     table, variable)
from grammar import (BAD, BY_ACCELERATION, FULL, GOOD, LOAD, NONE_IS_BETTER, NONE_IS_GOOD, OTHERS, PLAIN, RENDER,
                     STATES, STATE_TEXT, TRANSCODES, VIDEO, who)
from trouble import ANSWERS, RANKS, SENTENCES, helped, sentence

# Of the chosen models. A GPU in one number, STATES are its words: 0 and 1 are gone or silent, 2 to 6 fail, from 9 on
# they work.
STATE = f'instance_pci:intel_gpu_state:code{{{MACHINE},model=~"$model"}}'
FAILS = f"(({STATE} >= bool 2) * ({STATE} <= bool 6))"
CHOSEN, CHOSEN_NODE = f"and on ({BY_GPU}) {STATE}", f"and on (job, instance) {STATE}"
RULES = "the rules are not loaded"
WORST = 100


def busy(name):
    """Of a class's engines, over five minutes."""
    return f'(instance_pci_class:intel_gpu_engine_busy:ratio5m{{{MACHINE},class="{name}"}} {CHOSEN})'


def transcodes(acceleration, by="acceleration"):
    return f'sum by ({by}) (intel_gpu_transcodes{{{MACHINE},acceleration=~"{acceleration}"}} {CHOSEN_NODE})'


def glance():
    def count(title, text, low, high, colors):
        return stat(title, text, f"sum(({STATE} >= bool {low}) * ({STATE} <= bool {high}))", "none", colors, empty=RULES)

    return row(
        "",
        count("Work", "GPUs whose expected codecs all passed their last encode test, idle or busy.", 9, 99,
              [(None, PLAIN), (1, GOOD)]),
        count("Fail", "GPUs on which a codec or all of them fail their test, that hang, that have no driver, or that are "
              "kept for a VM which does not run.", 2, 6, NONE_IS_GOOD),
        count("Gone or silent", "GPUs that were there within a day: their exporter does not see them now, or does not "
              "answer.", 0, 1, NONE_IS_GOOD),
        count("Not tested", "GPUs of which no encode test has run lately, or on which none is expected. Those that a VM "
              "has are not among them.", 7, 7, [(None, PLAIN)]),
        stat("On the CPU", "Transcodes that use the CPU only, on nodes that have a GPU.", transcodes("software", ""),
             "none", NONE_IS_BETTER, empty="not known"),
        stat("Over 90 %", "GPUs whose video engines were busy for more than 90 % of the last five minutes: more streams "
             "than now may stutter.", f"sum({busy('video')} > bool 0.9)", "none", NONE_IS_BETTER, empty="not known"))


def causes():
    """A row for each cause, with how many GPUs or nodes have it."""
    def alerts(more="", names="IntelGpu.*"):
        return f'ALERTS{{{JOB},instance=~"$instance|",alertname=~"{names}"{more}}}'

    ranked = " or ".join(
        f"""({rank} + 0 * {alerts(f',alertstate="{state}",severity=~"{severity}"')})"""
        for rank, state, severity in ((0, "firing", "critical"), (1, "firing", "warning"), (2, "firing", "info"),
                                      (3, "pending", ".*")))
    # Where all is lost each codec is.
    lost = alerts(',pci!=""', "IntelGpuHardwareAccelerationLost")
    ranked = f"(({ranked}) unless ({alerts(names='IntelGpuCodecLost')} and on ({BY_GPU}) {lost}))"
    key = "alertname, what"
    first = helped(f"min by ({key}) ({sentence(ranked)}) * on () group_left (at) {ANSWERS}", "alertname")
    first = f"min by ({key}, help) ({first})"
    affected = f"count by ({key}) (count by ({key}, {BY_GPU}) ({sentence(ranked)}))"
    unknown = (f'label_replace(2 + 0 * absent(job:intel_gpu_exporters:count{{{JOB}}}), "what", '
               '"The rules are not loaded: nothing is known", "", "")')
    well = f'label_replace(4 * max(up{{{MACHINE}}} == 1), "what", "Nothing is wrong", "", "")'
    since = f'time() - ALERTS_FOR_STATE{{{JOB},instance=~"$instance|",alertname=~"IntelGpu.*"}}'
    return table(
        "What is wrong and what helps",
        "One row for each cause. \"How many\" are GPUs, or nodes where it is the node's. \"Since\" is the oldest of "
        "them. Pending alerts are not sure yet. \"What to do\" is the alert's section of the runbook.",
        [f"{first} or {unknown} or on () {well}", affected,
         f"max by ({key}) ({sentence(since)}) and on ({key}) ({affected})"],
        [column("Value #A", "Severity", mappings=RANKS, width=110),
         column("what", "What is wrong", mappings=[{"type": "value", "options": {
             key: {"index": i, "text": text} for i, (key, text) in enumerate(SENTENCES.items())}}]),
         column("Value #B", "How many", "short", decimals=0, width=110),
         column("Value #C", "Since", "dtdurations", decimals=0, width=140),
         column("help", "What helps", width=130, link={
             "targetBlank": True, "title": "What to do", "url": "${__value.raw}"}, mappings=[
             {"type": "regex", "options": {"pattern": "^http.*", "result": {"index": 0, "text": "What to do ↗"}}}])],
        size=(24, 9), empty="No exporter answers", sort=("Severity", "-How many"))


def gpus():
    # Among those of one state the busiest.
    worst = f"bottomk({WORST}, {STATE} - on ({BY_GPU}) group_left () (0.5 * {busy('video')}) or {STATE})"
    among = f"and on ({BY_GPU}) ({worst})"
    # An address only tells two GPUs of a node apart.
    twins = (f'label_replace({STATE} {among} and on (job, instance) (count by (job, instance) ({STATE}) > 1), '
             '"at", "$1", "pci", "0000:(.+)")')
    users = f"sum by ({BY_GPU}) (intel_gpu_clients{{{MACHINE}}} {among})"
    return table(
        "GPUs, worst first",
        f"The {WORST} GPUs with most trouble, then the busiest; click a node for its details. " + STATE_TEXT +
        " A dash means that the value could not be read; it is never 0.",
        [f"{twins} or on ({BY_GPU}) ({STATE} {among})", f"max by ({BY_GPU}) ({busy('video')} {among})",
         f"max by ({BY_GPU}) ({busy('render')} {among})", users],
        [column("Value #A", "State", mappings=STATES, width=150), node_column(170), column("model", "GPU"),
         column("at", "At", width=90), column("driver", "Driver", width=90),
         column("Value #B", "Video", "percentunit", LOAD, gauge=True, decimals=0),
         column("Value #C", "Render", "percentunit", LOAD, gauge=True, decimals=0),
         column("Value #D", "Users", "short", decimals=0, width=75)],
        size=(24, 10), empty=RULES, sort=("State", "-Video"))


def fewer(panel):
    """As many points as a thousand nodes allow, whatever is the range: they are minutes at least."""
    return {**panel, "interval": "1m", "maxDataPoints": 120} if panel["type"] == "timeseries" else panel


def over_time():
    def full(name):
        return [(f"max({busy(name)})", "fullest"), (f"quantile(0.95, {busy(name)})", "95 % below"),
                (f"quantile(0.5, {busy(name)})", "half below")]

    states = series("GPUs by state", "How many GPUs are in which state. " + STATE_TEXT,
                    (f'count_values("state", {STATE})', "{{state}}"), "none", (12, 10), stack=True, step=True, decimals=0,
                    empty=RULES, calcs=("lastNotNull", "max"))
    # The legend is a number: here are its words. Idle and busy have one verdict and are two lines.
    states["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": code}, "properties": [
            {"id": "displayName", "value": one["text"][2:]},
            {"id": "color", "value": {"fixedColor": VIDEO if "busy" in one["text"] else one["color"], "mode": "fixed"}}]}
        for code, one in STATES[0]["options"].items()]
    return row("", *map(fewer, (
        states,
        series("How full the video engines are",
               "Half of the GPUs are below the lowest line, 95 % below the second one. Over 90 % streams may stutter.",
               full("video"), "percentunit", (12, 10), high=1, decimals=0, limit=.9, empty=RULES, colored={"/fullest/": FULL}),
        series("Transcodes", TRANSCODES, (transcodes(".+"), "{{acceleration}}"), "none", decimals=0, stack=True,
               colored=BY_ACCELERATION),
        series("How full the render engines are", "The same for the engines that also scale, tone-map and compute.",
               full("render"), "percentunit", high=1, decimals=0, empty=RULES, color=RENDER))))


def most_of(classes):
    """The ten largest first, then their share of the engines: to divide thousands takes longer."""
    of = f'{{{MACHINE},class=~"{classes}"%s}}'
    used = f"rate(intel_gpu_client_engine_busy_seconds_total{of % (',' + OTHERS)}{RATE})"
    return (f"topk(10, sum by ({BY_GPU}, class, workload, guest) ({used}) > 0.001) / on ({BY_GPU}, class) group_left () "
            f"max by ({BY_GPU}, class) (intel_gpu_engines{of % ''})")


def ten():
    def most(title, name, text):
        return table(
            title, "The ten workloads that use most of one GPU's engines of this class. " + text,
            who(most_of(name)),
            [column("who", "Workload"), node_column(150),
             column("Value", "Of the engines", "percentunit", LOAD, gauge=True, decimals=0)],
            size=(12, 9), empty="nobody uses them", sort=("-Of the engines",))

    return row(
        "Who uses most",
        most("Video engines", "video", "They decode and encode."),
        most("Render and compute engines", "render|compute", "They scale, tone-map and compute."))


def kinds():
    """What trouble has in common."""
    def counts(title, text, label, heading, fails):
        """`fails` is 1 for each GPU that fails, 0 for the others, with that label."""
        return table(title, text, [f"count by ({label}) ({fails})", f"sum by ({label}) ({fails})"],
                     [column(label, heading), column("Value #A", "GPUs", "short", decimals=0, width=90),
                      column("Value #B", "Fail", "short", NONE_IS_GOOD, decimals=0, width=90)],
                     size=(12, 8), empty=RULES, sort=("-Fail", "-GPUs"))

    def of_node(metric, label):
        return (f"{FAILS} * on (job, instance) group_left ({label}) "
                f"max by (job, instance, {label}) ({metric}{{{MACHINE}}})")

    vendor = (f'label_replace(intel_gpu_vaapi_driver_info{{{MACHINE}}}, "version", "$1", "vendor", '
              '".*?([0-9]+[.][0-9.]*[0-9]).*")')
    vendor = f'label_join({vendor}, "what", " ", "va_driver", "version")'
    # A GPU whose state has just changed is there twice for a while: its driver is a label.
    vendor = f"{vendor} * on ({BY_GPU}) group_left () max by ({BY_GPU}) {FAILS}"

    return row(
        "What they have in common",
        counts("Models", "How many GPUs there are of each model, and how many of them fail.", "model", "Model", FAILS),
        counts("VA drivers", "How many GPUs are tested with which VA driver, and how many of them fail: an upgrade that "
               "went wrong shows here.", "what", "VA driver", vendor),
        counts("Kernels", "On which kernel GPUs are, and how many of them fail.", "kernel", "Kernel",
               of_node("intel_gpu_machine_info", "kernel")),
        counts("Exporters", "Which version of the exporter sees how many GPUs, and how many of them fail.", "version",
               "Version", of_node("intel_gpu_exporter_build_info", "version")))


def marks():
    """What happened to many at once: a mark for each alert and driver, not for each GPU."""
    critical = f'ALERTS{{{JOB},instance=~"$instance|",alertname=~"IntelGpu.*",alertstate="firing",severity="critical"}}'
    vendor = f"max by ({BY_GPU}, vendor) (intel_gpu_vaapi_driver_info{{{MACHINE}}}%s)"
    before = " offset 5m"
    return [
        annotation("Critical alerts", f"count by (alertname, cause) ({critical} unless {critical}{before})",
                   "{{alertname}} {{cause}}", BAD),
        annotation("VA drivers changed", f"count by (vendor) ({vendor % ''} unless {vendor % before} "
                   f"and on ({BY_GPU}) intel_gpu_vaapi_up{{{MACHINE}}}{before})", "Another VA driver: {{vendor}}", RENDER)]


def make():
    made = dashboard(
        FLEET, "Intel GPU / All GPUs",
        "All nodes with Intel GPUs: how many work, what is wrong with how many, which are worst.",
        [glance(), row("", causes()), row("", gpus()), over_time(), ten(), kinds()], annotations=marks())
    # A thousand nodes have the same address of a GPU; their models differ.
    made["templating"]["list"][2:] = [
        variable("model", "Model", f"label_values(instance_pci:intel_gpu_state:code{{{JOB}}}, model)"),
        variable("instance", "Node", f"label_values(intel_gpu_exporter_build_info{{{JOB}}}, instance)")]
    return made
