# SPDX-License-Identifier: Apache-2.0
"""The role host: its modes one after the other, what it refuses, and what fails on the way."""
import os
import shutil

from system import SYS, Run, calls, check, converge, difference, gpus, package, read, refuse, run, says, stand_in, step, tree, write

COFFEE_LAKE = ("0000:00:02.0", "3e92")
N100 = ("0000:00:02.0", "46d1")
KERNEL = "6.8.12-4-pve"
MODULES = "/etc/modules-load.d/intel-gpu-host.conf"
MODPROBE = "/etc/modprobe.d/intel-gpu-host.conf"
# Every word that a mode writes, wherever it does.
WORDS = ("intel_iommu", "iommu=pt", "enable_gvt", "enable_guc", "max_vfs", "force_probe", "module_blacklist", "kvmgt",
         "vfio", "softdep", "sriov", "initcall_blacklist")


def kernel(release):
    """A kernel as far as the role, the initramfs and GRUB see it. (The machine's own is any.)"""
    write("/usr/local/bin/uname", f'#!/bin/sh\n[ "$*" != -r ] || {{ echo {release}; exit; }}\nexec /usr/bin/uname "$@"\n', 0o755)


def prepare(cmdline):
    modules = f"/lib/modules/{KERNEL}"
    for module in ("drivers/gpu/drm/i915/kvmgt.ko", "drivers/vfio/pci/vfio-pci.ko"):
        write(f"{modules}/kernel/{module}", "")
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        write(f"{modules}/{name}", "")
    write(f"/boot/vmlinuz-{KERNEL}", "kernel\n")
    write(f"/boot/config-{KERNEL}", "CONFIG_RD_GZIP=y\n")
    kernel(KERNEL)
    write("/srv/cmdline", cmdline + "\n")
    run("mount", "--bind", "/srv/cmdline", "/proc/cmdline")
    run("update-initramfs", "-c", "-k", KERNEL)
    stand_in("shutdown", "", "/usr/local/sbin")
    stand_in("reboot", "", "/usr/local/sbin")
    # The real one, with a word in the list of calls, and with a way to fail.
    stand_in("update-initramfs", '[ ! -e /srv/initramfs-fails ] || exit 1\nexec /usr/sbin/update-initramfs "$@"', "/usr/local/sbin")
    gpus(COFFEE_LAKE)


def initramfs():
    done = run("lsinitramfs", f"/boot/initrd.img-{KERNEL}").stdout
    return "intel-gpu-host" in done


def words_left(paths):
    found = []
    for path in paths:
        if os.path.isfile(path) and "/initrd.img" not in path:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            found += [f"{path}: {word}" for word in WORDS if word in text]
    return found


