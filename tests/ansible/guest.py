# SPDX-License-Identifier: Apache-2.0
"""The role guest, in a machine that has Debian's kernel of cloud images."""
import os

from system import (check, converge, gpus, installed, only_packages_of, package, read, refuse, repository, run, step, write)


def guest():
    step("guest")
    gpus(("0000:06:10.0", "3e92"), vfs=0)
    for name, depends in (("linux-image-amd64", ""), ("linux-image-6.1.0-28-cloud-amd64", ""),
                          ("linux-image-cloud-amd64", "linux-image-6.1.0-28-cloud-amd64"), ("intel-media-va-driver", ""),
                          ("i965-va-driver", ""), ("vainfo", ""), ("dkms", ""), ("linux-headers-amd64", "")):
        package(name, depends=depends)
    repository()
    only_packages_of()
    run("apt-get", "install", "-q", "-y", "linux-image-cloud-amd64")
    run("useradd", "-G", "audio", "jellyfin")
    user = {"intel_gpu_guest_users": ["jellyfin"]}
    refuse("firmware from a section that apt does not have", "guest",
           "apt has no firmware-misc-nonfree. Firmware is in Debian's section non-free-firmware", **user)
    package("firmware-misc-nonfree")
    repository()
    run("apt-get", "update", "-q")

    write("/etc/modprobe.d/passthrough.conf", "# of a guide for hosts\nblacklist i915\n")
    refuse("a blacklist of i915", "guest", "/etc/modprobe.d/passthrough.conf keeps i915 from being loaded in this machine", **user)
    os.unlink("/etc/modprobe.d/passthrough.conf")
    gpus()
    refuse("no GPU", "guest", "This machine has no Intel GPU on its PCI bus", **user)
    gpus(("0000:06:10.0", "3e92"), vfs=0)
    refuse("a user who does not exist", "guest", "There is no user nobody-here here. Make it first", intel_gpu_guest_users=["nobody-here"])

    converge("guest", "guest", **user)
    for name in ("intel-media-va-driver", "firmware-misc-nonfree", "vainfo", "linux-image-amd64"):
        check(f"guest: {name} is installed", installed(name))
    check("guest: no kernel of cloud images is left", not installed("linux-image-cloud-amd64") and
          not installed("linux-image-6.1.0-28-cloud-amd64"))
    groups = run("id", "-nG", "jellyfin").stdout.split()
    check("guest: the user is in the groups of the render node", {"render", "video"} <= set(groups), groups)
    check("guest: and keeps his own", {"audio", "jellyfin"} <= set(groups), groups)
    check("guest: no option of i915 where none is needed", not os.path.exists("/etc/modprobe.d/intel-gpu-guest.conf"))

    gpus(("0000:06:10.0", "4e61"), vfs=0)
    converge("guest with a Jasper Lake", "guest", **user)
    check("Jasper Lake: HuC is loaded", read("/etc/modprobe.d/intel-gpu-guest.conf").splitlines()[1:] == ["options i915 enable_guc=2"])
    gpus(("0000:06:10.0", "46d1"), vfs=0)
    deb = package("i915-sriov-dkms", directory="/srv/dkms")
    converge("guest with a virtual function", "guest", intel_gpu_guest_sriov_deb=deb, **user)
    check("virtual function: its options", [line for line in read("/etc/modprobe.d/intel-gpu-guest.conf").splitlines() if line[0] != "#"] ==
          ["options i915 enable_guc=3", "blacklist xe"], read("/etc/modprobe.d/intel-gpu-guest.conf"))
    check("virtual function: its module is built by", installed("dkms") and installed("i915-sriov-dkms"))
