# SPDX-License-Identifier: Apache-2.0
"""beside.py run.sh OPTION... -- CASE: a case of the lab with a browser beside the guest, which opens the
page of the exporter in it when the case asks (tests/lab/cases/lab_page.py), says what it shows, and takes
pictures of it on a desk and a phone. Without a Chromium it is the case alone."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
os.environ.setdefault("EXPORTER", "the guest's")  # not of interest here
from browser import Browser  # noqa: E402: it is found there only now
from exporter_test import free_port  # noqa: E402

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", "screenshots"))
SCREENS = (("desktop", 1280, 900, False), ("phone", 390, 844, True))
SECONDS = 60  # for a page to show what it is expected to


def answer(browser, url, asked):
    """What the page shows once it has all that it is asked for, or last."""
    patterns, name, shown = json.loads(asked.read_text()), asked.stem, ""

    def shows():
        nonlocal shown
        shown = browser.text()
        return "live, every 5 s" in shown and all(re.search(one, shown) for one in patterns)
    browser.open(url)
    browser.wait(shows, SECONDS)
    for screen, width, height, dark in SCREENS:
        browser.look(width, height, dark)
        browser.screenshot(SCREENSHOTS / f"{name}-{screen}.png")
    asked.unlink()
    text = asked.with_suffix(".tmp")
    text.write_text(shown)
    text.rename(asked.with_suffix(".txt"))


def serve(case, browser, url, out):
    while case.poll() is None:
        for asked in out.glob("*.ask"):
            try:
                answer(browser, url, asked)
            except (OSError, RuntimeError, json.JSONDecodeError) as e:
                print(f"the page cannot be shown: {e}", flush=True)
        time.sleep(0.2)


def main():
    run, *arguments = sys.argv[1:]
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        print("skipped: the page, without Chromium", flush=True)
        os.execv(run, sys.argv[1:])
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    port, browser = free_port(), Browser()
    with tempfile.TemporaryDirectory() as out:
        case = subprocess.Popen([run, "--forward", f"{port}:10057", "--out", out, "--env", "BROWSER=1", *arguments])
        try:
            serve(case, browser, f"http://127.0.0.1:{port}/", Path(out))
        finally:
            browser.close()
            case.terminate()
            code = case.wait()
    sys.exit(code)


main()
