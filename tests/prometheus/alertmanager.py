#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""alertmanager.yml: is it sound, does each alert of rules.yml get to its receiver, and does a real
Alertmanager keep quiet what follows from another alert?

usage: alertmanager.py FOLDER
"""
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

# See deploy/install-packages.sh.
UNPACKED = Path(__file__).resolve().parents[2] / 'build/unpacked/usr'
os.environ['PATH'] += ':' + str(UNPACKED / 'bin')
RECEIVERS = {'critical': 'gpu-pager', 'warning': 'gpu-tickets', 'info': 'nobody'}


def alert(name, severity, instance, **labels):
    return {'alertname': name, 'severity': severity, 'job': 'intel-gpu', 'instance': instance, **labels}


LOST, CODEC = 'IntelGpuHardwareAccelerationLost', 'IntelGpuCodecLost'
# (alert, who is to get it; None if it is inhibited)
SCENE = [
    # An exporter that is down, and its GPU; the same GPU's alert on a node that answers.
    (alert('IntelGpuExporterDown', 'warning', 'node1'), 'gpu-tickets'),
    (alert(LOST, 'critical', 'node1', pci='a', cause='tests'), None),
    (alert(LOST, 'critical', 'node2', pci='a', cause='tests'), 'gpu-pager'),
    # In maintenance.
    (alert('IntelGpuMaintenance', 'info', 'node3'), 'nobody'),
    (alert('IntelGpuExporterDown', 'warning', 'node3'), None),
    (alert('IntelGpuGone', 'critical', 'node3', pci='a'), None),
    # The node is down, which another job says.
    ({'alertname': 'NodeDown', 'severity': 'critical', 'job': 'node', 'instance': 'node4'}, 'others'),
    (alert('IntelGpuExporterDown', 'warning', 'node4'), None),
    # One of two GPUs is gone, so its codecs are; the other one has lost a codec.
    (alert('IntelGpuGone', 'critical', 'node5', pci='a'), 'gpu-pager'),
    (alert(CODEC, 'warning', 'node5', pci='a', codec='h264'), None),
    (alert(CODEC, 'warning', 'node5', pci='b', codec='h264'), 'gpu-tickets'),
    (alert('IntelGpuVaDriverChanged', 'info', 'node6', pci='a'), 'nobody'),
    # Fallen back to software: that it is in software is no second message.
    (alert(LOST, 'critical', 'node7', application='jellyfin', cause='fallback'), 'gpu-pager'),
    (alert('IntelGpuTranscodingInSoftware', 'warning', 'node7'), None),
    # Hot since its fan stands still; that it is at its power limit, too, is another matter.
    (alert('IntelGpuFanStopped', 'critical', 'node8', pci='a', fan='1'), 'gpu-pager'),
    (alert('IntelGpuTooHot', 'warning', 'node8', pci='a', sensor='pkg'), None),
    (alert('IntelGpuThrottled', 'warning', 'node8', pci='a', gt='0', reason='thermal', cause='heat'), None),
    (alert('IntelGpuThrottled', 'warning', 'node8', pci='a', gt='0', reason='pl1', cause='power'), 'gpu-tickets'),
    (alert('IntelGpuTooHot', 'warning', 'node8', pci='b', sensor='pkg'), 'gpu-tickets'),
]
failures = []


def check(good, text):
    print('%s: %s' % ('ok' if good else 'FAILED', text))
    if not good:
        failures.append(text)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).strip()


def check_routes(config, rules):
    """As Alertmanager routes them: of each alert its severity's receiver."""
    found = re.findall(r'- alert: (\w+)\n.*?severity: (\w+)', rules, re.S)
    check(len(found) > 15, '%d alerts' % len(found))
    for name, severity in dict(found).items():
        wanted = 'nobody' if name == 'IntelGpuMaintenance' else RECEIVERS[severity]
        status, said = run('amtool', 'config', 'routes', 'test', '--config.file', config,
                           '--verify.receivers', wanted, 'alertname=' + name, 'severity=' + severity)
        check(status == 0, '%s (%s) is for %s: %s' % (name, severity, wanted, said.splitlines()[0]))


