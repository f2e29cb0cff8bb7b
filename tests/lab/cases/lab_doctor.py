# SPDX-License-Identifier: Apache-2.0
"""What cases of the doctor share: a report, and what it says first."""
import json
import os
import subprocess
import sys
import time

SECONDS = 2  # on a machine that has nothing else to do; three times that are asserted
slowest = 0


def check(*flags, env=None):
    """The report, with its own time. On a machine that is too busy for the doctor's deadlines it is asked again."""
    for _ in range(20):
        report = ask(*flags, env=env)
        if "checks" in report and not any(c.get("summary") in ("no answer in time", "no time was left") for c in report["checks"]):
            return report
    if "checks" not in report:
        sys.exit(f"FAIL: {report['reason']}")
    return report


def ask(*flags, env=None):
    """The first answer, whatever was not answered in time."""
    global slowest
    begin = time.monotonic()
    done = subprocess.run([os.environ["EXPORTER"], "--check=json", *flags], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **(env or {})})
    slowest = max(slowest, time.monotonic() - begin)
    report = json.loads(done.stdout)
    if report["exit"] != done.returncode:
        sys.exit(f"FAIL: exit status {done.returncode}, and the report says {report['exit']}")
    return report


def failed(report, severities=("error", "warning")):
    return [c["id"] for c in report.get("checks", []) if c["status"] == "fail" and c["severity"] in severities]


def status(report, one):
    return next((c["status"] for c in report["checks"] if c["id"] == one), None)


def summary(report, one):
    return next((c.get("summary", "") for c in report["checks"] if c["id"] == one), "")


def cause(checks, what, report, first, code=2):
    said = failed(report, ("error",))
    checks.same((said[:1], report["exit"]), ([first] if first else [], code),
                f"{what}: {summary(report, first) if first else report['verdict']}")
    # One broken thing is one line.
    checks.that(len(said) <= 1, f"{what}: and nothing else fails ({said})")


def warning(checks, what, report, first):
    """Nothing is broken, and this is at risk."""
    checks.same((failed(report), report["exit"]), ([first] if first else [], 1 if first else 0),
                f"{what}: {summary(report, first) if first else report['verdict']}")


def in_time(checks):
    print(f"the slowest took {slowest:.3f} s")
    checks.that(slowest < 3 * SECONDS, f"each takes {SECONDS} s at most")
