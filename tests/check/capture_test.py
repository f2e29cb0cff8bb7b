#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
capture_test.py PROGRAM CAPTURE [all]: what tests/capture.sh takes of a machine has the machine's diagnosis, none
of its secrets and a bounded size; it needs no root, and ends where a file system does not answer. Without "all" of
machines that have each kind of file once.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import time

import machines

SOME = [*machines.MODELS, "blacklisted-file", "kernel-replaced", "mapping-right", "mapping-stale", "grub-not-updated",
        "grub-on-systemd-boot", "left-over-variable", "lxc-gid-by-init", "lxc-gid-wrong", "hangs", "guc-missing",
        "huc-off-on-jasper-lake", "no-remapping", "shared-group", "vgpu-left-over", "change-waits", "too-hot",
        "survivability", "by-path-of-root", "level-zero-right", "locked-down", "no-sysfs", "hostile",
        "k8s-plugin-right", "k8s-with-dra"]
# What becomes a pseudonym is a word in the reports.
NAMES = re.compile(r"\b(k3s-agent-\d|frigate|second|arc|tv|other|igpu|guest-\d+|mapping-\d+)\b")
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
ANYBODY = 65534
SECONDS, FILES, BYTES = 60, 1500, 4 << 20

program, script = sys.argv[1:3]
bad = []


