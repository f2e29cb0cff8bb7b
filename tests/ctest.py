#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs ctest side by side, and says while it runs what runs, how many tests are left and about how
long; keeps ctest's log and every test's time for the report at the end.

usage: ctest.py run BUILD NAME [CTEST OPTION...]    the log goes to RESULTS/NAME.log
       ctest.py report BEGIN [PROMISE [LEFT_OUT]]   seconds since the epoch; seconds; a text
RESULTS is a directory in the environment.

With AGAIN=N in the environment up to N tests that fail are run once more at the end of their step, one at
a time. Who fails twice has failed. Who passes then is reported as unsteady with its first log: a rare fault
of the test or of the exporter, which is to be found, but no reason to throw away an hour of other results.

A test's COST is the seconds that it takes, its PROCESSORS the slots that it needs, of which each
processor has four: 1 for what mostly waits, 2 for what computes, more for what needs quiet. Thousands in
COST are for the order: those that wait for minutes begin, then come those that judge times, which so
have only these beside them on two processors."""
import collections
import json
import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path

RESULTS = Path(os.environ["RESULTS"])
TIMES, SHORT = RESULTS / "times", RESULTS / "short"
AGAIN = int(os.environ.get("AGAIN", 0))
SLOTS = 4 * len(os.sched_getaffinity(0))
QUIET = 30  # seconds without a test that ends, until a line says that all is well
START = re.compile(r"^ +Start +\d+: (\S+)")
END = re.compile(r"^ *(\d+)/(\d+) Test +#\d+: (\S+) \.+ *(.*?) +([\d.]+) sec")
DETAILS = re.compile(r"^(Internal ctest|Test project|Total Test time|Errors while|\s*\d+% tests|The following tests|"
                     r"Output from these tests are in|Use \"--rerun)|^\s+\d+ - \S+ \(|^$")


class Expected:
    """How much work there is, in slots times seconds, and from its pace how long it takes."""

    def __init__(self, build, options):
        shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", *options],
                               check=True, capture_output=True, text=True).stdout
        self.work, self.begin, self.done = {}, time.monotonic(), 0
        for test in json.loads(shown)["tests"]:
            properties = {one["name"]: one["value"] for one in test["properties"]}
            slots = min(int(properties.get("PROCESSORS", 1)), SLOTS)
            self.work[test["name"]] = slots * max(float(properties.get("COST", 0)) % 1000, 0.2)
        self.all = sum(self.work.values())

    def end(self, name):
        self.done += self.work.pop(name, 0)

    def left(self):
        """Seconds. Until a part is done, by what is expected of two processors and nothing beside."""
        seconds, usual = time.monotonic() - self.begin, 1 / min(SLOTS, 8)
        pace = (seconds + self.all * usual / 5) / (self.done + self.all / 5)
        return (self.all - self.done) * pace


def lines_of(stream):
    """Its lines; None after each time of quiet."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        rest = b""
        while True:
            if not selector.select(QUIET):
                yield None
                continue
            data = os.read(stream.fileno(), 65536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode(errors="replace") for line in whole)


def keep_log(build, name):
    log = RESULTS / f"{name}.log"
    shutil.copy(Path(build) / "Testing/Temporary/LastTest.log", log)
    with open(SHORT, "a", encoding="utf-8") as short:
        short.writelines(line for line in open(log, encoding="utf-8", errors="replace")
                         if line.startswith("short: "))


def run_again(build, name, failed):
    """The results by name: of those that fail a second time, and of those that do not."""
    results = dict.fromkeys(failed, "failed")
    for test in failed if len(failed) <= AGAIN else []:
        print(f"{test} again, alone", flush=True)
        code = subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error",
                               "-R", f"^{re.escape(test)}$"]).returncode
        keep_log(build, f"{name}.again.{test}")
        results[test] = "failed" if code else "unsteady"
    return results


def run(build, name, options):
    expected = Expected(build, options)
    running, number, of = [], 0, len(expected.work)
    ctest = subprocess.Popen(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error",
                              "--no-label-summary", "-j", str(SLOTS), *options], stdout=subprocess.PIPE)

    def say(what):
        beside = f", now {' '.join(running)}" if running else ""
        print(f"{number:3}/{of} after {time.monotonic() - expected.begin:3.0f} s, "
              f"about {expected.left():3.0f} s left: {what}{beside}", flush=True)

    failed = {}  # and their times
    with open(TIMES, "a", encoding="utf-8") as times:
        for line in lines_of(ctest.stdout):
            if line is None:
                say("still at work")
            elif found := START.match(line):
                running.append(found[1])
            elif found := END.match(line):
                number, of, test = int(found[1]), int(found[2]), found[3]
                result = found[4].strip("* ")
                if test in running:  # or what it needs has failed
                    running.remove(test)
                expected.end(test)
                if result == "Passed" or "Skipped" in result:
                    print(Path(build).name, test, found[5], result.lower().split()[-1], file=times, flush=True)
                else:
                    failed[test] = found[5]
                say(f"{test} {result.lower()} ({float(found[5]):.1f} s)")
            elif not DETAILS.match(line):
                print(line, flush=True)
        code = ctest.wait()
        keep_log(build, name)
        for test, result in run_again(build, name, list(failed)).items():
            print(Path(build).name, test, failed[test], result, file=times)
        if code != 0 and number == 0:
            print(Path(build).name, f"ctest:{name}", 0, "failed", file=times)
    return code


def show_failures(path, lines=15):
    """What each failed test of a log has refused, and its last lines: who reads the end has the cause."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for part in re.split(r"^\d+/\d+ Testing: ", text, flags=re.MULTILINE)[1:]:
        name, output = part.split("\n", 1)
        if re.search(r"^Test (Failed|.*[Tt]imeout)", output, re.MULTILINE):
            printed = output.split("<end of output>")[0].rstrip().splitlines()
            refused = [line for line in printed[:-lines] if re.search(r"NOT OK|FAIL", line)]
            print(f"-- the end of {name}, all of it is in {path.name}:", *refused[:lines], *printed[-lines:], sep="\n")


def report(begin, promise="", left_out=""):
    found = [line.split() for line in TIMES.read_text().splitlines()]
    print("the ten slowest tests:")
    for step, test, seconds, _ in sorted(found, key=lambda one: -float(one[2]))[:10]:
        print(f"  {float(seconds):6.1f} s  {test}" + (f" ({step})" if step != "release" else ""))
    if left_out:
        print(left_out)
    for line in dict.fromkeys(SHORT.read_text().splitlines()):
        print("  " + line)
    seconds = time.time() - float(begin)
    print(f"took {seconds:.0f} s" + (f" of {promise} promised" if promise else ""))
    failed, unsteady = ([test + (f" ({step})" if step != "release" else "")
                         for step, test, _, result in found if result == wanted]
                        for wanted in ("failed", "unsteady"))
    if failed or unsteady:
        for path in sorted(RESULTS.glob("*.log")):
            show_failures(path)
    if unsteady:
        print("unsteady, failed once and passed when run again alone: " + ", ".join(unsteady))
    if failed:
        print("failed: " + ", ".join(failed))
    count = collections.Counter(one[3] for one in found)
    print(f"{count['passed']} passed, {count['failed']} failed" +
          "".join(f", {count[one]} {one}" for one in ("unsteady", "skipped") if count[one]))
    return 1 if failed or not found else 0


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    sys.exit(run(arguments[0], arguments[1], arguments[2:]) if command == "run" else report(*arguments))
