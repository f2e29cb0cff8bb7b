#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Helm chart, the kustomize overlays and what else deploy/kubernetes has, without a cluster.

usage: kubernetes.py PART EXPORTER    chart, golden or overlays
UPDATE=1 writes golden files and deploy/kubernetes/base/daemonset.yaml instead of comparing."""
import base64
import difflib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from schema import Schema
from tools import HELM, KUBECTL, MODULES, PLACE, fetch, run

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CHART = REPO / "deploy" / "helm" / "intel-gpu-exporter"
KUBERNETES = REPO / "deploy" / "kubernetes"
UPDATE = bool(os.environ.get("UPDATE"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OPERATORS = ["@kubernetes-models/prometheus-operator", "@kubernetes-models/flux-cd"]
SCHEMAS = {version: Schema(MODULES, package, *OPERATORS) for version, package in
           (("1.26.0", "kubernetes-1.26"), ("1.30.0", "kubernetes-1.30"), ("1.36.0", "kubernetes-models"))}
NEWEST = "1.36.0"
CASES = sorted(path.name[:-len("-values.yaml")] for path in (CHART / "ci").glob("*-values.yaml"))
BOARDS = sorted((REPO / "dashboards").glob("*.json"))


def documents(text):
    return [one for one in yaml.load_all(text, LOADER) if one]


def template(*options, version=NEWEST, chart=CHART, **more):
    return run(HELM, "template", "intel-gpu-exporter", chart, "-n", "intel-gpu-exporter",
               "--kube-version", version, *options, **more)


def values(case):
    return "-f", CHART / "ci" / f"{case}-values.yaml"


def daemonset(objects):
    return next(one for one in objects if one["kind"] == "DaemonSet")


def schemas_hold(objects, version, what):
    errors = [e for one in objects for e in SCHEMAS[version].errors(one)]
    assert not errors, f"{what}, Kubernetes {version}:\n" + "\n".join(errors)


# --- chart ---------------------------------------------------------------------------------------

def chart_is_well_formed():
    for case in CASES:
        run(HELM, "lint", "--strict", CHART, *values(case))


def every_mode_is_an_object_of_every_version():
    for version in SCHEMAS:
        for case in CASES:
            if case == "dra" and version != NEWEST:
                assert "access.mode dra needs Kubernetes 1.34" in template(*values(case), version=version, fails=True)
            else:
                schemas_hold(documents(template(*values(case), version=version)), version, case)


def schemas_see_errors():
    """The check itself: it is red for each of these."""
    good = daemonset(documents(template(*values("sysfs"))))
    for path, value, error in (
            (("spec", "template", "spec", "hostPid"), True, "no field hostPid there"),
            (("spec", "template", "spec", "hostPID"), "true", "'true' is no boolean"),
            (("spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"), "10057", "is no number"),
            (("spec", "template", "spec", "containers", 0, "args"), "--x", "is no list"),
            (("spec", "template", "spec", "containers", 0, "resources", "limits", "memory"), {}, "Quantity"),
            (("spec", "template", "spec", "volumes", 0, "hostPath"), {}, "path is missing"),
            (("spec", "template", "spec", "volumes", 0, "hostPath"), "/sys", "is no object"),
            (("kind",), "DaemonSets", "no such kind")):
        bad = yaml.load(yaml.safe_dump(good), LOADER)
        at = bad
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        for version, schema in SCHEMAS.items():
            if version != "1.26.0":
                errors = schema.errors(bad)
                assert len(errors) == 1 and error in errors[0], (version, path, errors)
    monitor = next(one for one in documents(template(*values("tls"))) if one["kind"] == "PodMonitor")
    monitor["spec"]["podMetricsEndpoints"][0]["tlsConfig"]["serverName"] = 1
    assert ["is no string" in e for e in SCHEMAS[NEWEST].errors(monitor)] == [True], "of what an interface extends"
    assert any("appArmorProfile" in e for e in SCHEMAS["1.26.0"].errors(good)), "1.26 takes what came with 1.30"


def values_are_checked():
    for wrong in ("access.mode=pmu", "acces.mode=sysfs", "image.variant=vaapi", "image.digest=sha256:1",
                  "podResources.path=var/lib", "extraArgs[0]=-v", "monitoring.enabled=1", "monitoring.interval=30",
                  "sysctl.perfEventParanoid=3", "tolerations=all", "probes.type=tcp", "capabilities[0]=perfmon"):
        assert "chema" in template("--set", wrong, fails=True), wrong


def monitoring_is_automatic():
    kinds = {one["kind"] for one in documents(template())}
    assert kinds == {"DaemonSet", "ConfigMap"}, kinds
    kinds = {one["kind"] for one in documents(template("--api-versions", "monitoring.coreos.com/v1"))}
    assert kinds == {"DaemonSet", "ConfigMap", "PodMonitor", "PrometheusRule"}, kinds


def rules_and_dashboards_are_the_repositorys():
    objects = documents(template("--set", "monitoring.enabled=true"))
    rules = [one for one in objects if one["kind"] == "PrometheusRule"]
    assert [one["spec"] for one in rules] == documents(
        run(REPO / "deploy/prometheus/prometheusrule.sh").split("spec:\n", 1)[1])
    for more, wanted in (("monitoring.runbookUrl=https://wiki.example.com/gpu", "https://wiki.example.com/gpu"),
                         ("monitoring.endpoint.scheme=https", "https://localhost:10057/runbook")):
        links = re.findall(r"runbook_url: (\S+)#intelgpu\w+\n", template("--set", f"monitoring.enabled=true,{more}"))
        assert len(links) > 20 and set(links) == {wanted}, f"{len(links)} links to {set(links)}"
    shown = {}
    for one in objects:
        if one["kind"] == "ConfigMap":
            assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
            shown.update(one["data"])
    assert shown == {path.name: path.read_text() for path in BOARDS}, sorted(shown)


def the_image_has_no_registry():
    for one in documents(template("--set", "sysctl.enabled=true")):
        if one["kind"] == "DaemonSet":
            spec = one["spec"]["template"]["spec"]
            for container in spec["containers"] + spec["initContainers"]:
                assert "/" not in container["image"], container["image"]


def flags_are_the_exporters():
    for case in CASES:
        args = daemonset(documents(template(*values(case))))["spec"]["template"]["spec"]["containers"][0]["args"]
        run(EXPORTER, *args, "--version")
    run(EXPORTER, "--no-collector.vaap", "--version", fails=True)


def probes_fit_how_it_listens():
    for options, wanted in (
            ((), None),
            (("--set", "extraArgs[0]=--vaapi.interval=10m"), None),
            (("--set", "webConfig.secret=web"), ["--web.config.file=/etc/intel-gpu-exporter/web.yml"]),
            (("--set", "extraArgs[0]=--web.listen-address=unix:///run/x.sock"), ["--web.listen-address=unix:///run/x.sock"]),
            (("--set", "probes.type=http,webConfig.secret=web"), None),
            (("--set", "probes.type=exec"), [])):
        container = daemonset(documents(template(*options)))["spec"]["template"]["spec"]["containers"][0]
        for probe in ("livenessProbe", "readinessProbe"):
            command = container[probe].get("exec", {}).get("command")
            assert command == (None if wanted is None else ["intel_gpu_exporter", "--health", *wanted]), (options, command)
            assert ("httpGet" in container[probe]) == (wanted is None), options
            assert all(word in container["args"] for word in wanted or ()), container["args"]


def notes_say_what_is_missing():
    """Helm prints them at an installation only: rendered as an ordinary template of a copy."""
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "intel-gpu-exporter"
        subprocess.run(["cp", "-r", CHART, copy], check=True)
        text = (copy / "templates" / "NOTES.txt").read_text()
        (copy / "templates" / "notes.yaml").write_text("text: {{ include \"notes\" . | quote }}\n{{ define \"notes\" }}" +
                                                       text + "{{ end }}\n")
        def notes(*options):
            shown = documents(template("-s", "templates/notes.yaml", *options, chart=copy))
            return shown[0]["text"]
        for options, words in (((), ("pod-security.kubernetes.io/enforce=privileged", "Nothing scrapes it yet",
                                     "sysctl.enabled=true", "port-forward daemonset/intel-gpu-exporter 10057")),
                               (("--set", "access.mode=dra"), ("resource.kubernetes.io/admin-access=true",))):
            for word in words:
                assert word in notes(*options), word
        assert "Nothing scrapes" not in notes("--set", "monitoring.enabled=true")


def without_npm_it_fails():
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "tests" / "kubernetes"
        subprocess.run(["cp", "-r", HERE, copy.parent.parent / "copy"], check=True)
        copy.parent.mkdir()
        (copy.parent.parent / "copy").rename(copy)
        r = subprocess.run([sys.executable, copy / "kubernetes.py", "golden", EXPORTER], env={"PATH": ""},
                           capture_output=True, text=True, check=False)
        assert r.returncode == 1 and "npm is missing" in r.stderr, r


# --- golden --------------------------------------------------------------------------------------

def shortened(text):
    """Without what has tests of its own, and without comments: they change for reasons of their own."""
    objects = [one for one in documents(text) if one["kind"] != "ConfigMap"]
    for one in objects:
        if one["kind"] == "PrometheusRule":
            one["spec"] = {}
    return yaml.safe_dump_all(sorted(objects, key=lambda one: one["kind"]), sort_keys=True, width=100)


def manifests_are_as_before():
    bad = []
    for case, version in [(case, NEWEST) for case in CASES] + [("sysfs", "1.26.0")]:
        golden = HERE / "golden" / f"{case}{'' if version == NEWEST else '-' + version}.yaml"
        new = shortened(template(*values(case), version=version))
        if UPDATE:
            golden.write_text(new)
        old = golden.read_text() if golden.is_file() else ""
        bad += difflib.unified_diff(old.splitlines(), new.splitlines(), str(golden), "rendered", lineterm="")
    assert not bad, "\n".join(bad[:60]) + "\nif it is meant: UPDATE=1"


# --- overlays ------------------------------------------------------------------------------------

def compared(objects):
    """By kind and name, without what only Helm writes; and the Namespace, which no chart makes."""
    found, namespace = {}, None
    for one in objects:
        labels = one["metadata"].get("labels", {})
        labels.pop("helm.sh/chart", None)
        labels.pop("app.kubernetes.io/managed-by", None)
        if one["kind"] == "Namespace":
            namespace = one
        else:
            found[one["kind"], one["metadata"]["name"]] = one
    return found, namespace


def equal(overlay, chart, name):
    ours, theirs = (yaml.safe_dump({f"{kind} {what}": one for (kind, what), one in found.items()}).splitlines()
                    for found in (overlay, chart))
    bad = list(difflib.unified_diff(theirs, ours, "chart", f"overlay {name}", lineterm=""))
    assert not bad, "\n".join(bad[:60])


def the_base_is_the_charts():
    objects = documents(template("-f", KUBERNETES / "overlays/plain/values.yaml"))
    found, _ = compared(objects)
    base = daemonset(found.values())
    del base["metadata"]["namespace"]
    text = ("# SPDX-License-Identifier: Apache-2.0\n# Written by UPDATE=1 tests/kubernetes/kubernetes.py overlays\n" +
            yaml.safe_dump(base, sort_keys=False, width=100))
    path = KUBERNETES / "base/daemonset.yaml"
    if UPDATE:
        path.write_text(text)
    assert path.read_text() == text, f"{path} is not what the chart renders: UPDATE=1"


def overlays_are_the_chart():
    for name in sorted(path.name for path in (KUBERNETES / "overlays").iterdir()):
        overlay = KUBERNETES / "overlays" / name
        found, namespace = compared(documents(run(KUBECTL, "kustomize", overlay)))
        chart, _ = compared(documents(template("-f", overlay / "values.yaml",
                                               "--api-versions", "monitoring.coreos.com/v1")))
        equal(found, chart, name)
        labels = namespace["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "privileged", name
        assert namespace["metadata"]["name"] == "intel-gpu-exporter", name
        for version in ("1.30.0", NEWEST):
            schemas_hold([*found.values(), namespace], version, f"overlay {name}")


def each_component_is_a_mode():
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as work:
        for mode in ("device-plugin", "dra", "privileged"):
            up = os.path.relpath(KUBERNETES, work)
            (Path(work) / "kustomization.yaml").write_text(yaml.safe_dump(
                {"namespace": "intel-gpu-exporter", "resources": [f"{up}/base"],
                 "components": [f"{up}/components/{mode}"]}))
            found, _ = compared(documents(run(KUBECTL, "kustomize", work)))
            chart, _ = compared(documents(template("--set", f"access.mode={mode},dashboards.enabled=false")))
            equal(found, chart, mode)
            schemas_hold(found.values(), NEWEST, mode)


def one_file_is_the_chart_for_k3s():
    script = KUBERNETES / "overlays/k3s/helmchart.sh"
    text = run(script)
    assert text == run(script), "two runs differ"
    namespace, chart = documents(text)
    schemas_hold([namespace], NEWEST, "k3s")
    assert set(chart["spec"]) == {"targetNamespace", "valuesContent", "chartContent"}
    assert (chart["apiVersion"], chart["kind"]) == ("helm.cattle.io/v1", "HelmChart")
    assert chart["metadata"] == {"name": "intel-gpu-exporter", "namespace": "kube-system"}
    assert len(text) < 1000000, "etcd takes 1.5 MB"
    with tempfile.TemporaryDirectory() as work:
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(chart["spec"]["chartContent"]))) as archive:
            archive.extractall(work)
        (Path(work) / "values.yaml").write_text(chart["spec"]["valuesContent"])
        operator = "--api-versions", "monitoring.coreos.com/v1"
        got = template("-f", f"{work}/values.yaml", *operator, chart=f"{work}/intel-gpu-exporter")
    assert got == template("-f", KUBERNETES / "overlays/k3s/values.yaml", *operator), "not what the chart renders"


def flux_and_talos():
    objects = documents((KUBERNETES / "flux/helmrelease.yaml").read_text())
    schemas_hold(objects, NEWEST, "flux")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(objects[-1]["spec"]["values"], file)
        file.flush()
        template("-f", file.name)
    assert (REPO / objects[-1]["spec"]["chart"]["spec"]["chart"] / "Chart.yaml").is_file()
    talos = KUBERNETES / "overlays/talos"
    extensions = documents((talos / "schematic.yaml").read_text())[0]["customization"]["systemExtensions"]
    assert "siderolabs/i915" in extensions["officialExtensions"]
    assert set(documents((talos / "machine-config.yaml").read_text())[0]["machine"]) == {"nodeLabels"}


PARTS = {
    "chart": [chart_is_well_formed, every_mode_is_an_object_of_every_version, schemas_see_errors, values_are_checked,
              monitoring_is_automatic, rules_and_dashboards_are_the_repositorys, the_image_has_no_registry,
              flags_are_the_exporters, probes_fit_how_it_listens, notes_say_what_is_missing, without_npm_it_fails],
    "golden": [manifests_are_as_before],
    "overlays": [the_base_is_the_charts, overlays_are_the_chart, each_component_is_a_mode,
                 one_file_is_the_chart_for_k3s, flux_and_talos],
}

if __name__ == "__main__":
    part, EXPORTER = sys.argv[1:]
    fetch()
    failed = 0
    for test in PARTS[part]:
        try:
            test()
            print(f"ok: {test.__name__.replace('_', ' ')}", flush=True)
        except AssertionError as error:
            print(f"NOT OK: {test.__name__.replace('_', ' ')}: {error}", flush=True)
            failed = 1
    sys.exit(failed)
