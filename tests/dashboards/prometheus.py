# SPDX-License-Identifier: Apache-2.0
"""A Prometheus in the lab that scrapes the scene's exporters and evaluates the rules that are
shipped, on a clock that runs faster."""
import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import scene

# Rules look back over 5 minutes to 7 days. Here every duration in them is 1/FASTER as long; the
# interval of scrapes is as much shorter than the usual one, so that as many samples are in each.
FASTER = 30
INTERVAL = 2  # seconds between two scrapes
RULES = Path(__file__).resolve().parents[2] / "deploy/prometheus/rules.yml"
CONFIG, FAST = Path("/tmp/prometheus.yml"), Path("/tmp/rules.yml")
API = "http://127.0.0.1:9090/api/v1/"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Machines by job; one job goes when the scene is broken, and a machine without rights comes.
HEALTHY = {"intel-gpu": ["pve1", "pve2", "pve4", "worker1"], "edge": ["pve3"]}
BROKEN = {"intel-gpu": ["pve1", "pve2", "pve4", "worker1", "unprivileged"]}
# Somebody knows of it and is there.
LABELS = {"unprivileged": {"maintenance": "true"}}


def slow_down():
    """For a machine so busy that an exporter does not answer within that: a scrape that fails is nothing known."""
    global FASTER, INTERVAL
    FASTER, INTERVAL = FASTER // 2, INTERVAL * 2


def faster(text):
    """Durations in brackets, offsets, `for` and the groups' intervals, and a day's seconds. Not those in texts."""
    def shorter(found):
        seconds = int(found[2]) * SECONDS[found[3]] // FASTER
        return f"{found[1]}{max(seconds, 1)}s"
    text = re.sub(r"(\[|offset |for: |interval: )(\d+)([smhd])(?=[\])\s]|$)", shorter, text)
    return text.replace(" 86400", f" {86400 // FASTER}")


def configure(jobs):
    """jobs: {name: machines}."""
    FAST.write_text(faster(RULES.read_text()))
    targets = {job: [{"targets": [f"127.0.0.1:{scene.PORTS[name]}"],
                      "labels": {"instance": f"{name}:10057", **LABELS.get(name, {})}} for name in names]
               for job, names in jobs.items()}
    CONFIG.write_text(json.dumps({  # which is YAML, too
        "global": dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), f"{INTERVAL}s"),
        "rule_files": [str(FAST)],
        "scrape_configs": [{"job_name": job, "honor_labels": True, "static_configs": found}
                           for job, found in targets.items()]}))


def start(address="127.0.0.1:9090", jobs=None):
    configure(jobs or HEALTHY)
    return subprocess.Popen(["prometheus", f"--config.file={CONFIG}", "--storage.tsdb.path=/tmp/tsdb",
                             f"--web.listen-address={address}"], stderr=subprocess.DEVNULL)


def reload(process, jobs):
    configure(jobs)
    process.send_signal(signal.SIGHUP)


def api(path, **parameters):
    """What Prometheus answers, or its error as text."""
    try:
        with urllib.request.urlopen(API + path + "?" + urllib.parse.urlencode(parameters),
                                    timeout=30) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        return error.read().decode()


def query(expression, **at):
    """Samples, or the text of an error; at a time, or now."""
    found = api("query", query=expression, **at)
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


def alerts(expression="ALERTS"):
    """Names of alerts, with the cause where one has several rules."""
    return {"/".join(filter(None, (one["metric"]["alertname"], one["metric"].get("cause"))))
            for one in query(f'max by (alertname, cause) ({expression})')}