def check_names(text, rules):
    """A name that no rule has inhibits nothing."""
    known = set(re.findall(r'- alert: (\w+)', rules))
    for name in set(re.findall(r'IntelGpu[A-Z]\w+', text)):
        check(name in known, 'rules.yml has %s' % name)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps (receiver, alertname, instance, pci) of what is sent."""
    got = set()

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        for one in message['alerts']:
            labels = one['labels']
            Receiver.got.add((message['receiver'], labels['alertname'], labels['instance'], labels.get('pci', '')))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def ask(url, body=None):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(),
                                     {'Content-Type': 'application/json'})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or 'null')


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


def server_command():
    """Debian's looks for its templates below /usr/share: one that is only unpacked has its own there."""
    program = shutil.which('prometheus-alertmanager')
    if not Path(program).is_relative_to(UNPACKED):
        return [program]
    user = [] if os.geteuid() == 0 else ['--map-root-user']
    return ['unshare', *user, '--mount', 'sh', '-c', 'mount --bind "$0" /usr/share && exec "$@"',
            str(UNPACKED / 'share'), program]


def check_scene(text, work):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    text, n = re.subn(r'http://127\.0\.0\.1:9099', 'http://127.0.0.1:%d' % server.server_port, text)
    check(n == 2, 'two receivers are sent to')
    # What is sent waits for what belongs to it: seconds are enough here.
    text = re.sub(r'group_wait: \w+', 'group_wait: 2s', text)
    config, port = work / 'alertmanager.yml', free_port()
    config.write_text(text)
    url = 'http://127.0.0.1:%d/api/v2/' % port
    with open(work / 'log', 'w', encoding='utf-8') as log:
        running = subprocess.Popen(
            [*server_command(), '--config.file=%s' % config, '--storage.path=%s' % (work / 'data'),
             '--web.listen-address=127.0.0.1:%d' % port, '--cluster.listen-address='], stdout=log, stderr=log)
    try:
        if not until(lambda: ask(url + 'status')):
            check(False, 'Alertmanager answers: ' + (work / 'log').read_text())
            return
        ask(url + 'alerts', [{'labels': labels} for labels, _ in SCENE])
        states = {}

        def settled():
            for one in ask(url + 'alerts'):
                states[json.dumps(one['labels'], sort_keys=True)] = one['status']['state']
            return len(states) == len(SCENE) and \
                sum(state == 'suppressed' for state in states.values()) == sum(who is None for _, who in SCENE)

        until(settled)
        for labels, who in SCENE:
            state = states.get(json.dumps(labels, sort_keys=True))
            check(state == ('active' if who else 'suppressed'),
                  '%s of %s%s is %s' % (labels['alertname'], labels['instance'],
                                        ' ' + labels['pci'] if 'pci' in labels else '', state))
        wanted = {(who, one['alertname'], one['instance'], one.get('pci', '')) for one, who in SCENE
                  if who and who.startswith('gpu-')}
        until(lambda: Receiver.got >= wanted)
        check(Receiver.got == wanted, 'sent: %s, wanted: %s' % (sorted(Receiver.got), sorted(wanted)))
    finally:
        running.terminate()
        running.wait()
        server.shutdown()


def main():
    folder = Path(sys.argv[1])
    for program in ('amtool', 'prometheus-alertmanager'):
        if not shutil.which(program):
            sys.exit(program + ' is missing: deploy/install-packages.sh tests/prometheus/packages.txt')
    config, rules = folder / 'alertmanager.yml', (folder / 'rules.yml').read_text()
    status, said = run('amtool', 'check-config', str(config))
    check(status == 0, 'amtool check-config: ' + said.replace('\n', ' '))
    check_names(config.read_text(), rules)
    check_routes(str(config), rules)
    with tempfile.TemporaryDirectory() as work:
        check_scene(config.read_text(), Path(work))
    sys.exit(1 if failures else 0)


main()
