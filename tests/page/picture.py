# SPDX-License-Identifier: Apache-2.0
"""picture.py PORT FOLDER NAME: pictures of the page of a running exporter, as of a machine "pve1", on
a desk and on a phone, light and dark; once it has rates of some minutes."""
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from browser import Browser  # noqa: E402

MINUTES = float(os.environ.get("PAGE_MINUTES", "2"))


def main():
    port, folder, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    browser = Browser("--host-resolver-rules=MAP pve1 127.0.0.1")
    try:
        browser.look(1200, 900, False)
        browser.open(f"http://pve1:{port}/")
        if not browser.wait(lambda: "%" in browser.text("#live .value"), 60):
            raise SystemExit(f"no rates: {browser.text()}")
        time.sleep(60 * MINUTES)
        for screen, width, height in (("desktop", 1200, 900), ("phone", 390, 844)):
            for dark in (False, True):
                browser.look(width, height, dark)
                time.sleep(0.5)
                browser.screenshot(folder / f"{name}-{screen}-{'dark' if dark else 'light'}.png")
    finally:
        browser.close()


main()
