#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inside a booted Debian: the roles of deploy/ansible. usage: roles.py grub|proxmox [STEP...]"""
import os
import re
import sys

import exporter
import guest
import host
import lxc
from system import Run, check, difference, end, install_collection, lint, read, refuse, run, stand_in, step, tree, write

GRUB = "/etc/default/grub"
CMDLINE = "/etc/kernel/cmdline"


def grub_boots(words):
    write(GRUB, f'GRUB_DEFAULT=0\nGRUB_TIMEOUT=5\nGRUB_DISTRIBUTOR=Debian\nGRUB_CMDLINE_LINUX_DEFAULT="{words}"\n'
          'GRUB_CMDLINE_LINUX=""\n')
    # There is no disk to ask.
    write("/usr/sbin/grub-probe", '#!/bin/sh\ncase "$*" in\n*target=device*) echo /dev/vda1 ;;\n*target=fs_uuid*) echo 0a1b ;;\n'
          '*target=fs*) echo ext2 ;;\nesac\n', 0o755)
    host.prepare(f"BOOT_IMAGE=/boot/vmlinuz-{host.KERNEL} root=UUID=0a1b ro {words}")
    # Debian's, with a line in the list of calls.
    stand_in("update-grub", 'exec /usr/sbin/update-grub "$@"', "/usr/local/sbin")
    os.makedirs("/boot/grub", exist_ok=True)
    run("/usr/sbin/update-grub")

    def effective():
        lines = re.findall(r"^\s+linux\s+\S+ root=\S+ ro\s*(.*)$", read("/boot/grub/grub.cfg"), re.M)
        normal = [line for line in lines if "single" not in line]
        assert normal and len(set(normal)) == 1 and normal[0].startswith(words), lines
        return normal[0][len(words):].strip()

    return effective


def other_hands(path, words, effective, copies):
    """What an administrator has written stays his."""
    step("words by another hand")
    host.gpus(host.COFFEE_LAKE)
    write(path, read(path).replace(words, words + " i915.enable_guc=3"))
    refuse("a word that contradicts", "host", "The kernel command line has i915.enable_guc=3, which this role has not put there and which "
           f"contradicts gvtg. Remove it from {path} first.", intel_gpu_host_mode="gvtg")
    write(path, read(path).replace("i915.enable_guc=3", "intel_iommu=on"))
    before = tree()
    done = Run("host", {"intel_gpu_host_mode": "gvtg"}, False)
    check("a word that is there already is not written twice", done.code == 0 and effective() == "intel_iommu=on i915.enable_gvt=1",
          f"{effective()}\n{done.said}")
    done = Run("host", {"intel_gpu_host_mode": "none"}, False)
    left = [path for path in difference(before, tree()) if path not in copies]
    check("and stays when the mode goes", done.code == 0 and effective() == "intel_iommu=on" and not left, f"{effective()} {left}")


def grub(chosen):
    """Debian 12, or Proxmox VE as it is usually installed."""
    if chosen("exporter"):
        exporter.from_source()
    words = "quiet mitigations=auto"
    effective = grub_boots(words)
    if chosen("modes"):
        host.modes([GRUB, "/boot/grub/grub.cfg"], effective, ["update-initramfs -u -k all", "update-grub "])
        host.reboots()
    if chosen("interrupted"):
        host.interrupted(effective)
        other_hands(GRUB, words, effective, ["/boot/grub/grub.cfg"])
    if chosen("refusals"):
        host.refusals()
    if chosen("guest"):
        guest.guest()


def proxmox(chosen):
    """Proxmox VE 9 on ZFS with UEFI: systemd-boot, by Proxmox's tool."""
    words = "root=ZFS=rpool/ROOT/pve-1 boot=zfs"
    entry = "/srv/esp/loader/entries/proxmox.conf"
    write(CMDLINE, words + "\n")
    write("/etc/kernel/proxmox-boot-uuids", "0A1B-2C3D\n")
    write("/usr/bin/pveversion", "#!/bin/sh\necho pve-manager/9.0.10\n", 0o755)
    host.prepare(f"initrd=\\EFI\\proxmox\\{host.KERNEL}\\initrd.img-{host.KERNEL} {words}")
    stand_in("proxmox-boot-tool", f'[ "$1" = refresh ] || exit 2\nmkdir -p {os.path.dirname(entry)}\n'
             f'printf "title Proxmox\\noptions  %s\\n" "$(cat {CMDLINE})" >{entry}', "/usr/local/sbin")
    run("proxmox-boot-tool", "refresh")

    def effective():
        line = re.search(r"^options  (.*)$", read(entry), re.M).group(1)
        assert line.startswith(words), line
        return line[len(words):].strip()

    if chosen("modes"):
        host.modes([CMDLINE, entry], effective, ["update-initramfs -u -k all", "proxmox-boot-tool refresh"])
    if chosen("interrupted"):
        host.interrupted(effective)
        other_hands(CMDLINE, words, effective, [entry])
        write("/srv/cmdline", words + "\n")
        write(GRUB, "")
        refuse("a boot loader that is not known", "host", "Set intel_gpu_host_boot_loader to grub or proxmox-boot-tool", intel_gpu_host_mode="gvtg")
    if chosen("lxc"):
        lxc.lxc()
    if chosen("exporter"):
        exporter.from_package()


steps = sys.argv[2:]
install_collection()
if not steps or "lint" in steps:
    step("lint")
    lint()
{"grub": grub, "proxmox": proxmox}[sys.argv[1]](lambda name: not steps or name in steps)
end()