def capture(root, copy, user=None):
    return subprocess.run([script, *(["--root", str(root)] if root else []), str(copy)], capture_output=True, text=True, timeout=120,
                          **({"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}))


def diagnosis(root, flags):
    """Every finding; names are words, and a command line has lost words that mean nothing."""
    r = subprocess.run([program, "--check=json", f"--path.rootfs={root}", *flags], capture_output=True, text=True, timeout=60)
    report = json.loads(UUID.sub("UUID", NAMES.sub("NAME", r.stdout)))
    rows = [f"exit {report['exit']}", json.dumps(report.get("gpus"))]
    for check in report.get("checks", []):
        for one in check.get("evidence", []):
            if one["source"] == "/proc/cmdline":
                one["value"] = one["value"].replace("root=/dev/sda1", "root=/dev/root").strip()
        rows.append(json.dumps(check))
    return rows


def same_diagnosis(name):
    build, _, _, flags = machines.MACHINES[name]
    with tempfile.TemporaryDirectory() as scratch:
        root, copy = pathlib.Path(scratch, "root"), pathlib.Path(scratch, "copy")
        root.mkdir()
        build().write(root)
        r = capture(root, copy)
        if r.returncode or r.stderr:
            bad.append(f"{name}: exit status {r.returncode}: {r.stderr}")
            return
        for one, other in zip(diagnosis(root, flags), diagnosis(copy, flags)):
            if one != other:
                bad.append(f"{name}: the machine says\n  {one}\nand its copy\n  {other}")
        again = pathlib.Path(scratch, "again")
        if name in machines.MODELS and (capture(copy, again).returncode or diagnosis(copy, flags) != diagnosis(again, flags)):
            bad.append(f"{name}: a copy of the copy says something else")


# Each of these is somebody's; none of them may be in a copy, nor in a name of a file.
SECRETS = ["vault-7", "corp.example.net", "mueller", "Mueller", "hans", "geheim", "s3cr3t", "AA:BB:CC:DD:EE:01", "aa:bb:cc:dd:ee:02",
           "10.20.30.40", "fd00:1234:5678::9", "1b4e28ba-2fa1-11d2-883f-0016d3cca427", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
           "S3RIAL", "ssh-rsa", "AAAAB3Nza", "acme-payroll", "paperless", "hans@corp", "acme-gpu", "snap-before-audit",
           "payroll-daemon", "rom-of-hans"]


def tree_of_secrets():
    t = machines.vfio()
    t.file("proc/sys/kernel/hostname", "vault-7\n")
    t.append("etc/passwd", "mueller:x:1000:1000:Hans Mueller,geheim:/home/mueller:/bin/zsh\n")
    t.append("etc/group", "mueller:x:1000:\nhans:x:1001:mueller\nrender:x:993:mueller\n")
    t.file("proc/cmdline", "BOOT_IMAGE=/boot/vmlinuz-6.8 root=UUID=1b4e28ba-2fa1-11d2-883f-0016d3cca427 ip=10.20.30.40::vault-7 "
                           "rd.luks.key=geheim i915.enable_guc=3 token=\"s3cr3t nomodeset\" video=vault-7:1080p\n")
    t.file("etc/default/grub", '# mueller was here\nGRUB_CMDLINE_LINUX_DEFAULT="quiet password=s3cr3t i915.enable_guc=3"\n'
                               "GRUB_PASSWORD=geheim\n")
    t.file("etc/environment", "TOKEN=s3cr3t\nLIBVA_DRIVER_NAME=iHD\nHTTP_PROXY=http://hans:geheim@10.20.30.40\n")
    t.file("proc/self/environ", "USER=mueller\0SSH_CLIENT=10.20.30.40 1 2\0KUBERNETES_SERVICE_HOST=10.20.30.40\0")
    t.file("etc/modprobe.d/vault-7.conf", "# hans\noptions wifi key=s3cr3t\nblacklist nouveau\noptions i915 note=mueller@corp.example.net\n")
    t.file("etc/modules", "vfio\nacme-payroll\n# geheim\n")
    t.vm(122, "#s3cr3t of Mueller\nname: acme-payroll\nmachine: q35\nargs: -device x,key=s3cr3t\ncipassword: geheim\n"
              "sshkeys: ssh-rsa%20AAAAB3Nza\nipconfig0: ip=10.20.30.40/24\nnet0: virtio=AA:BB:CC:DD:EE:01,bridge=vmbr0\n"
              "scsi0: local-zfs:vm-122-disk-0,serial=S3RIAL\nsmbios1: uuid=1b4e28ba-2fa1-11d2-883f-0016d3cca427,serial=S3RIAL\n"
              "hostpci0: 0000:00:02.0,pcie=1,romfile=rom-of-hans.bin\nhostpci1: mapping=acme-gpu,pcie=1\ntags: hans\n"
              "vmgenid: 6ba7b810-9dad-11d1-80b4-00c04fd430c8\n\n[snap-before-audit]\n#geheim\nname: acme-payroll\nparent: snap-before-audit\n",
         runs=True)
    t.lxc(104, "hostname: paperless\ndev0: /dev/dri/renderD128,gid=104\nmp0: /home/mueller/geheim,mp=/data\n"
               "net0: name=eth0,hwaddr=AA:BB:CC:DD:EE:01,ip=10.20.30.40/24\nlxc.mount.entry: /home/hans/geheim data none bind\n")
    t.file("etc/pve/mapping/pci.cfg", "acme-gpu\n\tdescription s3cr3t\n\tmap id=8086:3e92,iommugroup=0,node=vault-7,path=0000:00:02.0,comment=geheim\n")
    t.file("sys/class/dmi/id/product_uuid", "1b4e28ba-2fa1-11d2-883f-0016d3cca427\n")
    t.file("sys/class/dmi/id/product_serial", "S3RIAL\n").file("etc/machine-id", "geheim\n").file("etc/pve/priv/token.cfg", "s3cr3t\n")
    t.file("sys/bus/pci/devices/0000:00:02.0/uevent", "SERIAL=S3RIAL\n").file("sys/bus/pci/devices/0000:00:02.0/vpd", "S3RIAL")
    t.mdev_type("i915-GVTg_V5_8", 0, ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"])
    for text in ("Linux version 6.8.12 (mueller@vault-7) (gcc)", "Command line: root=geheim", "usb 1-1: SerialNumber: S3RIAL",
                 "audit: user=mueller", "i915 0000:00:02.0: [drm] GPU HANG: ecode 9:1:85dffffb, in payroll-daemon [4711]",
                 "i915 0000:00:02.0: [drm] payroll-daemon[4711] context reset due to GPU hang", "vfio-pci 0000:00:02.0: of vault-7",
                 "vfio-pci 0000:00:02.0: aa:bb:cc:dd:ee:02 10.20.30.40 fd00:1234:5678::9 hans@corp.example.net"):
        t.kmsg(text)
    return t


def no_secret():
    with tempfile.TemporaryDirectory() as scratch:
        root, copy = pathlib.Path(scratch, "root"), pathlib.Path(scratch, "copy")
        root.mkdir()
        tree_of_secrets().write(root)
        r = capture(root, copy)
        if r.returncode or r.stderr:
            bad.append(f"secrets: exit status {r.returncode}: {r.stderr}")
            return
        files = [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink()]
        said = {str(p.relative_to(copy)): p.read_text(errors="replace") for p in files}
        everything = "\n".join([*said.values(), *(str(p.relative_to(copy)) for p in copy.rglob("*")),
                                *(os.readlink(p) for p in copy.rglob("*") if p.is_symlink())])
        for secret in SECRETS:
            if secret in everything:
                bad.append(f"{secret!r} is in {[n for n, text in said.items() if secret in text] or 'a name'}")
        # Relations hold: the mapping that the VM names, on the node that this host is, of the user whose group it is.
        name = re.search(r"mapping=(\S+?),", said["etc/pve/qemu-server/122.conf"])
        host = said["proc/sys/kernel/hostname"].strip()
        if not name or f"{name[1]}\n" not in said["etc/pve/mapping/pci.cfg"] or f"node={host}," not in said["etc/pve/mapping/pci.cfg"]:
            bad.append(f"relations are lost: {said['etc/pve/qemu-server/122.conf']}{said['etc/pve/mapping/pci.cfg']}{host}")
        user = re.search(r"^(user-\d+):x:1000:", said["etc/passwd"], re.M)
        if not user or f"render:x:993:{user[1]}\n" not in said["etc/group"]:
            bad.append(f"the user's groups are lost: {said['etc/passwd']}{said['etc/group']}")
        dmi = said["sys/class/dmi/id/product_uuid"].strip()
        if f"uuid={dmi}\n" not in said["etc/pve/qemu-server/122.conf"]:
            bad.append(f"the VM's UUID is another one: {dmi}")
        if "i915.enable_guc=3" not in said["proc/cmdline"] or "nomodeset" in said["proc/cmdline"]:
            bad.append(f"the command line: {said['proc/cmdline']}")
        with tarfile.open(f"{copy}.tar.gz") as archive:
            if {m.name.split("/", 1)[1] for m in archive.getmembers() if m.isfile()} != set(said):
                bad.append("the archive is not the copy")


def bounded():
    """Whatever the machine has; nothing of it is read twice or for long."""
    with tempfile.TemporaryDirectory() as scratch:
        root, copy = pathlib.Path(scratch, "root"), pathlib.Path(scratch, "copy")
        root.mkdir()
        t = machines.own()
        big = "alias pci:v00008086d00004680sv*sd*bc03sc*i* i915\n"
        t.file(f"lib/modules/{t.kernel}/modules.alias", big * (6_000_000 // len(big)))
        t.file("etc/modprobe.d/big.conf", "options i915 enable_guc=3\n" * 400_000)
        for n in range(300):
            t.file(f"etc/modules-load.d/{n}.conf", "i915\n")
            t.file(f"sys/bus/pci/devices/0000:{n // 32 + 64:02x}:{n % 32:02x}.0/class", "0x020000\n")
        t.write(root)
        begin = time.monotonic()
        r = capture(root, copy)
        seconds = time.monotonic() - begin
        files = [p for p in copy.rglob("*") if p.is_file() and not p.is_symlink()]
        size = sum(p.stat().st_size for p in files)
        print(f"a large machine: {len(files)} files, {size} bytes, {seconds:.1f} s")
        if r.returncode or len(files) > FILES + 500 or seconds > 3 * SECONDS or size > BYTES:
            bad.append("that is not bounded")


def without_rights():
    """As anybody, of a tree of which root's part is closed: what is missing is named, and nothing is guessed."""
    with tempfile.TemporaryDirectory() as scratch:
        os.chmod(scratch, 0o777)
        root, copy = pathlib.Path(scratch, "root"), pathlib.Path(scratch, "copy")
        root.mkdir()
        machines.vfio().write(root)
        os.chmod(root / "etc/pve/qemu-server", 0o700)
        os.chmod(root / "dev/kmsg", 0o600)
        r = capture(root, copy, ANYBODY)
        if os.geteuid() != 0:
            return  # the files are one's own
        words = (copy / "README").read_text() if copy.exists() else ""
        if r.returncode or "dev/kmsg" not in words or "etc/pve" not in words or (copy / "etc/pve").exists():
            bad.append(f"without rights: exit status {r.returncode}: {r.stderr}{words}")
            return
        report = subprocess.run([program, "--check=json", f"--path.rootfs={copy}"], capture_output=True, text=True, timeout=60)
        vfio = [c for c in json.loads(report.stdout)["checks"] if c["id"] == "driver-vfio"]
        if [c["status"] for c in vfio] != ["pass"]:
            bad.append(f"VMs that nobody has seen are taken for none: {vfio}")


def silence():
    """A configuration whose read never returns, as of a cluster without its daemon."""
    with tempfile.TemporaryDirectory() as scratch:
        root, copy = pathlib.Path(scratch, "root"), pathlib.Path(scratch, "copy")
        root.mkdir()
        machines.vfio().write(root)
        os.mkfifo(root / "etc/pve/qemu-server/200.conf")
        begin = time.monotonic()
        r = capture(root, copy)
        if r.returncode or time.monotonic() - begin > 3 * SECONDS or "etc/pve" not in (copy / "README").read_text():
            bad.append(f"a silent file system: exit status {r.returncode}: {r.stderr}")
        # The one that waits for it ends with it.
        with open(root / "etc/pve/qemu-server/200.conf", "w"):
            pass


def this_machine():
    """Live: the kernel's log never ends, and whose machine it is is not in the copy."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = pathlib.Path(scratch, "copy")
        r = capture(None, copy)
        if r.returncode:
            bad.append(f"this machine: exit status {r.returncode}: {r.stderr}")
            return
        everything = "".join(p.read_text(errors="replace") for p in copy.rglob("*") if p.is_file() and not p.is_symlink())
        secrets = [p.read_text().strip() for p in pathlib.Path("/sys/class/net").glob("*/address")]
        for name in ("/etc/machine-id", "/sys/class/dmi/id/product_uuid", "/sys/class/dmi/id/product_serial"):
            if os.access(name, os.R_OK):
                secrets.append(pathlib.Path(name).read_text().strip())
        for secret in secrets:
            if len(secret) > 7 and not re.fullmatch("[0:f-]*", secret) and secret.lower() in everything.lower():
                bad.append("this machine: an address or a serial number is in the copy")
        report = subprocess.run([program, "--check=json", f"--path.rootfs={copy}"], capture_output=True, text=True, timeout=60)
        if "checks" not in json.loads(report.stdout) and report.returncode != 3:
            bad.append(f"this machine: {report.stdout}")


names = list(machines.MACHINES) if sys.argv[3:] == ["all"] else sys.argv[3:] or SOME
for one in names:
    same_diagnosis(one)
no_secret()
bounded()
without_rights()
silence()
this_machine()
print("\n".join(bad) or f"{len(names)} machines, {len(SECRETS)} secrets")
sys.exit(bool(bad))
