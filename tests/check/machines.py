# SPDX-License-Identifier: Apache-2.0
"""
The machines that the doctor is shown. MACHINES: name -> (function, exit status, ids that fail, flags).
Those of MODELS are situations of whole machines; each of the others is one of them, broken once.
"""
from tree import Tree

MACHINES, MODELS = {}, []


def machine(status, *fails, flags=(), model=False):
    def add(function):
        name = function.__name__.replace("_", "-")
        MACHINES[name] = (function, status, list(fails), list(flags))
        if model:
            MODELS.append(name)
        return function
    return add


# Situations that are right.

def gvt():
    """Proxmox VE that gives a part of its GPU to a VM."""
    t = Tree("debian13", "6.17.4-2-pve", "pve-1").proxmox().iommu().secure_boot().booted()
    t.cmdline("i915.enable_gvt=1").gpu(group=2, bar2=0x10000000).loaded("kvmgt")
    t.file("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet i915.enable_gvt=1"\n')
    t.file("proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz\nflags\t\t: fpu vmx\n")
    t.mdev_type("i915-GVTg_V5_4", 0, ["00000000-0000-0000-0000-000000000101"]).mdev_type("i915-GVTg_V5_8", 0)
    t.vm(101, "name: k3s-agent-1\nmachine: q35\nhostpci0: 0000:00:02.0,mdev=i915-GVTg_V5_4,pcie=1\n", runs=True)
    return t.kmsg("i915 0000:00:02.0: [drm] Finished loading DMC firmware i915/kbl_dmc_ver1_04.bin (v1.4)")


def vfio():
    """Proxmox VE that has given its whole GPU to a VM."""
    t = Tree("debian12", "6.8.12-13-pve", "pve-3").proxmox().iommu().secure_boot().booted()
    t.file("proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM) i5-8500T CPU\nflags\t\t: fpu vmx\n")
    t.gpu(driver="vfio-pci", group=0)
    return t.vm(122, "name: k3s-agent-3\nmachine: q35\nbios: ovmf\nonboot: 1\nhostpci0: 0000:00:02.0,pcie=1\n", runs=True)


def own(device="4680", **gpu):
    """A server with an application that transcodes."""
    t = Tree("debian13").secure_boot().booted().gpu(device, **gpu).va().user("jellyfin", 109, "render")
    return t.file("etc/OpenCL/vendors/intel.icd", "libigdrcl.so\n")


def lxc():
    """A container of Proxmox VE with an application."""
    t = Tree("debian13", "6.14.11-4-pve", "jellyfin").container_lxc().va().gpu("4680")
    return t.user("jellyfin", 109, "video", "render").file("var/lib/dpkg/info/intel-media-va-driver-non-free.list", "/.\n")


def docker():
    t = Tree("debian12", "6.12.48+deb13-amd64", "b1946ac92492").docker().va().gpu("4680")
    return t.user("abc", 1000)


def guest():
    """A VM that has the whole GPU."""
    t = Tree("debian12", "6.1.0-38-amd64", "k3s-agent-2").guest().secure_boot().booted().va()
    return t.gpu("1234", "0000:00:01.0", "bochs-drm", vendor="1234", render=None).without(
        "sys/bus/pci/devices/0000:00:01.0/boot_vga").gpu("3e92", "0000:01:00.0", boot_vga=0)


def sriov():
    """A host of virtual functions, with the driver of DKMS."""
    t = Tree("debian13", "6.14.11-4-pve", "pve-n").proxmox().iommu().secure_boot().booted()
    t.cmdline("intel_iommu=on", "i915.enable_guc=3", "i915.max_vfs=7").modules(dkms=["i915"]).gpu("46d0", group=0)
    t.file("sys/module/i915/taint", "OE\n").file("sys/bus/pci/devices/0000:00:02.0/sriov_totalvfs", "7\n")
    return t.file("sys/bus/pci/devices/0000:00:02.0/sriov_numvfs", "7\n")


def arc():
    t = own("56a5", pci="0000:03:00.0", bar2=0x200000000)
    t.firmware("guc", "RUNNING", "i915/dg2_guc_70.bin", "0000:03:00.0")
    t.firmware("huc", "RUNNING", "i915/dg2_huc_gsc.bin", "0000:03:00.0")
    for kind, name in (("fatal", "FATAL"), ("nonfatal", "NONFATAL")):
        t.file(f"sys/bus/pci/devices/0000:03:00.0/aer_dev_{kind}", f"Undefined 0\nTOTAL_ERR_{name} 0\n")
    return t


# The six situations of the design.

@machine(0, model=True)
def healthy_gvt_host():
    return gvt().file("etc/modules", "# as in a guide\nvfio\nexngt\nvfio_virqfd\nkvmgt\n")


@machine(1, "lxc-dev", model=True)
def gpu_in_vm():
    return vfio().lxc(104, "arch: amd64\nhostname: frigate\ndev0: /dev/dri/renderD128,gid=104\n")


@machine(2, "guest-gpu-missing", "guest-kernel", model=True)
def vm_without_gpu():
    t = Tree("debian12", "6.1.0-38-cloud-amd64", "k3s-agent-2").guest().secure_boot().booted().va().modules("i915", "xe")
    return t.gpu("1111", "0000:00:01.0", None, vendor="1234")


@machine(2, "node-open", model=True)
def lxc_wrong_group():
    t = lxc().without("dev/dri/renderD128").node("dev/dri/renderD128", gid=104)
    return t.append("etc/group", "input:x:104:\n")


@machine(2, "node-present", model=True)
def pod_without_device():
    t = Tree("debian12", "6.1.0-38-amd64", "jellyfin-0").guest().va().gpu("3e92", "0000:01:00.0", node=False)
    return t.pod()


@machine(2, "talos-extension", model=True)
def talos_without_extension():
    t = Tree("debian12", "6.18.40-talos", "exporter-x7k2p").gpu("1912", "0000:00:10.0", None)
    return t.guest().pod()


@machine(0)
def talos_right():
    return Tree("talos", "6.18.40-talos", "talos-w2").secure_boot().booted().gpu("1912").guest()


# Machines on which nothing is wrong: purposes, and what only resembles a fault.

@machine(0)
def vm_stopped():
    """The GPU stays with vfio-pci after its VM has stopped."""
    return vfio().without("run/qemu-server")


@machine(0)
def vm_not_started():
    """Before its VM's first start the GPU is with i915."""
    t = vfio().without("run/qemu-server", "sys/bus/pci/devices/0000:00:02.0")
    return t.gpu(group=0).append("etc/pve/qemu-server/122.conf", "hookscript: local:snippets/intel-gpu-exporter-hook\n")


@machine(0)
def libvirt_host():
    """No Proxmox VE: nobody says which VM it is."""
    return Tree("fedora").secure_boot().booted().iommu().gpu(driver="vfio-pci", group=1)


@machine(0)
def server():
    return own().kmsg("i915 0000:00:02.0: [drm] Finished loading DMC firmware i915/adls_dmc_ver2_01.bin (v2.1)")


@machine(0)
def server_asleep():
    """Suspended, no clock: at rest, and not to be woken."""
    return own(status="suspended").firmware("huc", "LOAD FAIL")


@machine(0)
def jasper_lake_asleep():
    """HuC is needed there, and asking would wake the GPU: so that is unknown; nor are throttle reasons read."""
    t = own("4e61", status="suspended").firmware("huc", "DISABLED")
    return t.file("sys/bus/pci/devices/0000:00:02.0/drm/card0/gt/gt0/throttle_reason_thermal", "1\n")


@machine(0)
def sriov_host():
    return sriov()


@machine(0)
def arc_card():
    return arc()


@machine(0)
def guest_virtual_function():
    """Its firmware is the physical function's: the driver says that it is there, and of HuC no more."""
    t = Tree("debian13", "6.17.4+deb13-amd64", "k3s-agent-2").guest().secure_boot().booted().va()
    return t.gpu("7d55", "0000:01:00.0", "xe").firmware("guc", "PRELOADED", "i915/mtl_guc_70.bin", "0000:01:00.0").firmware(
        "huc", "PRELOADED", "i915/mtl_huc_gsc.bin", "0000:01:00.0", gt=1)


@machine(0)
def guest_right():
    return guest()


@machine(0)
def guest_without_wish():
    """A VM without a GPU, in which nothing asks for one."""
    return Tree("debian12", "6.1.0-38-cloud-amd64", "web").guest().gpu("1111", "0000:00:01.0", None, vendor="1234")


@machine(0)
def lxc_right():
    return lxc()


@machine(0)
def docker_right():
    return docker().without("dev/dri/renderD128").node("dev/dri/renderD128", mode="666")


@machine(0)
def harmless_messages():
    """What i915 and xe say on machines that are well."""
    t = own()
    for text in ("i915 0000:00:02.0: [drm] Failed to find VBIOS tables (VBT)",
                 "i915 0000:00:02.0: [drm] Cannot find any crtc or sizes",
                 "i915 0000:00:02.0: Direct firmware load for i915/gvt/vid_0x8086_did_0x4680_rid_0x0c.golden_hw_state failed with error -2",
                 "i915 0000:00:02.0: [drm] failed to retrieve link info, disabling eDP",
                 "Setting dangerous option enable_guc - tainting kernel",
                 "xe 0000:00:02.0: Your graphics device 4680 is not officially supported by xe driver in this kernel version.",
                 "pci 0000:00:02.0: DMAR: Skip IOMMU disabling for graphics"):
        t.kmsg(text)
    return t


@machine(0)
def card_numbers_moved():
    """A BMC is card0, and Intel's card1 has the first render node all the same."""
    t = own(card=1)
    return t.gpu("2000", "0000:05:00.0", "ast", vendor="1a03", render=None)


@machine(0)
def blacklist_of_others():
    return own().file("etc/modprobe.d/blacklist_proxmox-kernel-6.8.conf", "blacklist iTCO_wdt\n").file(
        "etc/modprobe.d/a.conf", "# blacklist i915\noptions i915 enable_guc=3\n")


@machine(0)
def blacklisted_and_loaded():
    """A blacklist stops aliases, not a load by name."""
    return own().file("etc/modprobe.d/b.conf", "blacklist i915\n")


@machine(0)
def snapshot_sections():
    """A snapshot repeats old lines."""
    return vfio().append("etc/pve/qemu-server/122.conf", "[before]\nhostpci0: 0000:09:00.0,pcie=1,legacy-igd=1\nmachine: pc\n")


@machine(0)
def ignored_failure():
    return lxc_wrong_group()


MACHINES["ignored-failure"] = (lxc_wrong_group, 0, [], ["--check.ignore=node-open"])


@machine(0)
def old_haswell():
    return Tree("debian12", "6.1.0-38-amd64").secure_boot().booted().gpu("0412").va("i965")


@machine(0)
def virqfd_on_bookworm():
    """It was a module up to 6.1."""
    t = Tree("debian12", "6.1.0-38-amd64").secure_boot().booted().gpu("3e92")
    return t.file("etc/modules", "vfio\nvfio_virqfd\n")


@machine(0)
def bridge_in_group():
    """A bridge needs no other driver, so it may share the group."""
    t = vfio()
    base = "sys/bus/pci/devices/0000:00:01.0"
    t.file(f"{base}/class", "0x060400\n").file(f"{base}/vendor", "0x8086\n").link(f"{base}/driver", "../../../drivers/pcieport")
    return t.link("sys/kernel/iommu_groups/0/devices/0000:00:01.0", "../../../../bus/pci/devices/0000:00:01.0")


# Broken once.

@machine(2, "gpu-present")
def no_gpu():
    return Tree().file("proc/cpuinfo", "model name\t: Intel(R) Core(TM) i5-9400F CPU @ 2.90GHz\nflags\t\t: fpu vmx\n")


@machine(2, "gpu-present")
def gpu_switched_off():
    return Tree()


@machine(2, "guest-kernel")
def ubuntu_without_extra():
    t = Tree("ubuntu", "6.8.0-45-generic", "u").guest().booted().secure_boot().modules("i915", "xe")
    return t.gpu("3e92", "0000:01:00.0", None).va()


@machine(2, "module-missing")
def kernel_replaced():
    t = own(driver=None)
    t.without(f"lib/modules/{t.kernel}")
    return t.file("lib/modules/6.12.57+deb13-amd64/modules.dep", "kernel/drivers/gpu/drm/i915/i915.ko.xz:\n")


@machine(2, "module-missing")
def module_missing():
    return own(driver=None).modules("i915")


@machine(2, "module-blacklisted")
def blacklisted_file():
    return own(driver=None).file("etc/modprobe.d/vfio.conf", "# from a guide\nblacklist snd_hda_intel\nblacklist i915\n")


@machine(2, "module-blacklisted")
def blacklisted_cmdline():
    return own(driver=None).cmdline("module_blacklist=xe,i915")


@machine(2, "module-blacklisted")
def install_false():
    return own(driver=None).file("etc/modprobe.d/no.conf", "install i915 /bin/false\n")


@machine(2, "cmdline-nomodeset")
def nomodeset():
    return own(driver=None).cmdline("nomodeset")


@machine(2, "driver-too-old")
def lunar_lake_on_bookworm():
    t = Tree("debian12", "6.1.0-38-amd64").secure_boot().booted().va().gpu("64a0", driver=None)
    return t


@machine(2, "force-probe")
def force_probe():
    t = Tree("debian12", "6.1.0-38-amd64").secure_boot().booted().gpu("7d55", driver=None).va()
    return t.kmsg("i915 0000:00:02.0: Your graphics device 7d55 is not properly supported by i915 in this kernel version.")


@machine(2, "force-probe")
def force_probe_blocked():
    return own(driver=None).cmdline("i915.force_probe=!4680")


@machine(2, "driver-none")
def probe_failed():
    return own(driver=None).loaded("i915").kmsg("i915 0000:00:02.0: [drm] *ERROR* Device initialization failed (-19)")


@machine(2, "driver-none")
def driver_override():
    return own(driver=None).loaded("i915").file("sys/bus/pci/devices/0000:00:02.0/driver_override", "vfio-pci\n")


@machine(2, "driver-none")
def driver_not_loaded():
    return own(driver=None)


@machine(2, "driver-none")
def bookworm_not_loaded():
    return Tree("debian12", "6.1.0-38-amd64").secure_boot().booted().gpu("3e92", driver=None).va()


@machine(2, "driver-none")
def blacklisted_and_unbound():
    """A module that is loaded is not kept away by a blacklist."""
    return own(driver=None).loaded("i915").file("etc/modprobe.d/b.conf", "blacklist i915\n")


@machine(2, "driver-none")
def driver_unbound():
    return own(driver=None).loaded("i915")


@machine(1, "driver-vfio")
def vfio_without_vm():
    return vfio().without("etc/pve/qemu-server/122.conf")


@machine(2, "firmware-guc")
def guc_missing():
    t = own("46a6")
    t.kmsg("i915 0000:00:02.0: [drm] *ERROR* GT0: GuC firmware i915/adlp_guc_70.bin: fetch failed -ENOENT")
    t.kmsg("i915 0000:00:02.0: [drm] *ERROR* GT0: GuC initialization failed -ENOENT")
    return t.kmsg("i915 0000:00:02.0: [drm] *ERROR* GT0: Failed to initialize GPU, declaring it wedged!")


@machine(1, "firmware-huc")
def huc_off_on_jasper_lake():
    return own("4e61").firmware("huc", "DISABLED", "i915/ehl_huc_9.0.0.bin")


@machine(1, "firmware-huc")
def huc_without_mei():
    return arc().kmsg("i915 0000:03:00.0: [drm] HuC: can't load due to missing mei modules", "0000:03:00.0")


@machine(0)
def dmc_missing():
    return own().kmsg("i915 0000:00:02.0: [drm] Failed to load DMC firmware i915/adls_dmc_ver2_01.bin. Disabling runtime power management.")


@machine(2, "wedged")
def wedged():
    return own().kmsg("i915 0000:00:02.0: [drm] *ERROR* Failed to initialise HW following reset (-5)").kmsg(
        "i915 0000:00:02.0: [drm] *ERROR* GT0: Failed to initialize GPU, declaring it wedged!")


@machine(2, "wedged")
def one_of_two_wedged():
    """A message of the kernel is about one GPU."""
    t = own().gpu("56a5", "0000:03:00.0", card=1, render=129, bar2=0x200000000, boot_vga=0)
    t.firmware("huc", "RUNNING", pci="0000:03:00.0")
    return t.kmsg("i915 0000:03:00.0: [drm] *ERROR* GT0: Failed to initialize GPU, declaring it wedged!", "0000:03:00.0")


@machine(2, "node-present")
def no_udev():
    return own(node=False)


@machine(2, "node-present")
def docker_without_device():
    return docker().without("dev/dri")


@machine(2, "node-present")
def directory_for_node():
    t = docker().without("dev/dri/renderD128").file("dev/dri/renderD128", "")
    t.nodes.append("dev/dri/renderD128 d 755 0 0 0 0")
    return t


@machine(2, "node-present")
def node_of_another():
    return lxc().without("dev/dri/renderD128").node("dev/dri/renderD128", minor=129)


@machine(2, "node-present")
def no_render_node_made():
    return own(render=None)


@machine(2, "node-open")
def user_not_in_group():
    return own().file("etc/group", "root:x:0:\nvideo:x:44:jellyfin\nrender:x:992:\njellyfin:x:109:\n")


MACHINES["docker-wrong-group"] = (docker, 2, ["node-open"], ["--check.user=abc"])
MACHINES["docker-number"] = (docker, 2, ["node-open"], ["--check.user=1000"])


@machine(1, "node-right-gpu")
def virtio_first():
    t = guest().without("dev/dri/renderD128", "sys/bus/pci/devices/0000:01:00.0")
    t.gpu("1050", "0000:00:01.0", "virtio-pci", vendor="1af4", card=0, render=128)
    return t.gpu("3e92", "0000:01:00.0", card=1, render=129, boot_vga=0)


@machine(2, "va-driver")
def no_va_driver():
    return own().without("usr/lib/x86_64-linux-gnu/dri")


@machine(2, "va-driver")
def i965_on_alder_lake():
    return own().without("usr/lib/x86_64-linux-gnu/dri").va("i965")


@machine(1, "va-variable")
def left_over_variable():
    return own().file("etc/environment", 'PATH="/usr/bin"\nLIBVA_DRIVER_NAME=i965\n')


@machine(1, "opencl")
def no_opencl():
    return own("3e92").without("etc/OpenCL")


@machine(2, "secure-boot")
def unsigned_module():
    t = own("46d0", driver=None).secure_boot(True)
    return t.kmsg("Loading of unsigned module is rejected", None)


@machine(2, "rebar")
def small_bar_xe():
    return own("e20b", pci="0000:03:00.0", driver="xe", bar2=0x10000000)


@machine(1, "rebar")
def small_bar_i915():
    t = arc().without("sys/bus/pci/devices/0000:03:00.0/resource")
    zero = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    return t.file("sys/bus/pci/devices/0000:03:00.0/resource", zero + zero + "0x4000000000 0x400fffffff 0x14220c\n")


@machine(2, "iommu-active")
def iommu_off_in_firmware():
    return vfio().without("sys/class/iommu", "sys/firmware/acpi/tables/DMAR")


@machine(2, "iommu-active")
def iommu_off_by_cmdline():
    return vfio().without("sys/class/iommu").cmdline("intel_iommu=off")


@machine(1, "interrupt-remapping")
def no_remapping():
    return vfio().file("proc/interrupts", " 130: 5 PCI-MSI-0000:00:02.0 0-edge i915\n")


@machine(2, "iommu-group")
def shared_group():
    t = vfio()
    base = "sys/bus/pci/devices/0000:01:00.0"
    t.file(f"{base}/class", "0x010802\n").file(f"{base}/vendor", "0x144d\n").link(f"{base}/driver", "../../../drivers/nvme")
    return t.link("sys/kernel/iommu_groups/0/devices/0000:01:00.0", "../../../../bus/pci/devices/0000:01:00.0")


@machine(2, "cpu-virtualization")
def vmx_off():
    return vfio().file("proc/cpuinfo", "model name\t: Intel(R) Core(TM) i5-8500T CPU\nflags\t\t: fpu sse2\n")


@machine(2, "gvt-supported")
def gvt_on_alder_lake():
    t = gvt().without("sys/bus/pci/devices/0000:00:02.0", "dev/dri/renderD128")
    return t.gpu("46d0", group=2).without("sys/bus/pci/devices/0000:00:02.0/mdev_supported_types")


@machine(2, "gvt-enabled")
def gvt_not_enabled():
    t = gvt().without("sys/bus/pci/devices/0000:00:02.0/mdev_supported_types", "sys/module/kvmgt", "etc/default/grub")
    return t.cmdline()


@machine(2, "gvt-types")
def kvmgt_not_loaded():
    return gvt().without("sys/bus/pci/devices/0000:00:02.0/mdev_supported_types", "sys/module/kvmgt")


@machine(2, "gvt-types")
def gvt_with_guc():
    t = gvt().without("sys/bus/pci/devices/0000:00:02.0/mdev_supported_types")
    return t.kmsg("i915 0000:00:02.0: Graphics virtualization is not yet supported with GuC submission")


@machine(0)
def large_aperture():
    t = gvt().without("sys/bus/pci/devices/0000:00:02.0/resource")
    zero = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
    return t.file("sys/bus/pci/devices/0000:00:02.0/resource", zero + zero + "0x4000000000 0x403fffffff 0x14220c\n")


@machine(1, "gvt-pool")
def no_vgpu_free():
    return gvt().vm(102, "name: second\nmachine: q35\nhostpci0: 0000:00:02.0,mdev=i915-GVTg_V5_4\n")


@machine(1, "gvt-pool")
def vgpu_left_over():
    return gvt().without("run/qemu-server")


@machine(2, "sriov-supported")
def sriov_on_coffee_lake():
    t = sriov().without("sys/bus/pci/devices/0000:00:02.0", "dev/dri/renderD128")
    return t.gpu("3e92", group=0).cmdline("i915.max_vfs=7")


@machine(2, "sriov-driver")
def plain_i915():
    t = sriov().file("sys/bus/pci/devices/0000:00:02.0/sriov_numvfs", "0\n").file("sys/module/i915/taint", "\n")
    return t.kmsg("i915: unknown parameter 'max_vfs' ignored", None)


@machine(1, "sriov-vfs")
def no_virtual_functions():
    return sriov().file("sys/bus/pci/devices/0000:00:02.0/sriov_numvfs", "0\n")


@machine(0)
def virtual_functions_on_host():
    return sriov().gpu("46d0", "0000:00:02.1", card=1, render=129, vf_of="0000:00:02.0", boot_vga=0, group=9)


@machine(2, "hostpci-config")
def pcie_on_i440fx():
    return vfio().vm(122, "name: k3s-agent-3\nhostpci0: 0000:00:02.0,pcie=1\n", runs=True)


@machine(2, "hostpci-config")
def address_moved():
    return vfio().vm(130, "name: arc\nmachine: q35\nhostpci0: 0000:0a:00.0,pcie=1\n")


@machine(2, "legacy-igd")
def legacy_igd_on_q35():
    return vfio().vm(122, "name: tv\nmachine: q35\nvga: none\nhostpci0: 0000:00:02.0,legacy-igd=1,x-vga=on,pcie=1\n")


@machine(0)
def legacy_igd_right():
    return vfio().vm(122, "name: tv\nvga: none\nhostpci0: 0000:00:02.0,legacy-igd=1\n")


@machine(1, "vm-conflict")
def two_vms():
    return vfio().vm(123, "name: other\nmachine: q35\nonboot: 1\nhostpci0: 0000:00:02.0,pcie=1\n")


@machine(2, "mapping-stale")
def mapping_stale():
    t = vfio().vm(122, "name: k3s-agent-3\nmachine: q35\nhostpci0: mapping=igpu,pcie=1\n", runs=True)
    return t.file("etc/pve/mapping/pci.cfg", "igpu\n\tmap id=8086:3e92,iommugroup=1,node=pve-3,path=0000:00:02.0\n")


@machine(0)
def mapping_right():
    t = vfio().vm(122, "name: k3s-agent-3\nmachine: q35\nhostpci0: mapping=igpu,pcie=1\n", runs=True)
    return t.file("etc/pve/mapping/pci.cfg", "igpu\n\tmap id=8086:3e92,iommugroup=0,node=pve-3,path=0000:00:02.0\n"
                                             "\tmap id=8086:4680,iommugroup=7,node=pve-9,path=0000:00:02.0\n")


def pve_own():
    return Tree("debian13", "6.14.11-4-pve", "pve-5").proxmox().secure_boot().booted().gpu("4680")


@machine(1, "lxc-gid")
def lxc_gid_wrong():
    t = pve_own().lxc(101, "hostname: jellyfin\ndev0: /dev/dri/renderD128,gid=44\n")
    return t.file("var/lib/lxc/101/rootfs/etc/group", "video:x:44:\nrender:x:993:\n")


@machine(0)
def lxc_gid_right():
    t = pve_own().lxc(101, "hostname: jellyfin\ndev0: /dev/dri/renderD128,gid=993\n")
    return t.file("var/lib/lxc/101/rootfs/etc/group", "video:x:44:\nrender:x:993:\n")


@machine(1, "lxc-gid")
def lxc_gid_by_init():
    """The container's root is mounted in its own namespace only."""
    t = pve_own().lxc(101, "hostname: jellyfin\ndev0: /dev/dri/renderD128,gid=104\n")
    t.file("sys/fs/cgroup/lxc/101/ns/init.scope/cgroup.procs", "1234\n1240\n")
    return t.file("proc/1234/root/etc/group", "video:x:44:\nrender:x:992:\n")


@machine(0)
def guc_repaired():
    """The firmware was installed, and the driver bound again."""
    t = guc_missing()
    del t.log[-1]
    return t.kmsg("i915 0000:00:02.0: [drm] GT0: GUC: submission enabled", seconds=700)


@machine(2, "node-open")
def lxc_of_nobody():
    """An unprivileged container with a mount instead of dev0: nobody's node, and root is not root."""
    t = Tree("debian13", "6.14.11-4-pve", "media").container_lxc().va().gpu("4680").without("dev/dri/renderD128")
    return t.node("dev/dri/renderD128", gid=65534, uid=65534)


@machine(1, "vm-pending")
def change_waits():
    return vfio().append("etc/pve/qemu-server/122.conf", "[PENDING]\nhostpci0: 0000:00:02.0,pcie=1,rombar=0\n[old]\nname: x\n")


@machine(1, "cmdline-pending")
def grub_not_updated():
    return own().file("etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet i915.enable_guc=3"\n')


@machine(1, "cmdline-pending")
def grub_on_systemd_boot():
    t = own().file("proc/cmdline", "initrd=\\EFI\\proxmox\\6.8\\initrd.img root=ZFS=rpool/ROOT quiet\n")
    return t.file("etc/kernel/cmdline", "root=ZFS=rpool/ROOT quiet\n").file(
        "etc/default/grub", 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on"\n')


@machine(0)
def words_of_guides():
    """Words that do nothing are a note."""
    return own().cmdline("pcie_acs_override=downstream", "video=efifb:off")


@machine(1, "guc-parameter")
def guc_submission_off():
    t = own("46a6").cmdline("i915.enable_guc=2")
    return t


@machine(1, "known-bad")
def kernel_that_hangs():
    t = Tree("debian13", "6.8.7", "arc").booted().secure_boot().gpu("56a5", "0000:03:00.0", bar2=0x200000000).va()
    return t.firmware("huc", "RUNNING", pci="0000:03:00.0").firmware("guc", "RUNNING", pci="0000:03:00.0")


@machine(1, "hang-seen")
def hangs():
    t = own()
    t.kmsg("i915 0000:00:02.0: [drm] GPU HANG: ecode 12:4:28ffff7d, in ffmpeg [1377]", seconds=900)
    return t.kmsg("i915 0000:00:02.0: [drm] GT0: Resetting chip for stopped heartbeat on vcs0", seconds=900)


@machine(1, "aer")
def link_errors():
    return arc().file("sys/bus/pci/devices/0000:03:00.0/aer_dev_nonfatal", "Undefined 0\nTLP 3\nTOTAL_ERR_NONFATAL 3\n")


@machine(1, "throttle")
def too_hot():
    t = own()
    t.file("sys/bus/pci/devices/0000:00:02.0/drm/card0/gt/gt0/throttle_reason_prochot", "0\n")
    return t.file("sys/bus/pci/devices/0000:00:02.0/drm/card0/gt/gt0/throttle_reason_thermal", "1\n")


@machine(0)
def cool():
    t = own()
    for reason in ("prochot", "thermal", "pl1"):
        t.file(f"sys/bus/pci/devices/0000:00:02.0/drm/card0/gt/gt0/throttle_reason_{reason}", f"{int(reason == 'pl1')}\n")
    return t


@machine(1, "gpu-stuck-d3")
def stuck_after_vm():
    return vfio().kmsg("vfio-pci 0000:00:02.0: not ready 65535ms after FLR; giving up", seconds=500)


@machine(2, "driver-none")
def not_root():
    """Without the kernel's log the cause is not known, and that is said."""
    return own(driver=None).loaded("i915").without("dev/kmsg")


@machine(2, "driver-none")
def survivability():
    t = own("e20b", pci="0000:03:00.0", driver=None, bar2=0x200000000).loaded("xe")
    return t.file("sys/bus/pci/devices/0000:03:00.0/survivability_mode", "Boot\n")


@machine(1, "level-zero")
def level_zero_without_driver():
    return own().file("usr/lib/x86_64-linux-gnu/libze_loader.so.1", "")


@machine(0)
def level_zero_right():
    return own().file("usr/lib/x86_64-linux-gnu/libze_loader.so.1", "").file("usr/lib/x86_64-linux-gnu/libze_intel_gpu.so.1", "")


@machine(0)
def vf_in_guest():
    return guest().kmsg("i915 0000:01:00.0: Running in SR-IOV VF mode", "0000:01:00.0")


@machine(2, "sriov-guest")
def vf_versions_differ():
    return guest().kmsg("i915 0000:01:00.0: [drm] *ERROR* GT0: GUC: mmio request 0x4100: failure 201/0", "0000:01:00.0")


@machine(1, "hookscript")
def no_hookscript():
    return vm_not_started().vm(122, "name: k3s-agent-3\nmachine: q35\nhostpci0: 0000:00:02.0,pcie=1\n")


@machine(1, "vfio-ids")
def vfio_too_late():
    return own().cmdline("vfio-pci.ids=8086:4680")


@machine(0)
def vfio_in_time():
    return vfio().cmdline("vfio-pci.ids=8086:3e92,8086:a348")


@machine(0)
def locked_down():
    return own().secure_boot(True).file("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")


@machine(0)
def not_locked_down():
    return own().file("sys/kernel/security/lockdown", "[none] integrity confidentiality\n")


@machine(1, "by-path")
def by_path_of_root():
    return docker_right().node("dev/dri/by-path/pci-0000:00:02.0-render", gid=0)


MACHINES["by-path-of-root"] = (by_path_of_root, 1, ["by-path"], ["--check.user=abc"])


@machine(0)
def by_path_right():
    return docker_right().node("dev/dri/by-path/pci-0000:00:02.0-render", mode="666")


@machine(3)
def no_sysfs():
    return Tree().docker().without("sys")


@machine(2, "node-open")
def two_gpus():
    """Each GPU is named, where there are several."""
    t = own().gpu("56a5", "0000:03:00.0", card=1, render=129, bar2=0x200000000, boot_vga=0, node=False)
    return t.node("dev/dri/renderD129", gid=44, minor=129).kmsg("i915 0000:03:00.0: [drm] probed", "0000:03:00.0")


@machine(2, "node-present")
def copy_of_container_in_vm():
    """An LXC container in a VM: both layers are named."""
    return lxc().guest().without("dev/dri")


@machine(0)
def hostile():
    """Texts that nobody's kernel writes."""
    t = own()
    t.file("proc/cmdline", "i915.enable_guc=" + "9" * 300 + ' "unterminated quote nomodeset\x01\x02\n')
    t.file("etc/environment", "LIBVA_DRIVER_NAME\n=\n\0\0LIBVA=\xff\xfe\n")
    t.file("sys/bus/pci/devices/0000:00:02.0/aer_dev_fatal", "TOTAL_ERR_FATAL 99999999999999999999999\n")
    t.file("etc/modules", "\x00" * 100).file("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\n=\n")
    return t.file("etc/group", "render:x:992:jellyfin\nbad:x:-1:\n::::\n" + "x" * 5000)


def nested():
    """A Proxmox VE in a VM, which gives the GPU that it was given to a VM of its own."""
    t = vfio().guest()
    return t.file("proc/cpuinfo", "processor\t: 0\nmodel name\t: Common KVM processor\nflags\t\t: fpu vmx sse2 hypervisor\n")


@machine(0)
def nested_proxmox():
    return nested()


@machine(2, "iommu-active")
def nested_without_iommu():
    return nested().without("sys/class/iommu", "sys/firmware/acpi/tables")


@machine(2, "cpu-virtualization")
def nested_without_vmx():
    return nested().file("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse2 hypervisor\n")


@machine(1, "lxc-gid")
def nested_lxc():
    """The GPU is the nested host's own, and a container's."""
    t = lxc_gid_wrong().guest()
    return t


@machine(2, "node-present")
def nspawn_without_device():
    """A container whose manager says its name in a file alone."""
    return own().file("run/host/container-manager", "systemd-nspawn\n").without("dev/dri", "lib/modules")


@machine(2, "vfio-modules")
def no_vfio_module():
    return vm_not_started().modules("vfio-pci").without("sys/module/vfio_pci")


@machine(0)
def qsv_without_runtime():
    """ffmpeg brings the dispatcher, so that this is a note."""
    return own().file("usr/lib/x86_64-linux-gnu/libvpl.so.2", "")


@machine(0)
def qsv_right():
    return own().file("usr/lib/x86_64-linux-gnu/libvpl.so.2", "").file("usr/lib/x86_64-linux-gnu/libmfx-gen.so.1.2", "")


@machine(2, "firmware-guc")
def guc_asked_for():
    """Tiger Lake needs no GuC, unless somebody has switched it on."""
    t = own("9a49").file("sys/module/i915/parameters/enable_guc", "3\n")
    t.kmsg("i915 0000:00:02.0: [drm] GuC firmware i915/tgl_guc_70.bin: fetch failed -ENOENT")
    t.kmsg("i915 0000:00:02.0: [drm] *ERROR* GuC initialization failed -ENOENT")
    return t.kmsg("i915 0000:00:02.0: [drm] *ERROR* Failed to initialize GPU, declaring it wedged!")


# Kubernetes: what the kubelet's directory says of Intel's device plugin.

def node(*sockets, **kubelet):
    """A VM that is a node, with a whole GPU."""
    t = Tree("debian13", host="k3s-agent-2").guest().secure_boot().booted().gpu("3e92", "0000:01:00.0", boot_vga=0)
    return t.kubelet(*(f"gpu.intel.com-{name}.sock" for name in sockets), **kubelet)


@machine(0)
def k8s_plugin_right():
    return node("i915", devices={"i915": ["card0-0", "card0-1"]}, containers=["i915", "i915_monitoring"])


@machine(1, "k8s-resource", model=True)
def k8s_plugin_empty():
    """Its GPU has gone, or was never healthy."""
    return node("i915", devices={"i915": []}, containers=["i915"])


@machine(1, "k8s-resource")
def k8s_plugin_with_null():
    return node("i915", devices={"i915": None})


@machine(1, "k8s-resource")
def k8s_plugin_gone():
    """Killed: its socket is left, and the kubelet has forgotten it."""
    return node("i915", devices={})


@machine(1, "k8s-resource")
def k8s_plugin_of_xe():
    """The driver is another one than when the plugin was started."""
    return node("xe", devices={"xe": ["card0-0"]})


@machine(0)
def k8s_two_drivers():
    t = node("i915", "xe", devices={"i915": ["card0-0"], "xe": ["card1-0"]})
    return t.gpu("e20b", "0000:02:00.0", "xe", card=1, render=129, boot_vga=0, bar2=0x400000000)


@machine(0)
def k8s_one_of_two_drivers():
    """The other socket is the other GPU's."""
    t = node("xe", devices={"xe": ["card1-0"]})
    return t.gpu("e20b", "0000:02:00.0", "xe", card=1, render=129, boot_vga=0, bar2=0x400000000)


@machine(0)
def k8s_other_gpu():
    """The plugin is told to leave this one out."""
    return node("i915", devices={"i915": ["card1-0", "card01-0"]})


@machine(0)
def k8s_without_plugin():
    return node(devices={})


@machine(0)
def k8s_with_dra():
    return node(devices={}).file("var/lib/kubelet/plugins_registry/gpu.intel.com-reg.sock", "")


@machine(0)
def k8s_functions():
    """No pod gets a physical function that has virtual ones; here one of these is the host's."""
    t = sriov().kubelet("gpu.intel.com-i915.sock", devices={"i915": ["card1-0"]})
    return t.gpu("46d0", "0000:00:02.1", card=1, render=129, vf_of="0000:00:02.0").gpu("46d0", "0000:00:02.2", "vfio-pci", vf_of="0000:00:02.0")


@machine(0)
def k8s_socket_alone():
    """Who is not root sees the directory of an old kubelet, not its file."""
    return node("i915")


@machine(0)
def k8s_kubelet_stopped():
    return node("i915", devices={"i915": []}).without("var/lib/kubelet/device-plugins/kubelet.sock")


@machine(0)
def k8s_closed():
    return node().without("var/lib/kubelet").link("var/lib/kubelet/device-plugins", "device-plugins")


@machine(0)
def k8s_hostile():
    return node("i915").file("var/lib/kubelet/device-plugins/kubelet_internal_checkpoint", "[" * 100000)


# GSC: what authenticates HuC on Meteor Lake.

def meteor_lake(gsc, huc="RUNNING"):
    t = own("7d55").firmware("guc", "RUNNING", "i915/mtl_guc_70.bin").firmware("huc", huc, "i915/mtl_huc_gsc.bin", gt=1)
    return t.firmware("gsc", gsc, "i915/mtl_gsc_1.bin", gt=1)


@machine(0)
def gsc_right():
    return meteor_lake("RUNNING")


@machine(0)
def gsc_before_its_first_use():
    return meteor_lake("LOADABLE")


@machine(1, "firmware-gsc", "firmware-huc")
def gsc_missing():
    return meteor_lake("MISSING", "TRANSFERRED")


@machine(0)
def gsc_missing_on_lunar_lake():
    """Without debugfs; HuC of this one needs no GSC, so that it is a note."""
    t = own("64a0", driver="xe").firmware("huc", "RUNNING", "xe/lnl_huc.bin", gt=1)
    return t.kmsg("xe 0000:00:02.0: Direct firmware load for xe/lnl_gsc_1.bin failed with error -2")
