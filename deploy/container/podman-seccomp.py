#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Podman's seccomp filter one that lets CAP_PERFMON open perf events, which its own forbids.

usage: podman-seccomp.py [SOURCE] [TARGET]
SOURCE is the engine's filter: /etc/containers/seccomp.json, or else /usr/share/containers/seccomp.json.
Everything in it stays as it is, but for perf_event_open, which only a container with CAP_PERFMON or
CAP_SYS_ADMIN may call. TARGET is /etc/containers/intel-gpu-exporter-seccomp.json. Run it again after an
upgrade of the engine: a copy from another machine would lack what its kernel and engine want."""
import json
import os
import sys

SOURCES = "/etc/containers/seccomp.json", "/usr/share/containers/seccomp.json"
TARGET = "/etc/containers/intel-gpu-exporter-seccomp.json"
CALL = "perf_event_open"


def derive(filter_):
    """Rules of several calls keep the others; one of this call alone goes."""
    rules = []
    for rule in filter_["syscalls"]:
        names = [name for name in rule.get("names", []) if name != CALL]
        if names:
            rules.append({**rule, "names": names})
    for capability in ("CAP_PERFMON", "CAP_SYS_ADMIN"):
        rules.append({"names": [CALL], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "",
                      "includes": {"caps": [capability]}, "excludes": {}})
    return {**filter_, "syscalls": rules}


def main(source=None, target=TARGET):
    source = source or next((one for one in SOURCES if os.path.exists(one)), SOURCES[-1])
    try:
        with open(source, encoding="utf-8") as file:
            derived = derive(json.load(file))
        with open(f"{target}.new", "w", encoding="utf-8") as file:
            file.write(json.dumps(derived, indent=1) + "\n")
        os.replace(f"{target}.new", target)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.exit(f"podman-seccomp.py: {source}: {error!r}")
    print(f"{target}: {source}, with {CALL} for CAP_PERFMON")


if __name__ == "__main__":
    if sys.argv[1:2] in (["--help"], ["-h"]) or len(sys.argv) > 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
