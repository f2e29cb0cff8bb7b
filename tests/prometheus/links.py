# SPDX-License-Identifier: Apache-2.0
"""Do the links to the runbook open? Each that rules_test.yml says an alert has, each that a dashboard makes, and each
of the page itself, on an exporter that runs: is there a section of that name?

usage: links.py ROOT, with EXPORTER in the environment
"""
import json
import re
import socket
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT / 'tests/support'))
from exporter_test import Exporter  # noqa: E402: it is found there only now

failures = []


def check(good, text):
    if not good:
        failures.append(text)
        print('FAILED: ' + text)


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def sections(exporter, path):
    """Names of what can be linked on a page of the exporter."""
    status, text = exporter.get(path)
    check(status == 200, '%s answers with %d' % (path, status))
    return set(re.findall(r'\bid="([^"]+)"', text)), set(re.findall(r'href="#([^"]+)"', text))


def main():
    rules = (ROOT / 'deploy/prometheus/rules.yml').read_text()
    tests = (ROOT / 'deploy/prometheus/rules_test.yml').read_text()
    names = set(re.findall(r'- alert: (\w+)', rules))
    # What promtool has seen them become: absolute, an exporter's.
    links = set(re.findall(r'runbook_url: (\S+)', tests))
    shown = {link.split('#')[-1] for link in links}
    check(shown == {name.lower() for name in names}, 'of each alert a link: %s' % sorted(shown))
    with tempfile.TemporaryDirectory() as work:
        exporter = Exporter('--path.sysfs=%s' % work, '--no-collector.vaapi', port=free_port())
        there, own = sections(exporter, '/runbook')
        for link in sorted(links):
            path = re.fullmatch(r'http://[\w.-]+(?::\d+)?(/\w+)#(\S+)', link)
            check(path and path[1] == '/runbook' and path[2] in there, link)
        # Dashboards put these together: a label of the alert, or the words that follow.
        check(names <= there, 'alerts without a section: %s' % sorted(names - there))
        for dashboard in (ROOT / 'dashboards').glob('*.json'):
            text = json.dumps(json.loads(dashboard.read_text()))
            fixed = set(re.findall(r'\\"remedy\\", \\"([a-z-]+)\\", \\"\\"', text))
            check(fixed or dashboard.stem != 'node', 'node.json links remedies')
            check(fixed <= there, '%s: %s' % (dashboard.name, sorted(fixed - there)))
        check(own <= there, 'the page links what it does not have: %s' % sorted(own - there))
        exporter.stop()
    print('%d links, %d sections' % (len(links), len(there)))
    sys.exit(1 if failures else 0)


main()
