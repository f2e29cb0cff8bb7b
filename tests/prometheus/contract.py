#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do rules.yml, its tests and its runbook agree with each other and with --list-metrics?

usage: contract.py EXPORTER ROOT
"""
import re
import subprocess
import sys
from pathlib import Path

# Words that begin like metrics and are none.
PROGRAMS = {'intel_gpu_exporter', 'intel_gpu_probe', 'intel_gpu_top', 'intel_gpu_expor'}
# What targets have; the last is what alertmanager.yml asks for.
TARGET = {'job', 'instance', 'maintenance'}
SEVERITIES = {'critical', 'warning', 'info'}
OWN = 'intel_gpu_'
# Where runbook_url leads: the alert's exporter, and one that answers where that one may not.
OWN_PAGE = '{{ $labels.instance }}'
ANSWERS = '{{ with query "bottomk(1, instance:intel_gpu_exporter_start_time_seconds:first)" }}'

TROUBLESHOOTING = 'src/collectors/troubleshooting.md'
errors = []


def error(message):
    errors.append(message)


def listed(exporter):
    """Names and labels of --list-metrics."""
    text = subprocess.run([exporter, '--list-metrics'], check=True, capture_output=True,
                          text=True).stdout
    metrics = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split('|')]
        if len(cells) > 4 and cells[1].startswith('`'):
            metrics[cells[1].strip('`')] = set(re.findall(r'`(\w+)`', cells[3]))
    if len(metrics) < 20:
        error('--list-metrics has %d metrics' % len(metrics))
    return metrics


def recorded(rules):
    """Recording rules, with the labels that the first `by` of their expression leaves, and joins add."""
    names = {}
    for name, rest in re.findall(r'- record: (\S+)\n(.*?)(?=\n\n|\Z)', rules, re.S):
        labels = [re.search(r'by \(([^)]*)\)', rest).group(1), *re.findall(r'group_left \(([^)]*)\)', rest)]
        names[name] = set(','.join(labels).replace(',', ' ').split())
    return names


def check_names(where, text, metrics):
    """Every name, and every label of its selector."""
    seen = set()
    for match in re.finditer(r'([a-z_][\w:]*)(\{[^{}]*\})?', text):
        name, selector = match.groups()
        if OWN not in name or name in PROGRAMS or name.startswith('IntelGpu'):
            continue
        if ':' not in name and not name.startswith(OWN):
            continue
        if name.endswith('_'):
            continue
        seen.add(name)
        if name not in metrics:
            error('%s: no metric is called %s' % (where, name))
            continue
        for label in re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*(?:["…%])', selector or ''):
            if label not in metrics[name] | TARGET:
                error('%s: %s has no label %s' % (where, name, label))
    return seen


def alerts_of(rules):
    """(name, text) of each alert, in order."""
    return re.findall(r'- alert: (\w+)\n(.*?)(?=\n\s*- (?:alert|record|name):|\Z)', rules, re.S)


def anchors_of(markdown):
    """GitHub's anchors of a file's headings."""
    headings = re.findall(r'^#+ (.+)$', re.sub(r'```.*?```', '', markdown, flags=re.S), re.M)
    return {re.sub(r'[^\w\- ]', '', heading.lower()).strip().replace(' ', '-')
            for heading in headings}


def check_alert(name, text, runbook_anchors):
    severity = re.search(r'severity: (\w+)', text)
    if not severity or severity.group(1) not in SEVERITIES:
        error('%s: severity is none of %s' % (name, ', '.join(sorted(SEVERITIES))))
    if not re.search(r'^\s+for: \d+[mh]$', text, re.M):
        error('%s: no `for`: one bad scrape would raise it' % name)
    summary = re.search(r'^\s+summary: (.*)$', text, re.M)
    if not summary or not summary.group(1).endswith('.') or '{{' in summary.group(1):
        error('%s: the summary is no plain sentence' % name)
    description = re.search(r'^\s+description: >-\n(.*?)\n\s+runbook_url:', text, re.M | re.S)
    if not description or '$labels.' not in description.group(1):
        error('%s: the description does not say where' % name)
    elif not re.search(r'\bRun first(?:, [\w ]+)?: [^.]*\S', description.group(1).splitlines()[-1]):
        error('%s: the description does not end with what to run first' % name)
    # The exporter's own page, or that of one that answers; tests/prometheus/links.py opens what it becomes.
    runbook = re.search(r'^\s+runbook_url: http://(.+)/runbook#(\S+)$', text, re.M)
    where = runbook.group(1) if runbook else ''
    silent = name.startswith('IntelGpuExporter') or name == 'IntelGpuMaintenance'
    if not runbook or runbook.group(2) != name.lower() or \
            not (where.startswith(ANSWERS) if silent else where == OWN_PAGE):
        error('%s: runbook_url is not http://INSTANCE/runbook#%s' % (name, name.lower()))
    if name.lower() not in runbook_anchors:
        error('%s: no section in runbook.md' % name)


def check_tests(names, tests):
    """Each alert is shown to fire, with its annotations, and to be silent."""
    for block in re.split(r'\n\s*- (?=eval_time|\{eval_time)', tests):
        match = re.search(r'alertname: (\w+)', block)
        if match and match.group(1) not in names:
            error('rules_test.yml: no alert is called %s' % match.group(1))
    for name in sorted(names):
        blocks = [b for b in re.split(r'\n\s*- (?=eval_time|\{eval_time|expr:)', tests)
                  if re.search(r'alertname: %s\b' % name, b)]
        if not any('exp_annotations' in b for b in blocks):
            error('%s: no test in which it fires' % name)
        if not any('exp_alerts' not in b for b in blocks):
            error('%s: no test of a time before it fires, or after' % name)
        if not re.search(r'alertname="%s"[^\n]*value: \d+' % name, tests):
            error('%s: no test of how long it fires' % name)


def check_links(folder, runbook, anchors, remedies):
    for target, anchor in re.findall(r'\]\(([^)#]*)#([\w-]+)\)', runbook):
        there = anchors
        if target:
            there = anchors_of((folder / target).read_text()) if (folder / target).exists() else remedies
        if anchor not in there:
            error('runbook.md: a link to %s#%s, which is not there' % (target, anchor))
        if target and not (folder / target).exists():
            error('runbook.md: a link to %s, which is not there' % target)


def main():
    exporter, root = sys.argv[1], Path(sys.argv[2])
    folder = root / 'deploy/prometheus'
    rules, tests, runbook = ((folder / name).read_text() for name in
                             ('rules.yml', 'rules_test.yml', 'runbook.md'))
    metrics = listed(exporter)
    records = recorded(rules)
    metrics.update(records)

    used = check_names('rules.yml', rules, metrics)
    check_names('rules_test.yml', tests, metrics)
    used |= check_names('runbook.md', runbook, metrics)
    for name in sorted(records):
        if name not in tests:
            error('%s: no test' % name)

    alerts = alerts_of(rules)
    anchors = anchors_of(runbook)
    # What whoever publishes the runbook runs, by the comment at the rules' beginning.
    there = re.search(r"^#   sed -i 's\|(http://[^|]+)\|(https://[^|]+)\|'", rules, re.M)
    changed = '\n'.join(re.sub(there.group(1), there.group(2), line) for line in rules.split('\n')) if there else ''
    if len(re.findall(r'runbook_url: https://wiki\.example\.com/intel-gpu#', changed)) != len(alerts):
        error('rules.yml: nothing says how to set runbook_url')
    for name, text in alerts:
        check_alert(name, text, anchors)
    names = {name for name, _ in alerts}
    check_tests(names, tests)
    for heading in re.findall(r'^## (IntelGpu\w+)$', runbook, re.M):
        if heading not in names:
            error('runbook.md: no alert is called %s' % heading)
    for word in set(re.findall(r'\bIntelGpu\w+', runbook + rules)):
        if word not in names:
            error('no alert is called %s' % word)
    remedies = anchors_of((root / TROUBLESHOOTING).read_text())
    check_links(folder, runbook, anchors, remedies)
    for remedy in set(re.findall(r'perf-\w+', rules)):
        if remedy not in remedies:
            error('troubleshooting.md has no remedy %s' % remedy)

    for message in errors:
        print(message)
    if not errors:
        print('%d alerts of %d names, %d recording rules, %d metrics' %
              (len(alerts), len(names), len(records), len(used)))
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
