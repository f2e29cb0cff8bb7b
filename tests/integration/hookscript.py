# SPDX-License-Identifier: Apache-2.0
"""Proxmox's hookscript: it asks the exporter to close its perf events before a VM takes a whole
Intel GPU, only then, and it never keeps a VM from starting. In the place of pkill is a program that
writes down how it was called."""
import subprocess
import tempfile
from pathlib import Path

from local import REPO, case, is_root

HOOK = REPO / "deploy" / "proxmox" / "intel-gpu-exporter-hook"
CALL = "-USR2 -x intel_gpu_expor\n"
DEVICES = {  # address: vendor, class
    "0000:00:00.0": ("0x8086", "0x060000"),
    "0000:00:02.0": ("0x8086", "0x030000"),
    "0000:00:02.1": ("0x8086", "0x030000"),  # a virtual function of it
    "0000:00:1f.3": ("0x8086", "0x040300"),
    "0000:01:00.0": ("0x144d", "0x010802"),
    "0000:03:00.0": ("0x8086", "0x038000"),
    "0000:04:00.0": ("0x10de", "0x030000"),
    "0001:00:02.0": ("0x8086", "0x010802"),
}
MAPPINGS = """igpu
	description the one in the processor
	map id=8086:1912,iommugroup=2,node=pve1,path=0000:00:02.0,subsystem-id=8086:2212
	mdev 1

igpu2
	map id=144d:a808,iommugroup=12,node=pve1,path=0000:01:00.0

all-functions
	map id=8086:4680,node=pve1,path=0000:00:02

discrete
	map id=8086:56a5,node=pve2,path=0000:01:00.0
	map id=8086:56a5,node=pve1,path=0000:03:00.0

together
	map id=8086:7ad0,node=pve1,path=0000:00:1f.3;0000:00:02.0,iommugroup=5

functions
	map id=8086:4680,node=pve1,path=0000:00:02.1
	map id=8086:4680,node=pve1,path=0000:00:02.10

domain
	map id=8086:0b60,node=pve1,path=0001:00:02.0
"""
TAKES = (
    "hostpci0: 0000:00:02.0",
    "hostpci0: 0000:00:02",
    "hostpci0: 00:02.0",
    "hostpci0: 00:02",
    "hostpci0:00:02.0",
    "hostpci0: 00:02.0  ",
    "hostpci0: 0000:00:02,legacy-igd=1",
    "hostpci0: 00:02.0,pcie=1,x-vga=1",
    "hostpci0: pcie=1,host=00:02.0",
    "hostpci0: host=00:02.0;00:1f.3,pcie=1",
    "hostpci0: host=0000:00:1f.3;0000:00:02.0",
    "hostpci15: 03:00.0",
    "hostpci0: 03:00,pcie=1",
    "hostpci0: mapping=igpu",
    "hostpci0: mapping=igpu,pcie=1",
    "hostpci0: pcie=1,mapping=igpu",
    "hostpci0: mapping=all-functions",
    "hostpci0: mapping=discrete",
    "hostpci0: mapping=together",
    "hostpci0: 01:00.0\nhostpci1: 00:02.0",
    "hostpci0: 00:02.0,mdev=i915-GVTg_V5_4\nhostpci1: 03:00.0",
    "hostpci0: 00:02.0\nhostpci1: 03:00.0",
    "cores: 4\nhostpci0: 00:02.0\nname: media\n\n[before]\nhostpci0: 01:00.0",
)
TAKES_NOT = (
    "",
    "cores: 4\nname: media",
    "hostpci0: 00:02.0,mdev=i915-GVTg_V5_4",
    "hostpci0: 0000:00:02,mdev=i915-GVTg_V5_8,pcie=1",
    "hostpci0: mapping=igpu,mdev=i915-GVTg_V5_4",
    "hostpci0: mdev=i915-GVTg_V5_4,mapping=igpu",
    "hostpci0: 00:02.1",
    "hostpci0: 0000:00:02.1,pcie=1",
    "hostpci0: 00:02.10",
    "hostpci0: 00:02.01",
    "hostpci0: 00:020.0",
    "hostpci0: 00:021",
    "hostpci0: 100:02.0",
    "hostpci0: 10:00:02.0",
    "hostpci0: 0001:00:02.0",
    "hostpci0: 0001:00:02",
    "hostpci0: 10000:00:02.0",
    "hostpci0: 00x02.0",
    "hostpci0: 01:00.0",
    "hostpci0: 04:00,x-vga=1",
    "hostpci0: 00:1f.3",
    "hostpci0: 00:00.0",
    "hostpci0: 05:00.0,romfile=00:02.0",
    "hostpci0: 01:00.0,pcie=1,vendor-id=0x8086",
    "hostpci0: mapping=igpu2",
    "hostpci0: mapping=igp",
    "hostpci0: mapping=functions",
    "hostpci0: mapping=domain",
    "hostpci0: mapping=unknown",
    "hostpci0: mapping=.*",
    "hostpci0: mapping=",
    "#hostpci0: 00:02.0",
    "description: hostpci0: 00:02.0",
    "args: -device vfio-pci,host=00:02.0",
    "xhostpci0: 00:02.0",
    "hostpci: 00:02.0",
    "cores: 4\n\n[before]\nhostpci0: 00:02.0",
    "cores: 4\n[PENDING]\nhostpci0: 00:02.0",
)