def modes(boot, effective, tools):
    """vfio, gvtg, sriov, none: BOOT are the files that have the command line, EFFECTIVE says what is booted next, and
    TOOLS what brings it there."""
    beginning = tree()
    host = {"intel_gpu_host_sriov_vfs": 5}
    calls()

    step("vfio")
    done = converge("vfio", "host", intel_gpu_host_mode="vfio", **host)
    check("vfio: the command line", effective() == "intel_iommu=on iommu=pt", effective())
    check("vfio: modules", read(MODULES).splitlines()[1:] == ["vfio", "vfio_iommu_type1", "vfio_pci"], read(MODULES))
    check("vfio: the GPU's id, before its driver", read(MODPROBE).splitlines()[1:] == [
        "options vfio-pci ids=8086:3e92", "softdep i915 pre: vfio-pci", "softdep xe pre: vfio-pci"], read(MODPROBE))
    check("vfio: it is in the initramfs", initramfs())
    called = calls()
    check("vfio: boot files are made anew once, in order", called == tools, called)
    check("vfio: it says that a reboot is needed", says(done, "Mode vfio is in effect after a reboot"), done.messages)

    step("gvtg")
    converge("gvtg", "host", intel_gpu_host_mode="gvtg", **host)
    check("gvtg: the command line", effective() == "intel_iommu=on i915.enable_gvt=1", effective())
    check("gvtg: modules", read(MODULES).splitlines()[1:] == ["kvmgt"], read(MODULES))
    check("gvtg: nothing of vfio is left", not os.path.exists(MODPROBE) and not initramfs())
    called = calls()
    check("gvtg: boot files are made anew once", called == tools, called)

    step("sriov")
    gpus(N100)
    kernel("6.17.2-1-pve")
    converge("sriov by xe", "host", intel_gpu_host_mode="sriov", **host)
    check("sriov by xe: the command line", effective() == "intel_iommu=on xe.force_probe=46d1 i915.force_probe=!46d1", effective())
    check("sriov by xe: modules", read(MODULES).splitlines()[1:] == ["xe"], read(MODULES))
    unit = "/etc/systemd/system/intel-gpu-vfs.service"
    check("sriov: the unit makes as many as are wanted", "echo 5 >sriov_numvfs" in read(unit), read(unit))
    verified = run("systemd-analyze", "verify", unit, check=False)
    check("sriov: systemd has nothing to say about it", verified.stdout.strip() == "", verified.stdout)
    run("systemctl", "daemon-reload")
    check("sriov: it is enabled", run("systemctl", "is-enabled", "intel-gpu-vfs").stdout.strip() == "enabled")
    kernel(KERNEL)
    deb = package("i915-sriov-dkms", directory="/srv/dkms")
    converge("sriov by i915", "host", intel_gpu_host_mode="sriov", intel_gpu_host_sriov_deb=deb,
             intel_gpu_host_sriov_headers="none", intel_gpu_host_cmdline_extra=["initcall_blacklist=sysfb_init"], **host)
    check("sriov by i915: the command line, with a word that is asked for", effective() ==
          "intel_iommu=on i915.enable_guc=3 i915.max_vfs=5 module_blacklist=xe initcall_blacklist=sysfb_init", effective())
    check("sriov by i915: modules", read(MODULES).splitlines()[1:] == ["i915"], read(MODULES))
    calls()

    step("none")
    converge("none", "host", intel_gpu_host_mode="none")
    called = calls()
    check("none: boot files are made anew once", called == tools, called)
    check("none: the command line has no word left", effective() == "", effective())
    left = difference(beginning, tree())
    check("none: every file is as it was at the beginning", not left, left)
    left = words_left(sorted(set(boot) | {path for path in tree() if path.startswith(("/etc/mod", "/etc/initramfs", "/etc/systemd"))}))
    check("none: no word is left anywhere", not left, left)
    check("none: nor in the initramfs", not initramfs())
    run("dpkg", "--purge", "i915-sriov-dkms")
    idle = Run("host", {"intel_gpu_host_mode": "none"}, False)
    check("none on a host that never had a mode changes nothing", idle.code == 0 and not idle.changed and not calls(), idle.said)


def reboots():
    step("reboots")
    gpus(COFFEE_LAKE)
    check("nothing was rebooted", not [call for call in calls() if call.startswith(("shutdown", "reboot"))])
    Run("host", {"intel_gpu_host_mode": "gvtg", "intel_gpu_host_reboot": True}, True)
    check("reboot in check mode: none", not [call for call in calls() if call.startswith(("shutdown", "reboot"))])
    # Ansible refuses that by itself over this connection, which is how it is seen here.
    done = Run("host", {"intel_gpu_host_mode": "gvtg", "intel_gpu_host_reboot": True}, False)
    check("a reboot that is asked for is tried", done.failed == ["Reboot the host"], done.said)
    Run("host", {"intel_gpu_host_mode": "none"}, False)
    calls()


