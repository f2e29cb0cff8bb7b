# SPDX-License-Identifier: Apache-2.0
"""Every expression of every panel, every variable and every rule, on a real Prometheus that scrapes
the scene's five machines.

Panels and recording rules: an empty answer is a failure; tables of trouble say that there is none.
Alerts: in the first scene exactly those of ALERTS_WHEN_HEALTHY are pending or firing; once the scene
is broken, and tests hang, each of all the others was, too. None is left out."""
import re
import time
import urllib.parse
import urllib.request

import lab
import prometheus
import scene
import sensors
from dashboards import expressions, load, variable_queries
from lab_vaapi import first_round
from prometheus import alerts, query, wait_for

# Tables of trouble, and the label that only trouble has.
WRONG = "What is wrong and what helps"
TROUBLE = {("fleet", WRONG): "help", ("node", WRONG): "help"}
# One transcode is in software, on a machine whose GPU works.
ALERTS_WHEN_HEALTHY = {"IntelGpuTranscodingInSoftware"}
# Behind the words of the panel "Does it work?": STATES in dashboards/source/grammar.py.
NO_ANSWER, GONE, NO_CODEC, IN_VAIN, BUSY, IDLE = 0, 1, 3, 5, 9, 10
# The same of "Encode tests".
OLDER = 2
# The scene is there 18 s after the guest's start, and 67 s where three other guests run. Later than this the machine
# is too busy for a scrape every two seconds.
BUSY_SECONDS = 90
# What Grafana puts in for the variables: all of them, but for the dashboard of one node.
VALUES = {"job": ".+", "model": ".+", "instance": ".+", "pci": ".+", "__range": "60s"}
NODE = {**VALUES, "instance": r"pve1:10057"}
# What only a card with sensors has.
CARD, SENSORS = {**VALUES, "instance": r"pve4:10057"}, {"Cards now", "Power", "Temperatures", "Fans", "Memory of the card"}


def fill(name, expression, title=None):
    values = {**(CARD if title in SENSORS else NODE if name == "node" else VALUES),
              "__rate_interval": f"{4 * prometheus.INTERVAL}s"}
    return re.sub(r"\$([A-Za-z_]\w*)", lambda found: values[found[1]], expression)


def check_panels(checks, dashboards):
    number = 0
    for name, dashboard in dashboards.items():
        for _, title, letter, expression in expressions(dashboard):
            filled, number = fill(name, expression, title), number + 1
            found = query(filled)
            if isinstance(found, str):
                checks.that(False, f"{name}, {title}, {letter}: {found}")
            elif not found and not wait_for(filled, 60):  # a busy machine, or none at all
                checks.that(False, f"{name}, {title}, {letter}: no data: {filled}")
    checks.that(number > 50, f"{number} expressions of {len(dashboards)} dashboards were run")
    wanted = {f"{one}/" for one in ALERTS_WHEN_HEALTHY}
    found = becomes(lambda: {one.get("what") for one in rows(dashboards, "fleet", WRONG)}, wanted, 120)
    checks.same(found, wanted, "healthy: what is wrong with the fleet")
    # A busy machine's test may time out: the next round passes.
    found = becomes(lambda: node_rows(dashboards, "pve1", WRONG, "what"), wanted, 120)
    checks.same(found, wanted, "healthy: what is wrong with pve1")
    failing = becomes(lambda: {(one["metric"]["instance"], one["metric"]["check"]) for one in
                               query('intel_gpu_check_failure{severity!="note"}')}, set())
    checks.same(failing, set(), "healthy: checks that fail")
    for name, text, expression in annotations(dashboards):
        found = query(fill(name, expression))
        checks.that(not isinstance(found, str), f"{name}, {text}: {found}")


def annotations(dashboards):
    """(dashboard, name, expression)."""
    for name, dashboard in dashboards.items():
        for one in dashboard["annotations"]["list"]:
            yield name, one["name"], one["expr"]


def check_variables(checks, dashboards):
    for name, dashboard in dashboards.items():
        for variable, selector, label in variable_queries(dashboard):
            values = prometheus.api(f"label/{label}/values", **{"match[]": fill(name, selector)})
            checks.that(values and not isinstance(values, str),
                        f"{name}, variable {variable}: {values}")


