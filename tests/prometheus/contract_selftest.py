#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does contract.py find what it looks for? Each case breaks a copy in one place."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

RULES, TESTS, RUNBOOK = 'rules.yml', 'rules_test.yml', 'runbook.md'
CASES = [
    (RULES, 'max_over_time(intel_gpu_vaapi_up[5m])', 'max_over_time(intel_gpu_vaapi_works[5m])',
     'no metric is called intel_gpu_vaapi_works'),
    (RULES, 'intel_gpu_info{function!="vf"}', 'intel_gpu_info{kind!="vf"}', 'has no label kind'),
    (RULES, 'instance_pci:intel_gpu_hardware_acceleration:ratio[5m]',
     'instance_pci:intel_gpu_acceleration:ratio[5m]',
     'no metric is called instance_pci:intel_gpu_acceleration:ratio'),
    (RULES, 'severity: info', 'severity: page', 'severity'),
    (RULES, '        for: 20m\n', '', 'no `for`'),
    (RULES, '/runbook#intelgpugone', '/runbook#gpu-gone', 'IntelGpuGone: runbook_url is not'),
    (RULES, 'runbook_url: http://{{ $labels.instance }}/runbook#intelgpugone',
     'runbook_url: runbook.md#intelgpugone', 'IntelGpuGone: runbook_url is not'),
    (RULES, '{{ with query "bottomk(1, instance:intel_gpu_exporter_start_time_seconds:first)" }}{{ . | first | label '
     '"instance" }}{{ else }}{{ $labels.instance }}{{ end }}/runbook#intelgpuexporterdown',
     '{{ $labels.instance }}/runbook#intelgpuexporterdown', 'IntelGpuExporterDown: runbook_url is not'),
    (RULES, 'Run first: qm status {{ $labels.vmid }}', 'Have fun.', 'IntelGpuVgpuLeaked: the description does not end'),
    (RULES, '#   sed -i', '#   awk', 'nothing says how to set runbook_url'),
    (RULES, 'perf-paranoid', 'perf-allowed', 'troubleshooting.md has no remedy perf-allowed'),
    (RULES, 'not find it now.\n', 'not find it now.\n          note: see IntelGpuLost\n',
     'no alert is called IntelGpuLost'),
    (RUNBOOK, '## IntelGpuThrottled', '## Throttled', 'IntelGpuThrottled: no section'),
    (RUNBOOK, '(#intelgpugone)', '(#gone)', 'a link to #gone'),
    (RUNBOOK, 'troubleshooting.md#vaapi-results', 'troubleshooting.md#results', 'troubleshooting.md#results'),
    (RUNBOOK, 'intel_gpu_vaapi_entrypoint_info', 'intel_gpu_vaapi_entrypoints', 'no metric'),
    (TESTS, 'alertname: IntelGpuProbeStuck', 'alertname: IntelGpuStuck',
     'no alert is called IntelGpuStuck'),
    (TESTS, 'alertname="IntelGpuVgpuLeaked"', 'alertname="IntelGpuVgpuGone"',
     'IntelGpuVgpuLeaked: no test of how long'),
    (TESTS, 'intel_gpu_passthrough_in_use{', 'intel_gpu_passthrough_used{', 'no metric'),
    (TESTS, 'instance_pci_gt:', 'instance_gt:', 'instance_pci_gt:intel_gpu_clock_hertz:mean5m: no test'),
]


def run(exporter, root):
    contract = Path(__file__).with_name('contract.py')
    done = subprocess.run([sys.executable, contract, exporter, root], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    exporter, root = sys.argv[1], Path(sys.argv[2])
    bad = 0
    for number, (name, old, new, expected) in enumerate(CASES):
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work) / 'deploy/prometheus'
            shutil.copytree(root / 'deploy/prometheus', folder)
            shutil.copytree(root / 'src/collectors', Path(work) / 'src/collectors')
            text = (folder / name).read_text()
            if old not in text:
                print('case %d: %s has no %r' % (number, name, old))
                bad = 1
                continue
            (folder / name).write_text(text.replace(old, new))
            status, said = run(exporter, work)
            if status != 1 or expected not in said:
                print('case %d (%r): exit %d\n%s' % (number, new, status, said))
                bad = 1
    print('%d cases' % len(CASES))
    return bad


if __name__ == '__main__':
    sys.exit(main())
