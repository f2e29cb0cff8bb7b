# SPDX-License-Identifier: Apache-2.0
"""In the guest: the scene with a load that moves, and a Prometheus, both reachable from outside. Tells
through files in LAB_OUT where it is: "ready" once there is something to see; it breaks the scene
when "break" appears, then says "broken"; and ends with "end"."""
import os
import time
from pathlib import Path

import prometheus
import scene
from lab_vaapi import first_round
from prometheus import alerts, wait_for

OUT = Path(os.environ["LAB_OUT"])
OUTSIDE = "10.0.2.15"  # the guest's address, to which ports are forwarded
HISTORY = int(os.environ.get("HISTORY", "300"))


def wait_file(*names):
    while not any((OUT / name).exists() for name in names):
        time.sleep(1)


def main():
    made = scene.Scene(outside=OUTSIDE)
    server = prometheus.start("0.0.0.0:9090")
    made.move()
    first_round(made.exporters["pve1"])
    wait_for(f"count_over_time(up{{instance=\"pve1:10057\"}}[1h]) > {HISTORY // 2 - 20}", 2 * HISTORY)
    (OUT / "ready").touch()
    wait_file("break", "end")
    if not (OUT / "end").exists():
        made.broken()
        prometheus.reload(server, prometheus.BROKEN)
        wait_for('sum(intel_gpu_vaapi_codec_working{instance="pve1:10057"}) == 0', 120)
        time.sleep(60)
        print("alerts:", sorted(alerts()))
        (OUT / "broken").touch()
    wait_file("end")


main()