def check_rules(checks):
    def loaded():
        return [rule for group in prometheus.api("rules")["groups"] for rule in group["rules"]]

    # Each group has its turn within half a minute, on this clock.
    rules = until(loaded, lambda found: all(rule["health"] != "unknown" for rule in found), 120)
    records = [rule for rule in rules if rule["type"] == "recording"]
    checks.that(len(records) >= 4 and len(rules) - len(records) >= 18,
                f"{len(rules)} rules, {len(records)} of them recorded")
    for rule in rules:
        found = query(rule["query"])
        if not found and rule["type"] == "recording":
            # A busy machine's first tests take long, and what has begun is a minute's, which may be over.
            found = wait_for(f"({rule['query']}) or last_over_time({rule['name']}[1h])", 120)
        checks.that(rule["health"] == "ok" and not isinstance(found, str) and
                    (found or rule["type"] == "alerting"), f"rule {rule['name']}: {found or 'no data'}")
    for rule in records:
        checks.that(wait_for(f"last_over_time({rule['name']}[1h])", 30), f"{rule['name']} is recorded")
    # The first tests, of large pictures too, take an emulated processor longer than is healthy.
    found = becomes(alerts, ALERTS_WHEN_HEALTHY, 300)
    checks.same(found, ALERTS_WHEN_HEALTHY, "alerts of a healthy scene")
    return {rule["name"] + ("/" + rule["labels"]["cause"] if "cause" in rule["labels"] else "")
            for rule in rules if rule["type"] == "alerting"}


def panel(dashboards, name, title):
    return [fill(name, expression, title) for _, found, _, expression in expressions(dashboards[name])
            if found == title]


def states(dashboards, node="pve1"):
    """{GPU: the number behind its word}, of a node."""
    asked = panel(dashboards, "node", "Does it work?")[0].replace("pve1", node)
    return {one["metric"]["pci"]: int(one["value"][1]) for one in query(asked)}


def node_rows(dashboards, node, title, label):
    """What a table on the dashboard of a node says."""
    asked = panel(dashboards, "node", title)[0].replace("pve1", node)
    return {one["metric"].get(label) for one in query(asked)}


def number(dashboards, name, title, query_number=0):
    found = query(panel(dashboards, name, title)[query_number])
    return float(found[0]["value"][1]) if len(found) == 1 else None


def until(see, holds, seconds=60):
    """What is seen once that holds of it, or last: a busy machine misses scrapes, and then nothing is known."""
    end = time.monotonic() + seconds
    while True:
        found = see()
        if holds(found) or time.monotonic() >= end:
            return found
        time.sleep(0.5)


def becomes(see, wanted, seconds=60):
    """The same where it is what is wanted."""
    return until(see, lambda found: found == wanted, seconds)


def rows(dashboards, name, title, query_number=0):
    return [one["metric"] for one in query(panel(dashboards, name, title)[query_number])]


def trouble(dashboards, name, title):
    """How many rows of trouble the table has; -1 when it is empty, which says nothing."""
    found = [one.get(TROUBLE[name, title], "") for one in rows(dashboards, name, title)]
    return sum(label != "" for label in found) if found else -1


def check_chain(checks, dashboards):
    """From the host to its guest: each part of a GPU once, and what is in the VM beside it."""
    title = "From host to virtual machine to pod"
    wanted = {("pve1:10057", "vGPU i915-GVTg_V5_4"): "worker1", ("pve1:10057", "vGPU i915-GVTg_V5_8"): None,
              ("pve2:10057", "VF 1"): "jellyfin", ("pve2:10057", "VF 7"): None, ("pve3:10057", "whole GPU"): "win11"}

    def parts():
        found = {(one["instance"], one["share"]): one.get("guest") for one in rows(dashboards, "virtualization", title)}
        return {part: found.get(part, "no such part") for part in wanted}

    def inside():
        return [(one["metric"]["guest"], one["metric"]["vm_instance"])
                for one in query(panel(dashboards, "virtualization", title)[1])]

    def works():
        return [one["value"][1] for i in (2, 3) for one in query(panel(dashboards, "virtualization", title)[i])]

    checks.same(becomes(parts, wanted), wanted, "parts of GPUs")
    wanted_inside = [("worker1", "worker1:10057")]
    checks.same(becomes(inside, wanted_inside), wanted_inside, "the exporter in the VM is found by its UUID")
    checks.same(becomes(works, ["1", "1"], 120), ["1", "1"], "encoding works there, for a pod")


