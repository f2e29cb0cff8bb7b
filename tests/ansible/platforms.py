#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The roles know the same PCI ids as the exporter: src/sources/gpu/platform.c is the one list.

usage: platforms.py REPOSITORY; with UPDATE=1 it writes the roles' file.
"""
import os
import re
import sys
import textwrap

repo = sys.argv[1]
target = os.path.join(repo, "deploy/ansible/roles/platform/vars/main/ids.yml")
with open(os.path.join(repo, "src/sources/gpu/platform.c"), encoding="utf-8") as file:
    source = file.read()

platforms = {key: (name, generation) for key, name, generation in
             re.findall(r'\[(\w+)\] = \{ "([^"]+)", "([^"]+)"', source)}
ids = {key: [] for key in platforms}
for first, last, key in re.findall(r"\{ 0x(\w+), 0x(\w+), (\w+) \}", source):
    ids[key] += range(int(first, 16), int(last, 16) + 1)
assert len(platforms) > 25 and all(ids.values()), "platform.c has another form"

lines = ["---", "# SPDX-License-Identifier: Apache-2.0",
         "# Made from src/sources/gpu/platform.c by UPDATE=1 tests/ansible/platforms.py .",
         "intel_gpu_platform_ids:"]
for key, (name, generation) in platforms.items():
    lines += [f"  - name: {name}", f'    generation: "{generation}"', "    ids: >-"]
    lines += textwrap.wrap(" ".join(f"{i:04x}" for i in ids[key]), 110,
                           initial_indent=" " * 6, subsequent_indent=" " * 6)
text = "\n".join(lines) + "\n"

with open(os.path.join(repo, "deploy/ansible/roles/platform/vars/main/modes.yml"), encoding="utf-8") as file:
    named = set(re.findall(r"^  (?:- )?([A-Z][^:\n]*?)(?::.*)?$", file.read(), re.M))
unknown = named - {name for name, _ in platforms.values()}
if unknown or not named:
    sys.exit(f"platforms that platform.c does not have: {', '.join(sorted(unknown))}")
if os.environ.get("UPDATE"):
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
with open(target, encoding="utf-8") as file:
    if file.read() != text:
        sys.exit(f"{target} is not what platform.c says; write it with UPDATE=1")
print(f"{len(platforms)} platforms, {sum(map(len, ids.values()))} ids; {len(named)} with vGPUs or virtual functions")