class Host:
    """A host's folders, and a pkill of our own."""

    def __init__(self, folder):
        self.root = Path(folder)
        self.calls = self.root / "calls"
        self.config = self.root / "pve" / "qemu-server"
        self.config.mkdir(parents=True)
        (self.root / "pve" / "mapping").mkdir()
        (self.root / "pve" / "mapping" / "pci.cfg").write_text(MAPPINGS)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        self.pkill(0)
        for address, (vendor, class_) in DEVICES.items():
            device = self.root / "sys" / "bus" / "pci" / "devices" / address
            device.mkdir(parents=True)
            (device / "vendor").write_text(vendor + "\n")
            (device / "class").write_text(class_ + "\n")
        (device.parent / "0000:00:02.1" / "physfn").symlink_to("../0000:00:02.0")

    def pkill(self, code):
        program = self.bin / "pkill"
        program.write_text(f'#!/bin/sh\necho "$*" >>"{self.calls}"\nexit {code}\n')
        program.chmod(0o755)

    def run(self, config, *arguments, shell=(), **env):
        """The exit code, the calls of pkill and the output of the script for VM 100."""
        self.calls.unlink(missing_ok=True)
        if config is not None:
            (self.config / "100.conf").write_text(config)
        done = subprocess.run(
            [*shell, HOOK, *arguments], capture_output=True, text=True, timeout=20, env={
                "PATH": f"{self.bin}:/usr/bin:/bin", "PVE_CONFIG_DIR": str(self.config),
                "SYSFS_ROOT": str(self.root / "sys"), **env})
        calls = self.calls.read_text() if self.calls.exists() else ""
        return done.returncode, calls, done.stdout + done.stderr


def shown(config):
    return repr(config)[1:-1]


def check_configurations(checks, host):
    for config in TAKES:
        code, calls, out = host.run(config + "\n", "100", "pre-start")
        checks.that((code, calls) == (0, CALL) and len(out.splitlines()) == 1 and
                    "0000:0" in out, f"takes the GPU: {shown(config)}: {calls!r} {out!r}")
    for config in TAKES_NOT:
        checks.same(host.run(config + "\n", "100", "pre-start"), (0, "", ""),
                    f"does not: {shown(config)}")


def check_phases(checks, host):
    config = TAKES[0] + "\n"
    for phase in (("100", "post-start"), ("100", "pre-stop"), ("100", "post-stop"), ("100",), (),
                  ("100", "PRE-START"), ("100", "pre-start-x"), ("101", "pre-start"),
                  ("", "pre-start"), ("../100", "pre-start"), ("1 00", "pre-start")):
        checks.same(host.run(config, *phase), (0, "", ""), f"nothing at {phase}")


def check_surroundings(checks, host):
    config = TAKES[0] + "\n"
    for shell in (("dash",), ("bash", "--posix")):
        checks.same(host.run(config, "100", "pre-start", shell=shell)[:2], (0, CALL),
                    f"in {shell[0]}")
    checks.same(host.run(TAKES[0], "100", "pre-start")[:2], (0, CALL), "no newline at the end")
    checks.same(host.run(config.replace("\n", "\r\n"), "100", "pre-start")[:2], (0, CALL),
                "lines that end as in DOS")
    host.pkill(1)
    checks.same(host.run(config, "100", "pre-start"), (0, CALL, ""),
                "no exporter runs: exit code 0")
    host.pkill(3)
    checks.same(host.run(config, "100", "pre-start")[0], 0, "pkill fails: exit code 0")
    host.bin.joinpath("pkill").unlink()
    (host.bin / "pkill").symlink_to("/nonexistent")
    checks.same(host.run(config, "100", "pre-start", PATH=f"{host.bin}:/nonexistent")[0], 0,
                "no tools at all: exit code 0")
    host.bin.joinpath("pkill").unlink()
    host.pkill(0)
    checks.same(host.run(config, "100", "pre-start", SYSFS_ROOT="/nonexistent"), (0, "", ""),
                "no sysfs: exit code 0")
    (host.root / "pve" / "mapping" / "pci.cfg").unlink()
    checks.same(host.run("hostpci0: mapping=igpu\n", "100", "pre-start"), (0, "", ""),
                "no mappings: exit code 0")
    if is_root():
        (host.config / "100.conf").unlink()
        (host.config / "100.conf").mkdir()
        checks.same(host.run(None, "100", "pre-start")[:2], (0, ""),
                    "a folder for a file: exit code 0")


def main(checks):
    with tempfile.TemporaryDirectory(prefix="exporter-hook-") as folder:
        host = Host(folder)
        check_configurations(checks, host)
        check_phases(checks, host)
        check_surroundings(checks, host)
    checks.that(HOOK.stat().st_mode & 0o111 == 0o111, "the script is executable")


case(main)
