#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
check_test.py PROGRAM: what --check says of each machine of machines.py, as expected/NAME.txt has it, for
the models also as JSON. UPDATE=1 writes these files instead: read git diff. Every check must fail on one
machine and pass on another.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import machines

HERE = pathlib.Path(__file__).parent
UPDATE = os.environ.get("UPDATE") == "1"
LINES, SECONDS = 20, 2
# What these say is a fact, never a fault.
NEVER_FAIL = {"boot-display", "driver-origin", "codec-platform", "lockdown",
              "pve-answers",  # needs a file that never answers: tests/unit/test_check.c
              "va-loads"}  # needs a GPU: tests/lab, tests/integration

bad = []


def run(program, root, *flags):
    begin = time.monotonic()
    r = subprocess.run([program, f"--path.rootfs={root}", *flags], capture_output=True, text=True, timeout=60,
                       env={"PATH": os.environ["PATH"], **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}})
    return r, time.monotonic() - begin


def compare(path, text):
    if UPDATE:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        old = path.read_text() if path.exists() else ""
        with tempfile.NamedTemporaryFile("w") as new:
            new.write(text)
            new.flush()
            diff = subprocess.run(["diff", "-u", str(path) if old else "/dev/null", new.name], capture_output=True, text=True)
        bad.append(f"{path.name} differs:\n{diff.stdout}")


def summary(report):
    """Of the checks that did not just pass: id, GPU, status, severity or cause."""
    rows = []
    for c in report.get("checks", []):
        if c["status"] in ("fail", "skip", "unknown"):
            rows.append(" ".join([c["status"], c["id"], c.get("pci", "-"),
                                  c.get("severity", "") + c.get("because", "") + c.get("see", "")]))
    return "\n".join(rows)


def examine(program, name, seen):
    build, status, fails, flags = machines.MACHINES[name]
    with tempfile.TemporaryDirectory() as root:
        build().write(root)
        text, seconds = run(program, root, "--check", *flags)
        as_json, _ = run(program, root, "--check=json", *flags)
        verbose, _ = run(program, root, "--check", "-v", *flags)
    for r, what in ((text, "text"), (as_json, "json"), (verbose, "-v")):
        if r.returncode != status:
            bad.append(f"{name}: {what}: exit status {r.returncode}, not {status}\n{r.stdout[-1500:]}{r.stderr}")
    out = re.sub(r"^(intel_gpu_exporter )[0-9][^ :]*", r"\1VERSION", text.stdout)
    if len(out.splitlines()) > LINES:
        bad.append(f"{name}: {len(out.splitlines())} lines")
    if not out.isascii():
        bad.append(f"{name}: not ASCII")
    if any(len(line) > 120 for line in out.splitlines()):
        bad.append(f"{name}: a line is longer than 120: {max(out.splitlines(), key=len)}")
    try:
        report = json.loads(as_json.stdout)
    except ValueError as e:
        bad.append(f"{name}: no JSON: {e}")
        return seconds
    if report["exit"] != status:
        bad.append(f"{name}: JSON says exit {report['exit']}")
    wrong = [c["id"] for c in report.get("checks", []) if c["status"] == "fail" and c["severity"] != "note"]
    if list(dict.fromkeys(wrong)) != fails:
        bad.append(f"{name}: fails {wrong}, not {fails}")
    if fails and fails[0] not in next((x for x in out.splitlines() if x.startswith(("  FAIL", "  WARN"))), ""):
        bad.append(f"{name}: the first line is not about {fails[0]}")
    for c in report.get("checks", []):
        seen.setdefault(c["id"], {}).setdefault(c["status"], []).append(name)
        if c["id"] not in verbose.stdout:
            bad.append(f"{name}: -v does not have {c['id']}")
        if c["status"] == "fail" and c["severity"] != "note" and not (
                c.get("evidence") and (c["remedy"].get("say") or c["remedy"].get("commands"))):
            bad.append(f"{name}: {c['id']} without evidence or remedy")
        if re.search(r"\{[a-z]+\}", " ".join([*c.get("remedy", {}).get("commands", []), c.get("remedy", {}).get("say", "")])):
            bad.append(f"{name}: {c['id']}: a value is missing: {c['remedy']}")
    rows = summary(report)
    compare(HERE / "expected" / f"{name}.txt", out + ("---\n" + rows + "\n" if rows else ""))
    if name in machines.MODELS:
        report["tool"]["version"], report["time"] = "VERSION", "TIME"
        compare(HERE / "expected" / f"{name}.json", json.dumps(report, indent=1) + "\n")
    return seconds


def coverage(program, seen):
    listed = subprocess.run([program, "--check=list"], capture_output=True, text=True, check=True).stdout
    ids = re.findall(r"^\| `([a-z0-9-]+)`", listed, re.M)
    if len(ids) < 40 or set(ids) != set(seen):
        bad.append(f"--check=list and the reports differ: {set(ids) ^ set(seen)}")
    for one in ids:
        fails = [m for m in seen.get(one, {}).get("fail", [])]
        if not fails and one not in NEVER_FAIL:
            bad.append(f"{one} fails on no machine")
        if not seen.get(one, {}).get("pass") and one != "va-loads":
            bad.append(f"{one} passes on no machine")
        if os.environ.get("TABLE"):
            print(f"{one}: fails on {', '.join(fails[:3]) or '-'}; passes on {', '.join(seen[one].get('pass', ['-'])[:1])}")
    return len(ids)


def flags(program):
    """Wrong flags beside --check are 3; alone they are 1, as ever."""
    for args, status in ((["--check", "--no-such.flag"], 3), (["--check=yaml"], 3), (["--check", "--check.ignore=no-such"], 3),
                         (["--check", "--check.user="], 3), (["--check", "--path.rootfs=/no/such"], 3),
                         (["--check", "--check.user=nobody-of-that-name"], 3), (["--no-such.flag"], 1), (["-v"], 1)):
        r = subprocess.run([program, *args], capture_output=True, text=True, timeout=60)
        if r.returncode != status:
            bad.append(f"{' '.join(args)}: exit status {r.returncode}, not {status}: {r.stderr}")


def main():
    program, seen = sys.argv[1], {}
    names = sys.argv[2:] or list(machines.MACHINES)
    slowest = max(examine(program, name, seen) for name in names)
    if not sys.argv[2:]:
        n = coverage(program, seen)
        flags(program)
        stale = {p.stem for p in (HERE / "expected").iterdir()} - set(machines.MACHINES)
        if stale:
            bad.append(f"expected/ has {stale}, which are no machines")
        print(f"{n} checks on {len(names)} machines; the slowest took {slowest:.3f} s")
    if slowest > 3 * SECONDS:
        bad.append(f"{slowest:.3f} s, more than three times {SECONDS} s")
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
