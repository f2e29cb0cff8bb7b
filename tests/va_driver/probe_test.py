# SPDX-License-Identifier: Apache-2.0
"""What tests of the probe by hand share: a run of it against the fake driver, and its results."""
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from exporter_test import Checks  # noqa: E402,F401: it is found there only now

PROBE, DRIVERS, ANY_NODE = (os.environ[name] for name in ("PROBE", "DRIVERS", "ANY_NODE"))


def probe(*flags, knobs=None, driver="fake"):
    """A dot in a knob's name is two underscores in the environment."""
    env = {"PATH": os.environ["PATH"], "LIBVA_DRIVERS_PATH": DRIVERS, "LIBVA_DRIVER_NAME": driver,
           "LD_PRELOAD": ANY_NODE,
           **{f"FAKE_VA_{k.replace('.', '__')}": v for k, v in (knobs or {}).items()}}
    return subprocess.run([PROBE, "--device", "/dev/null", *flags], env=env, capture_output=True,
                          text=True, timeout=60)


def results(output):
    """The word behind profile, entry point and size of each line that has no indent."""
    return {line[44:].split()[0] for line in output.splitlines() if line and line[0] != " "}


def has_result(checks, flags, knobs, wanted, code, says=""):
    """One run: the result of its tests, the exit status, words of the detail."""
    done = probe(*flags, knobs=knobs)
    checks.that(results(done.stdout) == {wanted} and done.returncode == code
                and says in done.stdout,
                f"{' '.join(flags)} {knobs}: exit status {done.returncode}, "
                f"{' | '.join(s.strip() for s in done.stdout.splitlines())}{done.stderr}")
    return done.stdout
