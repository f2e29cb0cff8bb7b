# SPDX-License-Identifier: Apache-2.0
"""What the probe starts ends with it, and with the exporter: also a daemon with a session of its own."""
import os
import shutil
import signal
import tempfile
from pathlib import Path

from local import EXPORTER, SKYLAKE, Exporter, case, wait_for

PROMISED = 2  # seconds from SIGTERM to the end
DAEMON = "(setsid sh -c 'echo $$ >>{pids}; exec sleep 300' >/dev/null 2>&1 &)"
PROBE = "#!/bin/sh\n{daemon}\nuntil [ -s {pids} ]; do sleep 0.01; done\n{rest}\n"


def processes(pids):
    """Those that are written down, and still there."""
    named = pids.read_text().split() if pids.exists() else []
    return [pid for pid in named if os.path.exists(f"/proc/{pid}")]


def start(folder, rest, wait=True):
    """The exporter beside a probe of ours, which it asks for the name of its GPU."""
    pids = folder / "pids"
    pids.unlink(missing_ok=True)
    probe = folder / "intel_gpu_probe"
    probe.write_text(PROBE.format(daemon=DAEMON.format(pids=pids), pids=pids, rest=rest))
    probe.chmod(0o755)
    own = folder / "intel_gpu_exporter"
    # It serves before the probe times out.
    return Exporter(SKYLAKE, "--scrape.timeout=100ms", prefix=("/bin/sh", "-c", f'shift; exec {own} "$@"', "sh"),
                    wait=wait), pids


def main(checks):
    with tempfile.TemporaryDirectory(prefix="exporter-children-") as name:
        folder = Path(name)
        shutil.copy(EXPORTER, folder / "intel_gpu_exporter")
        exporter, pids = start(folder, "printf 'A name'")
        found = exporter.scrape_until(lambda m: m.find("intel_gpu_info", model="A name"), 20)
        checks.that(found.find("intel_gpu_info", model="A name"), "a probe that leaves a daemon behind says its word")
        checks.that(pids.read_text().split() and wait_for(lambda: not processes(pids), 5),
                    f"and the daemon is gone {processes(pids)}")
        checks.that(wait_for(lambda: not exporter.children(), 5), f"no child is left {exporter.children()}")
        exporter.stop()

        exporter, pids = start(folder, "exec sleep 300", wait=False)
        checks.that(wait_for(lambda: processes(pids) and "listening" in exporter.log(), 20),
                    "a probe that hangs, with a daemon")
        checks.bound(exporter.stop(signal.SIGTERM), PROMISED, "SIGTERM meanwhile")
        checks.that(wait_for(lambda: not processes(pids), 5), f"and the daemon is gone {processes(pids)}")


case(main)
