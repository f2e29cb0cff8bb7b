# SPDX-License-Identifier: Apache-2.0
"""docker compose up of the shipped file, by the README's own lines: everything healthy, scraped, with rules
and dashboards. Prometheus is Debian's, and a stand-in that serves a page is in Grafana's place; both have the
tags that the file names, as if they had been pulled."""
import json
import re
import shutil
import time
from pathlib import Path

import yaml

from engine import REPO, build_stand_in, check, commands, finish, get, query, run, same, try_run, wait_for
import dashboards  # of tests/dashboards, which engine.py puts into the path

HERE = REPO / "deploy" / "compose"
README = HERE / "README.md"


def images():
    """What the file names for this service, without any .env."""
    text = (HERE / "compose.yaml").read_text()
    return dict(re.findall(r"image: \$\{(\w+)_IMAGE:-([^}]+)\}", text))


def build_prometheus(tag):
    context = Path("/var/tmp/prometheus")
    shutil.rmtree(context, ignore_errors=True)
    root = context / "root"
    (root / "usr/lib64").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    (root / "lib64").symlink_to("usr/lib64")
    run("deploy/container/collect.py", root, "/usr/bin/prometheus=/bin/prometheus", "/usr/bin/promtool=/bin/promtool")
    (root / "prometheus").mkdir()
    (context / "Containerfile").write_text('FROM scratch\nCOPY --chown=65534:65534 root /\nENV PATH=/bin\nUSER 65534\n'
                                           'ENTRYPOINT ["/bin/prometheus"]\n')
    run("docker", "build", "-q", "-t", tag, "-f", context / "Containerfile", context)


def build_grafana(tag):
    """Serves the path that the health check asks for."""
    context = Path("/var/tmp/grafana")
    (context / "www" / "api").mkdir(parents=True, exist_ok=True)
    (context / "www" / "api" / "health").write_text("{}\n")
    (context / "Containerfile").write_text('FROM stand-in\nCOPY www /www\nENV PATH=/bin\n'
                                           'ENTRYPOINT ["httpd", "-f", "-p", "3000", "-h", "/www"]\n')
    run("docker", "build", "-q", "-t", tag, "-f", context / "Containerfile", context)


def compose(*words):
    return run("docker", "compose", "--profile", "demo", *words, cwd=HERE)


def check_files():
    """What Compose makes of the files, all of them together too."""
    for files in (["compose.yaml"], ["compose.yaml", "compose.va.yaml"],
                  ["compose.yaml", "compose.va.yaml", "compose.jellyfin.yaml"]):
        options = [word for file in files for word in ("-f", file)]
        code, said = try_run("env", "RENDER_GID=107", "docker", "compose", *options, "config", "--format", "json",
                             cwd=HERE)
        if not check(code == 0, f"{' '.join(files)}: {said if code else 'valid'}"):
            continue
        services = json.loads(said)["services"]
        same(services["exporter"]["build"]["target"], "exporter-va" if len(files) > 1 else "exporter", "which image")
        for name in ("exporter", "jellyfin") if len(files) == 3 else ("exporter",) if len(files) == 2 else ():
            same(services[name]["group_add"], ["107"], f"{name} has the render group by number")
    code, said = try_run("docker", "compose", "-f", "compose.yaml", "-f", "compose.va.yaml", "config", cwd=HERE)
    check(code != 0 and "stat -c %g /dev/dri/renderD128" in said,
          f"without RENDER_GID it says how to find it: {said[:200]}")


