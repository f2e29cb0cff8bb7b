# SPDX-License-Identifier: Apache-2.0
"""What the cases share: the exporter under test, its metrics, and the emulated GPU's knobs."""
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "support"))
sys.path.append(str(TESTS / "lab"))
import exporter_test  # noqa: E402: it is found there only now
from exporter_test import Checks, Metrics, rss_kb, shorter  # noqa: E402, F401: the cases use lab.Checks

PORT = 10057


def shell(command, check=True):
    """Runs a line with the lab's shell functions; returns what it prints."""
    done = subprocess.run(["bash", "-c", f'. "$LAB_SRC/guest.sh"; {command}'],
                          capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"FAIL: {command}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def set_parameter(name, value):
    with open(f"/sys/module/i915/parameters/{name}", "w") as f:
        f.write(f"{value}\n")  # an empty text alone would be no write at all


class Exporter(exporter_test.Exporter):
    """The exporter at the port that the lab forwards. VA-API tests only where they are the matter:
    with a real driver a round of them costs the emulated processor many seconds."""

    def __init__(self, *flags, port=PORT, prefix=(), env=None, wait=True, vaapi=False):
        flags = flags if vaapi else ("--no-collector.vaapi", *flags)
        super().__init__(*flags, port=port, prefix=prefix, env=env, wait=wait)


def rate(before, after, name, **labels):
    """Per second, over the exposition's own clock."""
    a, b = before.value(name, **labels), after.value(name, **labels)
    return None if a is None or b is None else (b - a) / (after.time - before.time)