def check_findings(checks, dashboards):
    """The chain of a VM has its host, which says which VM it is; that of the host has its VM."""
    title = "Where is the chain broken?"

    def found(node):
        return {(one["metric"]["instance"], one["metric"]["layer"], one["metric"].get("vm"))
                for one in query(panel(dashboards, "node", title)[0].replace("pve1:10057", f"{node}:10057"))}
    wanted = {("pve1:10057", "host", None), ("worker1:10057", "guest", "pve1: 101 worker1")}
    for node in ("pve1", "worker1"):
        seen_here = becomes(lambda n=node: found(n), wanted, 90)
        checks.same(seen_here, wanted, f"{node}: {title}")


def check_pods(checks, dashboards):
    def assigned():
        return {(one["metric"]["pod"], one["metric"].get("resource"), int(one["value"][1]))
                for one in query(panel(dashboards, "node", "Assigned to pods")[0])}
    wanted = {("jellyfin-1", "gpu.intel.com/i915", 1), ("frigate-0", "gpu.intel.com/i915", 0),
              ("immich-0", None, 2)}
    found = becomes(assigned, wanted)
    checks.same(found, wanted, "assigned and used, assigned and idle, used and never assigned")


def check_recorded(checks, dashboards, *machines):
    """The fleet's state of each GPU of these machines, which rules record, is the node's."""
    def differ():
        now = time.time()  # of both: a machine may come between two questions

        def pairs(expression):
            return {(one["metric"]["instance"], one["metric"]["pci"]): min(int(one["value"][1]), IDLE)
                    for one in query(expression, time=now)}
        asked = panel(dashboards, "node", "Does it work?")[0].replace("pve1:10057", ".+")
        one, other = pairs(asked), pairs("instance_pci:intel_gpu_state:code")
        missing = {f"{name}:10057" for name in machines} - {instance for instance, _ in one}
        return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() | {(m, "") for m in missing}
                if {one.get(key), other.get(key)} not in ({BUSY, IDLE}, {one.get(key)}) or key[0] in missing}

    checks.same(becomes(differ, {}, 60), {}, "the state of each GPU, on the node's dashboard and recorded")


def check_links(checks, dashboards):
    """Each link of an alert, and of the tables, opens what it names on an exporter that answers."""
    def opens(link):
        where = urllib.parse.urlsplit(link)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{scene.PORTS[where.hostname]}{where.path}", timeout=30) as answer:
                return f'id="{where.fragment}"' in answer.read().decode()
        except (OSError, KeyError):
            return False

    found = {one["annotations"]["runbook_url"] for one in prometheus.api("alerts")["alerts"]}
    shown = {one["metric"]["help"] for name in ("fleet", "node") for one in query(
        panel(dashboards, name, WRONG)[0].replace("pve1:10057", ".+")) if "help" in one["metric"]}
    dead = [link for link in sorted(found | shown) if not opens(link)]
    checks.that(len(found) > 10 and len(shown) > 10 and not dead,
                f"{len(found)} links of alerts and {len(shown)} of dashboards open: {dead}")


