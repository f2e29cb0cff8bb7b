# SPDX-License-Identifier: Apache-2.0
"""When PMUs are unregistered and events closed, as the kernel's own tracing says it."""
import re

import lab

TRACING = "/sys/kernel/tracing"


def watch_kernel():
    """Traces when PMUs are unregistered and events closed, and perf core's timer for rotation: the
    unregistering of a PMU frees it, armed or not."""
    with open("/proc/kallsyms") as symbols:
        handler = next(line.split()[0] for line in symbols if line.split()[2] == "perf_mux_hrtimer_handler")
    lab.shell(f"""mountpoint -q {TRACING} || mount -t tracefs none {TRACING}
        echo "function == 0x{handler}" >{TRACING}/events/timer/hrtimer_start/filter
        echo 1 >{TRACING}/events/timer/hrtimer_start/enable
        echo "p:unregister_begins perf_pmu_unregister" >{TRACING}/kprobe_events
        echo "r:unregister_ends perf_pmu_unregister" >>{TRACING}/kprobe_events
        echo "p:event_opened perf_install_in_context" >>{TRACING}/kprobe_events
        echo "p:event_closed perf_release" >>{TRACING}/kprobe_events
        echo 1 >{TRACING}/events/kprobes/enable""")


def traced():
    """What was traced, as (seconds, name), in order."""
    with open(f"{TRACING}/trace") as trace:
        found = re.findall(r"^.* (\d+\.\d+): (\w+): ", trace.read(), re.MULTILINE)
    return sorted((float(when), name) for when, name in found)


def check(checks, tolerated=0):
    """An event that is closed after its PMU was unregistered writes to memory that was freed, on a kernel that does
    not revoke it. Tolerated: the share of PMUs with such events."""
    held = late = rotations = 0
    last, rest = None, []
    for when, name in traced():
        if name == "event_opened":
            held += 1
        elif name == "event_closed":
            held, last = held - 1, when
        elif name == "unregister_begins" and last:
            rest.append(0 if held else (when - last) * 1000)
        elif name == "unregister_ends":
            late, last = late + (held > 0), None
        rotations += name == "hrtimer_start"
    checks.that(rest and late <= tolerated * len(rest),
                f"of {len(rest)} PMUs with events, those with open ones when they had been unregistered: {late}; "
                f"the last was closed {min(rest, default=0):.1f} ms before that began, or more")
    checks.that(rotations == 0, f"perf core's timer for rotation was never armed ({rotations} times)")
