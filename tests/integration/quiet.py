# SPDX-License-Identifier: Apache-2.0
"""When nobody asks it does nothing: no system call and no child process."""
import os
import re
import socket
import time

from local import SKYLAKE, Exporter, Strace, Tree, case, connect, get_request, load, settled, wait_for

SECONDS = 10
SLEEPS = ("futex", "epoll_wait", "recvmsg", "rt_sigtimedwait", "restart_syscall")


def awake(lines):
    """The calls that are no sleeps. Attaching and detaching interrupts the sleeps of all threads:
    each shows as unfinished, as interrupted, or both."""
    calls = []
    for line in lines:
        match = re.match(r"\d+\s+(?:<\.\.\. )?(\w+)", line)
        if not match or "detached" in line or match[1] in SLEEPS:
            continue
        if match[1] == "read" and line.rstrip().endswith(("<unfinished ...>", "(To be restarted)")):
            continue  # of the watch for who unbinds a driver, which never ends
        calls.append(line)
    return calls


def manager(root):
    """The environment of a service."""
    address = f"{root}/notify"
    manager.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.socket.bind(address)
    return {**os.environ, "NOTIFY_SOCKET": address}


def main(checks):
    idle = {}
    with Tree() as tree:
        idle["a recorded machine"] = Exporter(tree.root)
        idle["this machine, with uevents"] = Exporter("/")
        idle["after a load"] = Exporter(SKYLAKE)
        idle["with an idle keep-alive connection"] = Exporter(SKYLAKE)
        env = manager(tree.root)
        idle["under a service manager without a watchdog"] = Exporter(SKYLAKE, env=env)
        watched = Exporter(SKYLAKE, env={**env, "WATCHDOG_USEC": "4000000"})
        failures = []
        for exporter in idle.values():
            exporter.scrape()
        load(idle["after a load"].port, 200, 20, failures)
        checks.same(failures, [], "a load before")
        sock = connect(idle["with an idle keep-alive connection"].port)
        sock.sendall(get_request("/-/healthy", close=False))
        sock.recv(4096)
        for exporter in idle.values():
            settled(exporter.fds, 1)
        traces = {name: Strace(exporter.pid) for name, exporter in idle.items()}
        watch = Strace(watched.pid)
        settled(lambda: [len(trace.lines()) for trace in traces.values()], 0.5)
        before = {name: len(trace.lines()) for name, trace in traces.items()}
        time.sleep(SECONDS)
        for name, exporter in idle.items():
            checks.same(exporter.children(), [], f"{name}: no child process")
            new = traces[name].lines()[before[name]:]
            if "uevents" in name:
                # What the kernel announces of this machine meanwhile, a mount for one, is received.
                new = [line for line in new if "recvmsg" not in line]
            if "keep-alive" in name:
                # One look, 10 s after it was opened, at whether its request has come.
                checks.that(len(new) <= 4 and not awake(new),
                            f"{name}: {len(new)} lines in {SECONDS} s, one wake-up: {new}")
            else:
                checks.same(new, [], f"{name}: no system call in {SECONDS} s")
        checks.that(any("WATCHDOG=1" in line for line in watch.detach()),
                    "with a watchdog it does wake up")
        # Would one have shown? A scrape does.
        idle["a recorded machine"].scrape()
        checks.that(wait_for(lambda: len(awake(traces["a recorded machine"].lines())) > 20, 5),
                    "a scrape would have shown")
        for name, trace in traces.items():
            calls = awake(trace.detach())
            if name != "a recorded machine":
                checks.same(calls, [], f"{name}: nor at the ends of the trace")
        sock.close()
        for exporter in idle.values():
            exporter.stop()


case(main)