def check_healthy(checks, dashboards):
    check_panels(checks, dashboards)
    check_variables(checks, dashboards)
    check_chain(checks, dashboards)
    check_pods(checks, dashboards)
    check_findings(checks, dashboards)
    found = becomes(lambda: set(states(dashboards).values()), {BUSY})
    checks.that(found == {BUSY}, f"both GPUs of pve1 work, busy: {found}")
    check_recorded(checks, dashboards, "pve1", "pve2", "pve3", "pve4", "worker1")
    for title, value in (("Work", 3), ("Fail", 0), ("Gone or silent", 0), ("Not tested", 3), ("On the CPU", 1),
                         ("Over 90 %", 0)):
        found = becomes(lambda t=title: number(dashboards, "fleet", t), value)
        checks.that(found == value, f"{title}: {found}")
    for title, nth, value in (("Nobody holds them", 0, 1), ("Nobody holds them", 1, 0),
                              ("Given to guests", 1, 7), ("Given to guests", 2, 1)):
        found = becomes(lambda t=title, n=nth: number(dashboards, "virtualization", t, n), value)
        checks.that(found == value, f"{title}, {nth}: {found}")
    wanted = {"UHD 630", "Arc A380"}
    checks.same(becomes(lambda: node_rows(dashboards, "pve1", "Does it work?", "gpu"), wanted), wanted, "names of GPUs")
    # It works here, and in the VM, all the time.
    workloads = until(lambda: node_rows(dashboards, ".+", "Video engines by workload", "who"),
                      lambda who: "jellyfin" in who)
    checks.that("jellyfin" in workloads and not [one for one in workloads if "intel_gpu" in one],
                f"the exporter's own tests are nobody's workload: {workloads}")
    computes = until(lambda: node_rows(dashboards, "pve1", "Render and compute by workload", "who"),
                     lambda who: "ollama" in who)
    checks.that("ollama" in computes, f"who computes: {computes}")
    # Nothing is recorded of a GPU that belongs to a VM.
    found = becomes(lambda: node_rows(dashboards, "pve3", WRONG, "what"), {"Nothing is wrong"})
    checks.same(found, {"Nothing is wrong"}, "pve3 has no alert, and rules are loaded")
    check_card(checks, dashboards)
    lab.set_parameter("gpu1_scale", 0)
    idle = f"1 + ((%s) == {IDLE})" % panel(dashboards, "node", "Does it work?")[0]
    checks.that(wait_for(idle, 90), f"an idle GPU is one that works: {states(dashboards)}")
    lab.set_parameter("gpu1_scale", 50)


def check_card(checks, dashboards):
    """A card's power and memory are among what is full; a GPU without sensors has no such rows."""
    def full(node):
        return {one["metric"]["what"].strip(): float(one["value"][1])
                for one in query(panel(dashboards, "node", "How full?")[0].replace("pve1", node))}

    def is_card(found):
        return 0.1 < found.get("power", 0) < 0.9 and round(found.get("memory", 0), 2) == 0.67

    found = until(lambda: full("pve4"), is_card)
    checks.that(is_card(found), f"pve4: how full are memory and power: {found}")
    found = until(lambda: full("pve1"), bool)
    checks.that(found and not {"power", "memory"} & {one.split()[0] for one in found}, f"pve1 has none: {found}")
    # Debian 12's libdrm has no name for it.
    found = becomes(lambda: [one["pci"] for one in rows(dashboards, "node", "Cards now")], [sensors.CARD])
    checks.same(found, [sensors.CARD], "a row for the card")


