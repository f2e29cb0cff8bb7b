# SPDX-License-Identifier: Apache-2.0
"""Where the machine is not as hoped: no GPU, a port that is taken, output that nobody takes. Each is
one line that says why and what to do."""
import re
import subprocess
import tempfile
from pathlib import Path

from local import (EXPORTER, FIXTURES, SKYLAKE, Exporter, Metrics, Tree, case, exporter_test, run,
                   wait_for)

NONE = "msg=\"no Intel GPU found\""


def said(exporter, message):
    return [line for line in exporter.log().splitlines() if message in line]


def why_none(checks, root, why, remedy, name):
    """Serves without a GPU, and says so once, however often it is scraped."""
    exporter = Exporter(root)
    for _ in range(3):
        exporter.scrape()
    lines = said(exporter, NONE)
    checks.that(len(lines) == 1 and why in lines[0] and remedy in lines[0],
                f"{name}: {lines}")
    exporter.stop()
    code, _, err = run(f"--path.rootfs={root}", "--once")
    checks.that(code == 1 and err.decode().count(NONE) == 1, f"{name}: --once says it once")


def check_no_gpu(checks):
    with tempfile.TemporaryDirectory() as folder:
        why_none(checks, folder, "no sysfs: no /sys/bus", "--path.sysfs", "a container without /sys")
        (Path(folder) / "sys" / "bus" / "usb").mkdir(parents=True)
        why_none(checks, folder, "no PCI bus: no /sys/bus/pci", "pass a GPU through",
                 "a machine without PCI")
    with Tree("no-intel-gpu") as tree:
        why_none(checks, tree.root, "no Intel display device among", "pass a GPU", "no Intel GPU")
        device = next((tree / "sys/bus/pci/devices").iterdir())
        (device / "vendor").unlink()
        why_none(checks, tree.root, "1 of ", "let the exporter read", "a device that is hidden")
    with Tree("alderlake-n100-sriov") as tree:
        for device in (tree / "sys/bus/pci/devices").iterdir():
            if not (device / "physfn").exists() or \
                    (device / "driver").resolve().name != "vfio-pci":
                device.unlink()
        why_none(checks, tree.root, "virtual functions", "for VMs", "virtual functions alone")


def check_change(checks):
    with Tree() as tree:
        device = tree / "sys/bus/pci/devices/0000:00:02.0"
        away = tree / "away"
        exporter = Exporter(tree.root)
        checks.same(said(exporter, "Intel GPU"), [], "a GPU is no news")
        device.rename(away)
        exporter.scrape_until(lambda m: m.value("intel_gpu_up") == 0)
        exporter.scrape()
        checks.same(len(said(exporter, NONE)), 1, "the last GPU goes: one line")
        away.rename(device)
        exporter.scrape_until(lambda m: m.value("intel_gpu_up") == 1)
        exporter.scrape()
        checks.same(len(said(exporter, "msg=\"Intel GPU found\"")), 1, "it comes back: one line")
        checks.same(len(said(exporter, NONE)), 1, "and no other")
        exporter.stop()


def check_any_port(checks):
    """Port 0 is one that is free, and the log names it."""
    exporter = exporter_test.Exporter(f"--path.rootfs={FIXTURES / SKYLAKE}", port=0, wait=False)
    wait_for(lambda: "msg=listening" in exporter.log() or exporter.process.poll() is not None, 30)
    line = re.search(r"msg=listening address=127\.0\.0\.1:([1-9]\d*) ", exporter.log())
    if not checks.that(line, f"port 0: the log names the one taken: {line and line[1]}"):
        return
    exporter.port = int(line[1])
    exporter.wait_ready()
    checks.same(exporter.scrape().value("intel_gpu_up"), 1, "which serves")
    again = run(f"--path.rootfs={FIXTURES / SKYLAKE}",
                f"--web.listen-address=127.0.0.1:{exporter.port}")
    lines = again[2].decode().splitlines()
    checks.that(again[0] == 1 and len(lines) == 1 and f":{exporter.port} " in lines[0] and
                "ss -ltnp" in lines[0] and "--web.listen-address=:PORT" in lines[0],
                f"a port that is taken: {lines}")
    exporter.stop()


def check_lost_output(checks):
    root = f"--path.rootfs={FIXTURES / SKYLAKE}"
    for flags in (["--help"], ["-h"], ["--usage"], ["--version"], ["--list-metrics"],
                  [root, "--once"]):
        for where, reason in (("/dev/full", "No space left on device"),
                              (None, "Bad file descriptor")):
            redirection = f">{where}" if where else ">&-"
            done = subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirection}', EXPORTER, *flags],
                                  stderr=subprocess.PIPE, text=True, timeout=60)
            lines = done.stderr.splitlines()
            checks.that(done.returncode == 1 and len(lines) == 1 and
                        "cannot write to stdout" in lines[0] and reason in lines[0],
                        f"{flags[-1]} {redirection}: exit code {done.returncode}, {lines}")


def check_revision(checks):
    shown = re.search(r"revision: (.*)\)", run("--version")[1].decode())[1]
    metrics = Metrics(run(f"--path.rootfs={FIXTURES / SKYLAKE}", "--once")[1].decode())
    info = [dict(labels) for labels in metrics.find("intel_gpu_exporter_build_info")]
    checks.same([i["revision"] for i in info], [shown], f"one revision everywhere: {shown!r}")


def main(checks):
    check_no_gpu(checks)
    check_change(checks)
    check_any_port(checks)
    check_lost_output(checks)
    check_revision(checks)


case(main)
