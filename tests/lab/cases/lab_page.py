# SPDX-License-Identifier: Apache-2.0
"""What the exporter's page shows to a browser on the machine that the guest runs on (tests/page/beside.py):
a file asks, a file answers."""
import json
import os
import re
import time
from pathlib import Path

OUT = Path(os.environ["LAB_OUT"])
HAS_BROWSER = bool(os.environ.get("BROWSER"))
# The guest's address, to which a port of that machine is forwarded.
FLAGS = ["--web.listen-address=10.0.2.15:10057"] if HAS_BROWSER else []


def see(checks, name, *patterns):
    """That the page shows all of this; its pictures have that name."""
    if not HAS_BROWSER:
        return
    question = OUT / f"{name}.tmp"
    question.write_text(json.dumps(patterns))
    question.rename(OUT / f"{name}.ask")
    answer, end = OUT / f"{name}.txt", time.monotonic() + 180
    while not answer.exists() and time.monotonic() < end:
        time.sleep(0.1)
    text = answer.read_text() if answer.exists() else "no answer"
    wrong = [one for one in patterns if not re.search(one, text)]
    checks.that(not wrong, f"{name}: the page shows {' and '.join(patterns)}")
    if wrong:
        print(text, flush=True)
