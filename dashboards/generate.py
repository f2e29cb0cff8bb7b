#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the dashboards of this directory from source/: generate.py [--check]

--check only says whether they are what this program would write.
"""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE / "source"))
import fleet  # noqa: E402: they are found there only now
import node  # noqa: E402
import virtualization  # noqa: E402


def main():
    stale = []
    for part in (fleet, node, virtualization):
        path = HERE / f"{part.__name__}.json"
        text = json.dumps(part.make(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text)
    if stale and "--check" in sys.argv:
        sys.exit(f"stale: {', '.join(stale)}: run dashboards/generate.py")


main()