def check_scraped():
    services = [json.loads(line) for line in compose("ps", "--format", "json").splitlines()]
    same({one["Service"]: one["Health"] for one in services},
         dict.fromkeys(("exporter", "prometheus", "grafana"), "healthy"), "all are healthy")
    up = wait_for(lambda: [one for one in query('up{job="intel-gpu"}') if one[1] == 1], 60)
    same([one[0]["instance"] for one in up], ["localhost:10057"],
         "the exporter is scraped, under a name that a browser finds, and nothing else")
    rules = json.loads(get("http://127.0.0.1:9090/api/v1/rules"))["data"]["groups"]
    names = {rule["name"] for group in rules for rule in group["rules"]}
    wanted = set(re.findall(r"- (?:alert|record): (\S+)", (REPO / "deploy/prometheus/rules.yml").read_text()))
    same(names, wanted, f"the {len(wanted)} rules are loaded")
    check(all(rule["health"] != "err" for group in rules for rule in group["rules"]), "none fails")
    check("intel_gpu_exporter_build_info{" in (get("http://127.0.0.1:10057/metrics") or ""), "published on loopback")


def check_grafana():
    """The stand-in has what Grafana would read, at the places that Grafana reads."""
    def read(path):
        return compose("exec", "grafana", "cat", path)

    source = yaml.safe_load(read("/etc/grafana/provisioning/datasources/prometheus.yaml"))["datasources"][0]
    same((source["type"], source["access"], source["isDefault"]), ("prometheus", "proxy", True), "a data source")
    answer = compose("exec", "grafana", "wget", "-q", "-O", "-", f"{source['url']}/-/ready")
    check("Ready" in answer, f"its URL answers from there: {source['url']}")
    scrape = yaml.safe_load((HERE / "prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    same(source["jsonData"]["timeInterval"], scrape["scrape_interval"], "with the scrape interval")
    provider = yaml.safe_load(read("/etc/grafana/provisioning/dashboards/intel-gpu.yaml"))["providers"][0]
    files = compose("exec", "grafana", "ls", provider["options"]["path"]).split()
    same(sorted(files), ["fleet.json", "node.json", "virtualization.json"],
         "the dashboards are where the provider says")
    for name in files:
        found = json.loads(read(f"{provider['options']['path']}/{name}"))
        check(found["uid"] and found["panels"], f"{name} is one")
    home = json.loads(compose("config", "--format", "json"))["services"]["grafana"]["environment"]
    same(home["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], f"{provider['options']['path']}/fleet.json",
         "home is one of them")


def check_queries():
    """The recorded machine's, of the demo: every expression of every dashboard is answered."""
    values = {"job": ".+", "model": ".+", "instance": ".+", "pci": ".+", "__rate_interval": "2m", "__range": "5m"}
    wrong, empty, number = [], 0, 0
    for name, dashboard in dashboards.load().items():
        for _, title, letter, expression in dashboards.expressions(dashboard):
            number += 1
            found = query(re.sub(r"\$([A-Za-z_]\w*)", lambda one: values[one[1]], expression))
            if isinstance(found, str):
                wrong.append(f"{name}, {title}, {letter}: {found}")
            empty += not found
    same(wrong, [], f"{number} queries of the dashboards are answered, {empty} of them with nothing")
    check(number > 50 and empty < number, "with data")
    info = query('intel_gpu_info{instance="demo:10057"}')
    check(info and info[0][0]["device_id"] == "1912", f"the demo's GPU: {info}")


def main():
    named = images()
    base = re.search(r"DEBIAN_IMAGE:-([^}]+)", (HERE / "compose.yaml").read_text())[1]
    run("docker", "tag", "localhost/base:latest", base)
    build_prometheus(named["PROMETHEUS"])
    build_stand_in("docker")
    build_grafana(named["GRAFANA"])
    check_files()
    begin = time.monotonic()
    try:
        run("bash", "-euc", commands(README, "Start"), cwd=REPO)
        check_scraped()
        check_grafana()
        print(f"   from the README's lines to the dashboards: {time.monotonic() - begin:.0f} s")
        run("bash", "-euc", commands(README, "Without a GPU"), cwd=HERE)
        check(wait_for(lambda: [one for one in query('up{instance="demo:10057"}') if one[1] == 1], 90),
              "the demo is scraped")
        check_queries()
        page = compose("exec", "grafana", "wget", "-q", "-O", "-", "http://demo:10057/")
        check("A recorded machine" in page, "and its page says what it is")
    finally:
        compose("down", "-v", "-t", "2")
    finish()


main()