def check_broken(checks, dashboards, server, everything):
    made.broken()
    prometheus.reload(server, prometheus.BROKEN)
    checks.that(wait_for('sum(intel_gpu_vaapi_codec_working{instance="pve1:10057"}) == 0', 180),
                "no codec works")
    for name, title in sorted(TROUBLE):
        found = becomes(lambda t=(name, title): trouble(dashboards, *t) > 0, True)
        checks.that(found, f"broken: {name}, {title} names it")
    found = becomes(lambda: states(dashboards).get("0000:00:02.0"), NO_CODEC)
    checks.that(found == NO_CODEC, f"acceleration is lost: {states(dashboards)}")
    check_recorded(checks, dashboards, "pve1", "pve2", "pve4", "worker1", "unprivileged")
    # Three of pve1; the machine without rights sees the one that waits for a VM, too.
    for title, value in (("Work", 0), ("Fail", 4), ("Gone or silent", 2)):
        found = becomes(lambda t=title: number(dashboards, "fleet", t), value, 240)
        up = query("up == 0") if found != value else ""
        checks.that(found == value, f"broken: {title}: {found} {up}")
    found = becomes(lambda: states(dashboards, "worker1"), {scene.GUEST_GPU: GONE})
    checks.same(found, {scene.GUEST_GPU: GONE}, "the GPU that worker1 has lost has a row")
    found = becomes(lambda: set(states(dashboards, "pve2").values()), {NO_ANSWER})
    checks.same(found, {NO_ANSWER}, "those of pve2, whose exporter is silent, have theirs")
    for node, what in (("worker1", {"The GPU is gone", "IntelGpuGone/", "IntelGpuHardwareAccelerationLost/gone"}),
                       ("pve2", {"IntelGpuExporterDown/"})):
        said = until(lambda n=node: node_rows(dashboards, n, WRONG, "what"),
                     lambda found, w=what: w & found and "Nothing is wrong" not in found, 90)
        checks.that(what & said and "Nothing is wrong" not in said, f"{node}'s problems: {said}")
    found = becomes(lambda: states(dashboards).get(scene.SPARE_GPU), IN_VAIN)
    checks.same(found, IN_VAIN, "a GPU that is given to a VM which does not run")
    tested = panel(dashboards, "node", "Encode tests")[0]
    found = becomes(lambda: bool(query(f"({tested}) == {OLDER}")), True)
    checks.that(found, "what passed before a failure is not green")
    for name, shown_by in (("node", ("pci", "what", "detail")), ("fleet", ("alertname", "what"))):
        now = time.time() - 10  # what is being recorded now may come between two questions
        first, *more = ({tuple(one["metric"].get(label) for label in shown_by) for one in query(asked, time=now)}
                        for asked in panel(dashboards, name, WRONG))
        for others in more:
            checks.that(others and others <= first, f"{name}: alerts without a severity: {others - first}")
    changed = next(fill(*one[::2]) for one in annotations(dashboards) if one[1] == "VA driver changed")
    # On the clock of the rules a mark stays for seconds: was there one?
    was = f"last_over_time(({prometheus.faster(changed)})[5m:1s])"
    checks.that(wait_for(was, 60), "the VA driver has changed, and there is a mark for it")
    hanging = {"IntelGpuProbeNotRunning", "IntelGpuProbeStuck"}
    # A fallback wants an hour without any hardware after a while with some: lab.alerts has that. This GPU
    # cannot be wedged: prometheus.rules has that.
    wanted = everything - hanging - {f"IntelGpuHardwareAccelerationLost/{cause}" for cause in ("fallback", "wedged")}
    missing = becomes(lambda: wanted - seen(), set(), 300)
    checks.same(missing, set(), f"of {len(wanted)} alerts that a broken scene has none is missing")
    check_links(checks, dashboards)
    # Each waits for its time in Prometheus' clock, on two processors that the other tests want.
    if lab.shorter(len(hanging), 0, "alerts of encode tests that hang"):
        made.hang()
        missing = becomes(lambda: hanging - seen(), set(), 240)
        checks.same(missing, set(), "nor are those of tests that hang")
    def firing():
        return alerts('count_over_time(ALERTS{alertstate="firing"}[1h])')
    lost = becomes(lambda: "IntelGpuHardwareAccelerationLost/tests" in firing(), True, 120)
    print(f"fired: {sorted(firing())}")
    checks.that(lost, "alerts fire, too")


def seen():
    """All that has been pending or firing."""
    return alerts("count_over_time(ALERTS[1h])")


def check_gone(checks, dashboards):
    made.exporters["pve1"].stop()
    checks.that(wait_for('up{instance="pve1:10057"} == 0', 20), "the exporter is gone")
    found = becomes(lambda: set(states(dashboards).values()), {NO_ANSWER})
    checks.same(found, {NO_ANSWER}, "then nothing is known of its GPUs")
    # The job of pve3 ended with the scene's first part: Prometheus has no target of it.
    found = becomes(lambda: "IntelGpuExporterAbsent/" in node_rows(dashboards, ".+", WRONG, "what"), True, 60)
    checks.that(found, "an alert that has no instance is in the table of all")


def main():
    checks = lab.Checks()
    dashboards = load()
    print(f"the scene was there {time.monotonic():.0f} s after the guest's start")
    if time.monotonic() > BUSY_SECONDS:
        prometheus.slow_down()
    server = prometheus.start()
    first_round(made.exporters["pve1"])
    first_round(made.exporters["worker1"])
    checks.that(wait_for('sum(intel_gpu_transcodes{acceleration=~"hardware|software"}) == 2', 180),
                "one transcode is in hardware, one in software")
    checks.that(wait_for("min(count_over_time(up[1m])) >= 12", 90),
                "Prometheus has scraped for a while")
    everything = check_rules(checks)
    check_healthy(checks, dashboards)
    check_broken(checks, dashboards, server, everything)
    check_gone(checks, dashboards)
    checks.end()


made = scene.Scene()
main()
