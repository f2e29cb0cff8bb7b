# SPDX-License-Identifier: Apache-2.0
"""A recorded Arc Pro B60 whose sensors move: its files are written in place, since the exporter keeps them open, and
with as many digits as before, so that no scrape meets half a number."""
import math
import shutil
import threading
import time
from pathlib import Path

CARD = "0000:03:00.0"
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
ENERGY = 1203311840209


def overwrite(path, text):
    with path.open("r+b") as file:
        file.write(text.encode())
        file.truncate()


class Card:
    """.root is a copy of the fixture without its virtual functions."""

    def __init__(self, root):
        self.root, self.device = Path(root), Path(root, "sys/bus/pci/devices", CARD).resolve()
        self.hwmon = next(self.device.glob("hwmon/hwmon*"))
        self.hot, self.joules = False, 0.0
        for vf in self.device.parent.glob(f"{CARD[:-1]}[12]"):
            (self.root / "sys/bus/pci/devices" / vf.name).unlink()
            shutil.rmtree(vf)
        for link in self.device.glob("virtfn*"):
            link.unlink()
        (self.device / "sriov_numvfs").write_text("0\n")
        for reasons in self.device.glob("tile*/gt*/freq0/throttle/reasons"):
            reasons.write_text("none\n")
        # Somebody who has some of the machine's memory, too.
        shutil.copytree(FIXTURES / "battlemage-xe/proc/700", self.root / "proc/700", symlinks=True)
        threading.Thread(target=self.move, daemon=True).start()

    def set(self, name, value, digits):
        overwrite(self.hwmon / name, f"{value:0{digits}d}\n")

    def move(self):
        """Some 100 W of 200, warm; or all of its power, too hot, and its fan stands still."""
        began = last = time.monotonic()
        while True:
            time.sleep(0.5)
            now = time.monotonic()
            load = 1 if self.hot else 0.5 + 0.2 * math.sin((now - began) / 20)
            self.joules, last = self.joules + 198 * load * (now - last), now
            self.set("energy1_input", ENERGY + int(1e6 * self.joules), 13)
            self.set("energy2_input", ENERGY + int(6e5 * self.joules), 13)
            self.set("temp2_input", 1000 * int(50 + 42 * load), 5)
            self.set("temp3_input", 1000 * int(46 + 40 * load), 5)
            self.set("fan1_input", 0 if self.hot else int(800 + 1600 * load), 4)

    def spoil(self):
        """All that there are alerts for. The size of its BAR is what the next exporter sees."""
        self.hot = True
        overwrite(self.root / "sys/fs/cgroup/dmem.current", f"drm/{CARD}/vram0 25400000000\n")
        overwrite(self.device / "aer_dev_correctable", "BadTLP 90000\nTOTAL_ERR_COR 90000\n")
        overwrite(self.device / "aer_dev_nonfatal", "CmpltTO 4\nTOTAL_ERR_NONFATAL 4\n")
        lines = (self.device / "resource").read_text().splitlines()
        lines[2] = "0x0000004000000000 0x000000400fffffff 0x000000000014220c"
        overwrite(self.device / "resource", "\n".join(lines) + "\n")