def interrupted(effective):
    """A run that fails after its files were written is finished by the next one."""
    step("a tool that fails")
    gpus(COFFEE_LAKE)
    beginning = tree()
    write("/srv/initramfs-fails", "")
    done = Run("host", {"intel_gpu_host_mode": "gvtg"}, False)
    check("update-initramfs fails: so does the run", done.code != 0 and "enable_gvt" not in effective(), done.said)
    os.unlink("/srv/initramfs-fails")
    calls()
    done = Run("host", {"intel_gpu_host_mode": "gvtg"}, False)
    check("the next run brings it to the boot loader", done.code == 0 and "i915.enable_gvt=1" in effective(),
          f"{effective()}\n{done.said}")
    done = Run("host", {"intel_gpu_host_mode": "none"}, False)
    left = difference(beginning, tree())
    check("and mode none takes it back", done.code == 0 and not left, f"{left}\n{done.said}")


def refusals():
    step("refusals")
    table = (
        ("Coffee Lake", "3e92", "sriov", "Coffee Lake (0000:00:02.0, 8086:3e92) cannot do sriov. It can do gvtg, vfio, none. "
         "SR-IOV begins with generation 12"),
        ("Alder Lake-N", "46d1", "gvtg", "Alder Lake-N (0000:00:02.0, 8086:46d1) cannot do gvtg. It can do sriov, vfio, none. "
         "GVT-g is for generations 8 and 9"),
        ("Ice Lake", "8a56", "gvtg", "It can do vfio, none."),
        ("Gemini Lake, generation 9", "3184", "gvtg", "Gemini Lake (0000:00:02.0, 8086:3184) cannot do gvtg. It can do vfio, none."),
        ("Rocket Lake, generation 12", "4c8a", "sriov", "It can do vfio, none."),
        ("Lunar Lake", "64a0", "sriov", "It can do vfio, none."),
        ("an unknown GPU", "1234", "gvtg", "An unknown Intel GPU (0000:00:02.0, 8086:1234) cannot do gvtg. It can do vfio, none."),
    )
    for what, identity, mode, text in table:
        gpus(("0000:00:02.0", identity))
        refuse(f"{mode} on {what}", "host", text, checking=identity == "3e92", intel_gpu_host_mode=mode)
    gpus(("0000:00:02.0", "9a49"), vfs=0)
    refuse("sriov on a Tiger Lake without the capability", "host", "It can do vfio, none. The device has no SR-IOV capability",
           intel_gpu_host_mode="sriov")
    gpus()
    refuse("vfio without a GPU", "host", "A machine without an Intel GPU cannot do vfio. It can do none.", intel_gpu_host_mode="vfio")
    gpus(("0000:03:00.0", "56a0"), ("0000:04:00.0", "56a0"))
    refuse("two cards", "host", "Set intel_gpu_pci to one of the Intel GPUs here: 0000:03:00.0, 0000:04:00.0", intel_gpu_host_mode="vfio")
    refuse("a card that is not there", "host", "Set intel_gpu_pci to one of", intel_gpu_host_mode="vfio", intel_gpu_pci="0000:05:00.0")
    gpus(N100)
    refuse("sriov without a driver for it", "host", f"No driver here has SR-IOV for Alder Lake-N (0000:00:02.0, 8086:46d1), with kernel {KERNEL}. "
           "Drivers that have it: the i915 of i915-sriov-dkms", intel_gpu_host_mode="sriov")
    kernel("6.17.2-1-pve")
    refuse("more virtual functions than there are", "host", "intel_gpu_host_sriov_vfs must be from 1 to 7", intel_gpu_host_mode="sriov",
           intel_gpu_host_sriov_vfs=8)
    kernel(KERNEL)
    gpus(COFFEE_LAKE)
    refuse("a mode that does not exist", "host", "value of intel_gpu_host_mode must be one of", intel_gpu_host_mode="gvt-d")
    shutil.move(f"/lib/modules/{KERNEL}/kernel/drivers/gpu/drm/i915/kvmgt.ko", "/srv/kvmgt.ko")
    refuse("gvtg without a kernel for it", "host", "No kernel here has kvmgt", intel_gpu_host_mode="gvtg")
    shutil.move("/srv/kvmgt.ko", f"/lib/modules/{KERNEL}/kernel/drivers/gpu/drm/i915/kvmgt.ko")
    check("the PCI bus was only read", os.path.exists(f"{SYS}/bus/pci/devices/0000:00:02.0/vendor"))
