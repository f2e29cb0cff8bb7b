#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
guides_test.py PROGRAM README: is the table of the guides' rows whole? Each row has checks that exist and machines
of which every check of the row fails, or says something, on one; or says why it is not covered. The list of checks
is the program's; UPDATE=1 writes it.
"""
import os
import pathlib
import re
import subprocess
import sys

import machines

ROWS = {"general": 6, "K3s": 17, "GVT-g": 6, "Jellyfin": 24}
HERE = pathlib.Path(__file__).parent
# Ids of the design that are a check, or a row of "Not covered yet".
DESIGN = """gpu-present guest-gpu-missing iommu-active interrupt-remapping iommu-group cpu-virtualization secure-boot
lockdown rebar aperture boot-display cmdline-nomodeset force-probe guc-parameter cmdline-leftovers modules-obsolete
cmdline-pending module-missing driver-too-old guest-kernel module-blacklisted driver-none probe-failed survivability
driver-vfio vfio-ids vfio-modules gvt-supported gvt-enabled gvt-types gvt-pool sriov-supported sriov-driver sriov-vfs
sriov-guest wedged firmware-guc firmware-huc firmware-gsc firmware-dmc mei hang-seen aer throttle gpu-stuck-d3
node-present node-open node-group by-path selinux node-right-gpu va-driver codec-platform tonemap qsv opencl level-zero
hostpci-config legacy-igd mapping-stale vm-machine lxc-dev lxc-gid hookscript vm-autostart talos-extension k8s-resource
podresources dra rapl hwmon pcie-link vm-tuning pve-kernel perf-rights client-rights known-bad""".split()

program, readme = sys.argv[1], pathlib.Path(sys.argv[2])
bad = []
text = readme.read_text()
listed = subprocess.run([program, "--check=list"], capture_output=True, text=True, check=True).stdout
ids = set(re.findall(r"^\| `([a-z0-9-]+)`", listed, re.M))

begin = text.index("<!-- generated"), text.index("<!-- end of generated -->")
begin = text.index("\n", begin[0]) + 1, begin[1]
if os.environ.get("UPDATE") == "1":
    text = text[:begin[0]] + listed + text[begin[1]:]
    readme.write_text(text)
elif text[begin[0]:begin[1]] != listed:
    bad.append("the list of checks is not that of --check=list: UPDATE=1 ctest -R golden.check_guides")


def section(title):
    body = text[text.index(f"## {title}\n"):]
    return [[c.strip() for c in line.strip("|\n ").split("|")] for line in body[:body.find("\n## ", 5)].splitlines()
            if line.startswith("|")][2:]


counted = dict.fromkeys(ROWS, 0)
for row, checks, tests in (r + [""] * (3 - len(r)) for r in section("The checklists of public guides")):
    counted[next((g for g in ROWS if row.startswith((g + ":", g + " trouble:"))), "")] += 1
    if checks.startswith("not covered:"):
        if len(checks) < 30 or tests:
            bad.append(f"{row}: not covered, and why?")
        continue
    said = {}
    for name in tests.split(", "):
        if name not in machines.MACHINES:
            bad.append(f"{row}: there is no machine {name}")
            continue
        said[name] = (HERE / "expected" / f"{name}.txt").read_text()
    for check in checks.split(", "):
        if check not in ids:
            bad.append(f"{row}: there is no check {check}")
        # Facts that never fail are in the text, under their area.
        elif not any(re.search(rf"^fail {check} ", t, re.M) for t in said.values()) and not (
                check in ("boot-display", "codec-platform") and any("note  " in t for t in said.values())):
            bad.append(f"{row}: {check} fails on none of {tests}")
if counted != ROWS:
    bad.append(f"rows of the guides: {counted}, not {ROWS}")

open_ids = {i for row in section("Not covered yet") for i in row[0].replace("'s versions", "").split(", ")}
for one in DESIGN:
    if one not in ids and one not in open_ids:
        bad.append(f"{one} of the design is neither a check nor named as not covered")
for one in open_ids - set(DESIGN):
    bad.append(f"{one} is no check of the design")

print("\n".join(bad) or f"{sum(counted.values())} rows of guides, {len(ids)} checks, {len(open_ids)} ids not covered")
sys.exit(bool(bad))
